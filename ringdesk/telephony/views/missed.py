"""Missed calls that nobody returned."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core import paging
from ringdesk.core.problems import Invalid, NotFound
from ringdesk.telephony import missed
from ringdesk.telephony.history import visible_to
from ringdesk.telephony.missed import Unreturned

PER_PAGE = 50


@require_GET
@member_required("calls.see")
def missed_calls(request: SeatedRequest) -> HttpResponse:
    """Show the numbers to call back, and those settled by hand lately."""
    return _page(request)


@require_GET
@member_required("calls.see")
def missed_count(request: SeatedRequest) -> HttpResponse:
    """Show how many numbers wait for a call back (the badge of the navigation, which refreshes itself)."""
    count = missed.badge(request.member, timezone.now())
    slot = "tab" if request.GET.get("slot") == "tab" else "side"
    return render(request, "telephony/_missed_count.html", {"missed_count": count, "slot": slot})


@require_POST
@member_required("calls.see")
def settle(request: SeatedRequest) -> HttpResponse:
    """Take a number off the list."""
    missed.settle(request.organization.pk, _number(request), timezone.now(), by=request.member)
    return _page(request)


@require_POST
@member_required("calls.see")
def unsettle(request: SeatedRequest) -> HttpResponse:
    """Put a number back onto the list."""
    missed.unsettle(request.organization.pk, _number(request))
    return _page(request)


def _number(request: SeatedRequest) -> str:
    """Return the number that is meant. Raises NotFound for one that never called where this seat looks."""
    phone = request.POST.get("phone", "").replace("\x00", "")
    if not phone or not visible_to(request.member).filter(phone=phone, direction="in").exists():
        raise NotFound("")
    return phone


def _page(request: SeatedRequest) -> HttpResponse:
    now = timezone.now()
    rows = missed.unreturned(request.member, now, limit=PER_PAGE + 1, after=_after(request.GET.get("after", "")))
    context = {
        "rows": rows[:PER_PAGE],
        "older": _cursor(rows[PER_PAGE - 1]) if len(rows) > PER_PAGE else "",
        "after": request.GET.get("after", ""),
        "settled": missed.settled_lately(request.member, now),
        "hidden": missed.hidden(request.member, now),
        "days": missed.DAYS,
        "may_ignore": request.member.may("numbers.ignore"),
    }
    return render(request, "telephony/_missed.html" if request.htmx else "telephony/missed.html", context)


def _cursor(row: Unreturned) -> str:
    return paging.encode([row.last.first_received_at, row.phone])


def _after(cursor: str) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    try:
        at, phone = paging.decode(cursor)
    except (Invalid, ValueError):
        return None
    moment = parse_datetime(str(at)) if isinstance(at, str) else None
    return (moment, str(phone)) if moment and moment.tzinfo else None
