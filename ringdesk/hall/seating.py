"""Which tables suit a party: one that fits, or several put together. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

MOST_JOINED = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A table as far as seating goes. ``row`` is its place in the hall's order: neighbours follow each other."""

    id: int
    name: str
    seats: int
    hall_id: int
    row: int


def by_fit(places: Iterable[Place], guests: int) -> list[Place]:
    """Return the places for a party: those that fit from the tightest on, then the too small, largest first."""
    return sorted(places, key=lambda place: _fit(place, guests))


def _fit(place: Place, guests: int) -> tuple[bool, int, int, int, int]:
    too_small = place.seats < guests
    return (too_small, -place.seats if too_small else place.seats, place.hall_id, place.row, place.id)


def joined(free: Sequence[Place], guests: int, *, limit: int = 3) -> list[tuple[Place, ...]]:
    """Return tables of one hall that seat the party together: few, near each other, with few spare seats.

    No table of a group is superfluous, and none of them would be enough alone.
    """
    found = []
    for hall_id in sorted({place.hall_id for place in free}):
        here = sorted((place for place in free if place.hall_id == hall_id and place.seats < guests), key=_row)
        found += [group for group in _groups(here) if _is_enough(group, guests)]
    return sorted(found, key=_cost)[:limit]


def _row(place: Place) -> int:
    return place.row


def _groups(here: list[Place]) -> list[tuple[Place, ...]]:
    pairs: list[tuple[Place, ...]] = list(combinations(here, 2))
    windows = [
        tuple(here[start : start + size]) for size in range(3, MOST_JOINED + 1) for start in range(len(here) - size + 1)
    ]
    return pairs + windows


def _is_enough(group: tuple[Place, ...], guests: int) -> bool:
    seats = sum(place.seats for place in group)
    return seats >= guests and seats - min(place.seats for place in group) < guests


def _cost(group: tuple[Place, ...]) -> tuple[int, int, int, int, int]:
    seats = sum(place.seats for place in group)
    return (len(group), group[-1].row - group[0].row, seats, group[0].hall_id, group[0].row)
