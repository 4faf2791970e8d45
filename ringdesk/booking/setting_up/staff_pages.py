"""Specialists: who they are, what they provide; job titles."""

from itertools import pairwise
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from ringdesk.accounts import branches
from ringdesk.accounts.guards import SeatedRequest, found_where_it_is
from ringdesk.accounts.models import Branch
from ringdesk.booking import catalogue, employees, ordering, photos
from ringdesk.booking.employees import Skill
from ringdesk.booking.models import Booking, Employee, JobTitle, Service
from ringdesk.booking.setting_up import answers, progress, skill_rows
from ringdesk.booking.setting_up.answers import CHANGE, posted
from ringdesk.booking.setting_up.forms import EmployeeForm, GroupForm, NewEmployeeForm
from ringdesk.booking.setting_up.service_pages import (
    GET_POST,
    STEPS,
    act_on_group,
    as_searched,
    categories_of,
    edit_group,
    in_order,
    services_of,
)
from ringdesk.booking.setting_up.skill_rows import Typed
from ringdesk.core import events
from ringdesk.core.asked import positive_id, searched
from ringdesk.core.problems import Stale
from ringdesk.crm.models import folded
from ringdesk.scheduling import schedule
from ringdesk.scheduling.hours import DAY, DayHours
from ringdesk.scheduling.models import WorkingHours

BACK = "booking:employees"


@require_GET
@CHANGE
def employee_list(request: SeatedRequest) -> HttpResponse:
    """Show the specialists of the branch."""
    text = searched(request.GET.get("q", ""))
    found = employees_of(request).select_related("job_title", "member").order_by("position", "id")
    if text:
        found = found.alias(said=folded("name")).filter(said__contains=as_searched(text))
    page = answers.page_of(request, found.annotate(size=Count("skills")))
    context = {
        "page": page,
        "text": text,
        "steps": progress.steps(request.branch),
        "working": _who_works(request, [employee.resource_id for employee in page.object_list]),
    }
    return render(request, "booking/settings/employees.html", context)


@GET_POST
@CHANGE
def employee_new(request: SeatedRequest) -> HttpResponse:
    """Add a specialist with services and hours, so that they can be booked at once."""
    hours = _branch_week(request.branch)
    form = NewEmployeeForm(posted(request), branch=request.branch, initial={"has_branch_hours": True})
    if not any(hours):
        del form.fields["has_branch_hours"]

    def save(data: dict[str, Any]) -> None:
        with events.atomic():
            title = _job_title(request, data["job_title"])
            skills = [Skill(id) for id in form.service_ids()]
            made = employees.add_employee(request.branch, name=data["name"], job_title=title, skills=skills)
            if data.get("has_branch_hours"):
                schedule.set_week(made.resource, hours)

    template = "booking/settings/_new_employee.html" if request.htmx else "booking/settings/new_employee.html"
    return answers.edit(
        request, form, save, lambda: answers.done(request, _("Specialist added"), BACK), template=template,
        context={"title": _("New specialist"), "job_titles": job_titles_of(request), "draft": "employee:new"},
    )  # fmt: skip


@GET_POST
@CHANGE
def employee_edit(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show a specialist's page: what is known of them, and which services they provide."""
    employee = _employee(request, pk)
    form = EmployeeForm(
        posted(request), request.FILES or None, employee=employee, initial=EmployeeForm.initial_of(employee)
    )

    def save(data: dict[str, Any]) -> None:
        photo: UploadedFile[Any] | None = data.pop("photo")
        is_removed = data.pop("remove_photo", False)
        picture = photos.prepared(photo, photo.size or 0) if photo else None
        with events.atomic():
            current = employees.change_employee(employee, **data)
            if picture or (is_removed and current.photo):
                employees.set_photo(current, picture)

    template = "booking/settings/_employee.html" if request.htmx else "booking/settings/employee.html"
    works = bool(_who_works(request, [employee.resource_id]))
    context = {"employee": employee, "works": works, "photo_url": photos.url(employee)}
    url = reverse("booking:employee_edit", args=[employee.pk])
    return answers.edit(
        request, form, save, lambda: answers.gone_to(request, _("Saved"), url), template=template, context=context
    )


@GET_POST
@CHANGE
def employee_services(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show or save which services a specialist provides: those on the page, or (``do``) all that are found."""
    employee = _employee(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    text, category = searched(asked.get("q", "")), asked.get("category", "")
    found = _found_services(request, text, category)
    context: dict[str, Any] = {"employee": employee, "text": text, "category": category}
    status, typed, error = 200, None, ""
    if request.method == "POST":
        status, typed, error = _save_skills(request, employee, found)
        if status == 200 and not request.htmx:
            url = reverse("booking:employee_edit", args=[employee.pk])
            return answers.gone_to(request, _("Saved"), url)
    employee.refresh_from_db()
    page = answers.page_of(request, found) if typed is None else None
    shown = page.object_list if page is not None else found.filter(pk__in=[row.id for row in typed or []])
    context |= {
        "page": page,
        "rows": skill_rows.rows(list(shown), employee.skills.all(), typed or []),
        "error": error,
        "categories": list(categories_of(request)),
        "provided": employee.skills.count(),
        "total": services_of(request).count(),
    }
    response = render(request, "booking/settings/_employee_services.html", context, status=status)
    return answers.telling(response, toast=_("Saved")) if request.method == "POST" and status == 200 else response


@require_POST
@CHANGE
def employee_act(request: SeatedRequest, pk: int, verb: str) -> HttpResponse:
    """Move a specialist, take them out of use and into it, or remove them."""
    employee = _employee(request, pk)
    if verb == "remove":
        booked = Booking.objects.for_org(request.organization).filter(employee=employee).exists()
        employees.remove_employee(employee)
        kept = _("There are bookings, so the specialist is only out of use now.")
        return answers.left(request, kept if booked else _("Removed"), BACK)

    def do() -> str | None:
        if verb in STEPS:
            rows = employees_of(request).order_by("position", "id")
            ordering.move(employee, rows, STEPS[verb], request.branch)
            return None
        employees.change_employee(employee, is_active=verb == "show")
        return _("Saved")

    return answers.act(request, do, BACK)


@require_safe
def photo(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve a specialist's photo to whoever has its unguessable name: staff, and clients on the booking page."""
    path = f"{photos.FOLDER}/{name}.jpg"
    if not Employee.objects.filter(photo=path).exists():
        raise Http404
    try:
        file = photos.storage().open(path)
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(file, content_type="image/jpeg")
    # Another photo has another name.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@CHANGE
def job_title_list(request: SeatedRequest) -> HttpResponse:
    """Show the job titles of the branch."""
    rows = job_titles_of(request).annotate(size=Count("employees"))
    return render(request, "booking/settings/groups.html", {"groups": rows, "kind": "job_title"})


@GET_POST
@CHANGE
def job_title_new(request: SeatedRequest) -> HttpResponse:
    """Add a job title."""

    def save(data: dict[str, Any]) -> None:
        data.pop("version")
        catalogue.add_job_title(request.branch, **data)

    return edit_group(request, GroupForm(posted(request)), save, _("New job title"), "job_title")


@GET_POST
@CHANGE
def job_title_edit(request: SeatedRequest, pk: int) -> HttpResponse:
    """Change a job title; its drawer also removes it."""
    group = _job_title_found(request, pk)
    form = GroupForm(posted(request), initial=GroupForm.initial_of(group))

    def save(data: dict[str, Any]) -> object:
        return catalogue.change_group(group, **data)

    return edit_group(request, form, save, group.name, "job_title", group=group)


@require_POST
@CHANGE
def job_title_act(request: SeatedRequest, pk: int, verb: str) -> HttpResponse:
    """Move or remove a job title."""
    group = _job_title_found(request, pk)
    return act_on_group(request, group, job_titles_of(request), verb, "booking:job_title_list")


def employees_of(request: SeatedRequest) -> QuerySet[Employee]:
    """Return the specialists of the branch."""
    rows: QuerySet[Employee] = Employee.objects.for_org(request.organization)
    return rows.filter(branch=request.branch)


def job_titles_of(request: SeatedRequest) -> QuerySet[JobTitle]:
    """Return the job titles of the branch."""
    rows: QuerySet[JobTitle] = JobTitle.objects.for_org(request.organization)
    return rows.filter(branch=request.branch)


def _employee(request: SeatedRequest, pk: int) -> Employee:
    rows: QuerySet[Employee] = Employee.objects.for_org(request.organization)
    return found_where_it_is(request, rows.select_related("resource"), pk, home=BACK)


def _job_title_found(request: SeatedRequest, pk: int) -> JobTitle:
    rows: QuerySet[JobTitle] = JobTitle.objects.for_org(request.organization)
    return found_where_it_is(request, rows, pk, home="booking:job_title_list")


def _found_services(request: SeatedRequest, text: str, category: str) -> QuerySet[Service]:
    found = in_order(services_of(request)).select_related("category")
    if text:
        found = found.alias(said=folded("title")).filter(said__contains=as_searched(text))
    if category:
        found = found.filter(category=positive_id(category))
    return found


def _save_skills(
    request: SeatedRequest, employee: Employee, found: QuerySet[Service]
) -> tuple[int, list[Typed] | None, str]:
    """Save what was ticked; returns the status, what was typed where it is to be shown again, and what is wrong."""
    own = {row.service_id: Skill(row.service_id, row.price, row.duration) for row in employee.skills.all()}
    verb, typed = request.POST.get("do", ""), skill_rows.read(request.POST)
    ids = set(found.values_list("pk", flat=True))
    if verb == "all":
        own |= {id: own.get(id, Skill(id)) for id in ids}
    elif verb == "none":
        own = {id: skill for id, skill in own.items() if id not in ids}
    elif any(row.error for row in typed):
        return 422, typed, _("Not saved: see below.")
    else:
        own = {id: skill for id, skill in own.items() if id not in {row.id for row in typed}}
        own |= {row.id: row.skill for row in typed if row.is_ticked and row.id in ids}
    try:
        employees.change_employee(employee, version=positive_id(request.POST.get("version", "")), skills=own.values())
    except Stale:
        return 409, typed, _("Somebody has changed this in the meantime. Save again to keep what stands here.")
    return 200, None, ""


def _job_title(request: SeatedRequest, name: str) -> JobTitle | None:
    """Return the job title of that name, added where there is none."""
    name = catalogue.one_line(name)
    if not name:
        return None
    known = {title.name.casefold(): title for title in job_titles_of(request)}
    return known.get(name.casefold()) or catalogue.add_job_title(request.branch, name=name)


def _branch_week(branch: Branch) -> list[DayHours | None]:
    """Return a week as the branch is open: from its first opening to its last closing, in between as a break."""
    week: list[DayHours | None] = []
    for weekday in range(7):
        spans = [span for span in branches.hours_of(branch) if span.weekday == weekday]
        if not spans:
            week.append(None)
            continue
        start = spans[0].opens
        breaks = tuple((one.closes, two.opens) for one, two in pairwise(spans) if one.closes < two.opens)
        worked = DayHours(start, min(spans[-1].closes, start + DAY), breaks)
        week.append(worked if worked.is_valid else DayHours(start, worked.end))
    return week


def _who_works(request: SeatedRequest, resources: list[int]) -> set[int]:
    """Return which of these (ids) have working hours."""
    rows = WorkingHours.objects.for_org(request.organization).filter(resource__in=resources)
    return set(rows.values_list("resource_id", flat=True))
