"""The list of leads, a lead's card, its form, and its becoming a client."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import Conflict, Invalid, Stale
from ringdesk.crm import interactions, leads, phone_rows
from ringdesk.crm.interaction_forms import ConvertForm, LeadFilterForm, LeadForm
from ringdesk.crm.models import Lead
from ringdesk.crm.phone_rows import PhoneRow
from ringdesk.crm.views.answers import gone_to, is_in_drawer, refuse, refuse_stale, region_of, see

PER_PAGE = 50
ON_A_CARD = 20


@require_GET
@member_required("clients.see")
def lead_list(request: SeatedRequest) -> HttpResponse:
    """Show the leads the search and the stage leave."""
    form = LeadFilterForm(request.GET)
    text, stage = form.chosen("q"), form.chosen("stage")
    found = leads.search(request.organization, text, region=region_of(request))
    if stage:
        found = found.filter(stage=stage)
    found = found.select_related("responsible", "client").prefetch_related("phones")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "text": text,
        "is_filtered": bool(text or stage),
        "page": page,
        "rows": [(lead, leads.STAGES.get(lead.stage, lead.stage)) for lead in page],
    }
    return see(request, "crm/_leads.html" if request.htmx else "crm/leads.html", context)


@require_GET
@member_required("clients.see")
def lead(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show a lead's card."""
    return _card(request, _find(request, pk), ConvertForm())


@require_http_methods(["GET", "POST"])
@member_required("clients.change")
def lead_new(request: SeatedRequest) -> HttpResponse:
    """Add a lead; ``?phone=`` and ``?name=`` fill in what is known."""
    if request.method == "POST":
        return _saved(request, None)
    initial = {"name": request.GET.get("name", ""), "stage": leads.NEW, "responsible": request.member.pk}
    form = LeadForm(organization=request.organization, lead=None, initial=initial)
    return _form(request, form, None, phone_rows.of_numbers(request.GET.getlist("phone")))


@require_http_methods(["GET", "POST"])
@member_required("clients.change")
def lead_change(request: SeatedRequest, pk: int) -> HttpResponse:
    """Change a lead's card."""
    shown = _find(request, pk)
    if request.method == "POST":
        return _saved(request, shown)
    initial = {
        "name": shown.name,
        "stage": shown.stage,
        "responsible": shown.responsible_id,
        "notes": shown.notes,
        "version": shown.version,
    }
    form = LeadForm(organization=request.organization, lead=shown, initial=initial)
    return _form(request, form, shown, phone_rows.of_card(shown.phones.all()))


@require_POST
@member_required("clients.change")
def lead_convert(request: SeatedRequest, pk: int) -> HttpResponse:
    """Make the lead a client, with a contract where its number is written."""
    shown = _find(request, pk)
    form = ConvertForm(request.POST)
    if form.is_valid():
        number = form.cleaned_data["contract"]
        try:
            client = leads.convert(shown, contract=number, by=request.member, region=region_of(request))
        except (Conflict, Invalid) as problem:
            form.add_error("contract" if problem.field == "number" else None, str(problem))
        else:
            messages.success(request, _("%(name)s is a client now.") % {"name": client.name})
            return gone_to(request, reverse("crm:client", args=[client.pk]))
    return _card(request, shown, form, 422)


@require_POST
@member_required("clients.change")
def lead_delete(request: SeatedRequest, pk: int) -> HttpResponse:
    """Delete a lead; the page has asked before."""
    shown = _find(request, pk)
    leads.delete(shown, by=request.member)
    messages.success(request, _("Deleted: %(name)s") % {"name": shown.name})
    return gone_to(request, reverse("crm:leads"))


def _find(request: SeatedRequest, pk: int) -> Lead:
    found = Lead.objects.for_org(request.organization).select_related("client", "responsible")
    lead: Lead = get_object_or_404(found, pk=pk)
    return lead


def _card(request: SeatedRequest, shown: Lead, form: ConvertForm, status: int = 200) -> HttpResponse:
    documents = interactions.visible_to(request.member).filter(lead=shown).order_by("-id")
    context: dict[str, Any] = {
        "lead": shown,
        "stage": leads.STAGES.get(shown.stage, shown.stage),
        "phones": shown.phones.all(),
        "documents": interactions.with_names(documents)[:ON_A_CARD],
        "form": form,
    }
    return see(request, "crm/lead.html", context, status=status)


def _saved(request: SeatedRequest, shown: Lead | None) -> HttpResponse:
    form = LeadForm(request.POST, organization=request.organization, lead=shown)
    rows = phone_rows.read(request.POST)
    if form.is_valid():
        wishes = form.wishes() | {
            "phones": phone_rows.written(rows), "by": request.member, "region": region_of(request),
        }  # fmt: skip
        try:
            if shown is None:
                saved = leads.create(request.organization, **wishes)
            else:
                saved = leads.change(shown, version=form.cleaned_data["version"], **wishes)
        except Stale as stale:
            refuse_stale(form, stale)
            return _form(request, form, shown, rows, 409)
        except (Invalid, Conflict) as problem:
            rows = refuse(form, rows, problem)
        else:
            return gone_to(request, reverse("crm:lead", args=[saved.pk]))
    return _form(request, form, shown, rows, 422)


def _form(
    request: SeatedRequest, form: LeadForm, shown: Lead | None, rows: list[PhoneRow], status: int = 200
) -> HttpResponse:
    region = region_of(request)
    rows = phone_rows.repeated(phone_rows.with_blank(rows), region)
    context = {
        "form": form,
        "lead": shown,
        "rows": phone_rows.with_others(rows, request.organization.pk, region, None),
        "rows_query": "",
        "in_drawer": is_in_drawer(request),
    }
    template = "crm/_lead_form.html" if request.htmx else "crm/lead_form.html"
    return see(request, template, context, status=status)
