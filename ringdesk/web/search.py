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
        found_reservations = list(reservations(member, text, now)[:limit])
    found_bookings: list[Booking] = []
    if member.may("bookings.see") and organization.has_module(Module.BOOKING):
        found_bookings = list(bookings(member, text, now)[:limit])
    if member.may("calls.see"):
        visible = history.with_names(history.visible_to(member)).filter(history.matching(organization.pk, text))
        calls = list(visible.order_by("-first_received_at", "-id")[:limit])
    return Found(clients, found_reservations, calls, found_bookings)


def reservations(member: Member, text: str, now: datetime) -> QuerySet[Reservation]:
    """Return the reservations under this name or number: those to come first, soonest first; then the latest."""
    condition = _whose(member, text, Q(guest_name__icontains=text))
    found = Reservation.objects.for_org(member.organization_id).filter(condition).select_related("branch", "client")
    return _nearest(found.filter(branch__in=seats.in_reach(member)), now)


def bookings(member: Member, text: str, now: datetime) -> QuerySet[Booking]:
    """Return the bookings under this name or number, in the same order."""
    condition = _whose(member, text, Q(client_name__icontains=text))
    found = Booking.objects.for_org(member.organization_id).filter(condition)
    found = found.exclude(status=Booking.Status.HELD, held_until__lte=now)
    found = found.select_related("branch", "client", "employee").prefetch_related("lines")
    return _nearest(found.filter(branch__in=seats.in_reach(member)), now)


def _whose(member: Member, text: str, named: Q) -> Q:
    if parts := history.number_parts(text):
        condition = Q()
        for digits in parts:
            condition |= Q(phone__contains=digits)
        return condition
    return named | Q(client__in=searching.search(member.organization_id, text).order_by().values("pk"))


def _nearest(found: QuerySet[Visit], now: datetime) -> QuerySet[Visit]:
    is_past = Case(When(ends_at__lt=now, then=Value(1)), default=Value(0), output_field=IntegerField())
    nearness = Case(When(ends_at__lt=now, then=now - F("starts_at")), default=F("starts_at") - now)
    return found.order_by(is_past, nearness, "id")


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
