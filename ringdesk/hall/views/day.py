"""The day of tables, and moving a bar on it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ringdesk.accounts.guards import SeatedRequest, asked_branch, elsewhere, member_required
from ringdesk.accounts.models import Branch, Module
from ringdesk.core.asked import positive_id
from ringdesk.core.intervals import Span
from ringdesk.core.problems import Conflict, Invalid
from ringdesk.hall import board, days, reservations
from ringdesk.hall.models import Hall, Reservation, ReservationStatus
from ringdesk.hall.views.answers import reservations_of, triggers
from ringdesk.scheduling.hours import YEARS

BOARD = "board"


@require_GET
@member_required("reservations.see")
def day(request: SeatedRequest) -> HttpResponse:
    """Show the hostess panel of a day (``?date=``, ``?hall=``, ``?branch=``); htmx gets the board alone."""
    context = day_context(request, asked_branch(request, home="hall:day"), request.GET)
    template = "hall/_board_with_summary.html" if request.htmx.target == BOARD else "hall/day.html"
    return render(request, template, context)


def day_context(request: SeatedRequest, branch: Branch, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page of a day needs."""
    now = timezone.now()
    service = board.service_day(branch, parse_day(asked.get("date")), now)
    hall_id = _hall_id(branch, asked.get("hall"))
    today = board.service_day(branch, None, now).date
    return {
        "board": board.draw(branch, service, now, hall_id=hall_id),
        "branch": branch,
        "elsewhere": elsewhere(request),
        "date": service.date,
        "today": today,
        "yesterday": service.date - timedelta(days=1),
        "tomorrow": service.date + timedelta(days=1),
        "hall_id": hall_id,
        "statuses": ReservationStatus.objects.for_org(request.organization).filter(is_active=True),
        "may_change": request.member.may("reservations.change"),
        "may_set_up": request.member.may("halls.change"),
        "has_diary": request.organization.has_module(Module.BOOKING) and request.member.may("bookings.see"),
    }


def parse_day(text: str | None) -> date | None:
    """Return the day of an address, or None for none and for nonsense."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _hall_id(branch: Branch, text: str | None) -> int | None:
    pk = positive_id(text or "")
    if pk is None:
        return None
    found: int | None = (
        Hall.objects.for_org(branch.organization_id).filter(branch=branch, pk=pk).values_list("pk", flat=True).first()
    )
    return found


@require_POST
@member_required("reservations.change")
def move(request: SeatedRequest, pk: int) -> HttpResponse:
    """Move a bar: ``start`` and ``end`` are minutes of the board's ``date``, ``table`` where it was dropped.

    ``from`` is the lane it was taken from: of joined tables only that one is exchanged. A refusal is 409 with the
    reason; the board is drawn again, so that the bar goes back.
    """
    reservation = get_object_or_404(reservations_of(request).select_related("branch"), pk=pk)
    asked = {**request.GET.dict(), **request.POST.dict()}
    try:
        span = _span(reservation.branch, asked)
        moved = reservations.move(
            reservation,
            span=span,
            table_ids=_table_ids(reservation, asked),
            by=request.member,
            version=_number(asked, "version", None),
        )
    except (Conflict, Invalid) as error:
        status = 409 if isinstance(error, Conflict) else 422
        headers = {**triggers("ringdesk:refresh", toast=str(error), tone="bad"), "HX-Reswap": "none"}
        return JsonResponse({"message": str(error), **_plain(error)}, status=status, headers=headers)
    text = _moved_text(moved)
    return HttpResponse(status=204, headers=triggers("ringdesk:refresh", toast=text))


def _span(branch: Branch, asked: Mapping[str, str]) -> Span:
    service = board.service_day(branch, parse_day(asked.get("date")), timezone.now())
    limit = 4 * days.WHOLE_DAY
    start, end = _number(asked, "start"), _number(asked, "end")
    if start is None or end is None or abs(start) > limit or abs(end) > limit:
        raise Invalid(_("There is no such time."))
    return Span(service.moment(start), service.moment(end))


def _table_ids(reservation: Reservation, asked: Mapping[str, str]) -> list[int]:
    kept = [table.pk for table in reservation.tables.all()]
    target, origin = _number(asked, "table", None), _number(asked, "from", None)
    if target is None:
        # Pulled at its end, or dropped where there are no tables.
        return kept if "table" not in asked else []
    if origin not in kept:
        return [target]
    return [target if table_id == origin else table_id for table_id in kept]


def _number(asked: Mapping[str, str], name: str, otherwise: int | None = None) -> int | None:
    text = asked.get(name, "")
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 16 else otherwise


def _plain(error: Conflict | Invalid) -> dict[str, Any]:
    return {key: value for key, value in error.details.items() if key in ("reservations", "alternatives")}


def _moved_text(moved: Reservation) -> str:
    zone = moved.branch.zone
    starts, ends = moved.starts_at.astimezone(zone), moved.ends_at.astimezone(zone)
    tables = "+".join(table.name for table in moved.tables.all())
    what = {"guest": moved.title, "time": f"{starts:%H:%M}–{ends:%H:%M}", "tables": tables}
    if not tables:
        return _("%(guest)s: %(time)s, no table") % what
    return _("%(guest)s: %(time)s, table %(tables)s") % what
