"""Halls, tables, statuses and how a branch takes reservations. Nobody else writes them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch, Member, Organization
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core.problems import Conflict, Invalid, NotFound
from ringdesk.hall import reservations
from ringdesk.hall.models import RELEASING, Hall, HallSettings, Reservation, ReservationStatus, Table
from ringdesk.hall.reservations import Wish
from ringdesk.scheduling.models import Resource

MOST_AT_ONCE = 100
Placed = TypeVar("Placed", Hall, Table, ReservationStatus)


class TableAwaited(Conflict):
    """Parties are still to come to the table (or the hall): ``reservations`` says which, soonest first."""

    def __init__(self, message: str, awaited: Sequence[Reservation]) -> None:
        self.reservations = list(awaited)
        super().__init__(message, reservations=[reservation.pk for reservation in awaited])


def add_hall(branch: Branch, *, name: str) -> Hall:
    """Add a hall after the others. Raises Invalid."""
    hall = Hall(organization_id=branch.organization_id, branch=branch, name=_one_line(name))
    hall.position = _next_position(Hall.objects.for_org(branch.organization_id).filter(branch=branch))
    validate(hall, "name")
    hall.save()
    return hall


def rename_hall(hall: Hall, *, name: str) -> None:
    """Give the hall another name. Raises Invalid."""
    hall.name = _one_line(name)
    validate(hall, "name")
    hall.save(update_fields=["name"])


def show_hall(hall: Hall) -> None:
    """Use the hall again."""
    hall.is_active = True
    hall.save(update_fields=["is_active"])


def hide_hall(hall: Hall, *, by: Member | None, anyway: bool = False) -> None:
    """Take the hall out of use. Raises TableAwaited; with ``anyway`` those parties stay, without a table."""
    with events.atomic():
        _empty(hall.tables.all(), by=by, anyway=anyway)
        hall.is_active = False
        hall.save(update_fields=["is_active"])


def remove_hall(hall: Hall) -> None:
    """Remove a hall that has no tables any more. Raises Conflict."""
    if hall.tables.exists():
        raise Conflict(_("Remove or move the tables of this hall first, or hide the hall."))
    hall.delete()


def add_table(hall: Hall, *, name: str, seats: int) -> Table:
    """Put a table at the end of the hall. Raises Invalid: also when the branch has a table of that name."""
    table = Table(organization_id=hall.organization_id, hall=hall, name=_one_line(name), seats=seats)
    table.position = _next_position(hall.tables.all())
    validate(table, "name", "seats")
    _refuse_same_name(table)
    with events.atomic():
        table.resource = Resource.objects.create(
            organization_id=hall.organization_id, branch_id=hall.branch_id, kind="table"
        )
        table.save()
    return table


def add_tables(hall: Hall, *, name: str, seats: int, count: int) -> list[Table]:
    """Put several tables, numbered on from ``name`` (“7”, “8” …; “B1”, “B2” …). Raises Invalid."""
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid(_("From 1 to %(most)s tables at once.") % {"most": MOST_AT_ONCE}, field="count")
    with events.atomic():
        return [add_table(hall, name=each, seats=seats) for each in _numbered(_one_line(name), count)]


def change_table(table: Table, *, name: str, seats: int, hall: Hall) -> None:
    """Rename the table, change its seats, or move it to another hall of its branch. Raises Invalid, NotFound."""
    if hall.branch_id != table.hall.branch_id:
        raise NotFound(_("There is no such hall in this branch."))
    moved = hall.pk != table.hall_id
    table.name, table.seats, table.hall = _one_line(name), seats, hall
    validate(table, "name", "seats")
    _refuse_same_name(table)
    if moved:
        table.position = _next_position(hall.tables.all())
    table.save(update_fields=["name", "seats", "hall", "position"])


def show_table(table: Table) -> None:
    """Use the table again."""
    table.is_active = True
    table.save(update_fields=["is_active"])


def hide_table(table: Table, *, by: Member | None, anyway: bool = False) -> None:
    """Take the table out of use. Raises TableAwaited; with ``anyway`` those parties stay, without this table."""
    with events.atomic():
        _empty([table], by=by, anyway=anyway)
        table.is_active = False
        table.save(update_fields=["is_active"])


def remove_table(table: Table, *, by: Member | None, anyway: bool = False) -> bool:
    """Remove the table; one with a past is hidden instead, so that its visits keep it (then False). As hide_table."""
    with events.atomic():
        hide_table(table, by=by, anyway=anyway)
        if table.reservations.exists():
            return False
        resource = table.resource
        table.delete()
        resource.delete()
    return True


def awaited(tables: Iterable[Table]) -> list[Reservation]:
    """Return the reservations still to be kept at these tables, soonest first."""
    tables = list(tables)
    if not tables:
        return []
    rows = Reservation.objects.for_org(tables[0].organization_id).filter(tables__in=tables)
    rows = rows.filter(ends_at__gt=timezone.now()).exclude(course__in=RELEASING)
    return list(rows.distinct().order_by("starts_at", "id").prefetch_related("tables"))


def add_status(organization: Organization, *, name: str, colour: str) -> ReservationStatus:
    """Add a label after the others. Raises Invalid."""
    status = ReservationStatus(organization=organization, name=_one_line(name), colour=colour)
    status.position = _next_position(ReservationStatus.objects.for_org(organization))
    validate(status, "name", "colour")
    status.save()
    return status


def change_status(status: ReservationStatus, *, name: str, colour: str) -> None:
    """Rename or repaint the label. Raises Invalid."""
    status.name, status.colour = _one_line(name), colour
    validate(status, "name", "colour")
    status.save(update_fields=["name", "colour"])


def show_status(status: ReservationStatus) -> None:
    """Offer the label again."""
    status.is_active = True
    status.save(update_fields=["is_active"])


def remove_status(status: ReservationStatus) -> bool:
    """Remove the label; one that is in use is hidden instead (then False). Raises Conflict for the last one."""
    with events.atomic():
        # Two people removing the last two labels at once: the second must see the first.
        Organization.objects.select_for_update(no_key=True).get(pk=status.organization_id)
        others = ReservationStatus.objects.for_org(status.organization_id).filter(is_active=True)
        if not others.exclude(pk=status.pk).exists():
            raise Conflict(_("At least one status must remain: a new reservation gets the first one."))
        if Reservation.objects.for_org(status.organization_id).filter(status=status).exists():
            status.is_active = False
            status.save(update_fields=["is_active"])
            return False
        status.delete()
    return True


def shift(thing: Placed, among: Sequence[Placed], direction: int) -> None:
    """Move a hall, table or status one place up (-1) or down (1) among its like, given in their order."""
    order = list(among)
    here = order.index(thing)
    there = min(max(here + direction, 0), len(order) - 1)
    order.insert(there, order.pop(here))
    for position, each in enumerate(order):
        each.position = position
    type(thing).objects.for_org(thing.organization_id).bulk_update(order, ["position"])


def set_default_duration(branch: Branch, minutes: int) -> None:
    """Say how long a visit lasts unless told otherwise. Raises Invalid."""
    settings = HallSettings(organization_id=branch.organization_id, branch=branch, default_duration=minutes)
    validate(settings, "default_duration")
    HallSettings.objects.for_org(branch.organization_id).update_or_create(
        branch=branch,
        defaults={"default_duration": minutes},
        create_defaults={"default_duration": minutes, "organization_id": branch.organization_id},
    )


def _empty(tables: Iterable[Table], *, by: Member | None, anyway: bool) -> None:
    leaving = {table.pk for table in tables}
    for_these = awaited(tables)
    if not for_these:
        return
    if not anyway:
        raise TableAwaited(_("Parties are still to come here. What becomes of them?"), for_these)
    # All rows before the first table's time, in one order: who moves one of them now cannot deadlock with us.
    rows = Reservation.objects.for_org(for_these[0].organization_id)
    rows = rows.filter(pk__in=[reservation.pk for reservation in for_these])
    list(rows.select_for_update(no_key=True).order_by("pk"))
    for reservation in for_these:
        wish = Wish.of(reservation)
        left = tuple(table_id for table_id in wish.table_ids if table_id not in leaving)
        reservations.change(reservation, replace(wish, table_ids=left), by=by)


def _next_position(rows: object) -> int:
    last: int | None = rows.aggregate(last=Max("position"))["last"]  # type: ignore[attr-defined]
    return 0 if last is None else last + 1


def _refuse_same_name(table: Table) -> None:
    others = Table.objects.for_org(table.organization_id).filter(hall__branch=table.hall.branch_id, name=table.name)
    if others.exclude(pk=table.pk).exists():
        raise Invalid(_("There is a table of this name already."), field="name")


def _numbered(first: str, count: int) -> list[str]:
    stem = first.rstrip("0123456789")
    digits = first[len(stem) :]
    if not digits:
        return [first] if count == 1 else [f"{first} {number}" for number in range(1, count + 1)]
    return [f"{stem}{number:0{len(digits)}d}" for number in range(int(digits), int(digits) + count)]


def _one_line(text: str) -> str:
    return " ".join(text.split())
