"""The contracts on a client's card."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import Conflict, Invalid, Stale
from ringdesk.crm import contracts, phone_rows
from ringdesk.crm.forms import ContractForm
from ringdesk.crm.models import Client, Contract
from ringdesk.crm.phone_rows import PhoneRow
from ringdesk.crm.views.answers import gone_to, is_in_drawer, refuse, refuse_stale, region_of, see


@require_http_methods(["GET", "POST"])
@member_required("clients.change")
def contract_new(request: SeatedRequest, pk: int) -> HttpResponse:
    """Add a contract to a client."""
    client = get_object_or_404(Client.objects.for_org(request.organization), pk=pk)
    if request.method == "POST":
        return _saved(request, client, None)
    form = ContractForm(organization=request.organization, contract=None)
    return _form(request, client, None, form, [])


@require_http_methods(["GET", "POST"])
@member_required("clients.change")
def contract_change(request: SeatedRequest, pk: int) -> HttpResponse:
    """Change a contract."""
    contract = get_object_or_404(Contract.objects.for_org(request.organization).select_related("client"), pk=pk)
    if request.method == "POST":
        return _saved(request, contract.client, contract)
    initial = {"number": contract.number, "responsible": contract.responsible_id, "version": contract.version}
    form = ContractForm(organization=request.organization, contract=contract, initial=initial)
    return _form(request, contract.client, contract, form, phone_rows.of_card(contract.phones.all()))


@require_POST
@member_required("clients.change")
def contract_delete(request: SeatedRequest, pk: int) -> HttpResponse:
    """Delete a contract; the page has asked before."""
    contract = get_object_or_404(Contract.objects.for_org(request.organization).select_related("client"), pk=pk)
    contracts.delete(contract, by=request.member)
    messages.success(request, _("Deleted: %(name)s") % {"name": contract.number})
    return gone_to(request, reverse("crm:client", args=[contract.client_id]))


def _saved(request: SeatedRequest, client: Client, contract: Contract | None) -> HttpResponse:
    form = ContractForm(request.POST, organization=request.organization, contract=contract)
    rows = phone_rows.read(request.POST)
    if form.is_valid():
        wishes = form.wishes() | {
            "phones": phone_rows.written(rows), "by": request.member, "region": region_of(request),
        }  # fmt: skip
        try:
            if contract is None:
                contracts.create(client, **wishes)
            else:
                contracts.change(contract, version=form.cleaned_data["version"], **wishes)
        except Stale as stale:
            refuse_stale(form, stale)
            return _form(request, client, contract, form, rows, status=409)
        except (Invalid, Conflict) as problem:
            rows = refuse(form, rows, problem)
        else:
            return gone_to(request, reverse("crm:client", args=[client.pk]))
    return _form(request, client, contract, form, rows, status=422)


def _form(
    request: SeatedRequest,
    client: Client,
    contract: Contract | None,
    form: ContractForm,
    rows: list[PhoneRow],
    status: int = 200,
) -> HttpResponse:
    region = region_of(request)
    rows = phone_rows.repeated(phone_rows.with_blank(rows), region)
    context = {
        "form": form,
        "owner": client,
        "contract": contract,
        "rows": phone_rows.with_others(rows, request.organization.pk, region, contract or client),
        "rows_query": phone_rows.query_of(contract or client),
        "in_drawer": is_in_drawer(request),
    }
    template = "crm/_contract_form.html" if request.htmx else "crm/contract_form.html"
    return see(request, template, context, status=status)
