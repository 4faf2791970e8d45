"""Services and what they are sorted by and need: categories, job titles, rooms and devices. Nobody else writes them."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db.models import Max, QuerySet
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch
from ringdesk.accounts.validation import validate
from ringdesk.booking import versions
from ringdesk.booking.models import (
    BookingLine,
    BookingSettings,
    Employee,
    Facility,
    JobTitle,
    Pool,
    Service,
    ServiceCategory,
)
from ringdesk.core import events
from ringdesk.core.problems import Conflict, Invalid, NotFound, Stale
from ringdesk.scheduling.models import Occupancy, Resource

GROUP_FIELDS = ("name", "description", "position")
SERVICE_FIELDS = (
    "title", "description", "price", "currency", "duration", "buffer_before", "buffer_after", "capacity",
    "employees_needed", "notice", "horizon", "is_online", "is_active", "position",
)  # fmt: skip
SETTINGS_FIELDS = ("policy", "categories", "step", "notice", "horizon", "hold_minutes", "currency")
Versioned = TypeVar("Versioned", ServiceCategory, JobTitle, Service, BookingSettings, Employee)
Row = TypeVar("Row", ServiceCategory, JobTitle, Service, BookingSettings, Employee, Pool, Facility)
Named = TypeVar("Named", Pool, Facility)
Group = TypeVar("Group", ServiceCategory, JobTitle)


def settings_of(branch: Branch) -> BookingSettings:
    """Return how the branch takes bookings; a branch that was never asked has the usual settings, unsaved."""
    rows: QuerySet[BookingSettings] = BookingSettings.objects.for_org(branch.organization_id)
    return rows.filter(branch=branch).first() or BookingSettings(organization_id=branch.organization_id, branch=branch)


def change_settings(branch: Branch, *, version: int | None = None, **fields: Any) -> BookingSettings:
    """Change how the branch takes bookings. Raises Invalid, Stale."""
    _refuse_unknown(fields, SETTINGS_FIELDS)
    with events.atomic():
        BookingSettings.objects.get_or_create(organization_id=branch.organization_id, branch=branch)
        rows = BookingSettings.objects.for_org(branch.organization_id).filter(branch=branch)
        settings: BookingSettings = rows.select_for_update(no_key=True).get()
        return _changed(settings, fields, branch, version)


def add_category(branch: Branch, *, name: str, description: str = "") -> ServiceCategory:
    """Add a category of services after the others. Raises Invalid."""
    return _add_group(ServiceCategory, branch, name, description)


def add_job_title(branch: Branch, *, name: str, description: str = "") -> JobTitle:
    """Add a job title after the others. Raises Invalid."""
    return _add_group(JobTitle, branch, name, description)


def change_group(group: Group, *, version: int | None = None, **fields: Any) -> Group:
    """Change a category or a job title; returns it as it is now. Raises Invalid, Stale."""
    _refuse_unknown(fields, GROUP_FIELDS)
    with events.atomic():
        return _changed(locked(group, version), fields, group.branch)


def remove_group(group: Group, *, version: int | None = None) -> None:
    """Remove a category or a job title; its services or specialists stay, without one. Raises Stale."""
    with events.atomic():
        locked(group, version).delete()
        versions.catalogue_changed(group.branch)


def add_pool(branch: Branch, *, name: str, facilities: Iterable[str]) -> Pool:
    """Add rooms or devices of one kind: a service that needs the pool needs any one of them. Raises Invalid."""
    pool = Pool(organization_id=branch.organization_id, branch=branch, name=one_line(name))
    validate(pool, "name")
    with events.atomic():
        pool.position = next_position(Pool.objects.for_org(branch.organization_id).filter(branch=branch))
        pool.save()
        for facility in facilities:
            add_facility(pool, name=facility)
        versions.catalogue_changed(branch)
    return pool


def add_facility(pool: Pool, *, name: str) -> Facility:
    """Add a room or device to its kind. Raises Invalid."""
    facility = Facility(organization_id=pool.organization_id, pool=pool, name=one_line(name))
    validate(facility, "name")
    with events.atomic():
        facility.position = next_position(pool.facilities.all())
        facility.resource = Resource.objects.create(
            organization_id=pool.organization_id, branch_id=pool.branch_id, kind="facility"
        )
        facility.save()
        versions.catalogue_changed(pool.branch)
    return facility


def set_facility_in_use(facility: Facility, in_use: bool) -> None:
    """Take a room or device out of use, or into use again. What is booked there stays."""
    with events.atomic():
        _standing(facility)
        facility.is_active = in_use
        facility.save(update_fields=["is_active"])
        versions.catalogue_changed(facility.pool.branch)


def rename_pool(pool: Pool, *, name: str) -> None:
    """Give rooms or devices of one kind another name. Raises Invalid."""
    _rename(pool, name, pool.branch)


def remove_pool(pool: Pool) -> None:
    """Remove rooms or devices of one kind: no service needs them any more. Raises Conflict where one was booked."""
    with events.atomic():
        _standing(pool)
        # All at once and by id, so that two who remove wait for each other.
        facilities = pool.facilities.order_by("pk").select_related("pool__branch")
        resources = Resource.objects.for_org(pool.organization_id).filter(facility__in=facilities).order_by("pk")
        for rows in (facilities, resources):
            list(rows.select_for_update(no_key=True, of=("self",)).values_list("pk"))
        versions.hold(pool.branch)
        if not all([remove_facility(facility) for facility in facilities]):
            raise Conflict(_("These have been booked before: their past needs them. Take them out of use instead."))
        pool.delete()
        versions.catalogue_changed(pool.branch)


def rename_facility(facility: Facility, *, name: str) -> None:
    """Give a room or device another name. Raises Invalid."""
    _rename(facility, name, facility.pool.branch)


def remove_facility(facility: Facility) -> bool:
    """Remove a room or device; one that was ever booked is taken out of use instead (then False)."""
    with events.atomic():
        _standing(facility)
        rows = Resource.objects.for_org(facility.organization_id).select_for_update(no_key=True)
        resource = rows.get(pk=facility.resource_id)
        # Nobody books it from here on.
        versions.hold(facility.pool.branch)
        if Occupancy.objects.for_org(facility.organization_id).filter(resource=resource).exists():
            set_facility_in_use(facility, False)
            return False
        facility.delete()
        resource.delete()
        versions.catalogue_changed(facility.pool.branch)
    return True


def add_service(
    branch: Branch,
    *,
    title: str,
    category: ServiceCategory | None = None,
    pools: Iterable[Pool] = (),
    **fields: Any,
) -> Service:
    """Add a service after the others; without a currency it has the branch's. Raises Invalid."""
    _refuse_unknown(fields, SERVICE_FIELDS)
    fields.setdefault("currency", settings_of(branch).currency)
    with events.atomic():
        position = next_position(Service.objects.for_org(branch.organization_id).filter(branch=branch))
        service = Service(organization_id=branch.organization_id, branch=branch, position=position)
        _assign(service, {"title": title, **fields})
        service.category = _same_branch(service, category, "category")
        service.save()
        _set_pools(service, pools)
        versions.catalogue_changed(branch)
    return service


def change_service(service: Service, *, version: int | None = None, **fields: Any) -> Service:
    """Change a service (also ``category``, ``pools``); what is booked stays as it was. Raises Invalid, Stale."""
    _refuse_unknown(fields, (*SERVICE_FIELDS, "category", "pools"))
    with events.atomic():
        current = locked(service, version)
        pools = fields.pop("pools", None)
        if "category" in fields:
            _same_branch(current, fields["category"], "category")
        has_moved = pools is not None and _set_pools(current, pools)
        return _changed(current, fields, service.branch, is_changed=has_moved)


def remove_service(service: Service, *, version: int | None = None) -> None:
    """Remove a service; one that was ever booked is taken out of use instead. Raises Stale."""
    with events.atomic():
        current = locked(service, version)
        # Nobody books it from here on.
        versions.hold(service.branch)
        if BookingLine.objects.for_org(service.organization_id).filter(service=service).exists():
            _changed(current, {"is_active": False}, service.branch)
        else:
            current.delete()
            versions.catalogue_changed(service.branch)


def locked(row: Versioned, version: int | None = None) -> Versioned:
    """Return the row as it is stored, locked until the transaction ends. Raises NotFound, Stale."""
    current = _standing(row)
    require_version(current, version)
    return current


def require_version(current: Versioned, version: int | None) -> None:
    """Raise Stale where the caller has seen another version."""
    if version is not None and version != current.version:
        raise Stale(_("Somebody has changed this in the meantime. Look at it again."), current=current)


def next_position(rows: QuerySet[Any]) -> int:
    """Return the place after all of these."""
    last = rows.aggregate(last=Max("position"))["last"]
    return min(32767, 0 if last is None else last + 1)


def one_line(text: object) -> str:
    """Return the text with every run of white space made one blank."""
    return " ".join(str(text).split())


def _standing(row: Row) -> Row:
    """Return the row as it is stored, locked until the transaction ends. Raises NotFound."""
    rows = type(row).objects.for_org(row.organization_id).select_for_update(no_key=True)
    current: Row | None = rows.filter(pk=row.pk).first()
    if current is None:
        raise NotFound(_("There is no such thing here."))
    return current


def _rename(row: Named, name: str, branch: Branch) -> None:
    row.name = one_line(name)
    validate(row, "name")
    with events.atomic():
        _standing(row)
        row.save(update_fields=["name"])
        versions.catalogue_changed(branch)


def _add_group(model: type[Group], branch: Branch, name: str, description: str) -> Group:
    with events.atomic():
        position = next_position(model.objects.for_org(branch.organization_id).filter(branch=branch))
        group = model(organization_id=branch.organization_id, branch=branch, position=position)
        _assign(group, {"name": name, "description": description})
        group.save()
        versions.catalogue_changed(branch)
    return group


def _changed(
    current: Versioned,
    fields: Mapping[str, Any],
    branch: Branch,
    version: int | None = None,
    is_changed: bool = False,
) -> Versioned:
    """Save what differs of a locked row."""
    require_version(current, version)
    before = {field: getattr(current, field) for field in fields}
    _assign(current, fields)
    differing: list[str] = [field for field in fields if getattr(current, field) != before[field]]
    if differing or is_changed:
        current.version += 1
        current.save(update_fields=[*differing, "version"])
        versions.catalogue_changed(branch)
    return current


def _assign(row: Versioned, fields: Mapping[str, Any]) -> None:
    for field, value in fields.items():
        setattr(row, field, _tidy(field, value))
    validate(row, *(field for field in fields if not row._meta.get_field(field).is_relation))
    if isinstance(row, Service) and row.capacity > 1 and row.employees_needed > 1:
        raise Invalid(_("A group has one specialist."), field="employees_needed")


def _tidy(field: str, value: Any) -> Any:
    if field in ("name", "title"):
        return one_line(value)
    return value.strip() if field in ("description", "information") else value


def _set_pools(service: Service, pools: Iterable[Pool]) -> bool:
    wanted = {_same_branch(service, pool, "pools") for pool in pools}
    if wanted == set(service.pools.all()):
        return False
    service.pools.set(wanted)
    return True


def _same_branch(row: Service, other: Any, field: str) -> Any:
    if other is not None and other.branch_id != row.branch_id:
        raise Invalid(_("There is no such thing in this branch."), field=field)
    return other


def _refuse_unknown(fields: Iterable[str], known: Iterable[str]) -> None:
    if unknown := set(fields) - set(known):
        raise TypeError(f"There is no {', '.join(sorted(unknown))} to change.")
