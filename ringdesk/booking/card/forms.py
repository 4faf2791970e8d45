"""The booking card: what was typed becomes the arguments of bookings.book and bookings.change."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch
from ringdesk.booking.diary import scale
from ringdesk.booking.models import MOST_PRICE, Booking
from ringdesk.core import phones
from ringdesk.core.asked import positive_id
from ringdesk.core.clock_fields import ClockField, LengthField
from ringdesk.scheduling.hours import YEARS, NoSuchTime

MOST_REPEATS = 52
EVERY = [
    ("", _("Does not repeat")),
    ("7", _("Every week")),
    ("14", _("Every two weeks")),
    ("28", _("Every four weeks")),
]


class IdsField(forms.Field):
    """Ids of what is chosen: of checkboxes with one name."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        parts = [part for each in value or [] for part in str(each).split(",") if part]
        ids = [positive_id(part) for part in parts]
        if None in ids:
            raise ValidationError(_("Choose from the list."))
        return list(dict.fromkeys(pk for pk in ids if pk is not None))


class BookingForm(forms.Form):
    """The card. Times are by the branch's clock; ``client`` is the card its author sees or has chosen, or ``new``."""

    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "type": "tel",
                "inputmode": "tel",
                "autocomplete": "off",
                "hx-get": reverse_lazy("booking:card_client"),
                "hx-trigger": "change, input changed delay:500ms",
                "hx-include": "closest form",
                "hx-params": "phone,booking,branch",
                "hx-target": "#card-guest",
                "hx-swap": "morph:outerHTML",
                "hx-sync": "this:replace",
            }
        ),
    )
    guest_name = forms.CharField(
        label=_("Client’s name"), required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    client = forms.CharField(required=False, max_length=20)
    services = IdsField(required=False)
    employee = forms.CharField(required=False, max_length=20)
    assistants = IdsField(required=False)
    date = forms.DateField(
        label=_("Date"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "data-asks": ""})
    )
    start = ClockField(label=_("Start"), part="start", required=False)
    duration = LengthField(label=_("Length"), required=False)
    price = forms.DecimalField(
        label=_("Price"),
        required=False,
        min_value=Decimal(0),
        max_value=MOST_PRICE,
        max_digits=10,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    about = forms.CharField(
        label=_("About the client"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 2})
    )
    notes = forms.CharField(
        label=_("Notes"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    every = forms.ChoiceField(label=_("Repeat"), required=False, choices=EVERY)
    times = forms.IntegerField(
        label=_("How many visits in all"),
        required=False,
        min_value=2,
        max_value=MOST_REPEATS,
        initial=4,
        widget=forms.NumberInput(attrs={"data-stepper": "", "inputmode": "numeric"}),
    )
    call = forms.UUIDField(required=False, widget=forms.HiddenInput())
    version = forms.IntegerField(required=False, widget=forms.HiddenInput())
    status = forms.ChoiceField(required=False, choices=Booking.Status.choices)

    def __init__(self, *args: Any, branch: Branch, booking: Booking | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "card_%s"
        self.branch = branch
        self.booking = booking

    def clean_date(self) -> Any:
        """Refuse a day of no sensible year, before anything is reckoned with it: dates have a first and a last."""
        day = self.cleaned_data["date"]
        if day.year not in YEARS:
            raise ValidationError(_("Check the date."))
        return day

    def clean_phone(self) -> str:
        return phones.normalize(self.cleaned_data["phone"], self.branch.region)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        day, start = cleaned.get("date"), cleaned.get("start")
        if day and start:
            if scale.is_real(day, start, self.branch.zone):
                cleaned["starts_at"] = self._kept(day, start) or scale.on_wall(day, start, self.branch.zone)
            else:
                self.add_error("start", str(NoSuchTime(start.hour * 60 + start.minute)))
        return cleaned

    def require_all(self) -> None:
        """Add the errors of a card that is to be saved: while it is filled in it may lack anything."""
        if not self.cleaned_data.get("services") and not self.is_unchanged_work():
            self.add_error("services", _("Choose a service."))
        if "start" not in self.errors and self.cleaned_data.get("start") is None:
            self.add_error("start", _("Choose a time."))

    def is_unchanged_work(self) -> bool:
        """Tell whether the booking keeps its services: they may be offered no more."""
        return self.booking is not None and self.cleaned_data.get("services", []) == self.stored_services()

    def stored_services(self) -> list[int]:
        """Return the services (ids) of the booking that are still known."""
        lines = self.booking.lines.all() if self.booking else []
        return [line.service_id for line in lines if line.service_id]

    def _kept(self, day: Any, start: Any) -> datetime | None:
        """Return the stored moment when the card still shows it: of an hour that comes twice it is the right one."""
        stored = self.booking.starts_at if self.booking else None
        local = stored.astimezone(self.branch.zone) if stored else None
        is_same = local is not None and (local.date(), local.strftime("%H:%M")) == (day, start.strftime("%H:%M"))
        return stored if is_same else None

    @property
    def length(self) -> int | None:
        """Return the length that was typed, in minutes."""
        typed: timedelta | None = self.cleaned_data.get("duration")
        return typed // timedelta(minutes=1) if typed else None

    @property
    def employee_id(self) -> int | None:
        return positive_id(self.cleaned_data.get("employee", ""))
