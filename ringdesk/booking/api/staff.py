"""HTTP API: specialists and when they work."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router, Status

from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.models import Branch, Member
from ringdesk.accounts.resources import ApiRequest, made, named, own, page_of, shown
from ringdesk.booking import employees
from ringdesk.booking.api.schemas import (
    DaysIn,
    EmployeeIn,
    EmployeeOut,
    EmployeePatch,
    ExceptionOut,
    ScheduleOut,
    WeekIn,
    Worked,
)
from ringdesk.booking.api.wording import branch_of, in_our_words, narrowed, of_caller
from ringdesk.booking.employees import Skill
from ringdesk.booking.models import Employee, JobTitle
from ringdesk.core.preconditions import expected_version, show_version
from ringdesk.core.schemas import Id, Page, Paging
from ringdesk.scheduling import loading, schedule
from ringdesk.scheduling.models import ScheduleException

router = Router()
# What of the past is shown of a schedule.
_SHOWN = timedelta(days=31)


class EmployeeFilter(Paging):
    """What the list of specialists is narrowed to."""

    branch_id: Id | None = None
    service_id: Id | None = None
    job_title_id: Id | None = None
    is_active: bool | None = None


@router.get("/employees", auth=allowed("employees:read"), response=Page[EmployeeOut], tags=["employees"])
def list_employees(request: ApiRequest, wish: Query[EmployeeFilter]) -> dict[str, Any]:
    """Specialists, oldest first."""
    found = narrowed(
        of_caller(Employee, request.auth),
        branch=wish.branch_id,
        skills__service=wish.service_id,
        job_title=wish.job_title_id,
        is_active=wish.is_active,
    )
    return page_of(found.prefetch_related("skills"), wish)


@router.post("/employees", auth=allowed("employees:write"), response={201: EmployeeOut}, tags=["employees"])
def create_employee(request: ApiRequest, response: HttpResponse, body: EmployeeIn) -> Status[Employee]:
    """Add a specialist after the others. Nobody can book them before they have working hours (schedules)."""
    branch = branch_of(request.auth, body.branch_id)
    sent = {name: value for name, value in body.sent().items() if value is not None and name != "branch_id"}
    with in_our_words():
        return made(response, employees.add_employee(branch, **_named(request.auth, branch, sent)), "employees")


@router.get("/employees/{id}", auth=allowed("employees:read"), response=EmployeeOut, tags=["employees"])
def get_employee(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> Employee:
    """One specialist."""
    return shown(response, own(of_caller(Employee, request.auth), id))


@router.patch("/employees/{id}", auth=allowed("employees:write"), response=EmployeeOut, tags=["employees"])
def change_employee(request: ApiRequest, response: HttpResponse, id: Path[Id], body: EmployeePatch) -> Employee:
    """Change what is sent; the rest stays."""
    employee: Employee = own(of_caller(Employee, request.auth).select_related("branch"), id)
    version = expected_version(request, body.version)
    with in_our_words():
        sent = _named(request.auth, employee.branch, body.sent())
        return shown(response, employees.change_employee(employee, version=version, **sent))


@router.delete("/employees/{id}", auth=allowed("employees:write"), response={204: None}, tags=["employees"])
def delete_employee(request: ApiRequest, id: Path[Id]) -> Status[None]:
    """Remove a specialist; one with bookings is taken out of use instead."""
    employee: Employee = own(of_caller(Employee, request.auth).select_related("branch"), id)
    employees.remove_employee(employee, version=expected_version(request))
    return Status(204, None)


@router.get("/schedules", auth=allowed("schedules:read"), response=Page[ScheduleOut], tags=["schedules"])
def list_schedules(request: ApiRequest, wish: Query[EmployeeFilter]) -> dict[str, Any]:
    """When specialists work, in the order of `employees`."""
    rows = narrowed(
        _employees(request.auth),
        branch=wish.branch_id,
        skills__service=wish.service_id,
        job_title=wish.job_title_id,
        is_active=wish.is_active,
    )
    page = page_of(rows, wish)
    return {"items": _schedules(page["items"]), "next": page["next"]}


@router.get("/schedules/{id}", auth=allowed("schedules:read"), response=ScheduleOut, tags=["schedules"])
def get_schedule(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> ScheduleOut:
    """When the specialist of this id works: the week, and the days that differ, from a month ago on."""
    return _shown(response, own(_employees(request.auth), id))


@router.put("/schedules/{id}", auth=allowed("schedules:write"), response=ScheduleOut, tags=["schedules"])
def change_schedule(request: ApiRequest, response: HttpResponse, id: Path[Id], body: WeekIn) -> ScheduleOut:
    """Let the specialist work this week from now on. What is booked stays."""
    employee: Employee = own(_employees(request.auth), id)
    week = [None if day is None else day.as_hours() for day in body.week]
    with in_our_words():
        schedule.set_week(employee.resource, week, version=_seen(request, body.version))
    return _shown(response, own(_employees(request.auth), id))


@router.post("/schedules/{id}/days", auth=allowed("schedules:write"), response=ScheduleOut, tags=["schedules"])
def change_days(request: ApiRequest, response: HttpResponse, id: Path[Id], body: DaysIn) -> ScheduleOut:
    """Let the specialist work other hours on some days, or not at all. What is booked stays."""
    employee: Employee = own(_employees(request.auth), id)
    version = _seen(request, body.version)
    days = (body.first_day, body.last_day or body.first_day)
    with in_our_words():
        if body.clear:
            schedule.clear_days(employee.resource, *days, version=version)
        else:
            worked = body.hours.as_hours() if body.hours else None
            schedule.set_days(employee.resource, *days, worked, note=body.note, version=version)
    return _shown(response, own(_employees(request.auth), id))


def _employees(caller: Caller) -> QuerySet[Employee]:
    rows: QuerySet[Employee] = of_caller(Employee, caller)
    return rows.select_related("resource__branch", "branch")


def _seen(request: ApiRequest, version: int | None) -> int | None:
    return expected_version(request, version)


def _shown(response: HttpResponse, employee: Employee) -> ScheduleOut:
    show_version(response, employee.resource.schedule_version)
    return _schedules([employee])[0]


def _schedules(found: list[Employee]) -> list[ScheduleOut]:
    if not found:
        return []
    organization, resources = found[0].organization_id, [employee.resource_id for employee in found]
    weeks = loading.weeks(organization, resources)
    rows = ScheduleException.objects.for_org(organization).filter(
        resource__in=resources, last_day__gte=timezone.now().date() - _SHOWN
    )
    differing: dict[int, list[ExceptionOut]] = {}
    for row in rows.order_by("first_day"):
        worked = loading.worked(row)
        hours = None if worked is None else Worked.of(worked)
        differing.setdefault(row.resource_id, []).append(
            ExceptionOut(first_day=row.first_day, last_day=row.last_day, hours=hours, note=row.note)
        )
    return [
        ScheduleOut(
            employee_id=employee.pk,
            branch_id=employee.branch_id,
            week=[None if day is None else Worked.of(day) for day in weeks[employee.resource_id]],
            exceptions=differing.get(employee.resource_id, []),
            version=employee.resource.schedule_version,
        )
        for employee in found
    ]


def _named(caller: Caller, branch: Branch, sent: dict[str, Any]) -> dict[str, Any]:
    """Put the job title, the seat and the services themselves in place of their ids."""
    if "job_title_id" in sent:
        titles = of_caller(JobTitle, caller).filter(branch=branch)
        text = _("There is no such job title in this branch.")
        sent["job_title"] = named(titles, sent.pop("job_title_id"), "job_title_id", text)
    if "member_id" in sent:
        members: QuerySet[Member] = Member.objects.for_org(caller.organization)
        sent["member"] = named(members, sent.pop("member_id"), "member_id", _("There is no such member."))
    if {"services", "service_ids"} & sent.keys():
        skills = {id: Skill(id) for id in sent.pop("service_ids", None) or []}
        for each in sent.pop("services", None) or []:
            skills[each.service_id] = Skill(each.service_id, each.price, each.duration)
        sent["skills"] = list(skills.values())
    return sent
