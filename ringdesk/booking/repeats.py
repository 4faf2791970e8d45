"""A visit booked again and again: those that are free are booked, the others are told."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from uuid import uuid4

from ringdesk.accounts.models import Branch
from ringdesk.booking import bookings
from ringdesk.booking.diary import scale
from ringdesk.booking.models import Booking
from ringdesk.core.problems import Conflict


@dataclass(frozen=True, slots=True)
class Repeated:
    """What came of it: ``refused`` are the days (of the branch) on which the time is not free."""

    booked: tuple[Booking, ...]
    refused: tuple[date, ...]


def starts(first: datetime, every: int, count: int, zone: tzinfo) -> list[datetime]:
    """Return when the visits begin: every so many days at the same time by the clock on the wall. Pure."""
    local = first.astimezone(zone)
    days = [local.date() + timedelta(days=every * number) for number in range(count)]
    return [first, *(scale.on_wall(day, local.time(), zone) for day in days[1:])]


def book(branch: Branch, every: int, count: int, **visit: Any) -> Repeated:
    """Book the visit ``count`` times, every so many days. Raises what bookings.book does for the first of them."""
    series = uuid4()
    first = bookings.book(branch, series=series, **visit)
    booked, refused = [first], []
    clock = visit["starts_at"].astimezone(branch.zone).time()
    rest = visit | {"employee_id": first.employee_id}
    for moment in starts(visit["starts_at"], every, count, branch.zone)[1:]:
        there = moment.astimezone(branch.zone)
        if there.time() != clock:  # that day the clock jumps over it
            refused.append(there.date())
            continue
        try:
            booked.append(bookings.book(branch, series=series, **rest | {"starts_at": moment}))
        except Conflict:
            refused.append(there.date())
    return Repeated(tuple(booked), tuple(refused))
