"""A client's history: calls and reservations in one list, newest first."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Member
from ringdesk.crm.models import Client
from ringdesk.hall.models import Reservation
from ringdesk.telephony import history
from ringdesk.telephony.models import Call

SHOWN = 40


@dataclass(frozen=True, slots=True)
class Moment:
    """A call or a reservation in the history."""

    at: datetime
    call: Call | None = None
    reservation: Reservation | None = None


def moments(client: Client, member: Member) -> list[Moment]:
    """Return the latest of the client's calls and reservations that this member may see."""
    found: list[Moment] = []
    if member.may("calls.see"):
        found += [Moment(call.first_received_at, call=call) for call in history.of_client(client, member)[:SHOWN]]
    if member.may("reservations.see"):
        visits = Reservation.objects.for_org(client.organization_id).filter(client=client)
        branches = [branch.pk for branch in member.branches.all()]
        if branches:
            visits = visits.filter(branch__in=branches)
        visits = visits.select_related("branch", "status").prefetch_related("tables").order_by("-starts_at")
        found += [Moment(visit.starts_at, reservation=visit) for visit in visits[:SHOWN]]
    return sorted(found, key=lambda moment: moment.at, reverse=True)[:SHOWN]


@require_GET
@member_required("clients.see")
def client_history(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show the history of a client (a fragment for the client's card)."""
    client = get_object_or_404(Client.objects.for_org(request.organization), pk=pk)
    return render(request, "web/_client_history.html", {"client": client, "moments": moments(client, request.member)})
