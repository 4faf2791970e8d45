"""What a visitor of the booking page types in."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.models import Branch
from ringdesk.booking.page.visitors import Visitor
from ringdesk.booking.public_models import DAY, BookingPage
from ringdesk.core import phones

_REQUIRED = {"required": _("Please fill this in.")}


class ContactForm(forms.Form):
    """Who comes. ``website`` is seen by programs alone: whoever fills it in is one."""

    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=100,
        error_messages=_REQUIRED,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autocapitalize": "words"}),
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        error_messages=_REQUIRED,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        error_messages={**_REQUIRED, "invalid": _("This is not an e-mail address.")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    notes = forms.CharField(
        label=_("Wishes"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    consent = forms.BooleanField(
        label=_("I agree to the processing of my personal data"),
        error_messages={"required": _("Without your consent we may not take the booking.")},
    )
    website = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}), label=_("Website")
    )

    def __init__(self, *args: Any, page: BookingPage, branch: Branch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "visitor_%s"
        self.branch = branch
        if page.confirmation == BookingPage.Confirmation.EMAIL:
            self.fields["email"].required = True
            self.fields["email"].help_text = _("We send a link to it: the booking counts once you have opened it.")
        elif page.confirmation == BookingPage.Confirmation.CODE:
            self.fields["phone"].help_text = _("We send a code to it.")
        for bound in self:
            if bound.errors:
                bound.field.widget.attrs |= {"aria-invalid": "true", "aria-describedby": f"{bound.auto_id}_error"}

    def clean_name(self) -> str:
        return _tidy(self.cleaned_data["name"])

    def clean_notes(self) -> str:
        return str(self.cleaned_data["notes"]).replace("\x00", "")

    def clean_phone(self) -> str:
        number = phones.normalize(self.cleaned_data["phone"], self.branch.region)
        if not number.startswith("+"):
            raise ValidationError(_("Write the number with its area code, for example +7 923 000-00-01."))
        return number

    @property
    def is_program(self) -> bool:
        """Tell whether no person can have filled this in."""
        return bool(self.data.get("website"))

    def visitor(self, language: str) -> Visitor:
        """Return who comes."""
        said = self.cleaned_data
        return Visitor(said["name"], said["phone"], said["email"], said["notes"], language)


PARTS = [("", _("Any time")), ("morning", _("Morning")), ("afternoon", _("Afternoon")), ("evening", _("Evening"))]
_MINUTES_OF = {"morning": (0, 719), "afternoon": (720, 1019), "evening": (1020, DAY)}


def between(part: str) -> tuple[int, int]:
    """Return between which minutes of the day a visit in this part of it begins."""
    return _MINUTES_OF.get(part, (0, DAY))


class WaitForm(ContactForm):
    """Who waits, and for which days and part of the day."""

    first_day = forms.DateField(label=_("From"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    last_day = forms.DateField(label=_("To"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    part = forms.ChoiceField(label=_("Part of the day"), choices=PARTS, required=False)

    def between(self) -> tuple[int, int]:
        """Return between which minutes of the day the visit may begin."""
        return between(self.cleaned_data["part"])

    def clean_last_day(self) -> date:
        """Refuse a day that has passed."""
        day: date = self.cleaned_data["last_day"]
        first = self.cleaned_data.get("first_day")
        today = timezone.now().astimezone(self.branch.zone).date()
        if day < today or (first and day < first):
            raise ValidationError(_("The last day must not come before the first."))
        return day


def moment_of(text: str) -> datetime | None:
    """Return the moment that a button of the page names, None for what is none."""
    try:
        found = datetime.fromisoformat(text[:40].replace(" ", "+"))
    except ValueError:
        return None
    return found if found.tzinfo is not None and 2000 <= found.year < 2100 else None


def _tidy(text: str) -> str:
    tidy = " ".join(text.replace("\x00", "").split())
    if not tidy:
        raise ValidationError(_("Please fill this in."))
    # What looks like an address in a name is advertising that our messages would carry to others.
    if "://" in tidy or "www." in tidy.lower():
        raise ValidationError(_("Please write your name only."))
    return tidy
