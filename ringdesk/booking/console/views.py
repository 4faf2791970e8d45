"""The page of the console."""

import json
from time import perf_counter
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from ninja.responses import NinjaJSONEncoder

from ringdesk.accounts import seats
from ringdesk.accounts.addresses import base_url
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Branch
from ringdesk.booking.bots import calling
from ringdesk.booking.bots.calling import FUNCTIONS, Function
from ringdesk.booking.bots.functions import Context
from ringdesk.booking.console import calls
from ringdesk.booking.customers import Customer
from ringdesk.booking.models import Employee, JobTitle, Service, ServiceCategory
from ringdesk.core.problems import RingdeskError

CLIENT = ("id", "phone", "external_id", "name")
_FIRST = "get_companies_for_booking"
_LONGEST = 4000
_MOST_SHOWN = 100_000
_MOST_OFFERED = 200
_OF_BRANCH = {
    "company_id": Branch, "pipeline_id": Branch, "service_ids": Service, "employee_id": Employee,
    "job_title_id": JobTitle, "service_category_id": ServiceCategory, "service_name": Service,
}  # fmt: skip


@never_cache
@require_http_methods(["GET", "POST"])
@member_required("services.change")
def console(request: SeatedRequest) -> HttpResponse:
    """Show a function (``function``) with its arguments; POST calls it, for the client that is told."""
    sent = request.POST if request.method == "POST" else request.GET
    function = FUNCTIONS.get(sent.get("function", ""), FUNCTIONS[_FIRST])
    typed = {each.name: sent.get(f"arg-{each.name}", "")[:_LONGEST] for each in function.parameters}
    client = {name: sent.get(f"client-{name}", "")[:_LONGEST].strip() for name in CLIENT}
    if "company_id" in typed and request.method == "GET":
        typed["company_id"] = typed["company_id"] or str(request.branch.pk)
    args = calls.arguments(list(typed.values()))
    context: dict[str, Any] = {
        "functions": FUNCTIONS.values(),
        "function": function,
        "fields": [(each, typed[each.name], _offered(request, each.name)) for each in function.parameters],
        "client": client,
        "curl": calls.as_curl(base_url(request), function.name, args, client),
        "may_tokens": request.member.may("tokens.change"),
        "bot_call": calls.as_bot_call(function.name, args),
    }
    if request.method == "POST":
        context |= _called(request, function, args, client)
    template = "booking/settings/_console.html" if request.htmx else "booking/settings/console.html"
    return render(request, template, context)


def _called(request: SeatedRequest, function: Function, args: list[Any], client: dict[str, str]) -> dict[str, Any]:
    if function.is_writing and not request.member.may("bookings.change"):
        raise PermissionDenied
    began = perf_counter()
    try:
        who = Context(request.organization, Customer.read(client), by=request.member)
        answer = calling.call(who, function.name, args)
    except RingdeskError as error:
        answer = calling.refused(error)
    took = (perf_counter() - began) * 1000
    text = json.dumps(answer, ensure_ascii=False, indent=2, cls=NinjaJSONEncoder)
    is_refused = isinstance(answer, dict) and answer.get("status") is False
    return {
        "answer": text[:_MOST_SHOWN],
        "is_cut": len(text) > _MOST_SHOWN,
        "is_refused": is_refused,
        "milliseconds": round(took, 1),
    }


def _offered(request: SeatedRequest, parameter: str) -> list[tuple[str, str]]:
    """Return what can be chosen for a parameter here: values and what they stand for."""
    model = _OF_BRANCH.get(parameter)
    if model is Branch:
        return [(str(branch.pk), branch.name) for branch in seats.branches_of(request.member)]
    if model is None:
        return []
    rows: QuerySet[Any] = model.objects.for_org(request.organization).filter(branch=request.branch)
    found = list(rows[:_MOST_OFFERED])
    if parameter == "service_name":
        return [(str(each), "") for each in found]
    return [(str(each.pk), str(each)) for each in found]
