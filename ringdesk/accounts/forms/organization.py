"""Forms of the organization and its branches."""

from collections.abc import Iterator, Sequence
from datetime import time
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import countries, opening_hours, timezones
from ringdesk.accounts.models import Branch, Module, Organization
from ringdesk.accounts.opening_hours import OpenSpan

MINUTE = 60


class LanguageField(forms.ChoiceField):
    """A language by its own name, so that who does not read this page's finds it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=[("ru", "Русский"), ("en", "English")], **options)


class OrganizationForm(forms.Form):
    """Name, language and modules."""

    name = forms.CharField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"data-autofocus": ""}))
    language = LanguageField(
        label=_("Language"),
        help_text=_("For new members and for messages to guests. Everybody may choose their own."),
    )
    modules = forms.MultipleChoiceField(
        label=_("Modules"),
        choices=Module.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The hostess panel is for the tables of a restaurant; bookings are for salons, clinics, schools."),
    )


class OrganizationSettingsForm(OrganizationForm):
    """The same with what can be tuned later."""

    popup_minutes = forms.IntegerField(
        label=_("A call's popup waits, minutes"),
        min_value=1,
        max_value=60,
        widget=forms.NumberInput(attrs={"data-stepper": ""}),
        help_text=_("After that it goes away by itself; the call stays in the phone book."),
    )

    @staticmethod
    def initial_of(organization: Organization) -> dict[str, Any]:
        """Return what the form shows at first."""
        return {
            "name": organization.name,
            "language": organization.language,
            "modules": organization.modules,
            "popup_minutes": max(1, round(organization.popup_seconds / MINUTE)),
        }

    def wishes(self) -> dict[str, Any]:
        """Return the arguments of organizations.change_organization; an untouched popup time stays as it is."""
        wishes = {field: self.cleaned_data[field] for field in ("name", "language", "modules")}
        if "popup_minutes" in self.changed_data:
            wishes["popup_seconds"] = self.cleaned_data["popup_minutes"] * MINUTE
        return wishes


class BranchForm(forms.Form):
    """Name, address, time zone and country."""

    name = forms.CharField(label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"data-autofocus": ""}))
    address = forms.CharField(label=_("Address"), max_length=300, required=False)
    timezone = forms.ChoiceField(label=_("Time zone"), help_text=_("All times of the branch are shown in it."))
    region = forms.ChoiceField(
        label=_("Country"), help_text=_("How its phone numbers are read when they come without a country code.")
    )

    def __init__(self, *args: Any, browser_zone: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        zone = self.fields["timezone"]
        country = self.fields["region"]
        assert isinstance(zone, forms.ChoiceField) and isinstance(country, forms.ChoiceField)
        zone.choices = _with(self.initial.get("timezone"), timezones.groups(timezone.now()))
        country.choices = _with(self.initial.get("region"), countries.choices())
        if browser_zone and not self.is_bound:
            # assets/zone.ts chooses the browser's own zone.
            zone.widget.attrs["data-browser-zone"] = ""

    @staticmethod
    def initial_of(branch: Branch) -> dict[str, Any]:
        """Return what the form shows at first."""
        return {field: getattr(branch, field) for field in ("name", "address", "timezone", "region")}


class HoursForm(forms.Form):
    """Opening hours: the same every day, or one span for each weekday. Closing before opening is the next day."""

    same = forms.BooleanField(
        label=_("The same hours every day"), required=False, widget=forms.CheckboxInput(attrs={"class": "switch"})
    )

    def __init__(self, data: Any, *, hours: Sequence[OpenSpan]) -> None:
        super().__init__(data, initial=_initial_hours(hours))
        for day in ("all", *range(7)):
            if day != "all":
                self.fields[f"open_{day}"] = forms.BooleanField(label=WEEKDAYS[day], required=False)
            for end, label in (("opens", _("Opens")), ("closes", _("Closes"))):
                spoken = label if day == "all" else f"{WEEKDAYS[day]}: {label}"
                # assets/times.ts: 24 hours in every browser, 9 becomes 09:00.
                attributes = {"data-time": "", "inputmode": "numeric", "autocomplete": "off", "aria-label": spoken}
                self.fields[f"{end}_{day}"] = forms.TimeField(
                    label=label,
                    required=False,
                    widget=forms.TimeInput(format="%H:%M", attrs=attributes),
                    input_formats=["%H:%M", "%H.%M", "%H"],
                )

    def every_day(self) -> tuple[BoundField, BoundField]:
        """Return the two fields for all days."""
        return self["opens_all"], self["closes_all"]

    def days(self) -> Iterator[tuple[BoundField, BoundField, BoundField]]:
        """Return for each weekday: is it open, from, to."""
        for day in range(7):
            yield self[f"open_{day}"], self[f"opens_{day}"], self[f"closes_{day}"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        open_days = [day for day in range(7) if cleaned.get("same") or cleaned.get(f"open_{day}")]
        rows = {day: "all" if cleaned.get("same") else str(day) for day in open_days}
        # What stands in a row that does not count is not looked at.
        for field in list(self.errors):
            if field.rpartition("_")[2] not in rows.values():
                del self.errors[field]
        spans = [self._span(cleaned, row, day) for day, row in rows.items()]
        cleaned["hours"] = [span for span in spans if span is not None]
        return cleaned

    def _span(self, cleaned: dict[str, Any], row: str, weekday: int) -> OpenSpan | None:
        opens, closes = cleaned.get(f"opens_{row}"), cleaned.get(f"closes_{row}")
        if isinstance(opens, time) and isinstance(closes, time):
            return opening_hours.from_clock(weekday, opens, closes)
        missing = f"opens_{row}" if opens is None else f"closes_{row}"
        if missing not in self.errors:
            self.add_error(missing, _("When? For example 10:00."))
        return None


def _initial_hours(hours: Sequence[OpenSpan]) -> dict[str, Any]:
    by_day = {span.weekday: span for span in reversed(sorted(hours))}
    usual = next((by_day[day] for day in range(7) if day in by_day), OpenSpan(0, 600, 1320))
    initial: dict[str, Any] = {
        "same": len(hours) == len(by_day) == 7 and len({(span.opens, span.closes) for span in hours}) == 1,
        "opens_all": opening_hours.clock(usual.opens),
        "closes_all": opening_hours.clock(usual.closes),
    }
    for day in range(7):
        span = by_day.get(day, usual)
        initial |= {
            f"open_{day}": day in by_day,
            f"opens_{day}": opening_hours.clock(span.opens),
            f"closes_{day}": opening_hours.clock(span.closes),
        }
    return initial


def _with(value: str | None, choices: list[Any]) -> list[Any]:
    """Return the choices with a stored value that is not among them in front."""
    flat = {code for code, label in choices if isinstance(label, str)}
    flat |= {code for _group, zones in choices if isinstance(zones, list) for code, _label in zones}
    return choices if not value or value in flat else [(value, value), *choices]
