"""The list of calls and the page of one call."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.telephony import history, trace
from ringdesk.telephony.forms import FilterForm
from ringdesk.telephony.history import Filters, Period
from ringdesk.telephony.models import Line

PER_PAGE = 50


@member_required("calls.see")
def calls(request: SeatedRequest) -> HttpResponse:
    """Show the calls the filters leave, newest first."""
    form = FilterForm(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    filters = Filters(
        text=chosen.get("q", ""),
        direction=chosen.get("direction", ""),
        result=chosen.get("result", ""),
        period=Period(chosen.get("period") or Period.ALL),
    )
    found = history.search(request.member, filters, timezone.now(), timezone.get_current_timezone())
    context = {
        "form": form,
        "filters": filters,
        "is_filtered": filters != Filters(),
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "query": request.GET.urlencode(),
    }
    return render(request, "telephony/_calls.html" if request.htmx else "telephony/calls.html", context)


@member_required("calls.see")
def call(request: SeatedRequest, pk: UUID) -> HttpResponse:
    """Show one call: facts, events, and why its popup did or did not show."""
    found = history.visible_to(request.member).select_related(
        "client", "contract__client", "lead", "member", "connector", "branch"
    )
    call = get_object_or_404(found.prefetch_related("events"), pk=pk)
    lines = Line.objects.for_org(request.organization).filter(connector=call.connector_id, number=call.line)
    context = {"call": call, "line": lines.first() if call.line else None, "trace": trace.steps(call)}
    return render(request, "telephony/_call.html" if request.htmx else "telephony/call.html", context)
