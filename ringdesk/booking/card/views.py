"""The booking card: a new one, an open one, and what it refreshes while it is being filled in."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ringdesk.accounts import seats
from ringdesk.accounts.guards import SeatedRequest, asked_branch, look_at, member_required
from ringdesk.accounts.models import Branch
from ringdesk.booking import bookings, catalogue, repeats
from ringdesk.booking.card import clients, showing
from ringdesk.booking.card.forms import BookingForm
from ringdesk.booking.diary import drawing
from ringdesk.booking.diary.views import bookings_of, day_context, triggers
from ringdesk.booking.models import Booking
from ringdesk.booking.problems import SlotTaken
from ringdesk.core import events, phones
from ringdesk.core.asked import positive_id
from ringdesk.core.problems import Conflict, Invalid, Stale

Status = Booking.Status
# Where a domain error belongs to a field the card calls otherwise.
FIELDS = {
    "starts_at": "start",
    "length": "duration",
    "service_ids": "services",
    "employee_id": "employee",
    "client_name": "guest_name",
    "call_id": None,
}
# What is done to an open card without saving the rest of it.
ENDING = (Status.CANCELLED, Status.NO_SHOW)


@require_http_methods(["GET", "POST"])
@member_required("bookings.change")
def card_new(request: SeatedRequest) -> HttpResponse:
    """Show an empty card (``?date=&start=&table=&phone=&call=&client=&services=``), or book what was filled in."""
    branch = asked_branch(request, home="booking:diary")
    with timezone.override(branch.zone):
        if request.method == "GET":
            services = request.GET.getlist("services")
            first = showing.initial(branch, request.GET, services, timezone.now())
            return _show(request, branch, BookingForm(branch=branch, initial=first))
        return _save(request, branch, BookingForm(_posted(request), branch=branch))


@require_http_methods(["GET", "POST"])
@member_required("bookings.see")
def card(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show a booking, or save it: whole, and with the status whose button was pressed."""
    booking = _get(request, pk)
    branch = booking.branch
    look_at(request, branch, home="booking:diary")
    with timezone.override(branch.zone):
        if request.method == "GET":
            first = showing.stored(booking)
            if "start" in request.GET:
                first |= showing.wished(branch, request.GET, timezone.now()) | {"starts_at": None}
            return _show(request, branch, BookingForm(branch=branch, booking=booking, initial=first))
        _require(request)
        if request.POST.get("status") in ENDING:
            return _end(request, booking)
        return _save(request, branch, BookingForm(_posted(request), branch=branch, booking=booking))


@require_GET
@member_required("bookings.change")
def card_offer(request: SeatedRequest) -> HttpResponse:
    """Show the services, specialists and free times again, for what the card holds now."""
    branch, booking = _subject(request)
    form = BookingForm(request.GET, branch=branch, booking=booking)
    form.full_clean()
    choice = showing.choice(branch, form, timezone.now())
    with timezone.override(branch.zone):
        shown = {"form": form, "choice": choice, "booking": booking, "forced": "force" in request.GET}
        return render(request, "booking/_card_offer.html", shown)


@require_GET
@member_required("bookings.change")
def card_client(request: SeatedRequest) -> HttpResponse:
    """Show whose number it is, once it is written into the card."""
    branch, booking = _subject(request)
    phone = phones.normalize(request.GET.get("phone", ""), branch.region)
    client = showing.known_client(branch, phone, chosen=request.GET.get("client", ""), booking=booking)
    return render(request, "booking/_client.html", {"known": client})


@require_POST
@member_required("bookings.change")
def restore(request: SeatedRequest, pk: int) -> HttpResponse:
    """Take back that a visit was called off or nobody came."""
    booking = _get(request, pk)
    try:
        saved = bookings.set_status(booking, Status.BOOKED, by=request.member)
    except Conflict as error:
        return HttpResponse(status=409, headers=triggers({"text": str(error), "tone": "bad"}, "ringdesk:refresh"))
    toast = {"text": showing.saved_text(saved), "tone": "ok"}
    return HttpResponse(status=204, headers=triggers(toast, "ringdesk:refresh"))


def _get(request: SeatedRequest, pk: int) -> Booking:
    rows = bookings_of(request).select_related("branch__organization", "client", "employee", "claim", "created_by")
    found: Booking = get_object_or_404(rows.prefetch_related("lines", "assistants"), pk=pk)
    return found


def _subject(request: SeatedRequest) -> tuple[Branch, Booking | None]:
    pk = positive_id(request.GET.get("booking", ""))
    if pk is None:
        return seats.branch_of_form(request, request.member, request.branch), None
    booking = _get(request, pk)
    return booking.branch, booking


def _require(request: SeatedRequest) -> None:
    if not request.member.may("bookings.change"):
        raise PermissionDenied


def _posted(request: SeatedRequest) -> QueryDict:
    """Return what was posted; a button of the conflict's note chooses a time, one of the stale note the version."""
    posted = request.POST.copy()
    day, _space, start = posted.get("take", "").partition(" ")
    if day and start:
        posted["date"], posted["start"] = day, start
    if version := posted.get("overwrite"):
        posted["version"] = version
    return posted


def _end(request: SeatedRequest, booking: Booking) -> HttpResponse:
    """Call it off, or note that nobody came: at once, and taken back as quickly."""
    try:
        saved = bookings.set_status(
            booking, request.POST["status"], version=positive_id(request.POST.get("version", "")), by=request.member
        )
    except Stale as stale:
        form = BookingForm(_posted(request), branch=booking.branch, booking=booking)
        form.is_valid()
        return _show(request, booking.branch, form, problem=stale, status=409)
    if not request.htmx:
        return redirect(drawing.day_url(saved))
    undo = {"label": _("Put back"), "method": "post", "url": reverse("booking:restore", args=[saved.pk])}
    toast = {"text": showing.saved_text(saved), "tone": "ok", "action": undo}
    return HttpResponse(status=204, headers=triggers(toast, "drawer:close", "ringdesk:refresh"))


def _save(request: SeatedRequest, branch: Branch, form: BookingForm) -> HttpResponse:
    if form.is_valid():
        form.require_all()
    if form.errors:
        return _show(request, branch, form, status=422)
    try:
        saved, text = _write(request, branch, form)
    except (SlotTaken, Stale) as conflict:
        return _show(request, branch, form, problem=conflict, status=409)
    except (Conflict, Invalid) as error:
        field = FIELDS.get(error.field or "", error.field)
        form.add_error(field if field in form.fields else None, str(error))
        return _show(request, branch, form, status=409 if isinstance(error, Conflict) else 422)
    if request.htmx:
        return HttpResponse(status=204, headers=triggers(text, "drawer:close", "ringdesk:refresh"))
    return redirect(drawing.day_url(saved))


def _write(request: SeatedRequest, branch: Branch, form: BookingForm) -> tuple[Booking, dict[str, Any]]:
    cleaned, booking = form.cleaned_data, form.booking
    said = clients.Said(cleaned["guest_name"], cleaned["phone"], cleaned["client"], cleaned["about"])
    visit: dict[str, Any] = {
        "starts_at": cleaned["starts_at"],
        "client_name": said.name,
        "phone": said.phone,
        "notes": cleaned["notes"],
        "price": cleaned["price"],
        "length": form.length,
        "by": request.member,
        "force": "force" in request.POST,
    }
    with events.atomic():
        client = clients.find_or_create(branch, said, by=request.member, current=booking)
        if booking is None:
            return _book(request, branch, form, visit | {"client": client})
        return _change(form, booking, visit | {"client": client})


def _book(
    request: SeatedRequest, branch: Branch, form: BookingForm, visit: dict[str, Any]
) -> tuple[Booking, dict[str, Any]]:
    cleaned = form.cleaned_data
    visit |= {
        "service_ids": cleaned["services"],
        "employee_id": form.employee_id,
        "assistants": cleaned["assistants"],
        "call_id": cleaned["call"],
    }
    if "hold" in request.POST:
        minutes = catalogue.settings_of(branch).hold_minutes
        saved = bookings.book(branch, hold_for=timedelta(minutes=minutes), **visit)
        return saved, {"text": _("Kept for %(count)s min.") % {"count": minutes}, "tone": "ok"}
    if not cleaned["every"]:
        saved = bookings.book(branch, **visit)
        return saved, {"text": showing.saved_text(saved), "tone": "ok"}
    count = cleaned["times"] or 2
    done = repeats.book(branch, int(cleaned["every"]), count, **visit)
    text = ngettext("%(count)s visit booked.", "%(count)s visits booked.", len(done.booked))
    text %= {"count": len(done.booked)}
    if done.refused:
        days = ", ".join(date_format(day, "j E") for day in done.refused)
        text = f"{text} " + _("Not free, so not booked: %(days)s.") % {"days": days}
    return done.booked[0], {"text": text, "tone": "warn" if done.refused else "ok"}


def _change(form: BookingForm, booking: Booking, visit: dict[str, Any]) -> tuple[Booking, dict[str, Any]]:
    cleaned, status = form.cleaned_data, form.cleaned_data["status"]
    by = visit["by"]
    if not form.is_unchanged_work():
        visit["service_ids"] = cleaned["services"]
    if visit["length"] is None:
        del visit["length"]
        lines = list(booking.lines.all())
        if "service_ids" not in visit and booking.minutes != sum(line.duration for line in lines):
            # The field was emptied: as long as the services take again.
            visit["length"] = sum(line.duration for line in lines)
    if form.employee_id and form.employee_id != booking.employee_id:
        visit["employee_id"] = form.employee_id
    if set(cleaned["assistants"]) != {each.pk for each in booking.assistants.all()}:
        visit["assistants"] = cleaned["assistants"]
    if visit["starts_at"] == booking.starts_at:
        del visit["starts_at"]
    saved = bookings.change(booking, version=cleaned["version"], **visit)
    if status and status != saved.status:
        saved = bookings.set_status(saved, status, version=saved.version, by=by)
    return saved, {"text": showing.saved_text(saved), "tone": "ok"}


def _show(
    request: SeatedRequest,
    branch: Branch,
    form: BookingForm,
    *,
    problem: SlotTaken | Stale | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    booking = form.booking
    choice = showing.choice(branch, form, now)
    context: dict[str, Any] = {
        "form": form,
        "booking": booking,
        "known": showing.client_of(branch, form),
        "choice": choice,
        "taken": problem if isinstance(problem, SlotTaken) else None,
        "alternatives": (
            showing.alternatives(problem, branch, form.cleaned_data.get("date"))
            if isinstance(problem, SlotTaken)
            else []
        ),
        "stale": showing.differences(problem, form) if isinstance(problem, Stale) else None,
        "statuses": _statuses(booking),
        "hold_minutes": catalogue.settings_of(branch).hold_minutes,
        "may_change": request.member.may("bookings.change"),
        "draft": _draft(request, form),
        "branch": branch,
    }
    if request.htmx:
        return render(request, "booking/_card.html", context, status=status)
    shown = (form.cleaned_data if form.is_bound else form.initial).get("date") or now.astimezone(branch.zone).date()
    context = day_context(request, branch, {"date": shown.isoformat()}) | context
    return render(request, "booking/diary_with_card.html", context, status=status)


def _statuses(booking: Booking | None) -> list[tuple[str, str]]:
    if booking is None:
        return []
    offered = [Status.BOOKED, Status.ARRIVED, Status.NO_SHOW, Status.CANCELLED]
    return [(each.value, str(each.label)) for each in offered]


def _draft(request: SeatedRequest, form: BookingForm) -> str:
    """Return under which name the page keeps what is typed: the same for every answer to this card."""
    if form.booking is not None:
        return str(form.booking.pk)
    call = form["call"].value()
    return str(call or request.POST.get("draft") or f"new {request.GET.urlencode()}")[:200]
