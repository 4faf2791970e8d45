"""HTTP API: halls, tables, statuses of reservations."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router, Status

from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.models import Branch
from ringdesk.accounts.resources import ApiRequest, made, named, own, page_of
from ringdesk.core import events
from ringdesk.core.problems import Invalid
from ringdesk.core.schemas import Id, Page, Paging
from ringdesk.hall import halls
from ringdesk.hall.models import Hall, ReservationStatus, Table
from ringdesk.hall.schemas import HallIn, HallOut, HallPatch, StatusOut, TableIn, TableOut, TablePatch

router = Router()


class HallFilter(Paging):
    """What the list of halls is narrowed to."""

    branch_id: Id | None = None
    is_active: bool | None = None


class TableFilter(Paging):
    """What the list of tables is narrowed to."""

    branch_id: Id | None = None
    hall_id: Id | None = None
    is_active: bool | None = None


@router.get("/halls", auth=allowed("halls:read"), response=Page[HallOut], tags=["halls"])
def list_halls(request: ApiRequest, wish: Query[HallFilter]) -> dict[str, Any]:
    """Halls, oldest first."""
    return page_of(_narrowed(_halls(request.auth), branch=wish.branch_id, is_active=wish.is_active), wish)


@router.post("/halls", auth=allowed("halls:write"), response={201: HallOut}, tags=["halls"])
def create_hall(request: ApiRequest, response: HttpResponse, body: HallIn) -> Status[Hall]:
    """Add a hall after the others."""
    hall = halls.add_hall(branch_of(request.auth, body.branch_id), name=body.name)
    return made(response, hall, "halls")


@router.get("/halls/{id}", auth=allowed("halls:read"), response=HallOut, tags=["halls"])
def get_hall(request: ApiRequest, id: Path[Id]) -> Hall:
    """One hall."""
    return own(_halls(request.auth), id)


@router.patch("/halls/{id}", auth=allowed("halls:write"), response=HallOut, tags=["halls"])
def change_hall(request: ApiRequest, id: Path[Id], body: HallPatch) -> Hall:
    """Rename a hall, take it out of use or into use again."""
    hall, sent = own(_halls(request.auth), id), body.sent()
    with events.atomic():
        if "name" in sent:
            halls.rename_hall(hall, name=sent["name"])
        if sent.get("is_active") is True:
            halls.show_hall(hall)
        elif sent.get("is_active") is False:
            halls.hide_hall(hall, by=request.auth.member)
    return hall


@router.delete("/halls/{id}", auth=allowed("halls:write"), response={204: None}, tags=["halls"])
def delete_hall(request: ApiRequest, id: Path[Id]) -> Status[None]:
    """Remove a hall that has no tables any more."""
    halls.remove_hall(own(_halls(request.auth), id))
    return Status(204, None)


@router.get("/tables", auth=allowed("tables:read"), response=Page[TableOut], tags=["tables"])
def list_tables(request: ApiRequest, wish: Query[TableFilter]) -> dict[str, Any]:
    """Tables, oldest first."""
    tables = _tables(request.auth)
    return page_of(_narrowed(tables, hall__branch=wish.branch_id, hall=wish.hall_id, is_active=wish.is_active), wish)


@router.post("/tables", auth=allowed("tables:write"), response={201: TableOut}, tags=["tables"])
def create_table(request: ApiRequest, response: HttpResponse, body: TableIn) -> Status[Table]:
    """Put a table at the end of a hall. Its name is unique in the branch."""
    table = halls.add_table(_hall(request.auth, body.hall_id), name=body.name, seats=body.seats)
    return made(response, table, "tables")


@router.get("/tables/{id}", auth=allowed("tables:read"), response=TableOut, tags=["tables"])
def get_table(request: ApiRequest, id: Path[Id]) -> Table:
    """One table."""
    return own(_tables(request.auth), id)


@router.patch("/tables/{id}", auth=allowed("tables:write"), response=TableOut, tags=["tables"])
def change_table(request: ApiRequest, id: Path[Id], body: TablePatch) -> Table:
    """Change a table, take it out of use or into use again."""
    table, sent = own(_tables(request.auth), id), body.sent()
    hall = _hall(request.auth, sent["hall_id"]) if "hall_id" in sent else table.hall
    with events.atomic():
        halls.change_table(table, name=sent.get("name", table.name), seats=sent.get("seats", table.seats), hall=hall)
        if sent.get("is_active") is True:
            halls.show_table(table)
        elif sent.get("is_active") is False:
            halls.hide_table(table, by=request.auth.member)
    return table


@router.delete("/tables/{id}", auth=allowed("tables:write"), response={204: None}, tags=["tables"])
def delete_table(request: ApiRequest, id: Path[Id]) -> Status[None]:
    """Remove a table; one with a past is taken out of use instead, so that its visits keep it."""
    halls.remove_table(own(_tables(request.auth), id), by=request.auth.member)
    return Status(204, None)


@router.get("/reservation-statuses", auth=allowed("reservations:read"), response=Page[StatusOut], tags=["reservations"])
def list_statuses(request: ApiRequest, wish: Query[Paging]) -> dict[str, Any]:
    """The labels a reservation can have. A new one gets the first that is in use."""
    rows: QuerySet[ReservationStatus] = ReservationStatus.objects.for_org(request.auth.organization)
    return page_of(rows, wish, ("position", "id"))


def branch_of(caller: Caller, branch_id: int | None) -> Branch:
    """Return the branch that is meant: the named one, or the only one there is. Raises Invalid."""
    branches = caller.branches()
    if branch_id is not None:
        branch = named(branches, branch_id, "branch_id", _("There is no such branch."))
        assert branch is not None
        return branch
    found = list(branches[:2])
    if len(found) != 1:
        raise Invalid(_("Tell which branch."), field="branch_id")
    return found[0]


def _halls(caller: Caller) -> QuerySet[Hall]:
    halls: QuerySet[Hall] = Hall.objects.for_org(caller.organization)
    return halls.filter(branch__in=caller.branches())


def _tables(caller: Caller) -> QuerySet[Table]:
    tables: QuerySet[Table] = Table.objects.for_org(caller.organization)
    return tables.filter(hall__branch__in=caller.branches()).select_related("hall")


def _hall(caller: Caller, id: int) -> Hall:
    hall = named(_halls(caller), id, "hall_id", _("There is no such hall."))
    assert hall is not None
    return hall


def _narrowed(rows: QuerySet[Any], **conditions: object) -> QuerySet[Any]:
    return rows.filter(**{name: value for name, value in conditions.items() if value is not None})
