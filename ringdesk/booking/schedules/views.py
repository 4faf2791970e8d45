"""The week grid of a branch's specialists: whoever sees bookings sees it, whoever changes services changes it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ringdesk.accounts.guards import SeatedRequest, found_where_it_is, member_required
from ringdesk.booking.diary import scale
from ringdesk.booking.models import Employee
from ringdesk.booking.schedules import displaced, grid
from ringdesk.booking.schedules.displaced import Displaced
from ringdesk.booking.schedules.forms import EVERY_WEEK, CopyForm, DayForm, HolidayForm, LeaveForm, WeekForm
from ringdesk.booking.setting_up import answers
from ringdesk.booking.setting_up.answers import CHANGE, posted
from ringdesk.core.problems import Conflict, Invalid, Stale
from ringdesk.scheduling import loading, schedule
from ringdesk.scheduling.hours import hours_on
from ringdesk.scheduling.models import Holiday, ScheduleException

GET_POST = require_http_methods(["GET", "POST"])
GRID = "schedule"
BACK = "booking:schedule"


@require_GET
@member_required("bookings.see")
def week_page(request: SeatedRequest) -> HttpResponse:
    """Show the week with ``?date=``; htmx gets the grid alone."""
    branch = request.branch
    today = _today(request)
    shown = scale.parse(request.GET.get("date")) or today
    monday = _monday(shown)
    staff = _staff(request)
    context = {
        "grid": grid.draw(branch, staff, monday, today),
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
        "is_current": monday == _monday(today),
        "branch": branch,
        "may_change": request.member.may("services.change"),
    }
    return render(request, "booking/schedule/page.html", context)


@GET_POST
@CHANGE
def day_edit(request: SeatedRequest, pk: int, day: str) -> HttpResponse:
    """Show and save what a specialist works on a day, and on which others."""
    employee, on = _employee(request, pk), _day(day)
    resource = employee.resource
    week = schedule.week_of(resource)
    row = (
        ScheduleException.objects.for_org(request.organization)
        .filter(resource=resource, first_day__lte=on, last_day__gte=on)
        .first()
    )
    own = {on: loading.worked(row)} if row else {}
    worked = hours_on(on, week, own, loading.holidays(request.branch, on, on))
    initial = DayForm.initial_of(worked, week[on.weekday()], row.note if row else "", resource.schedule_version)
    form = DayForm(posted(request), day=on, initial=initial)

    def save() -> None:
        data = form.cleaned_data
        if "usual" in request.POST:
            schedule.clear_days(resource, on, on, version=data.get("version"))
        elif data["scope"] == EVERY_WEEK:
            changed = [*week]
            changed[on.weekday()] = data["worked"]
            schedule.set_week(resource, changed, version=data["version"])
            schedule.clear_days(resource, on, on)
        else:
            schedule.set_each(resource, form.days(), data["worked"], note=data["note"], version=data["version"])

    title = f"{employee.name} · {date_format(on, 'D, j E')}"
    context = {"body": "booking/schedule/_day.html", "title": title, "is_own": row is not None, "employee": employee}
    context["draft"] = f"schedule:{employee.pk}:{on.isoformat()}"
    return _edit(request, form, save, [employee], context, check="usual" not in request.POST)


@GET_POST
@CHANGE
def week_edit(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show and save a specialist's ordinary week."""
    employee = _employee(request, pk)
    resource = employee.resource
    others = [each for each in _staff(request) if each.pk != employee.pk]
    initial = WeekForm.initial_of(schedule.week_of(resource), resource.schedule_version)
    form = WeekForm(posted(request), others=others, initial=initial)

    def chosen() -> list[Employee]:
        ids = form.cleaned_data.get("others", []) if form.is_bound and form.is_valid() else []
        return [each for each in others if str(each.pk) in ids]

    def save() -> None:
        others = [each.resource for each in chosen()]
        schedule.lock([resource, *others])
        schedule.set_week(resource, form.cleaned_data["week"], version=form.cleaned_data["version"])
        if others:
            schedule.copy_week_hours(resource, others)

    title = _("Ordinary week: %(name)s") % {"name": employee.name}
    context = {"body": "booking/schedule/_week.html", "title": title, "draft": f"schedule:{employee.pk}:week"}
    return _edit(request, form, save, [employee, *chosen()], context)


@GET_POST
@CHANGE
def leave(request: SeatedRequest) -> HttpResponse:
    """Give specialists several days off."""
    start = scale.parse(request.GET.get("date")) or _today(request)
    staff = _staff(request)
    form = LeaveForm(posted(request), staff=staff, initial={"first_day": start, "note": _("Vacation")})

    def save() -> None:
        data = form.cleaned_data
        for employee in form.chosen():
            schedule.set_days(employee.resource, data["first_day"], data["last_day"], None, note=data["note"])

    context = {"body": "booking/schedule/_leave.html", "title": _("Days off"), "draft": "schedule:leave"}
    return _edit(request, form, save, staff, context)


@GET_POST
@CHANGE
def copy(request: SeatedRequest) -> HttpResponse:
    """Copy the week or the month on the page to those that follow."""
    monday = _monday(scale.parse(request.GET.get("date")) or _today(request))
    # The month of a week is the one most of it lies in.
    month = (monday + timedelta(days=3)).replace(day=1)
    next_month = (month + timedelta(days=31)).replace(day=1)
    staff = _staff(request)
    form = CopyForm(posted(request), staff=staff, initial={"employees": [str(each.pk) for each in staff]})
    what: Any = form.fields["what"]
    ends = monday + timedelta(days=6)
    what.choices = [
        ("week", _("The week %(first)s – %(last)s to the next ones") % {
            "first": date_format(monday, "j E"), "last": date_format(ends, "j E")}),
        ("month", f"{capfirst(date_format(month, 'F Y'))} → {capfirst(date_format(next_month, 'F Y'))}"),
    ]  # fmt: skip

    def save() -> None:
        for employee in form.chosen():
            if form.cleaned_data["what"] == "month":
                schedule.copy_month(employee.resource, month, next_month)
            else:
                weeks = form.cleaned_data["weeks"]
                schedule.copy_week(employee.resource, monday, monday + timedelta(days=7), weeks)

    context = {"body": "booking/schedule/_copy.html", "title": _("Copy the schedule"), "draft": "schedule:copy"}
    return _edit(request, form, save, staff, context)


@GET_POST
@CHANGE
def holidays(request: SeatedRequest) -> HttpResponse:
    """Show the days on which the branch rests, and add some."""
    form = HolidayForm(posted(request))
    rows: QuerySet[Holiday] = Holiday.objects.for_org(request.organization)
    coming = rows.filter(branch=request.branch, last_day__gte=_today(request)).order_by("first_day")

    def save() -> None:
        data = form.cleaned_data
        schedule.set_holiday(request.branch, data["first_day"], data["last_day"], data["name"])

    context = {"body": "booking/schedule/_holidays.html", "title": _("Holidays of the branch"), "holidays": coming}
    context["draft"] = "schedule:holidays"
    return _edit(request, form, save, _staff(request), context)


@require_POST
@CHANGE
def holiday_remove(request: SeatedRequest, pk: int) -> HttpResponse:
    """Let the branch work again on the days of a holiday."""
    rows: QuerySet[Holiday] = Holiday.objects.for_org(request.organization)
    row = found_where_it_is(request, rows, pk, home=BACK)
    schedule.clear_holiday(request.branch, row.first_day, row.last_day)
    return answers.done(request, _("Removed"), BACK)


def _edit(
    request: SeatedRequest,
    form: forms.Form,
    save: Callable[[], None],
    employees: list[Employee],
    context: dict[str, Any],
    *,
    check: bool = True,
) -> HttpResponse:
    """Show a form or save it. 409 with the bookings that would lose their hours, until they are let be (``anyway``)."""
    status = 200
    if request.method == "POST":
        if form.is_valid() or not check:
            try:
                with displaced.noticing(request.branch, employees, anyway="anyway" in request.POST):
                    save()
                return answers.done(request, _("Saved"), BACK)
            except Displaced as problem:
                context |= {"displaced": problem.bookings, "problem": str(problem)}
                status = 409
            except Stale as stale:
                form.add_error(
                    None, _("Somebody has changed this in the meantime. Save again to keep what stands here.")
                )
                data: Any = form.data.copy()  # type: ignore[attr-defined]
                data["version"] = stale.details["current"].schedule_version
                form.data = data
                status = 409
            except (Invalid, Conflict) as problem:
                form.add_error(problem.field if problem.field in form.fields else None, str(problem))
                status = 422
        else:
            status = 422
    template = "booking/schedule/_drawer.html" if request.htmx else "booking/schedule/edit.html"
    with timezone.override(request.branch.zone):
        return render(request, template, {"form": form, "back": reverse(BACK)} | context, status=status)


def _staff(request: SeatedRequest) -> list[Employee]:
    rows: QuerySet[Employee] = Employee.objects.for_org(request.organization)
    found = rows.filter(branch=request.branch, is_active=True).select_related("resource", "job_title")
    return list(found.order_by("position", "id"))


def _employee(request: SeatedRequest, pk: int) -> Employee:
    rows: QuerySet[Employee] = Employee.objects.for_org(request.organization)
    return found_where_it_is(request, rows.select_related("resource"), pk, home=BACK)


def _day(text: str) -> date:
    day = scale.parse(text)
    if day is None:
        raise Http404
    return day


def _today(request: SeatedRequest) -> date:
    return timezone.now().astimezone(request.branch.zone).date()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
