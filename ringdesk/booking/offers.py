"""What a branch offers and who provides it, read once per change of the catalogue and shared until the next."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from ringdesk.accounts.models import Branch
from ringdesk.booking import catalogue, messages, versions
from ringdesk.booking.models import BookingSettings, Employee, Facility, JobTitle, Service, ServiceCategory
from ringdesk.booking.public_models import MessageSettings
from ringdesk.scheduling import loading
from ringdesk.scheduling.hours import ONE_DAY, working_time
from ringdesk.scheduling.slots import Shift

_MOST_OFFERS = 200
_MOST_BLOCKS = 50
_BLOCK = 32


@dataclass(frozen=True, slots=True)
class Specialist:
    """Somebody who can be booked; ``skills``: own price and own minutes by service id."""

    id: int
    name: str
    information: str
    job_title_id: int | None
    resource_id: int
    skills: Mapping[int, tuple[Decimal | None, int | None]]

    def provides(self, services: Iterable[int]) -> bool:
        """Tell whether they provide all of these services (ids)."""
        return all(service in self.skills for service in services)


@dataclass(frozen=True, slots=True)
class Offer:
    """A branch's catalogue as it stands at ``number``: what is in use, in the order of the lists. Read only."""

    number: int
    settings: BookingSettings
    messages: MessageSettings
    categories: Mapping[int, ServiceCategory]
    job_titles: Mapping[int, JobTitle]
    services: Mapping[int, Service]
    specialists: Mapping[int, Specialist]
    pools: Mapping[int, tuple[int, ...]]
    needs: Mapping[int, tuple[int, ...]]
    rows: Mapping[int, Employee]
    _shifts: dict[int, dict[int, list[Shift]]] = field(default_factory=dict, repr=False)

    def job_title_of(self, specialist: Specialist) -> str:
        """Return the name of what they are, or nothing."""
        title = self.job_titles.get(specialist.job_title_id or 0)
        return title.name if title else ""

    def employee(self, id: int) -> Employee:
        """Return the row of a specialist, with the job title; the caller's own copy."""
        return copy(self.rows[id])

    def listed(self) -> list[Service]:
        """Return what clients are told of: whatever can be booked online."""
        return [each for each in self.services.values() if each.is_online]

    def online(self) -> list[Service]:
        """Return what clients can book themselves: what somebody provides."""
        provided = {service for specialist in self.specialists.values() for service in specialist.skills}
        return [each for each in self.services.values() if each.is_online and each.pk in provided]

    def providing(self, services: Collection[int]) -> list[Specialist]:
        """Return who provides all of these services (ids)."""
        return [each for each in self.specialists.values() if each.provides(services)]

    def shifts(self, branch: Branch, first_day: date, days: int) -> dict[int, list[Shift]]:
        """Return the working time of everybody (by resource) on these days, and some around them."""
        first, last = first_day.toordinal() // _BLOCK, (first_day.toordinal() + days - 1) // _BLOCK
        blocks = [self._block(branch, number) for number in range(first, last + 1)]
        if len(blocks) == 1:
            return blocks[0]
        resources = blocks[0]
        return {resource: [shift for block in blocks for shift in block[resource]] for resource in resources}

    def _block(self, branch: Branch, number: int) -> dict[int, list[Shift]]:
        """Return the working time of a fixed stretch of days, read once."""
        known = self._shifts.get(number)
        if known is None:
            resources = [each.resource_id for each in self.specialists.values()]
            first_day = date.fromordinal(number * _BLOCK)
            # With the day before: its night shift may leave the first day less.
            found = loading.day_shifts(branch, resources, first_day - ONE_DAY, _BLOCK + 1)
            known = {
                resource: working_time([each for each in day_shifts if each.day >= first_day])
                for resource, day_shifts in found.items()
            }
            if len(self._shifts) >= _MOST_BLOCKS:
                self._shifts.clear()
            self._shifts[number] = known
        return known


_offers: dict[int, tuple[int, str, Offer]] = {}
_settled: ContextVar[Mapping[int, Offer]] = ContextVar("settled", default=MappingProxyType({}))


def of(branch: Branch) -> Offer:
    """Return what the branch offers now."""
    return at(branch, versions.of(branch).catalogue)


def at(branch: Branch, number: int) -> Offer:
    """Return what the branch offers, given where its counter stands (read before)."""
    if versions.is_changing(branch):
        # Nobody else may see it before the commit.
        return _settled.get().get(branch.pk) or _read(branch, number)
    known = _offers.get(branch.pk)
    if known is None or known[:2] != (number, branch.timezone) or number == 0:
        if len(_offers) >= _MOST_OFFERS:
            _offers.clear()
        known = (number, branch.timezone, _read(branch, number))
        _offers[branch.pk] = known
    return known[2]


@contextmanager
def settled(branch: Branch) -> Iterator[None]:
    """Read the branch's offer once for all that is booked inside, in a transaction that has changed it just before.

    Whoever opens it changes nothing of the offer until the end.
    """
    before = _settled.set(MappingProxyType({**_settled.get(), branch.pk: of(branch)}))
    try:
        yield
    finally:
        _settled.reset(before)


def _read(branch: Branch, number: int) -> Offer:
    rows = {"organization": branch.organization_id, "branch": branch}
    services = list(Service.objects.filter(**rows, is_active=True).prefetch_related("pools"))
    people = Employee.objects.filter(**rows, is_active=True).select_related("job_title").prefetch_related("skills")
    employees = list(people)
    pools: dict[int, list[int]] = {}
    facilities = Facility.objects.filter(organization=branch.organization_id, pool__branch=branch, is_active=True)
    for pool, resource in facilities.values_list("pool_id", "resource_id"):
        pools.setdefault(pool, []).append(resource)
    in_use = {service.pk for service in services}
    return Offer(
        number,
        catalogue.settings_of(branch),
        messages.settings_of(branch),
        {each.pk: each for each in ServiceCategory.objects.filter(**rows)},
        {each.pk: each for each in JobTitle.objects.filter(**rows)},
        {service.pk: service for service in services},
        {employee.pk: _specialist(employee, in_use) for employee in employees},
        {pool: tuple(resources) for pool, resources in pools.items()},
        {service.pk: tuple(pool.pk for pool in service.pools.all()) for service in services},
        {employee.pk: employee for employee in employees},
    )


def _specialist(employee: Employee, in_use: Collection[int]) -> Specialist:
    skills = {skill.service_id: (skill.price, skill.duration) for skill in employee.skills.all()}
    return Specialist(
        employee.pk,
        employee.name,
        employee.information,
        employee.job_title_id,
        employee.resource_id,
        {service: own for service, own in skills.items() if service in in_use},
    )
