"""What can be booked, who provides it and when they work, as the HTTP API shows and takes them."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from ninja import Field, Schema

from ringdesk.booking.models import DAY, MOST_PRICE, Employee, EmployeeService, Service
from ringdesk.core.schemas import ABSENT, Id, Input, Text, Version
from ringdesk.scheduling.hours import DayHours

Price = Annotated[Decimal, Field(ge=0, le=MOST_PRICE, decimal_places=2, examples=["1500.00"])]
Minutes = Annotated[int, Field(ge=5, le=DAY)]
Buffer = Annotated[int, Field(ge=0, le=DAY)]
Position = Annotated[int, Field(ge=0, le=32767)]
# config.validation_texts says in words what these are.
CLOCK, CURRENCY = r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", r"^[A-Z]{3}$"
Clock = Annotated[str, Field(pattern=CLOCK, examples=["09:00"])]
Currency = Annotated[str, Field(pattern=CURRENCY)]
SEEN = "The version you have seen; as `If-Match`."
MOST_SERVICES = 20


class GroupOut(Schema):
    """A category of services, or a job title. The two kinds never share an id."""

    id: int
    branch_id: int
    name: str
    description: str
    position: int
    version: int


class GroupIn(Input):
    """A new one, after the others."""

    branch_id: Id | None = Field(None, description="Needed where the organization has several.")
    name: Text = Field(min_length=1, max_length=120)
    description: Text = Field("", max_length=2000)


class GroupPatch(Input):
    """What becomes another. Absent fields stay."""

    name: Text = Field(ABSENT, min_length=1, max_length=120)
    description: Text = Field(ABSENT, max_length=2000)
    position: Position = ABSENT
    version: Version | None = Field(None, description=SEEN)


class ServiceOut(Schema):
    """What can be booked. Minutes; `price` in `currency`."""

    id: int
    branch_id: int
    category_id: int | None
    title: str
    description: str
    price: str
    currency: str
    duration: int
    buffer_before: int
    buffer_after: int
    capacity: int = Field(description="Clients at once: more than one makes it a group.")
    employees_needed: int
    pool_ids: list[int] = Field(description="Kinds of rooms and devices it needs, one of each.")
    notice: int | None = Field(description="Minutes; null: as the branch.")
    horizon: int | None = Field(description="Days; null: as the branch.")
    is_online: bool
    is_active: bool
    position: int
    version: int

    @staticmethod
    def resolve_price(service: Service) -> str:
        return f"{service.price:.2f}"

    @staticmethod
    def resolve_pool_ids(service: Service) -> list[int]:
        return sorted(pool.pk for pool in service.pools.all())


class ServiceIn(Input):
    """A new service, after the others."""

    branch_id: Id | None = Field(None, description="Needed where the organization has several.")
    title: Text = Field(min_length=1, max_length=200)
    category_id: Id | None = None
    description: Text = Field("", max_length=4000)
    price: Price = Decimal(0)
    currency: Currency | None = Field(None, description="The branch’s unless told.")
    duration: Minutes = 60
    buffer_before: Buffer = 0
    buffer_after: Buffer = 0
    capacity: int = Field(1, ge=1, le=500)
    employees_needed: int = Field(1, ge=1, le=10)
    pool_ids: list[Id] = Field(default_factory=list, max_length=20)
    notice: int | None = Field(None, ge=0, le=90 * DAY)
    horizon: int | None = Field(None, ge=1, le=730)
    is_online: bool = True


class ServicePatch(Input):
    """What of a service becomes another. What is booked stays as it was."""

    title: Text = Field(ABSENT, min_length=1, max_length=200)
    category_id: Id | None = None
    description: Text = Field(ABSENT, max_length=4000)
    price: Price = ABSENT
    currency: Currency = ABSENT
    duration: Minutes = ABSENT
    buffer_before: Buffer = ABSENT
    buffer_after: Buffer = ABSENT
    capacity: int = Field(ABSENT, ge=1, le=500)
    employees_needed: int = Field(ABSENT, ge=1, le=10)
    pool_ids: list[Id] = Field(ABSENT, max_length=20)
    notice: int | None = Field(None, ge=0, le=90 * DAY)
    horizon: int | None = Field(None, ge=1, le=730)
    is_online: bool = ABSENT
    is_active: bool = ABSENT
    position: Position = ABSENT
    version: Version | None = Field(None, description=SEEN)


class SkillOut(Schema):
    """A service that somebody provides; null: for the service's own price, as long as the service takes."""

    service_id: int
    price: str | None
    duration: int | None

    @staticmethod
    def resolve_price(skill: EmployeeService) -> str | None:
        return None if skill.price is None else f"{skill.price:.2f}"


class SkillIn(Input):
    """A service that somebody provides, for a price and a time of their own if told."""

    service_id: Id
    price: Price | None = None
    duration: Minutes | None = None


class EmployeeOut(Schema):
    """A specialist."""

    id: int
    branch_id: int
    name: str
    information: str
    job_title_id: int | None
    member_id: int | None = Field(description="Their seat, if they have one.")
    service_ids: list[int]
    services: list[SkillOut]
    is_active: bool
    position: int
    version: int

    @staticmethod
    def resolve_service_ids(employee: Employee) -> list[int]:
        return [skill.service_id for skill in employee.skills.all()]

    @staticmethod
    def resolve_services(employee: Employee) -> list[EmployeeService]:
        return list(employee.skills.all())


class EmployeeIn(Input):
    """A new specialist. Services as `service_ids`, or as `services` with prices and times of their own."""

    branch_id: Id | None = Field(None, description="Needed where the organization has several.")
    name: Text = Field(min_length=1, max_length=150)
    information: Text = Field("", max_length=4000)
    job_title_id: Id | None = None
    member_id: Id | None = None
    service_ids: list[Id] = Field(default_factory=list, max_length=500)
    services: list[SkillIn] = Field(default_factory=list, max_length=500)


class EmployeePatch(Input):
    """What of a specialist becomes another; `services` (or `service_ids`) is the whole list."""

    name: Text = Field(ABSENT, min_length=1, max_length=150)
    information: Text = Field(ABSENT, max_length=4000)
    job_title_id: Id | None = None
    member_id: Id | None = None
    service_ids: list[Id] = Field(ABSENT, max_length=500)
    services: list[SkillIn] = Field(ABSENT, max_length=500)
    is_active: bool = ABSENT
    position: Position = ABSENT
    version: Version | None = Field(None, description=SEEN)


class Rest(Schema):
    """A break."""

    starts: Clock
    ends: Clock


class Worked(Schema):
    """Hours of a day by the clock. `ends` at or before `starts` is on the next day."""

    starts: Clock
    ends: Clock
    breaks: list[Rest] = Field(default_factory=list, max_length=20)

    @classmethod
    def of(cls, hours: DayHours) -> "Worked":
        """Return the hours as they are shown."""
        breaks = [Rest(starts=_clock(start), ends=_clock(end)) for start, end in hours.breaks]
        return cls(starts=_clock(hours.start), ends=_clock(hours.end, is_end=True), breaks=breaks)

    def as_hours(self) -> DayHours:
        """Return the hours as the schedule wants them."""
        start, end = _minute(self.starts), _minute(self.ends)
        breaks = [(_minute(each.starts), _minute(each.ends)) for each in self.breaks]
        moved = [
            (first if first >= start else first + DAY, last if last > start else last + DAY) for first, last in breaks
        ]
        return DayHours(start, end if end > start else end + DAY, tuple(sorted(moved)))


class ExceptionOut(Schema):
    """Days with other hours than the week says; null: off."""

    first_day: date
    last_day: date
    hours: Worked | None
    note: str


class ScheduleOut(Schema):
    """When a specialist works: an ordinary week, Monday first (null: off), and the days that differ."""

    employee_id: int
    branch_id: int
    week: list[Worked | None]
    exceptions: list[ExceptionOut]
    version: int


class WeekIn(Input):
    """An ordinary week, Monday first."""

    week: list[Worked | None] = Field(min_length=7, max_length=7)
    version: Version | None = Field(None, description=SEEN)


class DaysIn(Input):
    """Days on which other hours are worked than the week says: `hours`, null for off; `clear`: as the week again."""

    first_day: date
    last_day: date | None = Field(None, description="As the first unless told.")
    hours: Worked | None = None
    clear: bool = False
    note: Text = Field("", max_length=100)
    version: Version | None = Field(None, description=SEEN)


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _clock(minute: int, *, is_end: bool = False) -> str:
    if is_end and minute == DAY:
        return "24:00"
    return f"{minute % DAY // 60:02}:{minute % 60:02}"
