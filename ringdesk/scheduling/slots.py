"""Free times: who can begin which visit when, found in one sweep. Pure.

Times are whole minutes since the epoch (UTC), spans are half-open, lists of spans are sorted by their start. The work
itself lies within working time; the buffers around it may lie outside, but touch nothing that is taken. Busy spans
are what is booked with its buffers, and holds. Several people or facilities are asked for the same span.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from ringdesk.scheduling import facilities
from ringdesk.scheduling.facilities import Pools
from ringdesk.scheduling.minutes import Minutes, Span, Visit, complement, where_at_least

NEVER = 1 << 60
# After the last shift comes none that ends, after the last busy span one that lets every shift end.
NO_WINDOW = (NEVER, NEVER << 2, 0)
AT_LAST = ((NEVER >> 1, NEVER),)
NO_LENGTHS: Mapping[int, int] = {}

__all__ = ["Session", "Shift", "Span", "Visit", "Worker", "branch_starts", "free_starts", "nearest", "team"]


class Shift(NamedTuple):
    """Working time without a break. ``grid``: where the day's shift begins, hence its steps; a break changes nothing.

    Shifts that touch are one stretch of work: a visit may begin in the one and end in the other.
    """

    start: int
    end: int
    grid: int


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody with working time (shifts never overlap); ``busy`` may hold spans that overlap."""

    id: int
    shifts: Sequence[Shift]
    busy: Sequence[Minutes]


class Session(NamedTuple):
    """A group visit that others may join: same service, this start, so many seats left. ``worker``: who leads it."""

    worker: int
    start: int
    seats: int


def free_starts(
    workers: Sequence[Worker],
    visit: Visit,
    *,
    step: int,
    not_before: int,
    not_after: int,
    pools: Pools = (),
    lengths: Mapping[int, int] = NO_LENGTHS,
    needed: int = 1,
    sessions: Iterable[Session] = (),
    seats: int = 1,
) -> dict[int, list[int]]:
    """Return for every worker the starts at which the visit can be booked, on the grid of the worker's own shifts.

    Starts lie between ``not_before`` and ``not_after``, both included (notice and horizon). ``pools``: of each, one
    facility of its own must be free. ``lengths``: who works faster or slower than the visit says, by worker id.
    ``needed``: how many of the workers must be free at once; then all work as long as the visit says and ``lengths``
    are not looked at; a start stands with everybody who can be one of them. ``sessions`` with enough ``seats`` left
    are offered too, wherever they begin.
    """
    found: dict[int, list[int]] = {worker.id: [] for worker in workers}
    collectors = {worker_id: starts.extend for worker_id, starts in found.items()}
    _collect(collectors, workers, visit, step, (not_before, not_after), pools, lengths, needed)
    for worker_id, starts in _joinable(found, sessions, seats, not_before, not_after).items():
        found[worker_id] = sorted({*found[worker_id], *starts})
    return found


def branch_starts(
    workers: Sequence[Worker],
    visit: Visit,
    *,
    step: int,
    not_before: int,
    not_after: int,
    pools: Pools = (),
    lengths: Mapping[int, int] = NO_LENGTHS,
    needed: int = 1,
    sessions: Iterable[Session] = (),
    seats: int = 1,
) -> list[int]:
    """Return the sorted union of what ``free_starts`` returns, without making the lists of each worker."""
    found: set[int] = set()
    collectors = {worker.id: found.update for worker in workers}
    _collect(collectors, workers, visit, step, (not_before, not_after), pools, lengths, needed)
    for starts in _joinable(collectors, sessions, seats, not_before, not_after).values():
        found.update(starts)
    return sorted(found)


def nearest(starts: Sequence[int], at: int, count: int = 3) -> list[int]:
    """Return the starts closest to a time that was wished, in the order of the day; of two as close the later one."""
    return sorted(sorted(starts, key=lambda start: (abs(start - at), -start))[:count])


def team(
    workers: Sequence[Worker], visit: Visit, at: int, *, needed: int, lead: int | None = None
) -> tuple[int, ...] | None:
    """Return who could do the visit together at that time (ids; the lead first, then as given); None: too few."""
    order = sorted(workers, key=lambda worker: worker.id != lead)
    free = tuple(worker.id for worker in order if _windows(worker, visit, at, at))
    if len(free) < needed or (lead is not None and lead not in free):
        return None
    return free[:needed]


def _collect(
    collectors: Mapping[int, Callable[[range], object]],
    workers: Sequence[Worker],
    visit: Visit,
    step: int,
    limits: tuple[int, int],
    pools: Pools,
    lengths: Mapping[int, int],
    needed: int,
) -> None:
    """Hand the ranges of each worker's free starts to the worker's collector."""
    if step < 1 or visit.length < 1 or needed < 1:
        raise ValueError("step, length and needed are at least 1")
    if needed > 1:
        lengths = NO_LENGTHS
    shut = _without_team(workers, visit, limits, needed)
    shut_pools: dict[int, list[Span]] = {}
    for worker in workers:
        length = lengths.get(worker.id, visit.length)
        own = visit if length == visit.length else visit._replace(length=length)
        busy = worker.busy
        if pools and length not in shut_pools:
            shut_pools[length] = facilities.shut(pools, own)
        if blocked := [*shut, *shut_pools.get(length, ())]:
            busy = sorted([*busy, *(_as_busy(span, own) for span in blocked)], key=itemgetter(0))
        _sweep(worker.shifts, busy, own, step, limits, collectors[worker.id])


def _sweep(
    shifts: Sequence[Shift],
    busy: Sequence[Minutes],
    visit: Visit,
    step: int,
    limits: tuple[int, int],
    collect: Callable[[range], object],
) -> None:
    """Walk busy spans and shifts side by side; each gap between two busy spans is one range of starts.

    This is the loop everything waits for: no call, no object but the range, and a gap too small costs a comparison.
    """
    length, before, after = visit
    tail = length + after
    # Whatever comes, the work begins no earlier than this.
    low, latest = limits
    upcoming = iter(_shift_windows(shifts, length, latest))
    begins, last, grid = next(upcoming, NO_WINDOW)
    if begins > low:
        low = begins
    for start, busy_end in chain(busy, AT_LAST):
        # The last start that ends in time before this busy span.
        high = start - tail
        while high >= last:
            if low <= last:
                collect(range(low + (grid - low) % step, last + 1, step))
            begins, last, grid = next(upcoming, NO_WINDOW)
            if begins > low:
                low = begins
        if low <= high:
            collect(range(low + (grid - low) % step, high + 1, step))
        if busy_end + before > low:
            low = busy_end + before


def _shift_windows(shifts: Sequence[Shift], length: int, latest: int) -> list[tuple[int, int, int]]:
    """Return for each shift its first start, the last one at which the work still ends in time, and the grid.

    The work ends in time within its stretch of work: with a later shift where that one follows at once.
    """
    windows = []
    follower = closes = NEVER
    for begins, ends, grid in reversed(shifts):
        if ends != follower:
            closes = ends
        last = closes - length
        if last >= ends:
            last = ends - 1
        windows.append((begins, last if last < latest else latest, grid))
        follower = begins
    windows.reverse()
    return windows


def _windows(worker: Worker, visit: Visit, not_before: int, not_after: int) -> list[Span]:
    """Return when the worker could begin the visit, grid or not."""
    ranges: list[range] = []
    _sweep(worker.shifts, worker.busy, visit, 1, (not_before, not_after), ranges.append)
    return [Span(window.start, window.stop) for window in ranges]


def _without_team(workers: Sequence[Worker], visit: Visit, limits: tuple[int, int], needed: int) -> list[Span]:
    """Return at which starts fewer than ``needed`` of the workers are free at once."""
    if needed == 1:
        return []
    windows = [_windows(worker, visit, *limits) for worker in workers]
    return complement(where_at_least(needed, windows), Span(limits[0], limits[1] + 1))


def _as_busy(starts: Span, visit: Visit) -> Span:
    """Return the busy span that would shut exactly these starts; it may be turned inside out, which hurts nobody."""
    return Span(starts.start - 1 + visit.length + visit.after, starts.end - visit.before)


def _joinable(
    known: Iterable[int], sessions: Iterable[Session], seats: int, not_before: int, not_after: int
) -> dict[int, list[int]]:
    joinable: dict[int, list[int]] = {}
    workers = set(known)
    for session in sessions:
        if session.worker in workers and session.seats >= seats and not_before <= session.start <= not_after:
            joinable.setdefault(session.worker, []).append(session.start)
    return joinable
