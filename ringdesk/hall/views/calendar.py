"""The calendar of a hall: what a calendar program gets, and the drawer where its address is made."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from ringdesk.accounts.guards import SeatedRequest, found_where_it_is, member_required
from ringdesk.accounts.views import calendars
from ringdesk.hall import calendar as hall_calendar
from ringdesk.hall.models import Hall, HallCalendar


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Answer a calendar program."""
    return calendars.feed(request, HallCalendar, secret, hall_calendar.written)


@require_http_methods(["GET", "POST"])
@member_required("halls.change")
def calendar(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show the address of a hall's calendar; make, remake, change or close it (``verb``)."""
    hall = found_where_it_is(request, Hall.objects.for_org(request.organization), pk, home="hall:halls")
    if request.method == "POST":
        calendars.act(request, HallCalendar, hall)
        if not request.htmx:
            return redirect("hall:calendar", hall.pk)
    template = "hall/_calendar.html" if request.htmx else "hall/calendar.html"
    return render(request, template, calendars.context(request, HallCalendar, hall))
