"""The reservation card and the forms of the settings: what was typed becomes a Wish, or an error beside its field."""

from datetime import date as calendar_date
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch
from ringdesk.core import phones
from ringdesk.core.asked import positive_id
from ringdesk.core.clock_fields import ClockField, LengthField
from ringdesk.crm.known import NEW_CLIENT
from ringdesk.hall import days
from ringdesk.hall.fields import IdsField
from ringdesk.hall.models import Hall, HallSettings, Reservation, ReservationStatus
from ringdesk.hall.reservations import MOST_GUESTS, Course, Wish
from ringdesk.scheduling.hours import YEARS, NoSuchTime


class CardForm(forms.Form):
    """«Карточка резерва». Times are by the branch's clock; ``edited`` says which of length and end was typed last.

    ``client`` is the guest's card the author sees or has chosen, or ``new``; ``call`` the call it is made from.
    """

    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "type": "tel",
                "inputmode": "tel",
                "autocomplete": "off",
                "hx-get": reverse_lazy("hall:card_guest"),
                "hx-trigger": "change, input changed delay:500ms",
                "hx-include": "closest form",
                "hx-params": "phone,reservation,branch",
                "hx-target": "#card-guest",
                "hx-swap": "morph:outerHTML",
                "hx-sync": "this:replace",
            }
        ),
    )
    guest_name = forms.CharField(
        label=_("Guest’s name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "placeholder": _("The name must be filled in to create a reservation with a guest"),
            }
        ),
    )
    client = forms.CharField(required=False, max_length=20)
    guests = forms.IntegerField(
        label=_("Number of guests"),
        min_value=1,
        max_value=MOST_GUESTS,
        error_messages={"required": _("Required field")},
        widget=forms.NumberInput(attrs={"data-stepper": "", "inputmode": "numeric", "data-asks": ""}),
    )
    status = forms.ModelChoiceField(label=_("Status"), queryset=ReservationStatus.objects.none(), required=False)
    date = forms.DateField(
        label=_("Date"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "data-asks": ""})
    )
    start = ClockField(label=_("Reservation starts"), part="start")
    duration = LengthField(label=_("Duration"), required=False)
    end = ClockField(label=_("Reservation ends"), required=False, part="end")
    edited = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput())
    about = forms.CharField(
        label=_("About the guest"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 2})
    )
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 2})
    )
    tables = IdsField(required=False)
    call = forms.UUIDField(required=False, widget=forms.HiddenInput())
    version = forms.IntegerField(required=False, widget=forms.HiddenInput())
    course = forms.ChoiceField(required=False, choices=Course.choices)

    def __init__(self, *args: Any, branch: Branch, reservation: Reservation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "card_%s"
        self.branch = branch
        self.reservation = reservation
        statuses = ReservationStatus.objects.for_org(branch.organization_id)
        offered = statuses.filter(is_active=True)
        if reservation is not None:
            offered = offered | statuses.filter(pk=reservation.status_id)
        status: Any = self.fields["status"]
        status.queryset = offered

    def clean_date(self) -> calendar_date:
        """Refuse a day of no sensible year, before anything is reckoned with it: dates have a first and a last."""
        day: calendar_date = self.cleaned_data["date"]
        if day.year not in YEARS:
            raise ValidationError(_("Check the date."))
        return day

    def clean_phone(self) -> str:
        return phones.normalize(self.cleaned_data["phone"], self.branch.region)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        day, start = cleaned.get("date"), cleaned.get("start")
        if day is None or start is None:
            return cleaned
        if not days.is_real(day, start, self.branch.zone):
            self.add_error("start", str(NoSuchTime(_minutes(start))))
            return cleaned
        cleaned["starts_at"] = self._kept("starts_at", day, start) or days.wall(day, _minutes(start), self.branch.zone)
        cleaned["ends_at"] = self._ends_at(cleaned)
        return cleaned

    def _kept(self, field: str, day: Any, clock: time) -> datetime | None:
        """Return the stored moment when the card still shows it: of an hour that comes twice it is the right one."""
        stored: datetime | None = getattr(self.reservation, field, None)
        local = timezone.localtime(stored, self.branch.zone) if stored else None
        is_same = local is not None and (local.date(), local.time().replace(second=0, microsecond=0)) == (day, clock)
        return stored if is_same else None

    def _ends_at(self, cleaned: dict[str, Any]) -> datetime | None:
        length, end = cleaned.get("duration"), cleaned.get("end")
        if length and (cleaned.get("edited") != "end" or end is None):
            ends_at: datetime = cleaned["starts_at"] + length
            return ends_at
        if end is None:
            if not self.errors:
                self.add_error("duration", _("Required field"))
            return None
        day = cleaned["date"] if end > cleaned["start"] else cleaned["date"] + timedelta(days=1)
        if not days.is_real(day, end, self.branch.zone):
            self.add_error("end", str(NoSuchTime(_minutes(end))))
            return None
        return days.wall(day, _minutes(end), self.branch.zone)

    def wish(self) -> Wish:
        """Return what was asked for. Only of a valid form."""
        cleaned = self.cleaned_data
        client = cleaned["client"]
        kept = Course.EXPECTED if self.reservation is None else self.reservation.course
        kept_status = None if self.reservation is None else self.reservation.status_id
        return Wish(
            starts_at=cleaned["starts_at"],
            ends_at=cleaned["ends_at"],
            guests=cleaned["guests"],
            table_ids=tuple(cleaned["tables"]),
            status_id=cleaned["status"].pk if cleaned["status"] else kept_status,
            course=cleaned["course"] or kept,
            phone=cleaned["phone"],
            guest_name=cleaned["guest_name"],
            client_id=positive_id(client),
            new_client=client == NEW_CLIENT,
            about=cleaned["about"] if cleaned["guest_name"] or cleaned["about"] else None,
            comment=cleaned["comment"],
        )


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


class HallForm(forms.Form):
    """A hall's name."""

    name = forms.CharField(label=_("Name"), max_length=100, widget=forms.TextInput(attrs={"data-autofocus": ""}))


class TableForm(forms.Form):
    """A table, or several new ones numbered on from ``name``."""

    name = forms.CharField(
        label=_("Number or name"), max_length=40, widget=forms.TextInput(attrs={"data-autofocus": ""})
    )
    seats = forms.IntegerField(
        label=_("Seats"), min_value=1, max_value=500, widget=forms.NumberInput(attrs={"data-stepper": ""})
    )
    hall = forms.ModelChoiceField(label=_("Hall"), queryset=Hall.objects.none(), empty_label=None)
    count = forms.IntegerField(
        label=_("How many such tables"),
        min_value=1,
        max_value=100,
        initial=1,
        help_text=_("Several are numbered on: 7, 8, 9…"),
        widget=forms.NumberInput(attrs={"data-stepper": ""}),
    )

    def __init__(self, *args: Any, branch: Branch, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hall: Any = self.fields["hall"]
        hall.queryset = Hall.objects.for_org(branch.organization_id).filter(branch=branch)
        if not is_new:
            del self.fields["count"]


class StatusForm(forms.Form):
    """A label of reservations and its colour."""

    name = forms.CharField(label=_("Name"), max_length=40, widget=forms.TextInput(attrs={"data-autofocus": ""}))
    colour = forms.ChoiceField(label=_("Colour"), choices=ReservationStatus.Colour.choices, widget=forms.RadioSelect())


class SettingsForm(forms.Form):
    """How a branch takes reservations."""

    default_duration = LengthField(label=_("Usual length of a visit"))

    def clean_default_duration(self) -> int:
        length: timedelta = self.cleaned_data["default_duration"]
        minutes = length // timedelta(minutes=1)
        for validator in HallSettings._meta.get_field("default_duration").validators:
            validator(minutes)
        return minutes
