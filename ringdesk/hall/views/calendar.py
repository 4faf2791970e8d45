"""The calendar of a hall: what a calendar program gets, and the drawer where its address is made."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_safe

from ringdesk.accounts.addresses import base_url
from ringdesk.accounts.guards import SeatedRequest, found_where_it_is, member_required
from ringdesk.core import calendars
from ringdesk.hall import calendar as hall_calendar
from ringdesk.hall.models import Hall, HallCalendar


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Answer a calendar program. A wrong secret is no address at all."""
    found = hall_calendar.find(secret)
    if found is None:
        raise Http404
    with translation.override(found.organization.language):
        return calendars.answer(request, hall_calendar.written(found, timezone.now()))


@require_http_methods(["GET", "POST"])
@member_required("halls.change")
def calendar(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show the address of a hall's calendar; make, remake, change or close it (``verb``)."""
    hall = found_where_it_is(request, Hall.objects.for_org(request.organization), pk, home="hall:halls")
    if request.method == "POST":
        _act(request, hall)
        if not request.htmx:
            return redirect("hall:calendar", hall.pk)
    found = hall_calendar.of(hall)
    context = {
        "hall": hall,
        "address": base_url(request) + hall_calendar.path(found) if found else "",
        "details": HallCalendar.Details.choices,
        "chosen": found.details if found else HallCalendar.Details.TABLES,
        "action": request.path,
    }
    return render(request, "hall/_calendar.html" if request.htmx else "hall/calendar.html", context)


def _act(request: SeatedRequest, hall: Hall) -> None:
    verb, found = request.POST.get("verb"), hall_calendar.of(hall)
    details = request.POST.get("details", "")
    if details not in HallCalendar.Details.values:
        details = found.details if found else HallCalendar.Details.TABLES
    if verb in ("make", "remake"):
        hall_calendar.make(hall, details, by=request.member)
    elif found is not None and verb == "remove":
        hall_calendar.remove(found, by=request.member)
    elif found is not None:
        hall_calendar.show(found, details, by=request.member)
