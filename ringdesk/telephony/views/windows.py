"""The call window: the client's card, the lead's, a choice, or the card of an unknown number."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.asked import positive_id, searched
from ringdesk.crm import clients, interactions
from ringdesk.crm.models import Client
from ringdesk.telephony import callers, history, linking
from ringdesk.telephony.models import Call

OFFERED = 8
LATEST = 5


@require_GET
@member_required("calls.see")
def window(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Show who is on the line."""
    return _shown(request, _find(request, pk))


@require_GET
@member_required("clients.change")
def window_clients(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Offer the clients that fit what is being typed: onto whose card the number may go (a fragment)."""
    call, text = _find(request, pk), searched(request.GET.get("q", ""))
    found = clients.search(request.organization, text, region=request.branch.region).prefetch_related("phones")
    context = {"call": call, "found": found[:OFFERED] if text else [], "text": text}
    return render(request, "telephony/_window_clients.html", context)


@require_POST
@member_required("clients.change")
def window_add(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Put the number onto an existing client's card; the card is shown."""
    call = _find(request, pk)
    client = get_object_or_404(
        Client.objects.for_org(request.organization), pk=positive_id(request.POST.get("client", ""))
    )
    callers.add_number(client, call, by=request.member)
    return _shown(request, _find(request, pk))


@require_POST
@member_required("clients.change")
def window_choose(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Say which of the cards with this number it is."""
    call = _find(request, pk)
    card = callers.chosen(call, request.POST.get("kind", ""), positive_id(request.POST.get("card", "")) or 0)
    linking.choose(call, card, timezone.now())
    return _shown(request, _find(request, pk))


def _find(request: SeatedRequest, pk: UUID) -> Call:
    found = history.visible_to(request.member).select_related("client", "contract__client", "lead__client", "member")
    call: Call = get_object_or_404(found, pk=pk)
    return call


def _shown(request: SeatedRequest, call: Call) -> HttpResponse:
    caller = callers.of(call)
    context: dict[str, Any] = {
        "call": call,
        "caller": caller,
        "client": caller.client,
        "lead": None if caller.client else caller.lead,
        "may_change": request.member.may("clients.change"),
        "in_drawer": request.htmx.target == "drawer",
    }
    if caller.client:
        documents = interactions.of_client(caller.client, request.member)
        context |= {
            "phones": caller.client.phones.all(),
            "contracts": caller.client.contracts.all()[:OFFERED],
            "documents": documents[:LATEST],
        }
    elif caller.lead:
        context |= {"phones": caller.lead.phones.all()}
    else:
        context |= {"search_url": callers.search_address(call) if call.phone else ""}
    template = "telephony/_window.html" if request.htmx else "telephony/window.html"
    return render(request, template, context)
