"""The list of clients, a client's card, and its form."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import Conflict, Invalid, Stale
from ringdesk.crm import clients, phone_rows, tags
from ringdesk.crm.forms import ClientForm, FilterForm
from ringdesk.crm.models import Client, Phone
from ringdesk.crm.phone_rows import PhoneRow
from ringdesk.crm.views.answers import gone_to, is_in_drawer, refuse, refuse_stale, region_of, see

PER_PAGE = 50
COMPANIES_OFFERED = 12


def of_organization(request: SeatedRequest) -> QuerySet[Client]:
    """Return the clients among which every page here looks."""
    found: QuerySet[Client] = Client.objects.for_org(request.organization)
    return found


@require_GET
@member_required("clients.see")
def client_list(request: SeatedRequest) -> HttpResponse:
    """Show the clients the search and the filters leave."""
    form = FilterForm(request.GET, tags.in_use(request.organization))
    text, kind, tag = (form.chosen(field) for field in ("q", "kind", "tag"))
    found = clients.search(request.organization, text, region=region_of(request))
    if kind:
        found = found.filter(kind=kind)
    if tag:
        found = found.filter(tags__contains=[tag]).exclude(tags=[])
    found = found.select_related("company", "responsible").prefetch_related("phones")
    context = {
        "form": form,
        "text": text,
        "is_filtered": bool(text or kind or tag),
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "may_merge": request.member.may("clients.merge"),
    }
    return see(request, "crm/_clients.html" if request.htmx else "crm/clients.html", context)


@require_GET
@member_required("clients.see")
def client(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show a client's card."""
    shown = get_object_or_404(of_organization(request).select_related("company", "responsible"), pk=pk)
    elsewhere = Phone.objects.for_org(request.organization).filter(number=OuterRef("number"), lead=None)
    elsewhere = elsewhere.exclude(client=shown).exclude(contract__client=shown)
    context = {
        "client": shown,
        "phones": shown.phones.annotate(is_elsewhere=Exists(elsewhere)),
        "contracts": shown.contracts.select_related("responsible").prefetch_related("phones"),
        "contacts": shown.contacts.prefetch_related("phones"),
        "twins": _twins(shown),
        "may_merge": request.member.may("clients.merge"),
    }
    return see(request, "crm/client.html", context)


@require_http_methods(["GET", "POST"])
@member_required("clients.change")
def client_new(request: SeatedRequest) -> HttpResponse:
    """Add a client; ``?phone=`` and ``?name=`` fill in what is known, ``?partner=1`` ticks the partner."""
    if request.method == "POST":
        return _saved(request, None)
    kind = request.GET.get("kind", "")
    initial = {
        "kind": kind if kind in Client.Kind.values else Client.Kind.PERSON,
        "name": request.GET.get("name", ""),
    }
    initial["company"] = request.GET.get("company", "")
    initial["is_partner"] = request.GET.get("partner", "")
    return _form(
        request, _client_form(request, None, initial=initial), phone_rows.of_numbers(request.GET.getlist("phone"))
    )


@require_http_methods(["GET", "POST"])
@member_required("clients.change")
def client_change(request: SeatedRequest, pk: int) -> HttpResponse:
    """Change a client's card."""
    shown = get_object_or_404(of_organization(request).select_related("company"), pk=pk)
    if request.method == "POST":
        return _saved(request, shown)
    form = _client_form(request, shown, initial=ClientForm.initial_of(shown))
    return _form(request, form, phone_rows.of_card(shown.phones.all()))


@require_POST
@member_required("clients.change")
def client_delete(request: SeatedRequest, pk: int) -> HttpResponse:
    """Delete a client; the page has asked before."""
    shown = get_object_or_404(of_organization(request), pk=pk)
    clients.delete(shown, by=request.member)
    messages.success(request, _("Deleted: %(name)s") % {"name": shown.name})
    return gone_to(request, reverse("crm:clients"))


@require_GET
@member_required("clients.see")
def companies(request: SeatedRequest) -> HttpResponse:
    """Offer the companies whose name has what is being typed (a fragment: options of the form's list)."""
    found = clients.search(request.organization, request.GET.get("company", "")).filter(kind=Client.Kind.COMPANY)
    return render(request, "crm/_companies.html", {"companies": found[:COMPANIES_OFFERED]})


def _twins(client: Client) -> list[Client]:
    """Return the other clients on whose card one of this one's numbers stands: perhaps the same person twice."""
    numbers = client.phones.values("number")
    same = Phone.objects.for_org(client.organization_id).filter(number__in=numbers).exclude(client=client)
    return list(Client.objects.for_org(client.organization_id).filter(pk__in=same.values("client")).order_by("id")[:5])


def _client_form(request: SeatedRequest, client: Client | None, **options: Any) -> ClientForm:
    in_use = tags.in_use(request.organization)
    return ClientForm(organization=request.organization, client=client, tags=in_use, **options)


def _saved(request: SeatedRequest, client: Client | None) -> HttpResponse:
    form = _client_form(request, client, data=request.POST)
    rows = phone_rows.read(request.POST)
    if form.is_valid():
        try:
            saved = _save(request, client, form, rows)
        except Stale as stale:
            refuse_stale(form, stale)
            return _form(request, form, rows, status=409)
        except (Invalid, Conflict) as problem:
            rows = refuse(form, rows, problem)
        else:
            return gone_to(request, reverse("crm:client", args=[saved.pk]))
    return _form(request, form, rows, status=422)


def _save(request: SeatedRequest, client: Client | None, form: ClientForm, rows: list[PhoneRow]) -> Client:
    wishes = form.wishes() | {"phones": phone_rows.written(rows), "by": request.member, "region": region_of(request)}
    if client is None:
        return clients.create(request.organization, **wishes)
    return clients.change(client, version=form.cleaned_data["version"], **wishes)


def _form(request: SeatedRequest, form: ClientForm, rows: list[PhoneRow], status: int = 200) -> HttpResponse:
    region = region_of(request)
    rows = phone_rows.repeated(phone_rows.with_blank(rows), region)
    context = {
        "form": form,
        "client": form.client,
        "rows": phone_rows.with_others(rows, request.organization.pk, region, form.client),
        "rows_query": phone_rows.query_of(form.client),
        "in_drawer": is_in_drawer(request),
    }
    template = "crm/_client_form.html" if request.htmx else "crm/client_form.html"
    return see(request, template, context, status=status)
