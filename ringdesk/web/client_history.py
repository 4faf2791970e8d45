"""A client's history: calls, reservations and bookings in one list, newest first; what is to come stands on top."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ringdesk.accounts import seats
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Member
from ringdesk.booking.models import Booking
from ringdesk.crm.models import Client
from ringdesk.hall.models import Reservation
from ringdesk.telephony import history
from ringdesk.telephony.models import Call

SHOWN = 40


@dataclass(frozen=True, slots=True)
class Moment:
    """A call, a reservation or a booking in the history."""

    at: datetime
    call: Call | None = None
    reservation: Reservation | None = None
    booking: Booking | None = None
    is_coming: bool = False


def moments(client: Client, member: Member) -> list[Moment]:
    """Return the latest of the client's calls, reservations and bookings that this member may see."""
    now = timezone.now()
    found: list[Moment] = []
    if member.may("calls.see"):
        found += [Moment(call.first_received_at, call=call) for call in history.of_client(client, member)[:SHOWN]]
    if member.may("reservations.see"):
        visits = Reservation.objects.for_org(client.organization_id).filter(client=client)
        branches = [branch.pk for branch in member.branches.all()]
        if branches:
            visits = visits.filter(branch__in=branches)
        visits = visits.select_related("branch", "status").prefetch_related("tables").order_by("-starts_at")
        found += [Moment(each.starts_at, reservation=each, is_coming=each.ends_at > now) for each in visits[:SHOWN]]
    if member.may("bookings.see"):
        booked = Booking.objects.for_org(client.organization_id).filter(client=client)
        booked = booked.filter(branch__in=seats.in_reach(member)).select_related("branch", "employee")
        booked = booked.prefetch_related("lines").order_by("-starts_at")
        found += [
            Moment(each.starts_at, booking=each, is_coming=each.ends_at > now and not each.is_released)
            for each in booked[:SHOWN]
        ]
    return sorted(found, key=lambda moment: moment.at, reverse=True)[:SHOWN]


@require_GET
@member_required("clients.see")
def client_history(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show the history of a client (a fragment for the client's card)."""
    client = get_object_or_404(Client.objects.for_org(request.organization), pk=pk)
    return render(request, "web/_client_history.html", {"client": client, "moments": moments(client, request.member)})
