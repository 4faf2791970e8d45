"""The form of what an organization sets for all its calls (file 5.4 of the specification, items 2 to 4)."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.telephony.call_settings import FIELDS
from ringdesk.telephony.models import CallSettings
from ringdesk.telephony.rules import MOST_DIGITS

_NEVER_OR_AT_THE_END = (("", CallSettings.Moment.NEVER.label), ("1", CallSettings.Moment.ENDED.label))
_LONGEST_KEPT = 3650


def _is_on(value: str) -> bool:
    return value == "1"


class CallSettingsForm(forms.Form):
    """Windows, documents, and the rest."""

    incoming_window = forms.ChoiceField(
        label=_("Show the window of an incoming call"), choices=CallSettings.Moment.choices
    )
    outgoing_window = forms.ChoiceField(
        label=_("Show the window of an outgoing call"),
        choices=[
            (value, pgettext_lazy("outgoing", "When the call starts") if value == "ringing" else label)
            for value, label in CallSettings.Moment.choices
        ],
    )
    create_incoming = forms.TypedChoiceField(
        label=_("Create an incoming “Call” event"),
        required=False, coerce=_is_on, empty_value="", choices=_NEVER_OR_AT_THE_END,
    )  # fmt: skip
    create_outgoing = forms.TypedChoiceField(
        label=_("Create an outgoing “Call” event"),
        required=False, coerce=_is_on, empty_value="", choices=_NEVER_OR_AT_THE_END,
    )  # fmt: skip
    show_created = forms.ChoiceField(
        label=_("Show the created “Call” event"),
        choices=CallSettings.Shown.choices,
        help_text=_("Acts only where creating is switched on."),
    )
    last_digits = forms.IntegerField(
        label=_("Number of last digits"),
        widget=forms.NumberInput(attrs={"data-stepper": "", "min": 1, "max": MOST_DIGITS, "inputmode": "numeric"}),
        error_messages={"invalid": _("Write a whole number from 1 to 20.")},
        help_text=_(
            "When no card has the whole number, it is compared by this many digits from its end. "
            "A number that is not longer is compared whole."
        ),
    )
    forwarding = forms.BooleanField(
        label=_("Use automatic forwarding"),
        required=False,
        help_text=_("The PBX routes a caller to the responsible member. A connector may be set otherwise."),
        widget=forms.CheckboxInput(attrs={"class": "switch"}),
    )
    notifications = forms.BooleanField(
        label=_("Show popup notifications"),
        required=False,
        help_text=_("With a card or a window of an unknown number the member also gets a system notification."),
        widget=forms.CheckboxInput(attrs={"class": "switch"}),
    )
    search_engine = forms.ChoiceField(
        label=_("Search engine"),
        choices=CallSettings.Engine.choices,
        help_text=_("Where the card of an unknown number searches."),
    )
    recording_days = forms.IntegerField(
        label=_("Keep recordings, days"),
        required=False,
        min_value=1,
        max_value=_LONGEST_KEPT,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=_("Older ones are deleted. Empty: kept for ever."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @staticmethod
    def initial_of(settings: CallSettings) -> dict[str, Any]:
        """Return what the form shows at first."""
        plain = {field: getattr(settings, field) for field in (*FIELDS, "version")}
        return plain | {field: "1" if plain[field] else "" for field in ("create_incoming", "create_outgoing")}

    def clean_last_digits(self) -> int:
        digits: int = self.cleaned_data["last_digits"]
        if not 1 <= digits <= MOST_DIGITS:
            raise forms.ValidationError(_("Write a whole number from 1 to 20."))
        return digits

    @property
    def shows_nothing(self) -> bool:
        """Tell whether events are to be shown of which none are created."""
        data = self.cleaned_data
        created = {"in": bool(data["create_incoming"]), "out": bool(data["create_outgoing"])}
        shown = data["show_created"]
        return shown != CallSettings.Shown.NEVER and not created.get(shown, any(created.values()))

    def wishes(self) -> dict[str, Any]:
        """Return the fields as call_settings.change takes them."""
        creating = {field: bool(self.cleaned_data[field]) for field in ("create_incoming", "create_outgoing")}
        return {field: self.cleaned_data[field] for field in FIELDS} | creating
