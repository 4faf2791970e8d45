"""Rooms and devices a visit needs: of each pool one that nobody else has. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ringdesk.scheduling.minutes import Minutes, Span, Visit, merge, where_at_least


@dataclass(frozen=True, slots=True)
class Facility:
    """A room or a device (resource id) and when it is taken, as with workers."""

    id: int
    busy: Sequence[Minutes]


Pools = Sequence[Sequence[Facility]]
ALWAYS = Span(-(1 << 60), 1 << 60)


def choose(pools: Pools, visit: Visit, at: int) -> tuple[int, ...] | None:
    """Return one free facility (id) of each pool, none twice, in the order of the pools; None when that cannot be.

    Within a pool the first ones are taken first, unless another pool needs them more.
    """
    wanted = visit.span(at)
    return _choose([[one.id for one in pool if _is_free(one, wanted)] for pool in pools])


def lacking(pools: Pools, visit: Visit, at: int) -> int | None:
    """Return which pool (0 is the first) leaves the visit without a facility; None: none does."""
    for count in range(1, len(pools) + 1):
        if choose(pools[:count], visit, at) is None:
            return count - 1
    return None


def shut(pools: Pools, visit: Visit) -> list[Span]:
    """Return the starts at which the visit does not find a facility of its own in every pool."""
    shut_starts = {one.id: merge(_shut_starts(span, visit) for span in one.busy) for pool in pools for one in pool}
    members = [list({one.id: one for one in pool}) for pool in pools]
    if not all(members):
        return [ALWAYS]
    if sum(map(len, members)) == len(shut_starts):
        # No facility stands in two pools: each pool for itself.
        alone = [where_at_least(len(ids), [shut_starts[one] for one in ids]) for ids in members]
        return merge(span for spans in alone for span in spans)
    return _shut_together(members, shut_starts)


def _shut_starts(busy: Minutes, visit: Visit) -> Span:
    """Return the starts at which the visit would run into this busy span."""
    start, end = busy
    return Span(start - visit.length - visit.after + 1, end + visit.before)


def _shut_together(members: Sequence[Sequence[int]], shut_starts: dict[int, list[Span]]) -> list[Span]:
    """The same for pools that share facilities: between two changes it is asked once who could take what."""
    changes = sorted((at, one) for one, spans in shut_starts.items() for span in spans for at in span)
    taken: set[int] = set()
    known: dict[frozenset[int], bool] = {}
    found = []
    since = ALWAYS.start
    for at, one in [*changes, (ALWAYS.end, 0)]:
        state = frozenset(taken)
        if state not in known:
            known[state] = _choose([[one for one in ids if one not in taken] for ids in members]) is not None
        if not known[state]:
            found.append((since, at))
        since = at
        taken ^= {one}
    return merge(found)


def _is_free(facility: Facility, wanted: Span) -> bool:
    return all(end <= wanted.start or wanted.end <= start for start, end in facility.busy)


def _choose(members: Sequence[Sequence[int]]) -> tuple[int, ...] | None:
    """Give every pool a member of its own, asking earlier pools to step aside where need be (augmenting paths)."""
    owners: dict[int, int] = {}

    def settle(pool: int, asked: set[int]) -> bool:
        for one in members[pool]:
            if one not in asked:
                asked.add(one)
                if one not in owners or settle(owners[one], asked):
                    owners[one] = pool
                    return True
        return False

    if not all(settle(pool, set()) for pool in range(len(members))):
        return None
    chosen = {pool: one for one, pool in owners.items()}
    return tuple(chosen[pool] for pool in range(len(members)))
