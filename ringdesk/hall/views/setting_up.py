"""Settings of the restaurant: halls and tables, statuses, how reservations are taken."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ringdesk.accounts.guards import SeatedRequest, found_where_it_is, member_required
from ringdesk.core.problems import Conflict, Invalid
from ringdesk.hall import board, halls
from ringdesk.hall.forms import HallForm, SettingsForm, StatusForm, TableForm
from ringdesk.hall.halls import TableAwaited
from ringdesk.hall.models import Hall, ReservationStatus, Table
from ringdesk.hall.views.answers import done, triggers

HALL_CHANGE = member_required("halls.change")


@require_GET
@HALL_CHANGE
def hall_list(request: SeatedRequest) -> HttpResponse:
    """Show the halls of the branch with their tables."""
    tables = Prefetch("tables", Table.objects.order_by("position", "id"))
    return render(request, "hall/halls.html", {"halls": _halls(request).prefetch_related(tables)})


@require_http_methods(["GET", "POST"])
@HALL_CHANGE
def hall_new(request: SeatedRequest) -> HttpResponse:
    """Add a hall."""
    branch = request.branch
    form = HallForm(_data(request))
    return _edit(request, form, _("New hall"), lambda data: halls.add_hall(branch, **data), _("Hall added"))


@require_http_methods(["GET", "POST"])
@HALL_CHANGE
def hall_edit(request: SeatedRequest, pk: int) -> HttpResponse:
    """Rename a hall; its drawer also hides and removes it."""
    hall = _hall(request, pk)
    form = HallForm(_data(request), initial={"name": hall.name})
    title = _("Hall: %(name)s") % {"name": hall.name}
    return _edit(request, form, title, lambda data: halls.rename_hall(hall, **data), _("Saved"), hall=hall)


@require_POST
@HALL_CHANGE
def hall_act(request: SeatedRequest, pk: int, verb: str) -> HttpResponse:
    """Move a hall up or down, hide, show or remove it."""
    hall = _hall(request, pk)
    anyway = "anyway" in request.POST
    acts: dict[str, Callable[[], object]] = {
        "up": lambda: halls.shift(hall, list(_halls(request)), -1),
        "down": lambda: halls.shift(hall, list(_halls(request)), 1),
        "show": lambda: halls.show_hall(hall),
        "hide": lambda: halls.hide_hall(hall, by=request.member, anyway=anyway),
        "remove": lambda: halls.remove_hall(hall),
    }
    return _act(request, acts[verb], {"hall": hall, "verb": verb})


@require_http_methods(["GET", "POST"])
@HALL_CHANGE
def table_new(request: SeatedRequest) -> HttpResponse:
    """Add one table or several to a hall (``?hall=``)."""
    branch = request.branch
    start = {"hall": request.GET.get("hall"), "seats": 4, "count": 1, "name": _next_name(request)}
    form = TableForm(_data(request), branch=branch, is_new=True, initial=start)
    return _edit(request, form, _("New table"), lambda data: halls.add_tables(data.pop("hall"), **data), _("Added"))


@require_http_methods(["GET", "POST"])
@HALL_CHANGE
def table_edit(request: SeatedRequest, pk: int) -> HttpResponse:
    """Rename a table, change its seats or its hall; its drawer also hides and removes it."""
    table = _table(request, pk)
    start = {"name": table.name, "seats": table.seats, "hall": table.hall_id}
    form = TableForm(_data(request), branch=table.hall.branch, is_new=False, initial=start)
    title = _("Table: %(name)s") % {"name": table.name}
    return _edit(request, form, title, lambda data: halls.change_table(table, **data), _("Saved"), table=table)


@require_POST
@HALL_CHANGE
def table_act(request: SeatedRequest, pk: int, verb: str) -> HttpResponse:
    """Move a table up or down, hide, show or remove it."""
    table = _table(request, pk)
    anyway = "anyway" in request.POST
    beside = _tables(request).filter(hall=table.hall)
    acts: dict[str, Callable[[], object]] = {
        "up": lambda: halls.shift(table, list(beside), -1),
        "down": lambda: halls.shift(table, list(beside), 1),
        "show": lambda: halls.show_table(table),
        "hide": lambda: halls.hide_table(table, by=request.member, anyway=anyway),
        "remove": lambda: halls.remove_table(table, by=request.member, anyway=anyway),
    }
    return _act(request, acts[verb], {"table": table, "verb": verb})


@require_GET
@HALL_CHANGE
def status_list(request: SeatedRequest) -> HttpResponse:
    """Show the labels of reservations."""
    return render(request, "hall/statuses.html", {"statuses": _statuses(request)})


@require_http_methods(["GET", "POST"])
@HALL_CHANGE
def status_new(request: SeatedRequest) -> HttpResponse:
    """Add a label."""
    form = StatusForm(_data(request), initial={"colour": ReservationStatus.Colour.BLUE})
    add = halls.add_status
    return _edit(request, form, _("New status"), lambda data: add(request.organization, **data), _("Added"))


@require_http_methods(["GET", "POST"])
@HALL_CHANGE
def status_edit(request: SeatedRequest, pk: int) -> HttpResponse:
    """Rename or repaint a label; its drawer also removes it."""
    status = get_object_or_404(_statuses(request), pk=pk)
    form = StatusForm(_data(request), initial={"name": status.name, "colour": status.colour})
    title = _("Status: %(name)s") % {"name": status.name}
    return _edit(request, form, title, lambda data: halls.change_status(status, **data), _("Saved"), status=status)


@require_POST
@HALL_CHANGE
def status_act(request: SeatedRequest, pk: int, verb: str) -> HttpResponse:
    """Move a label up or down, show or remove it."""
    status = get_object_or_404(_statuses(request), pk=pk)
    acts: dict[str, Callable[[], object]] = {
        "up": lambda: halls.shift(status, list(_statuses(request)), -1),
        "down": lambda: halls.shift(status, list(_statuses(request)), 1),
        "show": lambda: halls.show_status(status),
        "remove": lambda: halls.remove_status(status),
    }
    return _act(request, acts[verb], {})


@require_http_methods(["GET", "POST"])
@HALL_CHANGE
def settings(request: SeatedRequest) -> HttpResponse:
    """Show and save how the branch takes reservations."""
    branch = request.branch
    start = {"default_duration": timedelta(minutes=board.default_duration(branch))}
    form = SettingsForm(_data(request), initial=start)
    if request.method == "POST" and form.is_valid():
        halls.set_default_duration(branch, form.cleaned_data["default_duration"])
        if not request.htmx:
            return redirect("hall:settings")
        return HttpResponse(status=204, headers=triggers(toast=_("Saved")))
    status = 422 if form.errors else 200
    template = "hall/_settings.html" if request.htmx else "hall/settings.html"
    return render(request, template, {"form": form, "branch": branch}, status=status)


def _edit(
    request: SeatedRequest,
    form: forms.Form,
    title: str,
    save: Callable[[dict[str, Any]], object],
    text: str,
    **context: Any,
) -> HttpResponse:
    """Show a drawer with the form, or save it."""
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                save(dict(form.cleaned_data))
            except Invalid as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                back = "hall:statuses" if isinstance(form, StatusForm) else "hall:halls"
                return done(text) if request.htmx else redirect(back)
        status = 422
    template = "hall/_edit.html" if request.htmx else "hall/edit.html"
    return render(request, template, {"form": form, "title": title, **context}, status=status)


def _act(request: SeatedRequest, act: Callable[[], object], context: dict[str, Any]) -> HttpResponse:
    """Do it; when parties are still to come there, ask in the drawer what becomes of them."""
    try:
        act()
    except TableAwaited as error:
        asked = {"error": error, "awaited": error.reservations[:20], "more": len(error.reservations[20:]), **context}
        response = render(request, "hall/_awaited.html", asked, status=409)
        response["HX-Retarget"], response["HX-Reswap"] = "#drawer", "morph:innerHTML"
        return response
    except Conflict as error:
        headers = triggers(toast=str(error), tone="warn") | {"HX-Reswap": "none"}
        return HttpResponse(status=409, headers=headers)
    return HttpResponse(status=204, headers=triggers("drawer:close", "ringdesk:refresh"))


def _data(request: SeatedRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _halls(request: SeatedRequest) -> QuerySet[Hall]:
    rows: QuerySet[Hall] = Hall.objects.for_org(request.organization)
    return rows.filter(branch=request.branch)


def _tables(request: SeatedRequest) -> QuerySet[Table]:
    rows: QuerySet[Table] = Table.objects.for_org(request.organization)
    return rows.filter(hall__branch=request.branch).select_related("hall__branch")


def _hall(request: SeatedRequest, pk: int) -> Hall:
    rows: QuerySet[Hall] = Hall.objects.for_org(request.organization)
    return found_where_it_is(request, rows, pk, home="hall:halls")


def _table(request: SeatedRequest, pk: int) -> Table:
    rows: QuerySet[Table] = Table.objects.for_org(request.organization)
    return found_where_it_is(request, rows, pk, home="hall:halls", branch="hall__branch")


def _statuses(request: SeatedRequest) -> QuerySet[ReservationStatus]:
    rows: QuerySet[ReservationStatus] = ReservationStatus.objects.for_org(request.organization)
    return rows


def _next_name(request: SeatedRequest) -> str:
    """Return the number after the branch's highest one."""
    names = _tables(request).values_list("name", flat=True)
    return str(max((int(name) for name in names if name.isdecimal()), default=0) + 1)
