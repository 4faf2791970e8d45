"""A visitor's own link: the visit, its calendar file, another time, calling it off; waiting for a time."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_safe

from ringdesk.booking import feeds, offers, openings, pages, waiting
from ringdesk.booking.models import Booking
from ringdesk.booking.page import limits, times, visitors
from ringdesk.booking.page.choice import Choice, day_of
from ringdesk.booking.page.forms import WaitForm, moment_of
from ringdesk.booking.page.frame import Visit, public, show
from ringdesk.booking.problems import NotOffered, SlotTaken
from ringdesk.booking.public_models import WaitingClient
from ringdesk.core import calendars
from ringdesk.core.problems import Conflict, Invalid

Context = dict[str, Any]
_WAITED_DAYS = 7


@require_safe
@public
def visit(request: Visit, token: str) -> HttpResponseBase:
    """Show the visit."""
    booking = _booking(request, token)
    with timezone.override(booking.branch.zone):
        return show(request, "visit.html", _context(request, booking, token))


@require_safe
@public
def calendar_file(request: Visit, token: str) -> HttpResponseBase:
    """Return the visit as a file for the visitor's own calendar."""
    booking = _booking(request, token)
    entry = feeds.entry(booking, booking.branch.address or booking.branch.name)
    response = HttpResponse(calendars.single(entry), content_type=calendars.TYPE)
    response["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@public
def move(request: Visit, token: str) -> HttpResponseBase:
    """Offer other times for the visit; take the one of the button that was pressed."""
    booking = _booking(request, token)
    context, status = _context(request, booking, token), 200
    limits.count(request, "sent", limits.SENT) if request.method == "POST" else None
    if request.method == "POST" and (starts_at := moment_of(request.POST.get("start", ""))):
        try:
            moved = visitors.move(request.page, booking, starts_at)
            return redirect(_own(request, moved) + _query(request))
        except SlotTaken as error:
            status = 409
            context |= {"problem": str(error), "free": [each.starts_at for each in error.free]}
        except (Conflict, Invalid) as error:
            status = 409
            context["problem"] = str(error)
    if context["may_change"]:
        context |= _free(request, booking)
    with timezone.override(booking.branch.zone):
        return show(request, "move.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@public
def cancel(request: Visit, token: str) -> HttpResponseBase:
    """Ask whether the visit is to be called off; do it."""
    booking = _booking(request, token)
    context, status = _context(request, booking, token), 200
    if request.method == "POST":
        try:
            return redirect(_own(request, visitors.cancel(request.page, booking)) + _query(request))
        except (Conflict, Invalid) as error:
            status = 409
            context["problem"] = str(error)
    with timezone.override(booking.branch.zone):
        return show(request, "cancel.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@public
def wait(request: Visit) -> HttpResponseBase:
    """Put the visitor on the waiting list."""
    choice = request.choice
    branches = pages.branches(request.page)
    branch = next((each for each in branches if each.pk == choice.branch), None)
    if branch is None:
        return redirect(pages.path(request.page) + _query(request))
    offer = offers.of(branch)
    online = {service.pk: service for service in offer.online()}
    services = [online[id] for id in choice.services if id in online]
    if not services:
        return redirect(pages.path(request.page) + choice.query)
    first = max(
        choice.day or timezone.now().astimezone(branch.zone).date(), timezone.now().astimezone(branch.zone).date()
    )
    start = {"first_day": first, "last_day": first + timedelta(days=_WAITED_DAYS)}
    form = WaitForm(request.POST or None, page=request.page, branch=branch, initial=start)
    context: Context = {
        "form": form,
        "branch": branch,
        "chosen": services,
        "back": pages.path(request.page) + choice.query,
    }
    specialist = offer.specialists.get(choice.employee or 0)
    context["specialist"] = specialist.name if specialist else ""
    status = 200
    if request.method == "POST":
        status = 422
        limits.count(request, "sent", limits.SENT)
        if form.is_valid() and not form.is_program:
            visitor, (earliest, latest) = form.visitor(translation.get_language() or "ru"), form.between()
            limits.count_phone(request.page.organization_id, visitor.phone)
            try:
                waiting.add(
                    branch,
                    service_ids=[service.pk for service in services],
                    employee_id=specialist.id if specialist else None,
                    first_day=form.cleaned_data["first_day"],
                    last_day=form.cleaned_data["last_day"],
                    earliest=earliest,
                    latest=latest,
                    client_name=visitor.name,
                    phone=visitor.phone,
                    email=visitor.email,
                    language=visitor.language,
                    notes=visitor.notes,
                )
                return show(request, "waiting.html", context | {"again": pages.path(request.page)})
            except (Conflict, Invalid) as error:
                context["problem"] = str(error)
    return show(request, "wait.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@public
def offer(request: Visit, token: str) -> HttpResponseBase:
    """Show the time that became free; take it or leave it."""
    found = pages.offer_of(request.page, token)
    if found is None:
        raise Http404
    waiting_client, offered_id = found
    offered = waiting_client.offered
    is_this_one = offered is not None and offered.pk == offered_id
    if is_this_one and offered is not None and waiting_client.state == WaitingClient.State.BOOKED:
        return redirect(_own(request, offered) + _query(request))
    is_open = is_this_one and waiting_client.state == WaitingClient.State.OFFERED
    context: Context = {"held": offered if is_open else None, "until": waiting_client.offered_until,
                        "again": pages.path(request.page)}  # fmt: skip
    status = 200
    if request.method == "POST" and is_open:
        try:
            if request.POST.get("verb") == "decline":
                waiting.decline(waiting_client)
                return show(request, "offer.html", context | {"held": None, "is_declined": True})
            return redirect(_own(request, waiting.accept(waiting_client)) + _query(request))
        except Conflict as error:
            status = 409
            context |= {"problem": str(error), "held": None}
    with timezone.override(waiting_client.branch.zone):
        return show(request, "offer.html", context, status=status)


def _booking(request: Visit, token: str) -> Booking:
    booking = pages.booking_of(request.page, token)
    if booking is None:
        raise Http404
    return booking


def _own(request: Visit, booking: Booking, rest: str = "") -> str:
    return pages.path(request.page, f"visit/{pages.token(booking)}/{rest}")


def _query(request: Visit) -> str:
    return Choice(language=request.choice.language).query


def _context(request: Visit, booking: Booking, token: str) -> Context:
    query = _query(request)
    return {
        "booking": booking,
        "branch": booking.branch,
        "may_change": visitors.may_change(request.page, booking),
        "own_url": _own(request, booking) + query,
        "file_url": _own(request, booking, "visit.ics"),
        "move_url": _own(request, booking, "move/") + query,
        "cancel_url": _own(request, booking, "cancel/") + query,
        "again": pages.path(request.page) + query,
    }


def _free(request: Visit, booking: Booking) -> Context:
    """Return the times of the same specialist for the same services."""
    service_ids = [line.service_id for line in booking.lines.all() if line.service_id]
    day = day_of(request.GET.get("date", "")) or booking.starts_at.astimezone(booking.branch.zone).date()
    try:
        openings.plan(offers.of(booking.branch), service_ids, online=True)
        found = times.times(booking.branch, service_ids, booking.employee_id, day, timezone.now())
    except NotOffered:
        return {"may_change": False}
    choice = Choice(language=request.choice.language)
    days = [(each, choice.but(day=each.date).query) for each in found.days]
    turns = {
        name: choice.but(day=when).query if when else ""
        for name, when in (("before", found.before), ("after", found.after), ("nearest", found.nearest))
    }
    return {"times": found, "days": days, "turns": turns}
