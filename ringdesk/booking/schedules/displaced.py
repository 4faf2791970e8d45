"""Bookings outside the working time of those who have them: found, and told before a change of hours makes more.

Nothing is ever cancelled or moved by a change of hours: whoever changes them decides what becomes of the visits.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from ringdesk.accounts.models import Branch
from ringdesk.booking import openings
from ringdesk.booking.models import Booking, Employee
from ringdesk.core import events
from ringdesk.core.problems import Conflict
from ringdesk.scheduling import loading
from ringdesk.scheduling.hours import working_time
from ringdesk.scheduling.minutes import Minutes, Span, from_moment, merge, to_moment


class Displaced(Conflict):
    """The change would leave these bookings outside working hours: ``bookings``, soonest first."""

    def __init__(self, bookings: Sequence[Booking]) -> None:
        self.bookings = list(bookings)
        count = len(self.bookings)
        text = ngettext(
            "%(count)s booking would lie outside working hours.",
            "%(count)s bookings would lie outside working hours.",
            count,
        )
        super().__init__(text % {"count": count})


class Outside(NamedTuple):
    """A booking, and one of its specialists who does not work all that time."""

    booking: int
    employee: int
    start: int


@contextmanager
def noticing(branch: Branch, employees: Collection[Employee], *, anyway: bool = False) -> Iterator[None]:
    """Change working hours within: raises Displaced, and nothing has changed, when bookings to come lose theirs.

    ``anyway``: the bookings stay where they are, outside working hours.
    """
    with events.atomic():
        since = from_moment(timezone.now())
        before = set() if anyway else {each[:2] for each in outside(branch, employees, since)}
        yield
        if anyway:
            return
        lost = {each.booking for each in outside(branch, employees, since) if each[:2] not in before}
        if lost:
            rows: QuerySet[Booking] = (
                Booking.objects.for_org(branch.organization_id)
                .filter(pk__in=lost)
                .select_related("employee", "client")
                .prefetch_related("lines")
                .order_by("starts_at", "pk")
            )
            raise Displaced(list(rows))


def outside(branch: Branch, employees: Collection[Employee], since: int, until: int | None = None) -> list[Outside]:
    """Return the bookings of these specialists that end after ``since`` and lie outside working time. By start."""
    rows = openings.active(branch.organization_id, timezone.now()).filter(branch=branch, ends_at__gt=to_moment(since))
    if until is not None:
        rows = rows.filter(starts_at__lt=to_moment(until))
    resources = {employee.pk: employee.resource_id for employee in employees}
    booked: dict[tuple[int, int], Minutes] = {}
    for name in ("employee", "assistants"):
        found = rows.filter(**{f"{name}__in": list(resources)}).order_by()
        for pk, who, starts_at, ends_at in found.values_list("pk", name, "starts_at", "ends_at"):
            if who in resources:
                booked[pk, who] = (from_moment(starts_at), from_moment(ends_at))
    if not booked:
        return []
    whole = Span(min(start for start, _end in booked.values()), max(end for _start, end in booked.values()))
    first, last = (to_moment(minute).astimezone(branch.zone).date() for minute in whole)
    days = (last - first).days + 2
    asked = {resources[who] for _pk, who in booked}
    shifts = loading.day_shifts(branch, asked, first - timedelta(days=1), days)
    working = {resource: merge((one.start, one.end) for one in working_time(each)) for resource, each in shifts.items()}
    return sorted(
        (
            Outside(pk, who, span[0])
            for (pk, who), span in booked.items()
            if not _lies_within(span, working[resources[who]])
        ),
        key=lambda each: (each.start, each.booking),
    )


def _lies_within(span: Minutes, working: Sequence[Span]) -> bool:
    place = bisect_right(working, (span[0], 1 << 60)) - 1
    return place >= 0 and span[1] <= working[place].end
