"""The free times as the booking page shows them: days to choose from, and the times of one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch
from ringdesk.booking import openings
from ringdesk.booking.page.choice import days_from

SHOWN = 14
# How many times as many days are looked through for the first that has a free time.
_FURTHER = 8
_PARTS: tuple[tuple[int, str | Promise], ...] = (
    (12, _("Morning")),
    (17, _("Afternoon")),
    (24, _("Evening")),
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day to choose; ``count``: how many times are free."""

    date: date
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Times:
    """A fortnight, and the free times of the day chosen in it, in the parts of the day."""

    days: Sequence[Day]
    chosen: date | None
    parts: Sequence[tuple[str | Promise, Sequence[datetime]]]
    before: date | None
    after: date | None
    # The first day with a free time after a fortnight without any.
    nearest: date | None = None


def times(
    branch: Branch, service_ids: Sequence[int], employee_id: int | None, wished: date | None, now: datetime
) -> Times:
    """Return the fortnight of the day wished (else of today). Raises NotOffered."""
    today = now.astimezone(branch.zone).date()
    first = max(wished or today, today)
    # A day within the first fortnight is shown among its neighbours.
    first = today if first < today + timedelta(days=SHOWN) else first
    by_day = free(branch, service_ids, employee_id, first, SHOWN)
    wished_free = wished if wished in by_day else None
    chosen = wished_free or next(iter(by_day), None)
    return Times(
        days=[Day(day, len(by_day.get(day, ())), day == chosen) for day in days_from(first, SHOWN)],
        chosen=chosen,
        parts=_parts(by_day[chosen]) if chosen else (),
        before=max(today, first - timedelta(days=SHOWN)) if first > today else None,
        after=first + timedelta(days=SHOWN),
        nearest=None if chosen else _nearest(branch, service_ids, employee_id, first + timedelta(days=SHOWN)),
    )


def free(
    branch: Branch, service_ids: Sequence[int], employee_id: int | None, first: date, days: int
) -> dict[date, list[datetime]]:
    """Return the free times of these days that clients may book, each once, days without any left out."""
    found = openings.starts(branch, service_ids, first, days, employee_id=employee_id, online=True)
    by_day: dict[date, list[datetime]] = {}
    for start in sorted({start for starts in found.values() for start in starts}):
        by_day.setdefault(start.date(), []).append(start)
    return by_day


def _nearest(branch: Branch, service_ids: Sequence[int], employee_id: int | None, first: date) -> date | None:
    for number in range(_FURTHER):
        by_day = free(branch, service_ids, employee_id, first + number * timedelta(days=SHOWN), SHOWN)
        if by_day:
            return next(iter(by_day))
    return None


def _parts(starts: Iterable[datetime]) -> list[tuple[str | Promise, list[datetime]]]:
    parts: list[tuple[str | Promise, list[datetime]]] = [(label, []) for _until, label in _PARTS]
    for start in starts:
        place = next(number for number, (until, _label) in enumerate(_PARTS) if start.hour < until)
        parts[place][1].append(start)
    return [(label, found) for label, found in parts if found]
