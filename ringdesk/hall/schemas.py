"""Halls, tables and reservations as the HTTP API shows and takes them."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from ringdesk.core.schemas import ABSENT, Id, Input, Moment, Text, Version
from ringdesk.hall import reservations
from ringdesk.hall.models import Reservation

Course = Literal["expected", "arrived", "seated", "finished", "no_show", "cancelled"]
TableIds = list[Id]
_MOST_TABLES = 50


class HallOut(Schema):
    """A room or terrace with tables."""

    id: int
    branch_id: int
    name: str
    is_active: bool


class HallIn(Input):
    """A new hall."""

    branch_id: Id | None = Field(None, description="Needed where the organization has several.")
    name: Text = Field(min_length=1, max_length=100)


class HallPatch(Input):
    """Another name, in use or not. A hall where parties are still to come stays in use (409)."""

    name: Text = Field(ABSENT, min_length=1, max_length=100)
    is_active: bool = ABSENT


class TableOut(Schema):
    """Where guests sit."""

    id: int
    hall_id: int
    branch_id: int
    name: str
    seats: int
    is_active: bool

    @staticmethod
    def resolve_branch_id(table: Any) -> int:
        return int(table.hall.branch_id)


class TableIn(Input):
    """A new table."""

    hall_id: Id
    name: Text = Field(min_length=1, max_length=40)
    seats: int = Field(4, ge=1, le=500)


class TablePatch(Input):
    """Another name, hall or number of seats; in use or not."""

    hall_id: Id = ABSENT
    name: Text = Field(ABSENT, min_length=1, max_length=40)
    seats: int = Field(ABSENT, ge=1, le=500)
    is_active: bool = ABSENT


class StatusOut(Schema):
    """An editable label with a colour."""

    id: int
    name: str
    colour: str
    is_active: bool


class ReservationOut(Schema):
    """Tables for a party at a time. Times in the branch’s zone."""

    id: int
    branch_id: int
    table_ids: list[int] = Field(description="None: not seated anywhere yet.")
    status: StatusOut
    course: Course
    client_id: int | None
    guest_name: str
    phone: str
    guests: int
    starts_at: datetime
    ends_at: datetime
    comment: str
    call_id: UUID | None = Field(description="The call it was made from.")
    warnings: list[str] = Field(description="What is unusual, though allowed: more guests than seats.")
    version: int
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_table_ids(reservation: Reservation) -> list[int]:
        return sorted(table.pk for table in reservation.tables.all())

    @staticmethod
    def resolve_starts_at(reservation: Reservation) -> datetime:
        return reservation.starts_at.astimezone(reservation.branch.zone)

    @staticmethod
    def resolve_ends_at(reservation: Reservation) -> datetime:
        return reservation.ends_at.astimezone(reservation.branch.zone)

    @staticmethod
    def resolve_warnings(reservation: Reservation) -> list[str]:
        return reservations.warnings(reservation.guests, list(reservation.tables.all()))


class ReservationIn(Input):
    """A new reservation. Without an end it lasts ``duration``, or what is usual in the branch."""

    branch_id: Id | None = Field(None, description="Needed where the organization has several.")
    starts_at: Moment = Field(examples=["2026-11-21T19:00:00+07:00"])
    ends_at: Moment | None = None
    duration: int | None = Field(None, ge=1, le=24 * 60, description="Minutes; instead of `ends_at`.")
    guests: int = Field(ge=1, le=reservations.MOST_GUESTS)
    table_ids: TableIds = Field(default_factory=list, max_length=_MOST_TABLES)
    status_id: Id | None = None
    course: Course = "expected"
    phone: Text = Field("", max_length=60)
    guest_name: Text = Field("", max_length=200, description="With a name the guest is found by phone or made.")
    client_id: Id | None = Field(None, description="Whose reservation it is, where several have the number.")
    new_client: bool = Field(False, description="Make a card even if the number stands on one already.")
    about: Text | None = Field(None, max_length=10_000, description="Kept on the guest.")
    comment: Text = Field("", max_length=10_000)
    call_id: UUID | None = None


class ReservationPatch(Input):
    """What of a reservation becomes another. Absent fields stay; another start alone keeps the length."""

    starts_at: Moment = ABSENT
    ends_at: Moment = ABSENT
    duration: int = Field(ABSENT, ge=1, le=24 * 60)
    guests: int = Field(ABSENT, ge=1, le=reservations.MOST_GUESTS)
    table_ids: TableIds = Field(ABSENT, max_length=_MOST_TABLES)
    status_id: Id = ABSENT
    course: Course = ABSENT
    phone: Text = Field(ABSENT, max_length=60)
    guest_name: Text = Field(ABSENT, max_length=200)
    client_id: Id | None = None
    new_client: bool = ABSENT
    about: Text | None = Field(None, max_length=10_000)
    comment: Text = Field(ABSENT, max_length=10_000)
    version: Version | None = Field(None, description="The version you have seen; as `If-Match`.")


class MoveIn(Input):
    """Another time, other tables, or both."""

    starts_at: Moment = ABSENT
    ends_at: Moment = ABSENT
    duration: int = Field(ABSENT, ge=1, le=24 * 60)
    table_ids: TableIds = Field(ABSENT, max_length=_MOST_TABLES)
    version: Version | None = Field(None, description="The version you have seen; as `If-Match`.")


class CourseIn(Input):
    """How far the visit is."""

    course: Course
    version: Version | None = Field(None, description="The version you have seen; as `If-Match`.")


class CancelIn(Input):
    """The reservation is called off."""

    version: Version | None = Field(None, description="The version you have seen; as `If-Match`.")


def times(sent: dict[str, Any], starts_at: datetime, length: timedelta) -> dict[str, Any]:
    """Take the times out of ``sent`` and return start and end; what is absent follows from start and length."""
    starts_at = sent.pop("starts_at", starts_at)
    minutes = sent.pop("duration", None)
    ends_at = sent.pop("ends_at", None)
    if minutes is not None:
        length = timedelta(minutes=minutes)
    return {"starts_at": starts_at, "ends_at": ends_at or starts_at + length}
