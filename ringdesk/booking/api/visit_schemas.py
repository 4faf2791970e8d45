"""Free times and bookings as the HTTP API shows and takes them."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from ringdesk.booking.api.schemas import MOST_SERVICES, SEEN, Price
from ringdesk.booking.models import DAY, Booking
from ringdesk.core.schemas import ABSENT, Id, Input, Moment, Text, Version

Status = Literal["held", "booked", "arrived", "no_show", "cancelled"]
NewStatus = Literal["booked", "arrived", "no_show", "cancelled"]


class SlotOut(Schema):
    """A time at which the services can be booked, and with whom. In the branch's zone."""

    starts_at: datetime
    employee_ids: list[int]


class LineOut(Schema):
    """A service of a booking as it was when it was booked."""

    service_id: int | None
    title: str
    price: str
    duration: int

    @staticmethod
    def resolve_price(line: Any) -> str:
        return f"{line.price:.2f}"


class BookingOut(Schema):
    """A visit. Times in the branch's zone, `total` in `currency`."""

    id: int
    branch_id: int
    employee_id: int
    assistant_ids: list[int]
    services: list[LineOut]
    starts_at: datetime
    ends_at: datetime
    duration: int
    status: Status
    held_until: datetime | None
    client_id: int | None
    client_name: str
    phone: str
    total: str
    price: str | None = Field(description="What was agreed where it is not the sum of the services.")
    currency: str
    notes: str
    source: str
    series: UUID | None
    call_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_assistant_ids(booking: Booking) -> list[int]:
        return sorted(each.pk for each in booking.assistants.all())

    @staticmethod
    def resolve_services(booking: Booking) -> list[Any]:
        return list(booking.lines.all())

    @staticmethod
    def resolve_starts_at(booking: Booking) -> datetime:
        return booking.starts_at.astimezone(booking.branch.zone)

    @staticmethod
    def resolve_ends_at(booking: Booking) -> datetime:
        return booking.ends_at.astimezone(booking.branch.zone)

    @staticmethod
    def resolve_duration(booking: Booking) -> int:
        return booking.minutes

    @staticmethod
    def resolve_total(booking: Booking) -> str:
        return f"{booking.total:.2f}"

    @staticmethod
    def resolve_price(booking: Booking) -> str | None:
        return None if booking.price is None else f"{booking.price:.2f}"


class BookingIn(Input):
    """A new booking. Without an employee whoever is free gets it; with a phone the client is found, or made."""

    branch_id: Id | None = Field(None, description="Needed where the organization has several.")
    service_ids: list[Id] = Field(min_length=1, max_length=MOST_SERVICES)
    starts_at: Moment = Field(examples=["2026-11-23T16:00:00+03:00"])
    employee_id: Id | None = None
    assistant_ids: list[Id] = Field(default_factory=list, max_length=10)
    duration: int | None = Field(None, ge=1, le=DAY, description="Minutes, where it is not the services’ own.")
    client_id: Id | None = None
    client_name: Text = Field("", max_length=200)
    phone: Text = Field("", max_length=60)
    notes: Text = Field("", max_length=10_000)
    price: Price | None = None
    call_id: UUID | None = None
    online: bool = Field(False, description="As clients book themselves: notice and horizon apply.")
    force: bool = Field(False, description="Outside of working hours too.")
    hold_minutes: int | None = Field(
        None, ge=1, le=DAY, description="Keep the time so long; confirm it, or it is gone."
    )


class BookingPatch(Input):
    """What of a booking becomes another, all or nothing. Absent fields stay."""

    service_ids: list[Id] = Field(ABSENT, min_length=1, max_length=MOST_SERVICES)
    starts_at: Moment = ABSENT
    employee_id: Id = ABSENT
    assistant_ids: list[Id] = Field(ABSENT, max_length=10)
    duration: int | None = Field(None, ge=1, le=DAY, description="Null: as long as the services take.")
    client_id: Id | None = None
    client_name: Text = Field(ABSENT, max_length=200)
    phone: Text = Field(ABSENT, max_length=60)
    notes: Text = Field(ABSENT, max_length=10_000)
    price: Price | None = Field(None, description="Null: the sum of the services.")
    force: bool = False
    version: Version | None = Field(None, description=SEEN)


class BookingMove(Input):
    """Another time, specialist or length."""

    starts_at: Moment = ABSENT
    employee_id: Id = ABSENT
    duration: int = Field(ABSENT, ge=1, le=DAY)
    online: bool = False
    force: bool = False
    version: Version | None = Field(None, description=SEEN)


class BookingStatusIn(Input):
    """What became of the visit. No-show and cancelled give the time back."""

    status: NewStatus
    version: Version | None = Field(None, description=SEEN)


class ConfirmIn(Input):
    """Who the time is for that was kept."""

    client_id: Id | None = None
    client_name: Text = Field("", max_length=200)
    phone: Text = Field("", max_length=60)
    version: Version | None = Field(None, description=SEEN)


class VersionIn(Input):
    """The version that was seen."""

    version: Version | None = Field(None, description=SEEN)


def hold_of(minutes: int | None) -> timedelta | None:
    """Return how long a time is to be kept."""
    return None if minutes is None else timedelta(minutes=minutes)
