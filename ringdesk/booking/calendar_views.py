"""Calendar feeds: what a calendar program gets, and the drawer where a specialist's address is made."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from ringdesk.accounts import seats
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.views import calendars
from ringdesk.booking import feeds
from ringdesk.booking.models import Employee
from ringdesk.booking.public_models import CalendarFeed


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Answer a calendar program."""
    return calendars.feed(request, CalendarFeed, secret, feeds.written)


@require_http_methods(["GET", "POST"])
@member_required("bookings.see")
def calendar(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show the address of a specialist's calendar; make, remake, change or close it (``verb``)."""
    employee = _employee(request, pk)
    if request.method == "POST":
        calendars.act(request, CalendarFeed, employee)
        if not request.htmx:
            return redirect("booking:calendar", employee.pk)
    template = "booking/_calendar.html" if request.htmx else "booking/calendar.html"
    return render(request, template, calendars.context(request, CalendarFeed, employee))


def _employee(request: SeatedRequest, pk: int) -> Employee:
    """Return the specialist: 404 for another organization's, 403 for who is neither in charge nor the specialist."""
    rows = Employee.objects.for_org(request.organization).filter(branch__in=seats.in_reach(request.member))
    employee: Employee = get_object_or_404(rows.select_related("branch"), pk=pk)
    if not request.member.may("services.change") and employee.member_id != request.member.pk:
        raise PermissionDenied
    return employee
