"""A day of tables as bars, marks and states. Pure: minutes from the branch's midnight in, values out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

SOON = 60
LATE_AFTER = 10
HOUR = 60
# Where marks of full hours may fall: some zones change their clocks by half an hour.
MARK_STEP = 15
# A party marked as seated longer ago than this has been forgotten, not overdue.
FORGOTTEN = 24 * 60

StateKind = Literal["free", "soon", "seated", "overdue"]


@dataclass(frozen=True, slots=True)
class Stay:
    """One reservation's time at a table. ``left`` is when a finished party went."""

    id: int
    start: int
    end: int
    course: str = "expected"
    left: int | None = None

    @property
    def is_active(self) -> bool:
        """Tell whether it keeps the table."""
        return self.course not in ("finished", "no_show", "cancelled")

    @property
    def is_waiting(self) -> bool:
        """Tell whether the party has not sat down yet."""
        return self.course in ("expected", "arrived")


@dataclass(frozen=True, slots=True)
class Bar:
    """What the lane shows of a stay."""

    id: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mark:
    """An hour on the scale; ``label`` is what the clock on the wall shows then."""

    minute: int
    label: str


@dataclass(frozen=True, slots=True)
class TableState:
    """What a table is now. ``until`` is the minute at which that ends (soon: begins), None when nothing comes.

    overdue: ``until`` is the minute at which the party should have left.
    """

    kind: StateKind
    until: int | None = None
    stay: int | None = None


def window(
    opening: Sequence[tuple[int, int]], stays: Iterable[Stay], *, begins: int, usual: tuple[int, int]
) -> tuple[int, int]:
    """Return the minutes from and to which the day is drawn, in full hours.

    The opening hours (``usual`` on a closed day), wider when somebody of this day comes before or stays after them.
    What is before ``begins`` belongs to the night before and does not widen it.
    """
    spans = list(opening) or [usual]
    own = [stay for stay in stays if stay.start >= begins]
    first = min([start for start, _end in spans] + [stay.start for stay in own])
    last = max([end for _start, end in spans] + [stay.end for stay in own])
    first = max(first, begins)
    return _floor(first), max(_ceil(last), _floor(first) + HOUR)


def _floor(minute: int) -> int:
    return minute // HOUR * HOUR


def _ceil(minute: int) -> int:
    return -(-minute // HOUR) * HOUR


def marks(start: int, end: int, origin: datetime, zone: tzinfo) -> Iterator[Mark]:
    """Yield the full hours of the clock on the wall from ``start`` up to ``end``."""
    for minute in range(start, end, MARK_STEP):
        shown = (origin + timedelta(minutes=minute)).astimezone(zone)
        if shown.minute == 0:
            yield Mark(minute, f"{shown:%H:%M}")


def bars(stays: Sequence[Stay]) -> list[Bar]:
    """Return the bars of one table's lane, by start: what is released never covers what is not.

    Cancelled parties and those who did not come leave no bar, so that the spot is seen to be free. A finished visit
    ends where the guests left, or where the next party begins.
    """
    kept = sorted((stay for stay in stays if stay.is_active), key=lambda stay: (stay.start, stay.id))
    shown = [Bar(stay.id, stay.start, stay.end) for stay in kept]
    for stay in sorted((stay for stay in stays if stay.course == "finished"), key=lambda stay: stay.start):
        end = min(stay.end, stay.left if stay.left is not None else stay.end)
        left_over = free_spans(stay.start, end, [(bar.start, bar.end) for bar in shown])
        shown += [Bar(stay.id, *span) for span in left_over[:1]]
    return sorted(shown, key=lambda bar: (bar.start, bar.id))


def free_spans(start: int, end: int, busy: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what is left of ``start``…``end`` when the busy spans are taken out, in order."""
    free = []
    at = start
    for taken_from, taken_to in sorted(busy):
        if taken_from > at:
            free.append((at, min(taken_from, end)))
        at = max(at, taken_to)
        if at >= end:
            break
    if at < end:
        free.append((at, end))
    return [(first, last) for first, last in free if first < last]


def state(stays: Iterable[Stay], now: int) -> TableState:
    """Return what the table is at minute ``now``.

    A party that sits stays until it is finished, past its time it is overdue. One that should be here or comes
    within an hour makes the table reserved soon.
    """
    active = sorted((stay for stay in stays if stay.is_active), key=lambda stay: (stay.start, stay.id))
    seated = [stay for stay in active if stay.course == "seated" and stay.start > now - FORGOTTEN]
    in_time = [stay for stay in seated if stay.end > now]
    if in_time:
        return TableState("seated", in_time[0].end, in_time[0].id)
    if seated:
        return TableState("overdue", seated[-1].end, seated[-1].id)
    coming = [stay for stay in active if stay.is_waiting and stay.end > now]
    if not coming:
        return TableState("free")
    kind: StateKind = "soon" if coming[0].start <= now + SOON else "free"
    return TableState(kind, coming[0].start, coming[0].id)


def load(opening: Iterable[tuple[int, int]], lanes: Iterable[Iterable[Stay]]) -> int:
    """Return how many per cent of the tables' opening minutes are taken. ``lanes``: the stays of every table."""
    spans = list(opening)
    open_minutes = taken = 0
    for stays in lanes:
        busy = [(bar.start, bar.end) for bar in bars(list(stays))]
        for start, end in spans:
            open_minutes += end - start
            taken += end - start - sum(last - first for first, last in free_spans(start, end, busy))
    return round(100 * taken / open_minutes) if open_minutes else 0


def is_late(stay: Stay, now: int) -> bool:
    """Tell whether the party should be here and is not."""
    return stay.course == "expected" and stay.start + LATE_AFTER <= now < stay.end
