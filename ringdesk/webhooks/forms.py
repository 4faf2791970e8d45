"""What members type in on the pages of outside CRMs and webhooks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Member
from ringdesk.webhooks.event_types import EVENT_TYPES
from ringdesk.webhooks.models import Delivery

_PREFIX = (
    ("on", _("89991234567, as the protocol has it")),
    ("", _("+79991234567, with the country code")),
)


class EndpointForm(forms.Form):
    """What every endpoint has."""

    name = forms.CharField(label=_("Name"), max_length=100, widget=forms.TextInput(attrs={"data-autofocus": ""}))
    address = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, by: Member, is_stored: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inside = forms.BooleanField(
            label=_("Inside my network"),
            required=False,
            help_text=_("Addresses inside the network are refused unless an administrator allows them here."),
        )
        inside.disabled = not by.may("organization.change")
        self.fields["is_inside"] = inside

    def wishes(self) -> dict[str, Any]:
        """Return what was filled in, as the actions take it."""
        wishes = dict(self.cleaned_data)
        if self.fields["is_inside"].disabled:
            # The action decides whether what an administrator allowed still holds for the address.
            wishes.pop("is_inside")
        return wishes


class CrmForm(EndpointForm):
    """An outside CRM: its address and token, and what it wants."""

    token = forms.CharField(
        label=_("Token of the CRM"),
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("The CRM shows it in its telephony settings; it goes into every message as crm_token."),
    )
    wants_events = forms.BooleanField(
        label=_("Events"), required=False, help_text=_("Every call as it rings and is answered.")
    )
    wants_history = forms.BooleanField(
        label=_("History"), required=False, help_text=_("Every call once it is over, with its recording.")
    )
    answers_contact = forms.BooleanField(
        label=_("Smart transfer"),
        required=False,
        help_text=_(
            "The CRM is asked whose caller it is and has two seconds to answer; then Ringdesk answers by itself."
        ),
    )
    has_trunk_prefix = forms.ChoiceField(label=_("Russian numbers"), choices=_PREFIX, required=False)

    field_order = (
        "name", "address", "token", "wants_events", "wants_history", "answers_contact", "has_trunk_prefix",
        "is_inside",
    )  # fmt: skip

    def __init__(self, *args: Any, is_stored: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)
        if is_stored:
            self.fields["token"].required = False
            self.fields["token"].widget.attrs["placeholder"] = _("Stored. Leave empty to keep it.")

    def wishes(self) -> dict[str, Any]:
        wishes = super().wishes()
        return wishes | {"has_trunk_prefix": wishes["has_trunk_prefix"] == "on"}


class WebhookForm(EndpointForm):
    """A webhook: its address and the events it is told."""

    types = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[(type, f"{type}") for type in EVENT_TYPES],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(("name", "address", "types", "is_inside"))
        types = self.fields["types"]
        assert isinstance(types, forms.MultipleChoiceField)
        types.choices = [(type, f"{text} · {type}") for type, text in EVENT_TYPES.items()]


class CrmUserForm(forms.Form):
    """What the CRM calls the user of an extension."""

    extension = forms.CharField(label=_("Extension"), max_length=32)
    user = forms.CharField(label=_("User in the CRM"), max_length=100)


class DeliveryFilter(forms.Form):
    """What the log of deliveries is narrowed to."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *Delivery.State.choices]
    )
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Number, extension or call id")}),
    )
