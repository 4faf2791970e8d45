"""HTTP API: reservations."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Field, Path, Query, Router, Status

from ringdesk.accounts import named_calls
from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.resources import ApiRequest, made, named, own, page_of, region, shown
from ringdesk.core import events, phones
from ringdesk.core.intervals import Span
from ringdesk.core.preconditions import expected_version
from ringdesk.core.problems import RingdeskError
from ringdesk.core.schemas import Id, Moment, Page, Paging, Text
from ringdesk.crm.models import Client
from ringdesk.hall import board, reservations
from ringdesk.hall.api.places import branch_of
from ringdesk.hall.models import Reservation
from ringdesk.hall.problems import TableTaken
from ringdesk.hall.reservations import Wish
from ringdesk.hall.schemas import (
    CancelIn,
    Course,
    CourseIn,
    MoveIn,
    ReservationIn,
    ReservationOut,
    ReservationPatch,
    times,
)

router = Router(tags=["reservations"])
_BY_START = ("starts_at", "id")
# What the fields of the card are called here.
_FIELDS = {
    "tables": "table_ids",
    "status": "status_id",
    "client": "client_id",
    "date": "starts_at",
    "end": "ends_at",
    "duration": "ends_at",
}


class ReservationFilter(Paging):
    """What the list of reservations is narrowed to."""

    branch_id: Id | None = None
    table_id: Id | None = None
    client_id: Id | None = None
    call_id: UUID | None = None
    course: Course | None = None
    phone: Text | None = Field(None, max_length=60, description="Whole number in any spelling.")
    since: Moment | None = Field(None, description="Ending after.")
    until: Moment | None = Field(None, description="Starting before.")


@router.get("/reservations", auth=allowed("reservations:read"), response=Page[ReservationOut])
def list_reservations(request: ApiRequest, wish: Query[ReservationFilter]) -> dict[str, Any]:
    """Reservations by their start. `since` and `until` together are all that touch that time."""
    conditions = {
        "branch": wish.branch_id,
        "tables": wish.table_id,
        "client": wish.client_id,
        "call_id": wish.call_id,
        "course": wish.course,
        "ends_at__gt": wish.since,
        "starts_at__lt": wish.until,
    }
    found = _reservations(request.auth).filter(
        **{name: value for name, value in conditions.items() if value is not None}
    )
    if wish.phone is not None:
        number = phones.normalize(wish.phone, region(request.auth))
        found = found.filter(phone=number) if number else found.none()
    return page_of(found, wish, _BY_START)


@router.post("/reservations", auth=allowed("reservations:write"), response={201: ReservationOut})
def create_reservation(request: ApiRequest, response: HttpResponse, body: ReservationIn) -> Status[Reservation]:
    """Take a reservation. A table that is taken then: 409 with up to three `alternatives` that are free."""
    caller, sent = request.auth, {name: value for name, value in body.sent().items() if value is not None}
    branch = branch_of(caller, sent.pop("branch_id", None))
    span = times(sent, body.starts_at, timedelta(minutes=board.default_duration(branch)))
    call_id = sent.pop("call_id", None)
    named_calls.require(branch.organization_id, call_id)
    with _in_our_words():
        wish = Wish(guests=sent.pop("guests"), **span, **_guest(caller, sent), **_plain(sent))
        reservation = reservations.book(branch, wish, by=caller.member, call_id=call_id)
    return made(response, reservation, "reservations")


@router.get("/reservations/{id}", auth=allowed("reservations:read"), response=ReservationOut)
def get_reservation(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> Reservation:
    """One reservation."""
    return shown(response, own(_reservations(request.auth), id))


@router.patch("/reservations/{id}", auth=allowed("reservations:write"), response=ReservationOut)
def change_reservation(
    request: ApiRequest, response: HttpResponse, id: Path[Id], body: ReservationPatch
) -> Reservation:
    """Change what is sent; the rest stays."""
    version = expected_version(request, body.version)
    return shown(response, _changed(request.auth, id, body.sent(), version))


@router.post("/reservations/{id}/move", auth=allowed("reservations:write"), response=ReservationOut)
def move_reservation(request: ApiRequest, response: HttpResponse, id: Path[Id], body: MoveIn) -> Reservation:
    """Give it another time, other tables, or both."""
    version = expected_version(request, body.version)
    return shown(response, _changed(request.auth, id, body.sent(), version))


@router.post("/reservations/{id}/course", auth=allowed("reservations:write"), response=ReservationOut)
def set_course(request: ApiRequest, response: HttpResponse, id: Path[Id], body: CourseIn) -> Reservation:
    """Say how far the visit is. Finished, no-show and cancelled give the tables back."""
    version = expected_version(request, body.version)
    return shown(response, _changed(request.auth, id, {"course": body.course}, version))


@router.post("/reservations/{id}/cancel", auth=allowed("reservations:write"), response=ReservationOut)
def cancel_reservation(
    request: ApiRequest, response: HttpResponse, id: Path[Id], body: CancelIn | None = None
) -> Reservation:
    """Call it off; its tables are free again. It stays on record."""
    version = expected_version(request, body.version if body else None)
    return shown(response, _changed(request.auth, id, {"course": "cancelled"}, version))


def _reservations(caller: Caller) -> QuerySet[Reservation]:
    rows: QuerySet[Reservation] = Reservation.objects.for_org(caller.organization)
    rows = rows.filter(branch__in=caller.branches())
    return rows.select_related("branch", "status").prefetch_related("tables")


def _changed(caller: Caller, id: int, sent: dict[str, Any], version: int | None) -> Reservation:
    """Change what was sent of a reservation that nobody else changes meanwhile."""
    with _in_our_words(), events.atomic():
        own(_reservations(caller), id)
        current = Reservation.objects.for_org(caller.organization).select_for_update(no_key=True).get(pk=id)
        span = Span(current.starts_at, current.ends_at)
        wish = replace(Wish.of(current), **times(sent, span.start, span.end - span.start))
        wish = replace(wish, **_guest(caller, sent), **_plain(sent))
        return reservations.change(current, wish, by=caller.member, version=version)


def _plain(sent: dict[str, Any]) -> dict[str, Any]:
    if "table_ids" in sent:
        sent["table_ids"] = tuple(sent["table_ids"])
    return sent


def _guest(caller: Caller, sent: dict[str, Any]) -> dict[str, Any]:
    """Take the guest out of ``sent``: a card that is named brings name and number where they are not told."""
    if sent.get("client_id") is None:
        return {}
    rows: QuerySet[Client] = Client.objects.for_org(caller.organization)
    client = named(rows, sent.pop("client_id"), "client_id", _("There is no such client."))
    assert client is not None
    known = {"guest_name": client.name}
    if "phone" not in sent and (phone := client.phones.first()):
        known["phone"] = phone.number
    return {"client_id": client.pk} | known | {name: sent.pop(name) for name in known if name in sent}


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Name fields as this API does, and free tables with their names and seats."""
    try:
        yield
    except RingdeskError as error:
        error.field = _FIELDS.get(error.field or "", error.field)
        if isinstance(error, TableTaken):
            error.details["alternatives"] = [
                {
                    "table_ids": [place.id for place in group],
                    "tables": [{"id": place.id, "name": place.name, "seats": place.seats} for place in group],
                }
                for group in error.alternatives
            ]
        raise
