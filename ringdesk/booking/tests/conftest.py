"""A salon in Novosibirsk: who works there, what they do, and a stranger's organization."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from django.utils import translation

from ringdesk.accounts.models import Branch, Member, Organization, User
from ringdesk.booking import bookings, catalogue, employees, openings
from ringdesk.booking.employees import Skill
from ringdesk.booking.models import Booking, Employee, JobTitle, Service, ServiceCategory
from ringdesk.core.problems import RingdeskError
from ringdesk.scheduling import schedule
from ringdesk.scheduling.hours import DayHours, moment_on_wall
from ringdesk.scheduling.minutes import to_moment

# The clock of these tests stands at a Saturday noon in Novosibirsk, seven hours ahead of UTC.
NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)
TODAY = date(2026, 11, 21)
DAY = date(2026, 11, 23)


@dataclass
class Salon:
    """Pavel (9 to 18) and Victoria (10 to 19) cut and do beards; only Victoria colours. Every day."""

    organization: Organization
    branch: Branch
    category: ServiceCategory
    job_title: JobTitle
    services: dict[str, Service]
    employees: dict[str, Employee]
    extra: dict[str, Any] = field(default_factory=dict)

    def member(self, role: str) -> Member:
        return cast(Member, Member.objects.for_org(self.organization).get(role=role))

    @property
    def owner(self) -> Member:
        return self.member("owner")

    def at(self, hour: float, day: date = DAY) -> datetime:
        """Return an hour of a day by the clock of the branch."""
        return to_moment(moment_on_wall(day, round(hour * 60), self.branch.zone))

    def ids(self, *titles: str) -> list[int]:
        return [self.services[title].pk for title in titles]

    def book(self, hour: float, *titles: str, who: str | None = "Pavel", day: date = DAY, **more: Any) -> Booking:
        employee = self.employees[who].pk if who else None
        return bookings.book(
            self.branch, service_ids=self.ids(*titles or ("Haircut",)), starts_at=self.at(hour, day),
            employee_id=employee, **{"by": self.owner, **more},
        )  # fmt: skip

    def free(self, *titles: str, who: str | None = None, day: date = DAY, step: int = 60) -> list[str]:
        """Return the free starts of a day as clocks show them."""
        employee = self.employees[who].pk if who else None
        found = openings.starts(self.branch, self.ids(*titles or ("Haircut",)), day, 1, employee_id=employee, step=step)
        return sorted({f"{start:%H:%M}" for starts in found.values() for start in starts})

    def add_service(self, title: str, *who: str, **fields: Any) -> Service:
        service = catalogue.add_service(self.branch, title=title, **fields)
        self.services[title] = service
        for name in who:
            known = [Skill(row.service_id, row.price, row.duration) for row in self.employees[name].skills.all()]
            employees.change_employee(self.employees[name], skills=[*known, Skill(service.pk)])
        return service

    def add_employee(self, name: str, *titles: str, starts: int = 9, ends: int = 18, **fields: Any) -> Employee:
        skills = [Skill(id) for id in self.ids(*titles)]
        employee = employees.add_employee(self.branch, name=name, job_title=self.job_title, skills=skills, **fields)
        schedule.set_week(employee.resource, [DayHours(starts * 60, ends * 60)] * 7)
        self.employees[name] = employee
        return employee


def make_salon(slug: str) -> Salon:
    organization = Organization.objects.create(name=slug.title(), slug=slug, language="en")
    branch = Branch.objects.create(
        organization=organization, name="Salon", address="Sadovaya 7", timezone="Asia/Novosibirsk"
    )
    for role in ("owner", "hostess", "accountant", "cashier"):
        user = User.objects.create_user(f"{role}@{slug}.example")
        Member.objects.create(organization=organization, user=user, name=role.title(), role=role, language="en")
    category = catalogue.add_category(branch, name="Hair")
    title = catalogue.add_job_title(branch, name="Hairdresser")
    salon = Salon(organization, branch, category, title, {}, {})
    for name, price, duration in (("Haircut", 1500, 60), ("Beard", 800, 45), ("Colouring", 4000, 120)):
        salon.services[name] = catalogue.add_service(
            branch, title=name, category=category, price=price, duration=duration
        )
    salon.add_employee("Pavel", "Haircut", "Beard")
    salon.add_employee("Victoria", "Haircut", "Beard", "Colouring", starts=10, ends=19)
    return salon


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Texts are compared in the language they are written in."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    """Let the time be noon of a known day."""
    clock = Clock(NOON)
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.now)
    return clock


@dataclass
class Clock:
    """What the code believes the time to be."""

    now: datetime

    def advance(self, **more: float) -> None:
        self.now += timedelta(**more)


@pytest.fixture
def ours(db: None) -> Salon:
    return make_salon("ours")


@pytest.fixture
def theirs(db: None) -> Salon:
    return make_salon("theirs")


def refusal(error: pytest.ExceptionInfo[RingdeskError]) -> str:
    return str(error.value)
