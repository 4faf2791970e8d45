"""A day of the diary in minutes from the branch's midnight, and what is drawn of it. Pure.

Minutes are real, elapsed ones: on the night the clocks change a day has 1380 or 1500 of them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple

from ringdesk.scheduling.hours import YEARS, moment_on_wall
from ringdesk.scheduling.minutes import Minutes, Span, complement, from_moment, merge, to_moment

HOUR = 60
STEP = 15
# What a day is drawn with when nobody works on it.
USUAL = Span(10 * HOUR, 19 * HOUR)
LATE_AFTER = 10

StateKind = Literal["off", "before", "busy", "rest", "free", "over"]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a branch; ``origin`` and ``end`` are its midnights in minutes since the epoch."""

    date: date
    origin: int
    end: int

    def minute(self, moment: datetime) -> int:
        """Return how many whole minutes after midnight that is; negative before it."""
        return from_moment(moment) - self.origin

    def moment(self, minute: int) -> datetime:
        """Return the moment so many minutes after midnight, in UTC."""
        return to_moment(self.origin + minute)

    def contains(self, moment: datetime) -> bool:
        return self.origin <= from_moment(moment) < self.end


class Off(NamedTuple):
    """A time at which somebody does not work; a rest lies within the working day."""

    start: int
    end: int
    is_rest: bool


class Mark(NamedTuple):
    """An hour on the scale; ``label`` is what the clock on the wall shows then."""

    minute: int
    label: str


class State(NamedTuple):
    """What somebody does now; ``until`` is the minute at which that ends (before: begins), None for the day's rest."""

    kind: StateKind
    until: int | None = None


def day_of(day: date, zone: tzinfo) -> Day:
    """Return that day of a branch in this zone."""
    return Day(day, moment_on_wall(day, 0, zone), moment_on_wall(day + timedelta(days=1), 0, zone))


def week_of(day: date, zone: tzinfo) -> list[Day]:
    """Return the days of the week in which the day lies, Monday first."""
    monday = day - timedelta(days=day.weekday())
    return [day_of(monday + timedelta(days=number), zone) for number in range(7)]


def parse(text: str | None) -> date | None:
    """Return the day of an address, or None for none and for nonsense."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if day.year in YEARS else None


def is_real(day: date, clock: time, zone: tzinfo) -> bool:
    """Tell whether the clock shows this time on that day: one hour of a spring night does not exist."""
    shown = on_wall(day, clock, zone).astimezone(zone)
    return (shown.hour, shown.minute) == (clock.hour, clock.minute)


def on_wall(day: date, clock: time, zone: tzinfo) -> datetime:
    """Return when the clock shows this time on that day, in UTC."""
    return to_moment(moment_on_wall(day, clock.hour * HOUR + clock.minute, zone))


def round_up(moment: datetime, step: int = STEP) -> datetime:
    """Return the next moment whose minutes divide by ``step``, or this one if it does."""
    return to_moment(math.ceil(moment.timestamp() / (step * 60)) * step)


def window(spans: Iterable[Minutes]) -> Span:
    """Return from and to which minute a day is drawn: what is worked and booked, in full hours."""
    known = list(spans) or [USUAL]
    first = min(start for start, _end in known) // HOUR * HOUR
    last = -(-max(end for _start, end in known) // HOUR) * HOUR
    return Span(first, max(last, first + HOUR))


def marks(drawn: Span, day: Day, zone: tzinfo) -> list[Mark]:
    """Return the full hours of the clock on the wall."""
    shown = ((minute, day.moment(minute).astimezone(zone)) for minute in range(drawn.start, drawn.end, STEP))
    return [Mark(minute, f"{there:%H:%M}") for minute, there in shown if there.minute == 0]


def off(work: Sequence[Minutes], drawn: Span) -> list[Off]:
    """Return when nobody works within what is drawn. ``work``: the pieces of the working day, without rests."""
    pieces = [piece for piece in merge(work) if piece.start < drawn.end and drawn.start < piece.end]
    gaps = complement(pieces, drawn)
    return [Off(gap.start, gap.end, _is_between(gap, pieces)) for gap in gaps]


def state(work: Sequence[Minutes], busy: Sequence[Minutes], now: int) -> State:
    """Return what somebody does at minute ``now``."""
    pieces = merge(work)
    visits = merge(busy)
    for visit in visits:
        if visit.start <= now < visit.end:
            return State("busy", visit.end)
    if not pieces:
        return State("off")
    if now < pieces[0].start:
        return State("before", pieces[0].start)
    if now >= pieces[-1].end:
        return State("over")
    for piece in pieces:
        if now < piece.start:
            return State("rest", piece.start)
        if now < piece.end:
            coming = [visit.start for visit in visits if now < visit.start < piece.end]
            return State("free", min(coming, default=piece.end))
    return State("over")


def load(work: Iterable[Minutes], busy: Iterable[Minutes]) -> tuple[int, int]:
    """Return how many minutes are worked, and how many of those are booked."""
    pieces, visits = merge(work), merge(busy)
    worked = sum(end - start for start, end in pieces)
    free = sum(gap.end - gap.start for piece in pieces for gap in complement(_within(visits, piece), piece))
    return worked, worked - free


def _within(spans: Iterable[Span], piece: Span) -> list[Span]:
    return [span for span in spans if span.start < piece.end and piece.start < span.end]


def _is_between(gap: Span, pieces: Sequence[Span]) -> bool:
    return any(piece.end <= gap.start for piece in pieces) and any(piece.start >= gap.end for piece in pieces)
