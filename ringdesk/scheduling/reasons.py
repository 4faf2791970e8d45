"""Why a time is not free, for the staff. Pure."""

from dataclasses import dataclass
from datetime import tzinfo
from enum import Enum

from django.utils.translation import gettext as _

from ringdesk.scheduling import facilities
from ringdesk.scheduling.facilities import Pools
from ringdesk.scheduling.minutes import Span, Visit, to_moment
from ringdesk.scheduling.slots import Shift, Worker


class Kind(Enum):
    """What stands in the way. The first that applies is told."""

    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    NOT_WORKING = "not_working"
    BREAK = "break"
    ENDS_TOO_LATE = "ends_too_late"
    TAKEN = "taken"
    TAKEN_AROUND = "taken_around"
    NO_FACILITY = "no_facility"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not. ``span``: what is in the way (the break, the busy time), ``pool``: which pool is exhausted."""

    kind: Kind
    span: Span | None = None
    pool: int | None = None


def why_not(
    worker: Worker,
    visit: Visit,
    at: int,
    *,
    not_before: int | None = None,
    not_after: int | None = None,
    pools: Pools = (),
) -> Reason | None:
    """Return why the worker cannot begin the visit at that time, on the grid or off it; None: it is free.

    ``visit`` is the worker's own (with the length the worker needs).
    """
    if not_before is not None and at < not_before:
        return Reason(Kind.TOO_SOON)
    if not_after is not None and at > not_after:
        return Reason(Kind.TOO_FAR)
    return _out_of_hours(worker, visit, at) or _taken(worker, visit, at) or _no_facility(pools, visit, at)


def text(reason: Reason, zone: tzinfo) -> str:
    """Return the reason in words; times as the clock of that zone shows them."""
    words = {
        Kind.TOO_SOON: _("Too soon: this time has passed or is too close."),
        Kind.TOO_FAR: _("Too far ahead: this day cannot be booked yet."),
        Kind.NOT_WORKING: _("Outside working hours."),
        Kind.BREAK: _("Break %(start)s–%(end)s."),
        Kind.ENDS_TOO_LATE: _("The visit would end after the working hours, which end at %(start)s."),
        Kind.TAKEN: _("Taken %(start)s–%(end)s."),
        Kind.TAKEN_AROUND: _("No time left to prepare or tidy up: taken %(start)s–%(end)s."),
        Kind.NO_FACILITY: _("No free room or device."),
    }[reason.kind]
    if reason.span is None:
        return words
    start, end = (to_moment(minute).astimezone(zone) for minute in reason.span)
    return words % {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}


def _out_of_hours(worker: Worker, visit: Visit, at: int) -> Reason | None:
    work = visit.work(at)
    cursor = at
    previous: Shift | None = None
    for shift in worker.shifts:
        if shift.start <= cursor < shift.end:
            cursor = shift.end
            if cursor >= work.end:
                return None
        elif shift.start > cursor:
            # A gap before this shift: a break when it is the same day's, else the time between two days.
            if previous is not None and previous.grid == shift.grid:
                return Reason(Kind.BREAK, Span(previous.end, shift.start))
            break
        previous = shift
    return Reason(Kind.NOT_WORKING) if cursor == at else Reason(Kind.ENDS_TOO_LATE, Span(cursor, cursor))


def _taken(worker: Worker, visit: Visit, at: int) -> Reason | None:
    around, work = visit.span(at), visit.work(at)
    hits = [Span(start, end) for start, end in worker.busy if start < around.end and around.start < end]
    for hit in hits:
        if hit.start < work.end and work.start < hit.end:
            return Reason(Kind.TAKEN, hit)
    return Reason(Kind.TAKEN_AROUND, hits[0]) if hits else None


def _no_facility(pools: Pools, visit: Visit, at: int) -> Reason | None:
    pool = facilities.lacking(pools, visit, at)
    return None if pool is None else Reason(Kind.NO_FACILITY, pool=pool)
