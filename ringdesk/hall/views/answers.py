"""What the hall's views answer when there is nothing to show: events for the page, and whose rows they may touch."""

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse

from ringdesk.accounts import seats
from ringdesk.accounts.guards import SeatedRequest
from ringdesk.hall.models import Reservation


def triggers(*names: str, toast: str = "", tone: str = "ok") -> dict[str, str]:
    """Return the headers that make the page do these things: ``drawer:close``, ``ringdesk:refresh``, a message."""
    events: dict[str, Any] = {name: {} for name in names}
    if toast:
        events["toast"] = {"text": toast, "tone": tone}
    return {"HX-Trigger": json.dumps(events)}


def done(text: str, *, tone: str = "ok") -> HttpResponse:
    """Answer a saved drawer: it closes, lists and boards refresh, a message says what happened."""
    return HttpResponse(status=204, headers=triggers("drawer:close", "ringdesk:refresh", toast=text, tone=tone))


def reservations_of(request: SeatedRequest) -> QuerySet[Reservation]:
    """Return the reservations of the branches this seat works in."""
    rows: QuerySet[Reservation] = Reservation.objects.for_org(request.organization)
    return rows.filter(branch__in=seats.in_reach(request.member))


def require(request: SeatedRequest, action: str) -> None:
    """Raise 403 unless the seat may do this."""
    if not request.member.may(action):
        raise PermissionDenied
