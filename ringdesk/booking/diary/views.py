"""The diary: a day of the specialists, a week of one, moving a visit on it, the people of a group, a day on paper."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ringdesk.accounts import seats
from ringdesk.accounts.guards import SeatedRequest, asked_branch, elsewhere, found_where_it_is, member_required
from ringdesk.accounts.models import Branch
from ringdesk.booking import bookings, catalogue
from ringdesk.booking.diary import drawing, scale
from ringdesk.booking.models import RELEASING, Booking, Employee
from ringdesk.booking.problems import SlotTaken
from ringdesk.core.asked import positive_id
from ringdesk.core.problems import Conflict, Invalid

BOARD = "board"
MOST_MINUTES = 4 * 24 * 60


@require_GET
@member_required("bookings.see")
def day(request: SeatedRequest) -> HttpResponse:
    """Show the diary of a day (``?date=``, ``?employee=``, ``?branch=``); htmx gets the board alone."""
    return _page(request, day_context(request, asked_branch(request, home="booking:diary"), request.GET))


@require_GET
@member_required("bookings.see")
def week(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show a specialist's week, the one with ``?date=``."""
    rows: QuerySet[Employee] = Employee.objects.for_org(request.organization)
    employee = found_where_it_is(request, rows, pk, home="booking:diary")
    branch = request.branch
    now = timezone.now()
    today = now.astimezone(branch.zone).date()
    shown = scale.parse(request.GET.get("date")) or today
    board = drawing.draw_week(branch, employee, shown, now)
    context = _frame(request, branch, board, shown, today) | {
        "employee": employee,
        "employee_id": employee.pk,
        "page_url": reverse("booking:week", args=[employee.pk]),
        "before": shown - timedelta(days=7),
        "after": shown + timedelta(days=7),
        "is_current": board.days[0].date <= today <= board.days[-1].date,
    }
    return _page(request, context)


def day_context(request: SeatedRequest, branch: Branch, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page of a day needs."""
    now = timezone.now()
    today = now.astimezone(branch.zone).date()
    shown = scale.parse(asked.get("date")) or today
    chosen = positive_id(asked.get("employee", ""))
    board = drawing.draw_day(branch, shown, now, employee_id=chosen)
    return _frame(request, branch, board, shown, today) | {
        "employee": None,
        "employee_id": chosen if board.lanes else None,
        "page_url": reverse("booking:diary"),
        "before": shown - timedelta(days=1),
        "after": shown + timedelta(days=1),
        "is_current": shown == today,
    }


def _frame(request: SeatedRequest, branch: Branch, board: drawing.Board, shown: date, today: date) -> dict[str, Any]:
    return {
        "board": board,
        "branch": branch,
        "elsewhere": elsewhere(request),
        "date": shown,
        "today": today,
        "staff": drawing.employees(branch),
        "step": min(catalogue.settings_of(branch).step, scale.STEP),
        "may_change": request.member.may("bookings.change"),
        "may_set_up": request.member.may("services.change"),
    }


def _page(request: SeatedRequest, context: dict[str, Any]) -> HttpResponse:
    is_board = request.htmx.target == BOARD
    with timezone.override(context["branch"].zone):
        return render(request, "booking/_board_with_summary.html" if is_board else "booking/diary.html", context)


@require_GET
@member_required("bookings.see")
def group(request: SeatedRequest, claim: int) -> HttpResponse:
    """Show who comes to a group visit (a drawer)."""
    rows = bookings_of(request).filter(claim=claim).exclude(status__in=RELEASING)
    members = list(rows.select_related("branch", "client", "employee").prefetch_related("lines__service"))
    if not members:
        raise Http404
    first = members[0]
    line = first.lines.all()[0]
    seats_left = line.service.capacity - len(members) if line.service else 0
    starts = first.starts_at.astimezone(first.branch.zone)
    again = {
        "date": starts.date().isoformat(),
        "start": f"{starts:%H:%M}",
        "employee": first.employee_id,
        "services": line.service_id or "",
        "branch": first.branch_id,
    }
    context = {
        "members": [(each, drawing.title_of(each)) for each in members],
        "first": first,
        "title": line.title,
        "seats_left": seats_left,
        "new_url": f"{reverse('booking:card_new')}?{urlencode(again)}",
        "may_change": request.member.may("bookings.change") and seats_left > 0,
    }
    with timezone.override(first.branch.zone):
        return render(request, "booking/_group.html", context)


@require_GET
@member_required("bookings.see")
def print_day(request: SeatedRequest) -> HttpResponse:
    """Show the day (``?date=``, ``?employee=``, ``?branch=``) as it is printed: a list for every specialist."""
    branch = asked_branch(request, home="booking:diary")
    now = timezone.now()
    shown = scale.parse(request.GET.get("date")) or now.astimezone(branch.zone).date()
    sheets = drawing.sheets(branch, shown, now, employee_id=positive_id(request.GET.get("employee", "")))
    context = {"sheets": sheets, "branch": branch, "date": shown, "now": now}
    with timezone.override(branch.zone):
        return render(request, "booking/print.html", context)


@require_POST
@member_required("bookings.change")
def move(request: SeatedRequest, pk: int) -> HttpResponse:
    """Move a visit on the board: ``start``, ``end`` (minutes of the day ``date``), ``version``, ``table``.

    ``table`` is the lane it was let fall on: a specialist's id, in a week a date.
    """
    rows = bookings_of(request).select_related("branch__organization", "employee", "client")
    booking = get_object_or_404(rows, pk=pk)
    asked = {**request.GET.dict(), **request.POST.dict()}
    back = _address_back(booking)
    try:
        wish = _wish(booking, asked)
        moved = bookings.move(booking, by=request.member, **wish)
    except (Conflict, Invalid) as error:
        return _refused(request, booking, error, asked)
    toast: dict[str, Any] = {"text": moved_text(moved), "tone": "ok"}
    if "undo" not in asked:
        toast["action"] = {"label": _("Put back"), "method": "post", "url": f"{back}&version={moved.version}"}
    return HttpResponse(status=204, headers=triggers(toast, "ringdesk:refresh"))


def bookings_of(request: SeatedRequest) -> QuerySet[Booking]:
    """Return the bookings of the branches this seat works in."""
    rows: QuerySet[Booking] = Booking.objects.for_org(request.organization)
    return rows.filter(branch__in=seats.in_reach(request.member))


def triggers(toast: dict[str, Any], *names: str) -> dict[str, str]:
    """Return the headers that make the page do these things and show a message."""
    return {"HX-Trigger": json.dumps({name: {} for name in names} | {"toast": toast})}


def moved_text(moved: Booking) -> str:
    """Return what a message says of a visit that has been moved."""
    zone = moved.branch.zone
    starts, ends = moved.starts_at.astimezone(zone), moved.ends_at.astimezone(zone)
    when = f"{date_format(starts, 'j E')}, {starts:%H:%M}–{ends:%H:%M}"
    what = {"client": drawing.title_of(moved), "when": when, "specialist": moved.employee.name}
    return _("%(client)s: %(when)s, %(specialist)s") % what


def _wish(booking: Booking, asked: Mapping[str, str]) -> dict[str, Any]:
    lane = asked.get("table", "")
    shown = scale.parse(lane if "-" in lane else asked.get("date"))
    start, end = _number(asked, "start"), _number(asked, "end")
    if shown is None or start is None or end is None or not start < end:
        raise Invalid(_("There is no such time."))
    wish: dict[str, Any] = {
        "starts_at": scale.day_of(shown, booking.branch.zone).moment(start),
        "version": _number(asked, "version"),
    }
    if end - start != booking.minutes:
        wish["length"] = end - start
    if (employee_id := positive_id(lane)) and employee_id != booking.employee_id:
        if asked.get("lane") not in (None, str(booking.employee_id)):
            raise Invalid(_("Open the booking to change who helps with it."))
        wish["employee_id"] = employee_id
    return wish


def _number(asked: Mapping[str, str], name: str) -> int | None:
    text = asked.get(name, "")
    digits = text.removeprefix("-")
    number = int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None
    return number if number is None or name == "version" or abs(number) <= MOST_MINUTES else None


def _address_back(booking: Booking) -> str:
    """Return the address that moves it to where it is now."""
    shown = scale.day_of(booking.starts_at.astimezone(booking.branch.zone).date(), booking.branch.zone)
    place = {
        "date": shown.date.isoformat(),
        "start": shown.minute(booking.starts_at),
        "end": shown.minute(booking.ends_at),
        "table": booking.employee_id,
        "undo": 1,
    }
    return f"{reverse('booking:move', args=[booking.pk])}?{urlencode(place)}"


def _refused(
    request: SeatedRequest, booking: Booking, error: Conflict | Invalid, asked: Mapping[str, str]
) -> HttpResponse:
    """Say why it stays where it was, and offer the card with the wished time: there free times stand."""
    toast: dict[str, Any] = {"text": _with_alternatives(error, booking), "tone": "bad"}
    if isinstance(error, SlotTaken):
        wished = urlencode({name: asked[name] for name in ("date", "start", "end", "table") if name in asked})
        url = f"{reverse('booking:card', args=[booking.pk])}?{wished}"
        toast["action"] = {"label": _("Choose a time"), "method": "get", "url": url}
    status = 409 if isinstance(error, Conflict) else 422
    body = {"message": str(error), **{key: error.details[key] for key in ("alternatives",) if key in error.details}}
    return JsonResponse(body, status=status, headers=triggers(toast, "ringdesk:refresh"))


def _with_alternatives(error: Conflict | Invalid, booking: Booking) -> str:
    if not isinstance(error, SlotTaken) or not error.free:
        return str(error)
    zone = booking.branch.zone
    times = [each.starts_at.astimezone(zone) for each in error.free]
    shown = booking.starts_at.astimezone(zone).date()
    words = [f"{at:%H:%M}" if at.date() == shown else f"{date_format(at, 'j E')} {at:%H:%M}" for at in times]
    return f"{error} " + _("Free: %(times)s.") % {"times": ", ".join(words)}
