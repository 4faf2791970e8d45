"""HTTP API: free times and bookings."""

import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Field, Path, Query, Router, Status

from ringdesk.accounts import named_calls
from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.resources import ApiRequest, made, named, own, page_of, region, shown
from ringdesk.booking import bookings, openings
from ringdesk.booking.api.visit_schemas import (
    BookingIn,
    BookingMove,
    BookingOut,
    BookingPatch,
    BookingStatusIn,
    ConfirmIn,
    SlotOut,
    VersionIn,
    hold_of,
)
from ringdesk.booking.api.visit_schemas import Status as BookingStatus
from ringdesk.booking.api.wording import branch_of, in_our_words, narrowed, of_caller
from ringdesk.booking.models import DAY, Booking
from ringdesk.core import paging, phones
from ringdesk.core.preconditions import expected_version
from ringdesk.core.problems import Invalid
from ringdesk.core.schemas import Id, Moment, Page, Paging, Text
from ringdesk.crm.models import Client
from ringdesk.scheduling.minutes import from_moment

router = Router()
_BY_START = ("starts_at", "id")
_YEARS = range(2000, 2100)


class SlotFilter(Paging):
    """What is to be booked, and when."""

    branch_id: Id | None = Field(None, description="Needed where the organization has several.")
    service_ids: list[Id] = Field(min_length=1, max_length=20)
    employee_id: Id | None = None
    date: datetime.date | None = Field(None, description="From this day on; today unless told.")
    days: int = Field(1, ge=1, le=62)
    step: int | None = Field(None, ge=5, le=DAY, description="Minutes; the branch’s unless told.")
    online: bool = Field(True, description="What clients may book themselves; else all that is yet to come.")


class BookingFilter(Paging):
    """What the list of bookings is narrowed to."""

    branch_id: Id | None = None
    employee_id: Id | None = None
    client_id: Id | None = None
    call_id: UUID | None = None
    series: UUID | None = None
    status: BookingStatus | None = None
    phone: Text | None = Field(None, max_length=60, description="Whole number in any spelling.")
    since: Moment | None = Field(None, description="Ending after.")
    until: Moment | None = Field(None, description="Starting before.")


@router.get("/slots", auth=allowed("slots:read"), response=Page[SlotOut], tags=["slots"])
def list_slots(request: ApiRequest, wish: Query[SlotFilter]) -> dict[str, Any]:
    """Times at which these services can be booked as one visit, and with whom."""
    branch = branch_of(request.auth, wish.branch_id)
    first_day = wish.date or timezone.now().astimezone(branch.zone).date()
    if first_day.year not in _YEARS:
        raise Invalid(_("Check the date."), field="date")
    found = openings.starts(
        branch,
        tuple(dict.fromkeys(wish.service_ids)),
        first_day,
        wish.days,
        employee_id=wish.employee_id,
        online=wish.online,
        step=wish.step,
    )
    # By the minute: moments of one zone are equal when the clock shows the same twice.
    free: dict[int, SlotOut] = {}
    for employee, starts in found.items():
        for start in starts:
            slot = free.setdefault(from_moment(start), SlotOut(starts_at=start, employee_ids=[]))
            slot.employee_ids.append(employee)
    after = _after(wish.after)
    rest = [free[at] for at in sorted(free) if at > after]
    shown_slots = rest[: wish.limit]
    has_more = len(rest) > wish.limit
    return {
        "items": shown_slots,
        "next": paging.encode([from_moment(shown_slots[-1].starts_at)]) if has_more else None,
    }


@router.get("/bookings", auth=allowed("bookings:read"), response=Page[BookingOut], tags=["bookings"])
def list_bookings(request: ApiRequest, wish: Query[BookingFilter]) -> dict[str, Any]:
    """Bookings by their start. `since` and `until` together are all that touch that time."""
    found = narrowed(
        _bookings(request.auth),
        branch=wish.branch_id,
        employee=wish.employee_id,
        client=wish.client_id,
        call_id=wish.call_id,
        series=wish.series,
        status=wish.status,
        ends_at__gt=wish.since,
        starts_at__lt=wish.until,
    )
    if wish.phone is not None:
        number = phones.normalize(wish.phone, region(request.auth))
        found = found.filter(phone=number) if number else found.none()
    return page_of(found, wish, _BY_START)


@router.post("/bookings", auth=allowed("bookings:write"), response={201: BookingOut}, tags=["bookings"])
def create_booking(request: ApiRequest, response: HttpResponse, body: BookingIn) -> Status[Booking]:
    """Book services as one visit. A time that is taken: 409 with up to three `alternatives` that are free."""
    caller = request.auth
    branch = branch_of(caller, body.branch_id)
    named_calls.require(branch.organization_id, body.call_id)
    with in_our_words():
        booking = bookings.book(
            branch,
            service_ids=tuple(dict.fromkeys(body.service_ids)),
            starts_at=body.starts_at,
            employee_id=body.employee_id,
            assistants=set(body.assistant_ids),
            client=_client(caller, body.client_id),
            client_name=body.client_name,
            phone=body.phone,
            notes=body.notes,
            price=body.price,
            call_id=body.call_id,
            length=body.duration,
            online=body.online,
            force=body.force,
            hold_for=hold_of(body.hold_minutes),
            source=Booking.Source.API if caller.token else Booking.Source.STAFF,
            by=caller.member,
        )
    return made(response, booking, "bookings")


@router.get("/bookings/{id}", auth=allowed("bookings:read"), response=BookingOut, tags=["bookings"])
def get_booking(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> Booking:
    """One booking."""
    return shown(response, own(_bookings(request.auth), id))


@router.patch("/bookings/{id}", auth=allowed("bookings:write"), response=BookingOut, tags=["bookings"])
def change_booking(request: ApiRequest, response: HttpResponse, id: Path[Id], body: BookingPatch) -> Booking:
    """Change what is sent, all or nothing; the rest stays."""
    caller, sent = request.auth, body.sent()
    booking = own(_bookings(caller), id)
    sent.pop("force", None)
    if "client_id" in sent:
        sent["client"] = _client(caller, sent.pop("client_id"))
    if "service_ids" in sent:
        sent["service_ids"] = tuple(dict.fromkeys(sent["service_ids"]))
    for ours, theirs in (("assistant_ids", "assistants"), ("duration", "length")):
        if ours in sent:
            sent[theirs] = sent.pop(ours)
    version = expected_version(request, body.version)
    with in_our_words():
        return shown(response, bookings.change(booking, version=version, by=caller.member, force=body.force, **sent))


@router.post("/bookings/{id}/move", auth=allowed("bookings:write"), response=BookingOut, tags=["bookings"])
def move_booking(request: ApiRequest, response: HttpResponse, id: Path[Id], body: BookingMove) -> Booking:
    """Give it another time, specialist or length. A time that is taken: 409 with `alternatives`."""
    booking = own(_bookings(request.auth), id)
    with in_our_words():
        moved = bookings.move(
            booking,
            starts_at=body.starts_at,
            employee_id=body.employee_id,
            length=body.duration,
            online=body.online,
            force=body.force,
            version=expected_version(request, body.version),
            by=request.auth.member,
        )
    return shown(response, moved)


@router.post("/bookings/{id}/status", auth=allowed("bookings:write"), response=BookingOut, tags=["bookings"])
def set_booking_status(request: ApiRequest, response: HttpResponse, id: Path[Id], body: BookingStatusIn) -> Booking:
    """Say what became of the visit. No-show and cancelled give the time back; going back takes it again."""
    booking = own(_bookings(request.auth), id)
    version = expected_version(request, body.version)
    return shown(response, bookings.set_status(booking, body.status, version=version, by=request.auth.member))


@router.post("/bookings/{id}/confirm", auth=allowed("bookings:write"), response=BookingOut, tags=["bookings"])
def confirm_booking(
    request: ApiRequest, response: HttpResponse, id: Path[Id], body: ConfirmIn | None = None
) -> Booking:
    """Make a booking of a time that was kept (`hold_minutes`). 409 when that while is over."""
    booking = own(_bookings(request.auth), id)
    with in_our_words():
        confirmed = bookings.confirm(
            booking,
            client=_client(request.auth, body.client_id if body else None),
            client_name=body.client_name if body else "",
            phone=body.phone if body else "",
            version=expected_version(request, body.version if body else None),
            by=request.auth.member,
        )
    return shown(response, confirmed)


@router.post("/bookings/{id}/cancel", auth=allowed("bookings:write"), response=BookingOut, tags=["bookings"])
def cancel_booking(request: ApiRequest, response: HttpResponse, id: Path[Id], body: VersionIn | None = None) -> Booking:
    """Call it off; its time is free again. It stays on record."""
    version = expected_version(request, body.version if body else None)
    booking = own(_bookings(request.auth), id)
    return shown(response, bookings.cancel(booking, version=version, by=request.auth.member))


def _bookings(caller: Caller) -> QuerySet[Booking]:
    rows: QuerySet[Booking] = of_caller(Booking, caller)
    return rows.select_related("branch").prefetch_related("lines", "assistants")


def _client(caller: Caller, id: int | None) -> Client | None:
    rows: QuerySet[Client] = Client.objects.for_org(caller.organization)
    return named(rows, id, "client_id", _("There is no such client."))


def _after(cursor: str | None) -> int:
    if not cursor:
        return 0
    said = paging.decode(cursor)
    if len(said) != 1 or not isinstance(said[0], int):
        raise Invalid(_("This is not a cursor of this list. Take “next” of the answer before."), field="after")
    return said[0]
