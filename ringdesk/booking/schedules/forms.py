"""Forms of the schedule: a day, the ordinary week, days off, copies, holidays."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.booking.models import Employee
from ringdesk.booking.schedules.grid import clock, span_text
from ringdesk.scheduling.hours import DAY, YEARS, DayHours, Week
from ringdesk.scheduling.minutes import Minutes
from ringdesk.scheduling.schedule import LONGEST

MOST_BREAKS = 6
MOST_WEEKS = 52
ONE_DAY, SUCH_DAYS, EVERY_WEEK, ALL_DAYS = "day", "such", "week", "all"

_CLOCK = re.compile(r"(\d{1,2})(?:[:.\s]?(\d{2}))?\Z")
_SPANS = re.compile(r"[,;]")
_DASH = re.compile(r"\s*[-–—]\s*")
_DATE = {"type": "date"}


def parse_clock(text: str) -> int:
    """Return minutes after midnight of what was typed (9, 930, 19.30). Raises ValidationError."""
    found = _CLOCK.match(text.strip())
    hours, minutes = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if minutes > 59 or hours * 60 + minutes > DAY:
        raise ValidationError(_("Enter a time, like 09:30."))
    return hours * 60 + minutes


class ClockField(forms.CharField):
    """A time of day, as minutes after midnight."""

    def __init__(self, kind: str = "start", **options: Any) -> None:
        attrs = {"data-time": kind, "inputmode": "numeric", "autocomplete": "off", "maxlength": "5"}
        if label := options.get("label"):
            attrs["aria-label"] = label
        super().__init__(widget=forms.TextInput(attrs=attrs), **options)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return parse_clock(text) if text else None

    def prepare_value(self, value: Any) -> Any:
        return clock(value) if isinstance(value, int) else value


class BreaksField(forms.CharField):
    """Breaks typed in one line: 13:00–14:00, 16-16:15."""

    def to_python(self, value: Any) -> Any:
        parts = [part for part in _SPANS.split(super().to_python(value) or "") if part.strip()]
        return [self._span(part) for part in parts]

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else ", ".join(map(span_text, value))

    def _span(self, text: str) -> Minutes:
        edges = _DASH.split(text.strip())
        if len(edges) != 2:
            raise ValidationError(_("Write breaks like 13:00–14:00, several with a comma between."))
        return parse_clock(edges[0]), parse_clock(edges[1])


def day_hours(start: int, end: int, breaks: Sequence[Minutes]) -> DayHours:
    """Return the hours that these times mean: what ends before it begins goes past midnight. Raises ValidationError."""
    end = end if end > start else end + DAY

    def after(minutes: int, first: int) -> int:
        return minutes if minutes >= first else minutes + DAY

    rests = sorted((after(one, start), after(two, after(one, start))) for one, two in breaks)
    worked = DayHours(start, end, tuple(rests))
    if not worked.is_valid:
        raise ValidationError(_("Breaks lie within the working hours, one after another."))
    return worked


class _Versioned(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class DayForm(_Versioned):
    """What somebody works on a day, and on which other days the same goes."""

    works = forms.ChoiceField(
        label=_("That day"), widget=forms.RadioSelect,
        choices=[("yes", _("Works")), ("", _("Day off"))], required=False,
    )  # fmt: skip
    starts = ClockField(label=pgettext_lazy("clock", "From"), required=False)
    ends = ClockField("end", label=pgettext_lazy("clock", "To"), required=False)
    note = forms.CharField(
        label=_("Note"), max_length=100, required=False, help_text=_("Seen by the staff: vacation, illness, training.")
    )
    scope = forms.ChoiceField(label=_("For which days"))
    until = forms.DateField(
        label=_("Until which day"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=_DATE)
    )

    def __init__(self, *args: Any, day: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.day = day
        self.fields["starts"].widget.attrs["data-autofocus"] = ""
        for number in range(MOST_BREAKS):
            for edge in ("starts", "ends"):
                self.fields[f"break_{number}_{edge}"] = ClockField(required=False, label=_("Break"))
        scope: Any = self.fields["scope"]
        names = {"weekday": WEEKDAYS[day.weekday()]}
        scope.choices = [
            (ONE_DAY, _("Only this day")),
            (ALL_DAYS, _("Every day until a date")),
            (SUCH_DAYS, _("%(weekday)s: all of them until a date") % names),
            (EVERY_WEEK, _("%(weekday)s: always, in the ordinary week") % names),
        ]

    @classmethod
    def initial_of(cls, worked: DayHours | None, usual: DayHours | None, note: str, version: int) -> dict[str, Any]:
        """Return what the form begins with; a day off offers the ordinary hours, or usual ones."""
        hours = worked or usual or DayHours(9 * 60, 18 * 60)
        initial: dict[str, Any] = {
            "works": "yes" if worked else "",
            "starts": hours.start,
            "ends": hours.end,
            "note": note,
            "scope": ONE_DAY,
            "version": version,
        }
        for number, (start, end) in enumerate(hours.breaks[:MOST_BREAKS]):
            initial |= {f"break_{number}_starts": start, f"break_{number}_ends": end}
        return initial

    @property
    def breaks(self) -> list[tuple[BoundField, BoundField]]:
        """The breaks there are, and an empty one; two at least."""
        rows = [(self[f"break_{number}_starts"], self[f"break_{number}_ends"]) for number in range(MOST_BREAKS)]
        filled = [number for number, row in enumerate(rows) if any(field.value() not in ("", None) for field in row)]
        return rows[: max(max(filled, default=-1) + 2, 2)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("works"):
            self._clean_hours(data)
        data["worked"] = data.get("worked")
        until = data.get("until")
        if data.get("scope") in (ALL_DAYS, SUCH_DAYS):
            if until is None and "until" not in self.errors:
                self.add_error("until", _("Choose the last day."))
            elif until is not None and until < self.day:
                self.add_error("until", _("The last day must not come before the first."))
            elif until is not None and (until - self.day).days >= LONGEST:
                self.add_error("until", _("Two years at once at most."))
        return data

    def _clean_hours(self, data: dict[str, Any]) -> None:
        breaks: list[Minutes] = []
        for number in range(MOST_BREAKS):
            edges: list[Any] = [data.get(f"break_{number}_{edge}") for edge in ("starts", "ends")]
            names = [f"break_{number}_{edge}" for edge in ("starts", "ends")]
            if any(name in self.errors for name in names):
                return
            if (edges[0] is None) != (edges[1] is None):
                self.add_error(names[0], _("A break has a beginning and an end."))
                return
            if edges[0] is not None:
                breaks.append((edges[0], edges[1]))
        for name in ("starts", "ends"):
            if data.get(name) is None and name not in self.errors:
                self.add_error(name, _("Enter a time, like 09:30."))
        if "starts" in self.errors or "ends" in self.errors:
            return
        try:
            data["worked"] = day_hours(data["starts"], data["ends"], breaks)
        except ValidationError as error:
            self.add_error("break_0_starts" if breaks else "starts", error)

    def days(self) -> list[date]:
        """Return the days that are meant."""
        scope, until = self.cleaned_data["scope"], self.cleaned_data["until"]
        step = {ALL_DAYS: 1, SUCH_DAYS: 7}.get(scope)
        if step is None:
            return [self.day]
        return [self.day + timedelta(days=number) for number in range(0, (until - self.day).days + 1, step)]


class WeekForm(_Versioned):
    """The ordinary week of a specialist, and who works the same."""

    others = forms.MultipleChoiceField(
        label=_("The same week for"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, others: Sequence[Employee], **options: Any) -> None:
        super().__init__(*args, **options)
        for number in range(7):
            self.fields[f"works_{number}"] = forms.BooleanField(label=WEEKDAYS[number], required=False)
            self.fields[f"starts_{number}"] = ClockField(label=pgettext_lazy("clock", "From"), required=False)
            self.fields[f"ends_{number}"] = ClockField("end", label=pgettext_lazy("clock", "To"), required=False)
            self.fields[f"breaks_{number}"] = BreaksField(
                label=_("Breaks"), required=False, max_length=100,
                widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "placeholder": "13:00–14:00"}),
            )  # fmt: skip
        self.fields["starts_0"].widget.attrs["data-autofocus"] = ""
        field: Any = self.fields["others"]
        field.choices = [(str(other.pk), other.name) for other in others]
        if not others:
            del self.fields["others"]

    @classmethod
    def initial_of(cls, week: Week, version: int) -> dict[str, Any]:
        """Return what the form begins with."""
        initial: dict[str, Any] = {"version": version}
        usual = next((worked for worked in week if worked), DayHours(9 * 60, 18 * 60))
        for number, worked in enumerate(week):
            shown = worked or usual
            initial |= {
                f"works_{number}": worked is not None,
                f"starts_{number}": shown.start,
                f"ends_{number}": shown.end,
                f"breaks_{number}": list(shown.breaks),
            }
        return initial

    @property
    def days(self) -> Iterator[tuple[BoundField, ...]]:
        for number in range(7):
            yield tuple(self[f"{name}_{number}"] for name in ("works", "starts", "ends", "breaks"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["week"] = [self._day(data, number) for number in range(7)]
        return data

    def _day(self, data: dict[str, Any], number: int) -> DayHours | None:
        if not data.get(f"works_{number}"):
            # What stands in the fields of a day off does not matter.
            for name in ("starts", "ends", "breaks"):
                self.errors.pop(f"{name}_{number}", None)
            return None
        start, end = data.get(f"starts_{number}"), data.get(f"ends_{number}")
        if start is None or end is None:
            for name in (f"starts_{number}", f"ends_{number}"):
                if data.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Enter a time, like 09:30."))
            return None
        try:
            return day_hours(start, end, data.get(f"breaks_{number}") or [])
        except ValidationError as error:
            self.add_error(f"breaks_{number}", error)
            return None


class _OfSpecialists(forms.Form):
    employees = forms.MultipleChoiceField(label=_("Specialists"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, staff: Sequence[Employee], **options: Any) -> None:
        super().__init__(*args, **options)
        self.staff = staff
        field: Any = self.fields["employees"]
        field.choices = [(str(each.pk), each.name) for each in staff]

    def chosen(self) -> list[Employee]:
        """Return the specialists that were chosen, in the order in which schedules are locked."""
        ids = set(self.cleaned_data["employees"])
        return sorted((each for each in self.staff if str(each.pk) in ids), key=lambda each: each.resource_id)


class _Days(forms.Form):
    first_day = forms.DateField(label=_("First day"), widget=forms.DateInput(format="%Y-%m-%d", attrs=_DATE))
    last_day = forms.DateField(label=_("Last day"), widget=forms.DateInput(format="%Y-%m-%d", attrs=_DATE))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("first_day", "last_day"):
            if name in data and data[name].year not in YEARS:
                self.add_error(name, _("There are no schedules for that year."))
        return data


class LeaveForm(_OfSpecialists, _Days):
    """Several days off: a vacation, an illness."""

    note = forms.CharField(label=_("Note"), max_length=100, required=False)


class HolidayForm(_Days):
    """Days on which the branch rests."""

    name = forms.CharField(label=_("What is celebrated"), max_length=100, required=False)


class CopyForm(_OfSpecialists):
    """Copying the week or the month on the page to those that follow."""

    what = forms.ChoiceField(
        label=_("What is copied"), widget=forms.RadioSelect, choices=[("week", ""), ("month", "")], initial="week"
    )
    weeks = forms.IntegerField(
        label=_("To how many weeks after it"), min_value=1, max_value=MOST_WEEKS, initial=1, required=False,
        widget=forms.NumberInput(attrs={"data-stepper": ""}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("what") == "week" and not data.get("weeks") and "weeks" not in self.errors:
            self.add_error("weeks", _("Choose how many."))
        return data
