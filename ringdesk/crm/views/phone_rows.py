"""The rows of numbers while a form is being filled in."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.asked import positive_id
from ringdesk.crm import phone_rows
from ringdesk.crm.models import Client, Contract
from ringdesk.crm.views.answers import region_of


@require_POST
@member_required("clients.change")
def rows(request: SeatedRequest) -> HttpResponse:
    """Do what a row's button says and show the rows again, with whose numbers they are already. Saves nothing."""
    region, card = region_of(request), _card(request)
    read = phone_rows.rearrange(phone_rows.read(request.POST), request.POST.get("wish", ""))
    shown = phone_rows.repeated(phone_rows.with_blank(read), region)
    context = {
        "rows": phone_rows.with_others(shown, request.organization.pk, region, card),
        "rows_query": phone_rows.query_of(card),
    }
    return render(request, "crm/_phone_rows.html", context)


def _card(request: SeatedRequest) -> Client | Contract | None:
    client, contract = (positive_id(request.GET.get(name, "")) for name in ("client", "contract"))
    if contract is not None:
        found: Contract = get_object_or_404(Contract.objects.for_org(request.organization), pk=contract)
        return found
    if client is not None:
        card: Client = get_object_or_404(Client.objects.for_org(request.organization), pk=client)
        return card
    return None
