"""The reservation card: a new one, an open one, and what it refreshes while it is being filled in."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ringdesk.accounts import seats
from ringdesk.accounts.guards import SeatedRequest, asked_branch, look_at, member_required
from ringdesk.accounts.models import Branch
from ringdesk.core import phones
from ringdesk.core.asked import positive_id
from ringdesk.core.problems import Conflict, Invalid, Stale
from ringdesk.hall import cards, reservations
from ringdesk.hall.forms import CardForm
from ringdesk.hall.models import Reservation
from ringdesk.hall.problems import TableTaken
from ringdesk.hall.reservations import Course
from ringdesk.hall.views.answers import done, require, reservations_of
from ringdesk.hall.views.day import day_context

# Where a domain error belongs to a field the card calls otherwise.
FIELDS = {"ends_at": "end", "starts_at": "start"}


@require_http_methods(["GET", "POST"])
@member_required("reservations.change")
def card_new(request: SeatedRequest) -> HttpResponse:
    """Show an empty card (``?date=&start=&table=&phone=&call=&client=&walk_in=``), or book what was filled in."""
    branch = asked_branch(request, home="hall:day")
    is_walk_in = "walk_in" in request.GET
    with timezone.override(branch.zone):
        if request.method == "GET":
            form = CardForm(branch=branch, initial=cards.initial(branch, request.GET, timezone.now()))
            return _show(request, branch, form, is_walk_in=is_walk_in)
        form = CardForm(_posted(request), branch=branch)
        return _save(request, branch, form, is_walk_in=is_walk_in)


@require_http_methods(["GET", "POST"])
@member_required("reservations.see")
def card(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show a reservation, or save it: whole, and with the course whose button was pressed."""
    rows = reservations_of(request).select_related("branch__organization", "client", "status", "created_by")
    reservation = get_object_or_404(rows, pk=pk)
    branch = reservation.branch
    look_at(request, branch, home="hall:day")
    with timezone.override(branch.zone):
        if request.method == "GET":
            form = CardForm(branch=branch, reservation=reservation, initial=cards.stored(reservation))
            return _show(request, branch, form)
        require(request, "reservations.change")
        return _save(request, branch, CardForm(_posted(request), branch=branch, reservation=reservation))


@require_GET
@member_required("reservations.change")
def card_tables(request: SeatedRequest) -> HttpResponse:
    """Show the choice of tables again, for another time or party."""
    branch, reservation = _subject(request)
    form = CardForm(request.GET, branch=branch, reservation=reservation)
    form.full_clean()
    with timezone.override(branch.zone):
        return render(request, "hall/_tables.html", {"choice": cards.table_choice(branch, form, timezone.now())})


@require_GET
@member_required("reservations.change")
def card_guest(request: SeatedRequest) -> HttpResponse:
    """Show whose number it is, once it is written into the card."""
    branch, reservation = _subject(request)
    phone = phones.normalize(request.GET.get("phone", ""), branch.region)
    chosen = request.GET.get("client", "")
    guest = cards.known_guest(branch, phone, chosen=chosen, reservation=reservation)
    return render(request, "hall/_guest.html", {"guest": guest})


def _subject(request: SeatedRequest) -> tuple[Branch, Reservation | None]:
    pk = positive_id(request.GET.get("reservation", ""))
    if pk is None:
        return seats.branch_of_form(request, request.member, request.branch), None
    reservation = get_object_or_404(reservations_of(request).select_related("branch__organization", "client"), pk=pk)
    return reservation.branch, reservation


def _posted(request: SeatedRequest) -> QueryDict:
    """Return what was posted; a button of the conflict's note chooses tables, one of the stale note the version."""
    posted = request.POST.copy()
    if taken := posted.get("take"):
        posted.setlist("tables", [taken])
    if version := posted.get("overwrite"):
        posted["version"] = version
    return posted


def _save(request: SeatedRequest, branch: Branch, form: CardForm, *, is_walk_in: bool = False) -> HttpResponse:
    if not form.is_valid():
        return _show(request, branch, form, is_walk_in=is_walk_in, status=422)
    try:
        saved = _write(request, branch, form, is_walk_in)
    except (TableTaken, Stale) as conflict:
        return _show(request, branch, form, is_walk_in=is_walk_in, problem=conflict, status=409)
    except (Conflict, Invalid) as error:
        field = FIELDS.get(error.field or "", error.field)
        form.add_error(field if field in form.fields else None, str(error))
        status = 409 if isinstance(error, Conflict) else 422
        return _show(request, branch, form, is_walk_in=is_walk_in, status=status)
    tables = list(saved.tables.all())
    warnings = [] if saved.is_released else reservations.warnings(saved.guests, tables)
    text = " ".join([cards.saved_text(saved, tables), *warnings])
    if request.htmx:
        return done(text, tone="warn" if warnings else "ok")
    return redirect(cards.day_url(saved))


def _write(request: SeatedRequest, branch: Branch, form: CardForm, is_walk_in: bool) -> Reservation:
    wish = form.wish()
    if form.reservation is not None:
        version = form.cleaned_data["version"]
        return reservations.change(form.reservation, wish, by=request.member, version=version)
    if is_walk_in:
        return reservations.walk_in(
            branch,
            table_ids=wish.table_ids,
            guests=wish.guests,
            span=wish.span,
            by=request.member,
            comment=wish.comment,
        )
    return reservations.book(branch, wish, by=request.member, call_id=form.cleaned_data["call"])


def _show(
    request: SeatedRequest,
    branch: Branch,
    form: CardForm,
    *,
    is_walk_in: bool = False,
    problem: TableTaken | Stale | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    context: dict[str, Any] = {
        "form": form,
        "branch": branch,
        "reservation": form.reservation,
        "is_walk_in": is_walk_in,
        "guest": cards.guest_of(branch, form),
        "choice": cards.table_choice(branch, form, now),
        "taken": problem if isinstance(problem, TableTaken) else None,
        "stale": cards.differences(problem, form) if isinstance(problem, Stale) else None,
        "courses": Course.choices,
        "course": form.reservation.course if form.reservation else Course.EXPECTED,
        "may_change": request.member.may("reservations.change"),
        "draft": _draft(request, form, is_walk_in),
        "title": _("Walk-in") if is_walk_in else _("Reservation card"),
    }
    if request.htmx:
        return render(request, "hall/_card.html", context, status=status)
    day = cards.shown_day(branch, form, now)
    context = day_context(request, branch, {"date": day}) | context
    return render(request, "hall/day_with_card.html", context, status=status)


def _draft(request: SeatedRequest, form: CardForm, is_walk_in: bool) -> str:
    """Return under which name the page keeps what is typed: the same for every answer to this card."""
    if form.reservation is not None:
        return str(form.reservation.pk)
    call = form["call"].value()
    asked = "walk-in" if is_walk_in else f"new {request.GET.urlencode()}"
    return str(call or request.POST.get("draft") or asked)[:200]
