"""Which tables of a branch are free at a time, and who has the others."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from ringdesk.accounts.models import Branch
from ringdesk.core.intervals import Span
from ringdesk.hall import seating
from ringdesk.hall.models import Reservation, Table
from ringdesk.hall.seating import Place
from ringdesk.scheduling import occupancy
from ringdesk.scheduling.occupancy import Busy

MOST_SUGGESTIONS = 6


@dataclass(frozen=True, slots=True)
class InTheWay:
    """A party that has tables at that time; a hold has no reservation and no title."""

    reservation_id: int | None
    title: str
    starts_at: datetime
    ends_at: datetime
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A table in the choice: free (``party`` is None) or whose it is."""

    place: Place
    hall_name: str
    fits: bool
    party: InTheWay | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What the card offers for a time and a party: free tables by fit, busy ones, and tables put together."""

    free: tuple[Choice, ...]
    busy: tuple[Choice, ...]
    joined: tuple[tuple[Place, ...], ...]

    def suggestions(self) -> list[tuple[Place, ...]]:
        """Return what seats the party: single tables from the tightest on, then joined ones."""
        singles = [(choice.place,) for choice in self.free if choice.fits]
        return [*singles, *self.joined][:MOST_SUGGESTIONS]

    def of(self, table_ids: Collection[int]) -> list[Choice]:
        """Return the choices of these tables, in the order of the hall."""
        chosen = [choice for choice in (*self.free, *self.busy) if choice.place.id in table_ids]
        return sorted(chosen, key=lambda choice: (choice.place.hall_id, choice.place.row))


def places_of(tables: Iterable[Table]) -> dict[int, Place]:
    """Return the tables as places, by table id; ``tables`` in the order of the halls."""
    return {table.pk: Place(table.pk, table.name, table.seats, table.hall_id, row) for row, table in enumerate(tables)}


def tables_of(branch: Branch, *, also: Collection[int] = ()) -> list[Table]:
    """Return the branch's tables in use, by hall and order; ``also`` adds hidden ones by id."""
    in_use = Q(is_active=True, hall__is_active=True) | Q(pk__in=also)
    tables = Table.objects.for_org(branch.organization_id).filter(in_use, hall__branch=branch)
    return list(tables.select_related("hall").order_by("hall__position", "hall_id", "position", "id"))


def choices(
    branch: Branch, span: Span, guests: int, *, ignoring: int | None = None, also: Collection[int] = ()
) -> Choices:
    """Return the tables for this time and party. ``ignoring``: the claim (id) that is being moved."""
    tables = tables_of(branch, also=also)
    places = places_of(tables)
    parties = _parties(branch, tables, places, span, ignoring)
    halls = {table.pk: table.hall.name for table in tables}
    all_ = [
        Choice(place, halls[place.id], place.seats >= guests, parties.get(place.id))
        for place in seating.by_fit(places.values(), guests)
    ]
    free = [choice for choice in all_ if choice.party is None]
    return Choices(
        tuple(free),
        tuple(choice for choice in all_ if choice.party is not None),
        tuple(seating.joined([choice.place for choice in free], guests)),
    )


def in_the_way(branch: Branch, span: Span, table_ids: Collection[int], *, ignoring: int | None) -> list[InTheWay]:
    """Return the parties that have any of these tables within the span, each once, by start."""
    tables = [table for table in tables_of(branch, also=table_ids) if table.pk in table_ids]
    found = _parties(branch, tables, places_of(tables), span, ignoring)
    return sorted(dict.fromkeys(found.values()), key=lambda party: (party.starts_at, party.reservation_id or 0))


def _parties(
    branch: Branch, tables: list[Table], places: dict[int, Place], span: Span, ignoring: int | None
) -> dict[int, InTheWay]:
    """Return by table id the first party that has it within the span."""
    by_resource = {table.resource_id: places[table.pk] for table in tables}
    rows = occupancy.busy(branch.organization_id, list(by_resource), span)
    rows = [row for row in rows if row.claim_id != ignoring]
    by_claim: dict[int, list[Busy]] = defaultdict(list)
    for row in rows:
        by_claim[row.claim_id].append(row)
    reservations = Reservation.objects.for_org(branch.organization_id).filter(claim_id__in=by_claim)
    titles = {reservation.claim_id: reservation for reservation in reservations}
    parties = {}
    for claim_id, taken in by_claim.items():
        reservation = titles.get(claim_id)
        parties[claim_id] = InTheWay(
            reservation.pk if reservation else None,
            reservation.title if reservation else "",
            taken[0].start,
            taken[0].end,
            tuple(sorted((by_resource[row.resource_id] for row in taken), key=lambda place: place.row)),
        )
    found: dict[int, InTheWay] = {}
    for row in rows:
        found.setdefault(by_resource[row.resource_id].id, parties[row.claim_id])
    return found
