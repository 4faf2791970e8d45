"""Pages of all secret calendars: what a calendar program gets, and what the drawer shows and does."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from ringdesk.accounts import calendar_addresses
from ringdesk.accounts.addresses import base_url
from ringdesk.accounts.calendar_addresses import Calendar
from ringdesk.accounts.guards import SeatedRequest
from ringdesk.core import calendars


def feed(
    request: HttpRequest, kind: type[Calendar], secret: str, written: Callable[[Calendar, datetime], bytes]
) -> HttpResponseBase:
    """Answer a calendar program with what ``written`` makes of the calendar. A wrong secret is no address at all."""
    found = calendar_addresses.find(kind, secret)
    if found is None:
        raise Http404
    with translation.override(found.organization.language):
        return calendars.answer(request, written(found, timezone.now()))


def act(request: SeatedRequest, kind: type[Calendar], owner: Any) -> None:
    """Make, remake, change or close the address (``verb``)."""
    verb, found = request.POST.get("verb"), calendar_addresses.of(kind, owner)
    details = request.POST.get("details", "")
    if details not in kind.Details.values:
        details = found.details if found else kind.Details.values[0]
    if verb in ("make", "remake"):
        calendar_addresses.make(kind, owner, details, by=request.member)
    elif found is not None and verb == "remove":
        calendar_addresses.remove(found, by=request.member)
    elif found is not None:
        calendar_addresses.show(found, details, by=request.member)


def context(request: SeatedRequest, kind: type[Calendar], owner: Any) -> dict[str, Any]:
    """Return what the drawer shows (web/components/calendar_address.html)."""
    found = calendar_addresses.of(kind, owner)
    return {
        kind.OWNER: owner,
        "address": base_url(request) + found.path if found else "",
        "details": kind.Details.choices,
        "chosen": found.details if found else kind.Details.values[0],
        "action": request.path,
    }
