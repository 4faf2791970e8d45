"""Calendar feeds: what a calendar program gets, and the drawer where a specialist's address is made."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_safe

from ringdesk.accounts import seats
from ringdesk.accounts.addresses import base_url
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.booking import feeds
from ringdesk.booking.models import Employee
from ringdesk.booking.public_models import CalendarFeed
from ringdesk.core import calendars


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Answer a calendar program. A wrong secret is no address at all."""
    found = feeds.find(secret)
    if found is None:
        raise Http404
    with translation.override(found.organization.language):
        return calendars.answer(request, feeds.written(found, timezone.now()))


@require_http_methods(["GET", "POST"])
@member_required("bookings.see")
def calendar(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show the address of a specialist's calendar; make, remake, change or close it (``verb``)."""
    employee = _employee(request, pk)
    if request.method == "POST":
        _act(request, employee)
        if not request.htmx:
            return redirect("booking:calendar", employee.pk)
    found = feeds.of(employee)
    context = {
        "employee": employee,
        "feed": found,
        "address": base_url(request) + feeds.path(found) if found else "",
        "details": CalendarFeed.Details.choices,
        "chosen": found.details if found else CalendarFeed.Details.SERVICES,
        "action": request.path,
    }
    return render(request, "booking/_calendar.html" if request.htmx else "booking/calendar.html", context)


def _act(request: SeatedRequest, employee: Employee) -> None:
    verb, found = request.POST.get("verb"), feeds.of(employee)
    details = request.POST.get("details", "")
    if details not in CalendarFeed.Details.values:
        details = found.details if found else CalendarFeed.Details.SERVICES
    if verb in ("make", "remake"):
        feeds.make(employee, details, by=request.member)
    elif found is not None and verb == "remove":
        feeds.remove(found, by=request.member)
    elif found is not None:
        feeds.show(found, details, by=request.member)


def _employee(request: SeatedRequest, pk: int) -> Employee:
    """Return the specialist: 404 for another organization's, 403 for who is neither in charge nor the specialist."""
    rows = Employee.objects.for_org(request.organization).filter(branch__in=seats.in_reach(request.member))
    employee: Employee = get_object_or_404(rows.select_related("branch"), pk=pk)
    if not request.member.may("services.change") and employee.member_id != request.member.pk:
        raise PermissionDenied
    return employee
