"""The search over everything: clients, reservations, bookings and calls by name or by any part of a number."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ringdesk.accounts import seats
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Member, Module
from ringdesk.booking.models import Booking
from ringdesk.core.asked import searched
from ringdesk.crm import searching
from ringdesk.crm.models import Client
from ringdesk.hall.models import Reservation
from ringdesk.telephony import history
from ringdesk.telephony.models import Call

IN_DROPDOWN = 5
ON_PAGE = 30
Visit = TypeVar("Visit", Reservation, Booking)
# One letter matches nearly everything.
SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found, best first."""

    clients: list[Client]
    reservations: list[Reservation]
    calls: list[Call]
    bookings: list[Booking] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.clients or self.reservations or self.bookings or self.calls)


def find(member: Member, text: str, now: datetime, *, limit: int, region: str) -> Found:
    """Return up to ``limit`` of each kind that this member may see."""
    text = text.strip()
    if len(text) < SHORTEST:
        return Found([], [], [])
    organization = member.organization
    clients: list[Client] = []
    found_reservations: list[Reservation] = []
    calls: list[Call] = []
    if member.may("clients.see"):
        clients = list(searching.search(organization, text, region=region).prefetch_related("phones")[:limit])
    if member.may("reservations.see") and organization.has_module(Module.HALL):
        found_reservations = reservations(member, text, now, limit)
    found_bookings: list[Booking] = []
    if member.may("bookings.see") and organization.has_module(Module.BOOKING):
        found_bookings = bookings(member, text, now, limit)
    if member.may("calls.see"):
        visible = history.with_names(history.visible_to(member)).filter(history.matching(organization.pk, text))
        calls = list(visible.order_by("-first_received_at", "-id")[:limit])
    return Found(clients, found_reservations, calls, found_bookings)


def reservations(member: Member, text: str, now: datetime, limit: int) -> list[Reservation]:
    """Return the reservations under this name or number: those to come first, soonest first; then the latest."""
    found = _under(Reservation.objects.for_org(member.organization_id), member, text)
    rows = Reservation.objects.for_org(member.organization_id).select_related("branch", "client")
    return _nearest(found, rows, member, now, limit)


def bookings(member: Member, text: str, now: datetime, limit: int) -> list[Booking]:
    """Return the bookings under this name or number, in the same order."""
    found = _under(Booking.objects.for_org(member.organization_id), member, text)
    found = found.exclude(status=Booking.Status.HELD, held_until__lte=now)
    rows = Booking.objects.for_org(member.organization_id).select_related("branch", "client", "employee")
    return _nearest(found, rows.prefetch_related("lines"), member, now, limit)


def _under(visits: QuerySet[Visit], member: Member, text: str) -> QuerySet[Visit]:
    """Return the visits under this number, or this name: the visit's own or that of the client's card."""
    if parts := history.number_parts(text):
        condition = Q()
        for digits in parts:
            condition |= Q(phone__contains=digits)
        return visits.filter(condition)
    own = searching.named(visits, text)
    by_card = visits.filter(client__in=searching.search(member.organization_id, text).order_by().values("pk"))
    if len(max(text.split(), key=len, default="")) < searching.GRAM:
        # No index knows so little: once through the table is enough.
        return own | by_card
    # A union, not an "or": each half is looked up by its own index.
    return visits.filter(pk__in=own.order_by().values("pk").union(by_card.order_by().values("pk")))


def _nearest(found: QuerySet[Visit], rows: QuerySet[Visit], member: Member, now: datetime, limit: int) -> list[Visit]:
    """Return the first of those found, out of ``rows``: what is shown beside them is not read of all the others."""
    is_past = Case(When(ends_at__lt=now, then=Value(1)), default=Value(0), output_field=IntegerField())
    nearness = Case(When(ends_at__lt=now, then=now - F("starts_at")), default=F("starts_at") - now)
    within = found.filter(branch__in=seats.in_reach(member)).order_by(is_past, nearness, "id")
    ids = list(within.values_list("pk", flat=True)[:limit])
    by_id = rows.in_bulk(ids)
    return [by_id[id] for id in ids if id in by_id]


@require_GET
@member_required()
def search(request: SeatedRequest) -> HttpResponse:
    """Show what was found: under the header's field, or on a page of its own."""
    text = searched(request.GET.get("q", ""))[:100]
    limit = IN_DROPDOWN if request.htmx else ON_PAGE
    region = request.branch.region if request.branch else "RU"
    found = find(request.member, text, timezone.now(), limit=limit, region=region)
    context = {"found": found, "search_query": text, "is_short": len(text) < SHORTEST}
    return render(request, "web/_search_results.html" if request.htmx else "web/search.html", context)
