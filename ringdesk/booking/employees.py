"""Specialists: added, changed, what they provide. Nobody else writes Employee and EmployeeService."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch, Member
from ringdesk.accounts.validation import validate
from ringdesk.booking import catalogue, photos, versions
from ringdesk.booking.models import Booking, Employee, EmployeeService, JobTitle, Service
from ringdesk.core import events
from ringdesk.core.problems import Invalid
from ringdesk.scheduling.models import Resource

FIELDS = ("name", "information", "is_active", "position")
_RELATED = ("job_title", "member")


@dataclass(frozen=True, slots=True)
class Skill:
    """A service that somebody provides; price and duration (minutes) where they are not the service's."""

    service_id: int
    price: Decimal | None = None
    duration: int | None = None


def add_employee(
    branch: Branch,
    *,
    name: str,
    job_title: JobTitle | None = None,
    member: Member | None = None,
    skills: Iterable[Skill] = (),
    **fields: Any,
) -> Employee:
    """Add a specialist after the others. Raises Invalid."""
    _refuse_unknown(fields)
    with events.atomic():
        position = catalogue.next_position(Employee.objects.for_org(branch.organization_id).filter(branch=branch))
        employee = Employee(organization_id=branch.organization_id, branch=branch, position=position)
        _assign(employee, {"name": name, **fields, "job_title": job_title, "member": member})
        employee.resource = Resource.objects.create(
            organization_id=branch.organization_id, branch=branch, kind="employee"
        )
        employee.save()
        _set_skills(employee, skills)
        versions.catalogue_changed(branch)
    return employee


def change_employee(
    employee: Employee, *, version: int | None = None, skills: Iterable[Skill] | None = None, **fields: Any
) -> Employee:
    """Change a specialist (also ``job_title``, ``member``); ``skills`` is the whole list. Raises Invalid, Stale."""
    _refuse_unknown(fields)
    with events.atomic():
        current = catalogue.locked(employee, version)
        before = {field: getattr(current, field) for field in fields}
        _assign(current, fields)
        differing = [field for field in fields if getattr(current, field) != before[field]]
        has_learned = skills is not None and _set_skills(current, skills)
        if differing or has_learned:
            current.version += 1
            current.save(update_fields=[*differing, "version"])
            versions.catalogue_changed(employee.branch)
    return current


def set_photo(employee: Employee, picture: bytes | None) -> Employee:
    """Give a specialist another photo, as photos.prepared made it, or (None) none. The file before is deleted."""
    with events.atomic():
        current = catalogue.locked(employee)
        before = current.photo.name
        if picture is None:
            current.photo = ""
        else:
            current.photo.save(photos.unguessable_name(), ContentFile(picture), save=False)
        current.version += 1
        current.save(update_fields=["photo", "version"])
        versions.catalogue_changed(employee.branch)
        _forget_file(before)
    return current


def remove_employee(employee: Employee, *, version: int | None = None) -> None:
    """Remove a specialist; one with bookings is taken out of use instead. Raises Stale."""
    with events.atomic():
        current = catalogue.locked(employee, version)
        rows = Resource.objects.for_org(employee.organization_id).select_for_update(no_key=True)
        resource = rows.get(pk=current.resource_id)
        # Nobody books them from here on.
        versions.hold(employee.branch)
        booked = Booking.objects.for_org(employee.organization_id)
        if booked.filter(employee=employee).exists() or booked.filter(assistants=employee).exists():
            change_employee(current, is_active=False)
            return
        _forget_file(current.photo.name)
        current.delete()
        resource.delete()
        versions.catalogue_changed(employee.branch)


def _assign(employee: Employee, fields: dict[str, Any]) -> None:
    for field, value in fields.items():
        tidy = catalogue.one_line(value) if field == "name" else value.strip() if field == "information" else value
        setattr(employee, field, tidy)
    validate(employee, *(field for field in fields if field not in _RELATED))
    job_title, member = fields.get("job_title"), fields.get("member")
    if job_title is not None and job_title.branch_id != employee.branch_id:
        raise Invalid(_("There is no such job title in this branch."), field="job_title")
    if member is not None and member.organization_id != employee.organization_id:
        raise Invalid(_("There is no such member."), field="member")


def _forget_file(name: str | None) -> None:
    """Delete a photo once nothing in the database speaks of it."""
    if name:
        transaction.on_commit(lambda: photos.storage().delete(name), robust=True)


def _set_skills(employee: Employee, skills: Iterable[Skill]) -> bool:
    """Make these the services the specialist provides. Returns whether anything differs."""
    wanted = {skill.service_id: skill for skill in skills}
    rows = Service.objects.for_org(employee.organization_id).filter(branch=employee.branch_id, pk__in=wanted)
    if rows.count() != len(wanted):
        raise Invalid(_("There is no such service in this branch."), field="services")
    have = {row.service_id: row for row in employee.skills.all()}
    if {id: Skill(id, row.price, row.duration) for id, row in have.items()} == wanted:
        return False
    employee.skills.all().delete()
    fresh = [
        EmployeeService(organization_id=employee.organization_id, employee=employee, service_id=skill.service_id,
                        price=skill.price, duration=skill.duration)
        for skill in wanted.values()
    ]  # fmt: skip
    for row in fresh:
        validate(row, "price", "duration")
    EmployeeService.objects.bulk_create(fresh)
    return True


def _refuse_unknown(fields: Iterable[str]) -> None:
    if unknown := set(fields) - {*FIELDS, *_RELATED}:
        raise TypeError(f"A specialist has no {', '.join(sorted(unknown))} to change.")
