"""What members type in about the booking page, messages to clients and the waiting list."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.models import Branch, Member
from ringdesk.booking import lengths, messages, pages
from ringdesk.booking.messages import Header
from ringdesk.booking.models import Employee, Service
from ringdesk.booking.page.forms import PARTS
from ringdesk.booking.public_models import DAY, BookingPage, Message, MessageSettings
from ringdesk.booking.setting_up.forms import MinutesField
from ringdesk.core import phones
from ringdesk.core.problems import Invalid

_SWITCH = {"class": "switch"}
MOST_REMINDERS = 5


class PageForm(forms.Form):
    """The booking page."""

    is_open = forms.BooleanField(
        label=_("Clients book on the page"), required=False, widget=forms.CheckboxInput(attrs=_SWITCH)
    )
    welcome = forms.CharField(
        label=_("Greeting"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stands above the first step."),
    )  # fmt: skip
    confirmation = forms.ChoiceField(
        label=_("How a client confirms"), choices=BookingPage.Confirmation.choices, widget=forms.RadioSelect
    )
    change_notice = MinutesField(
        label=_("Clients move and cancel at the latest before"), most=30 * DAY, required=False,
        help_text=_("Empty: until the visit begins. For example: 30 min, 2 h, 1 d."),
    )  # fmt: skip
    privacy_url = forms.URLField(
        label=_("Address of the privacy policy"), required=False, max_length=500, assume_scheme="https",
        help_text=_("A link to it stands beside the consent line."),
    )  # fmt: skip
    origins = forms.CharField(
        label=_("Sites that may show the page"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line, for example https://example.com. Empty: any site."),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput())

    def __init__(self, *args: Any, branches: list[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.branches = branches

    @staticmethod
    def initial_of(page: BookingPage) -> dict[str, Any]:
        """Return what the form shows at first."""
        fields = ("is_open", "welcome", "confirmation", "privacy_url", "version")
        return {field: getattr(page, field) for field in fields} | {
            "change_notice": page.change_notice or "",
            "origins": "\n".join(page.origins),
        }

    def clean_change_notice(self) -> int:
        return self.cleaned_data["change_notice"] or 0

    def clean_origins(self) -> list[str]:
        lines = [line for line in self.cleaned_data["origins"].split() if line]
        try:
            return list(dict.fromkeys(pages.origin(line) for line in lines))
        except Invalid as error:
            raise ValidationError(str(error)) from error

    def clean_confirmation(self) -> str:
        """Refuse a way of confirming by which nothing can be sent."""
        chosen = str(self.cleaned_data["confirmation"])
        settings = [messages.settings_of(branch) for branch in self.branches]
        if chosen == BookingPage.Confirmation.CODE and not all(each.gateway_url for each in settings):
            raise ValidationError(_("Codes go out by a gateway for text messages: set it up in each branch first."))
        return chosen


class MessagesForm(forms.Form):
    """Which messages the clients of a branch get."""

    confirms = forms.BooleanField(
        label=_("Tell clients of bookings, moves and cancellations"), required=False,
        widget=forms.CheckboxInput(attrs=_SWITCH),
    )  # fmt: skip
    reminders = forms.CharField(
        label=_("Reminders before the visit"), required=False, max_length=100,
        help_text=_("Up to five, separated by commas: 1 d, 2 h. Empty: none."),
    )  # fmt: skip
    by_email = forms.BooleanField(
        label=_("By e-mail"), required=False, widget=forms.CheckboxInput(attrs=_SWITCH),
        help_text=_("To clients whose e-mail address is known."),
    )  # fmt: skip
    gateway_url = forms.URLField(
        label=_("Address of the gateway for text messages"), required=False, max_length=500, assume_scheme="https",
        help_text=_("It is sent JSON by POST: to, text, kind, language, booking. Empty: none."),
    )  # fmt: skip
    header_name = forms.CharField(
        label=_("Header"), required=False, max_length=100,
        widget=forms.TextInput(attrs={"placeholder": "Authorization", "spellcheck": "false"}),
    )  # fmt: skip
    header_value = forms.CharField(
        label=_("Its value"), required=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    is_inside = forms.BooleanField(
        label=_("Inside my network"), required=False,
        help_text=_("Addresses inside the network are refused unless an administrator allows them here."),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput())

    def __init__(self, *args: Any, by: Member, settings: MessageSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_inside"].disabled = not by.may("organization.change")
        if settings.gateway_sealed:
            self.fields["header_value"].help_text = _("A value is stored. Leave this empty to keep it.")

    @staticmethod
    def initial_of(settings: MessageSettings) -> dict[str, Any]:
        """Return what the form shows at first: of the header its name alone."""
        header = messages.header_of(settings)
        fields = ("confirms", "by_email", "gateway_url", "is_inside", "version")
        return {field: getattr(settings, field) for field in fields} | {
            "reminders": ", ".join(lengths.written(each) for each in settings.reminders),
            "header_name": header.name if header else "",
        }

    def clean_reminders(self) -> list[int]:
        texts = [each.strip() for each in self.cleaned_data["reminders"].split(",") if each.strip()]
        found = [lengths.minutes(text) for text in texts]
        if len(found) > MOST_REMINDERS:
            raise ValidationError(_("Five reminders at most."))
        if any(each is None or not 5 <= each <= 30 * DAY for each in found):
            raise ValidationError(_("A reminder goes out 5 minutes to 30 days before the visit. Write: 1 d, 2 h."))
        return [each for each in found if each is not None]

    def wishes(self) -> dict[str, Any]:
        """Return what was filled in, as the action takes it: ``header`` only where another one was typed in."""
        wishes = dict(self.cleaned_data)
        name, value = wishes.pop("header_name").strip(), wishes.pop("header_value").strip()
        if self.fields["is_inside"].disabled:
            wishes.pop("is_inside")
        if value:
            wishes["header"] = Header(name or "Authorization", value)
        elif not name:
            wishes["header"] = None
        return wishes


class TestForm(forms.Form):
    """Where a test message goes."""

    channel = forms.ChoiceField(choices=Message.Channel.choices)
    to = forms.CharField(label=_("To"), max_length=254)

    def __init__(self, *args: Any, branch: Branch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.branch = branch

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        to = cleaned.get("to", "")
        if cleaned.get("channel") == Message.Channel.EMAIL:
            validate_email(to)
        elif to:
            cleaned["to"] = phones.normalize(to, self.branch.region)
            if not cleaned["to"].startswith("+"):
                raise ValidationError(_("Write the number with its area code, for example +7 923 000-00-01."))
        return cleaned


class WaitingForm(forms.Form):
    """Somebody who waits, as staff write them down."""

    client_name = forms.CharField(
        label=pgettext_lazy("person", "Name"), required=False, max_length=200,
        widget=forms.TextInput(attrs={"data-autofocus": ""}),
    )  # fmt: skip
    phone = forms.CharField(
        label=_("Phone"), required=False, max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel"}),
    )  # fmt: skip
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)
    services = forms.ModelMultipleChoiceField(
        label=_("Services"), queryset=Service.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    employee = forms.ModelChoiceField(
        label=_("Specialist"), queryset=Employee.objects.none(), required=False, empty_label=_("Any specialist")
    )
    first_day = forms.DateField(label=_("From"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    last_day = forms.DateField(label=_("To"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    part = forms.ChoiceField(label=_("Part of the day"), choices=PARTS, required=False)
    notes = forms.CharField(label=_("Notes"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    client = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, branch: Branch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "waiting_%s"
        services: Any = self.fields["services"]
        services.queryset = Service.objects.for_org(branch.organization_id).filter(branch=branch, is_active=True)
        staff: Any = self.fields["employee"]
        staff.queryset = Employee.objects.for_org(branch.organization_id).filter(branch=branch, is_active=True)
