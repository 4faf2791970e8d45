"""The search over everything: clients, reservations and calls by name or by any part of a number."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Member, Module
from ringdesk.core.asked import searched
from ringdesk.crm import searching
from ringdesk.crm.models import Client
from ringdesk.hall.models import Reservation
from ringdesk.telephony import history
from ringdesk.telephony.models import Call

IN_DROPDOWN = 5
ON_PAGE = 30
# One letter matches nearly everything.
SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found, best first."""

    clients: list[Client]
    reservations: list[Reservation]
    calls: list[Call]

    def __bool__(self) -> bool:
        return bool(self.clients or self.reservations or self.calls)


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
    if member.may("calls.see"):
        visible = history.with_names(history.visible_to(member)).filter(history.matching(organization.pk, text))
        calls = list(visible.order_by("-first_received_at", "-id")[:limit])
    return Found(clients, found_reservations, calls)


def reservations(member: Member, text: str, now: datetime) -> QuerySet[Reservation]:
    """Return the reservations under this name or number: those to come first, soonest first; then the latest."""
    if parts := history.number_parts(text):
        condition = Q()
        for digits in parts:
            condition |= Q(phone__contains=digits)
    else:
        clients = searching.search(member.organization_id, text).order_by().values("pk")
        condition = Q(guest_name__icontains=text) | Q(client__in=clients)
    found = Reservation.objects.for_org(member.organization_id).filter(condition).select_related("branch", "client")
    branches = [branch.pk for branch in member.branches.all()]
    if branches:
        found = found.filter(branch__in=branches)
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
