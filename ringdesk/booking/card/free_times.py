"""When the visit of a booking card is free: its day's times, the next days with any, and why its own time is not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch
from ringdesk.booking import openings
from ringdesk.booking.diary import drawing
from ringdesk.booking.models import Booking, Service
from ringdesk.booking.offers import Offer, Specialist
from ringdesk.booking.openings import SESSION, Board, Limits
from ringdesk.scheduling import reasons
from ringdesk.scheduling.loading import day_span
from ringdesk.scheduling.minutes import Span, from_moment, to_moment
from ringdesk.scheduling.reasons import Kind

AHEAD = 14
MOST_DAYS = 3
MOST_TIMES = 6
OUT_OF_HOURS = (Kind.NOT_WORKING, Kind.BREAK, Kind.ENDS_TOO_LATE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the card holds: the visit, with whom (None: anybody), the day looked at, and the time chosen, if any."""

    services: tuple[Service, ...]
    employee_id: int | None
    day: date
    starts_at: datetime | None
    length: int | None = None
    booking: Booking | None = None


@dataclass(frozen=True, slots=True)
class Time:
    """A free time to choose; ``day`` as a date field has it."""

    day: str
    clock: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """``times`` of the day; where it has none, those of the next ``days``. ``why``: what is against the chosen time.

    ``is_out_of_hours``: nothing is but the working hours, so the staff may book it all the same.
    """

    times: tuple[Time, ...] = ()
    days: tuple[tuple[str, tuple[Time, ...]], ...] = ()
    why: tuple[str, ...] = ()
    is_out_of_hours: bool = False
    is_known: bool = False


def find(branch: Branch, offer: Offer, wish: Wish, now: datetime) -> FreeTimes:
    """Return the free times for what the card holds; nothing while it holds no service."""
    if not wish.services:
        return FreeTimes()
    ids = [service.pk for service in wish.services]
    plan = replace(openings.plan(offer, ids, online=False), length=wish.length)
    people = openings.candidates(offer, plan, wish.employee_id if wish.employee_id in offer.specialists else None)
    if not people:
        return FreeTimes(why=(_("No specialist provides all of these services."),))
    claim = wish.booking.claim if wish.booking else None
    without = claim.pk if claim and claim.kind != SESSION else None
    board = openings.board(branch, offer, plan, people, wish.day, AHEAD, without_claim=without, now=now)
    span = day_span(branch, wish.day, AHEAD)
    starts = _starts(board, people, offer.settings.step, Limits(max(span.start, from_moment(now) + 1), span.end - 1))
    chosen = from_moment(wish.starts_at) if wish.starts_at else None
    by_day = _by_day(branch, starts, chosen)
    times = by_day.pop(wish.day.isoformat(), ())
    why, is_out_of_hours = _why(branch, board, people, chosen, starts, wish, now)
    others = [(_day_name(day), found[:MOST_TIMES]) for day, found in by_day.items()][:MOST_DAYS]
    return FreeTimes(times, () if times else tuple(others), why, is_out_of_hours, is_known=True)


def in_the_way(branch: Branch, employees: Sequence[int], span: Span, without: int | None, now: datetime) -> list[str]:
    """Return whose visits take these minutes of the specialists, in words."""
    rows = openings.active(branch.organization_id, now).filter(
        branch=branch, employee__in=employees, starts_at__lt=to_moment(span.end), ends_at__gt=to_moment(span.start)
    )
    if without:
        rows = rows.exclude(pk=without)
    rows = rows.select_related("client", "employee").prefetch_related("lines").order_by("starts_at")
    return [_taken_text(row, branch) for row in rows[:3]]


def _taken_text(row: Booking, branch: Branch) -> str:
    starts, ends = row.starts_at.astimezone(branch.zone), row.ends_at.astimezone(branch.zone)
    what = {
        "specialist": row.employee.name,
        "client": drawing.title_of(row),
        "time": f"{starts:%H:%M}–{ends:%H:%M}",
        "services": drawing.services_of(row),
    }
    return _("%(specialist)s is taken %(time)s: %(client)s, %(services)s.") % what


def _starts(board: Board, people: Sequence[Specialist], step: int, limits: Limits) -> list[int]:
    wanted = {each.id for each in people}
    found = board.starts(step, limits)
    return sorted({start for employee, starts in found.items() if employee in wanted for start in starts})


def _by_day(branch: Branch, starts: Sequence[int], chosen: int | None) -> dict[str, tuple[Time, ...]]:
    days: dict[str, list[Time]] = {}
    for start in starts:
        there = to_moment(start).astimezone(branch.zone)
        day = there.date().isoformat()
        days.setdefault(day, []).append(Time(day, f"{there:%H:%M}", start == chosen))
    return {day: tuple(times) for day, times in days.items()}


def _day_name(day: str) -> str:
    return str(date_format(date.fromisoformat(day), "D, j E"))


def _why(
    branch: Branch,
    board: Board,
    people: Sequence[Specialist],
    chosen: int | None,
    starts: Sequence[int],
    wish: Wish,
    now: datetime,
) -> tuple[tuple[str, ...], bool]:
    """Return what is against the chosen time, and whether it is nothing but the working hours."""
    if chosen is None or chosen in starts or _is_own(chosen, wish):
        return (), False
    found = [(each, board.why_not(board.worker_of(each), chosen)) for each in people]
    if any(reason is None for _each, reason in found):
        return (), False
    why = [(each, reason) for each, reason in found if reason]
    is_out = any(reason.kind in OUT_OF_HOURS for _each, reason in why) and wish.starts_at is not None
    if len(why) > 1:
        names = ", ".join(each.name for each, _reason in why)
        return (_("Nobody is free then: %(names)s.") % {"names": names},), is_out
    each, reason = why[0]
    if reason.kind in (Kind.TAKEN, Kind.TAKEN_AROUND):
        around = board.plan.visit_by(each).span(chosen)
        without = wish.booking.pk if wish.booking else None
        words = in_the_way(branch, [each.id], Span(*around), without, now)
        return tuple(words) or (reasons.text(reason, branch.zone),), False
    return (f"{each.name}: {reasons.text(reason, branch.zone)}",), is_out


def _is_own(chosen: int, wish: Wish) -> bool:
    booking = wish.booking
    if booking is None or booking.is_released:
        return False
    is_same = from_moment(booking.starts_at) == chosen and wish.employee_id == booking.employee_id
    return is_same and wish.length in (None, booking.minutes)
