"""Reservations: booked, changed, moved, taken through their course. Nobody else writes Reservation.

Order of locks, the same in every action: the reservation's row, its tables' time, then the guest.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ringdesk.accounts.models import Branch, Member
from ringdesk.core import events, phones
from ringdesk.core.intervals import Span
from ringdesk.core.problems import Invalid, NotFound, Stale
from ringdesk.hall import availability, guests
from ringdesk.hall.guests import Guest
from ringdesk.hall.models import RELEASING, Reservation, ReservationStatus, Table
from ringdesk.hall.problems import TableTaken
from ringdesk.hall.signals import reservation_booked
from ringdesk.scheduling import occupancy
from ringdesk.scheduling.hours import YEARS
from ringdesk.scheduling.models import Claim
from ringdesk.scheduling.occupancy import Taken

KIND = "reservation"
LONGEST = timedelta(hours=24)
MOST_GUESTS = 1000
Course = Reservation.Course


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants a reservation to be.

    ``client_id`` chooses the guest among several with one number; ``new_client`` makes another card for the number.
    ``about`` is kept on the guest; None leaves it as it is. No ``status_id`` means the organization's first status.
    """

    starts_at: datetime
    ends_at: datetime
    guests: int
    table_ids: tuple[int, ...] = ()
    status_id: int | None = None
    course: str = Course.EXPECTED
    phone: str = ""
    guest_name: str = ""
    client_id: int | None = None
    new_client: bool = False
    about: str | None = None
    comment: str = ""

    @classmethod
    def of(cls, reservation: Reservation) -> Self:
        """Return the wish that the reservation be what it is."""
        return cls(
            starts_at=reservation.starts_at,
            ends_at=reservation.ends_at,
            guests=reservation.guests,
            table_ids=tuple(sorted(table.pk for table in reservation.tables.all())),
            status_id=reservation.status_id,
            course=reservation.course,
            phone=reservation.phone,
            guest_name=reservation.guest_name,
            client_id=reservation.client_id,
            comment=reservation.comment,
        )

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)

    @property
    def is_released(self) -> bool:
        """Tell whether its course would give the tables back."""
        return self.course in RELEASING

    def as_guest(self) -> Guest:
        return Guest(self.guest_name, self.phone, self.client_id, self.new_client, self.about)


def book(branch: Branch, wish: Wish, *, by: Member | None, call_id: UUID | None = None) -> Reservation:
    """Make a reservation. Raises TableTaken, GuestAmbiguous, Invalid (with its field), NotFound."""
    wish = _tidy(wish, branch)
    with events.atomic():
        status = _status(branch, wish)
        tables = _tables(branch, wish)
        claim = _take(branch, wish, tables)
        client = guests.find_or_create(branch, wish.as_guest(), by=by)
        reservation = Reservation.objects.create(
            organization_id=branch.organization_id,
            branch=branch,
            claim=claim,
            status=status,
            client=client,
            call_id=call_id,
            created_by=by,
            **_plain_fields(wish),
            **_course_times(None, wish),
        )
        reservation.tables.set(tables)
        reservation_booked.send(sender=Reservation, reservation=reservation, by=by)
        _publish(reservation, tables)
    return reservation


def walk_in(
    branch: Branch, *, table_ids: Collection[int], guests: int, span: Span, by: Member | None, comment: str = ""
) -> Reservation:
    """Seat a party that came without a reservation: neither name nor phone, seated at once. Raises as ``book``."""
    wish = Wish(
        starts_at=span.start,
        ends_at=span.end,
        guests=guests,
        table_ids=tuple(table_ids),
        course=Course.SEATED,
        comment=comment,
    )
    return book(branch, wish, by=by)


def change(reservation: Reservation, wish: Wish, *, by: Member | None, version: int | None = None) -> Reservation:
    """Make the reservation what is wished, and return it as it stands then.

    ``version``: what the author saw last; Stale (with the current reservation in details) when it is another now.
    Raises as ``book``. A course that gives the tables back frees them; going back takes them again.
    """
    with events.atomic():
        current = _locked(reservation, version)
        branch = current.branch
        wish = _tidy(wish, branch)
        before = Wish.of(current)
        status = _status(branch, wish)
        tables = _tables(branch, wish)
        _occupy(current, before, wish, tables)
        client = guests.find_or_create(branch, wish.as_guest(), by=by, current=current)
        changed = {**_plain_fields(wish), **_course_times(current, wish), "status": status, "client": client}
        changed = {field: value for field, value in changed.items() if getattr(current, field) != value}
        if not changed and before.table_ids == wish.table_ids:
            return current
        for field, value in changed.items():
            setattr(current, field, value)
        current.version += 1
        current.save(update_fields=[*changed, "version", "updated_at"])
        current.tables.set(tables)
        _publish(current, tables)
    return current


def move(
    reservation: Reservation,
    *,
    span: Span,
    table_ids: Collection[int],
    by: Member | None,
    version: int | None = None,
) -> Reservation:
    """Give the reservation another time, other tables, or both. Raises TableTaken, Stale, Invalid."""
    with events.atomic():
        current = _locked(reservation, version)
        wish = replace(Wish.of(current), starts_at=span.start, ends_at=span.end, table_ids=tuple(table_ids))
        return change(current, wish, by=by)


def set_course(reservation: Reservation, course: str, *, by: Member | None, version: int | None = None) -> Reservation:
    """Say how far the visit is. Raises Stale; TableTaken when a table given back now belongs to somebody else."""
    with events.atomic():
        current = _locked(reservation, version)
        return change(current, replace(Wish.of(current), course=course), by=by)


def cancel(reservation: Reservation, *, by: Member | None, version: int | None = None) -> Reservation:
    """Call the reservation off and free its tables. Raises Stale."""
    return set_course(reservation, Course.CANCELLED, by=by, version=version)


def warnings(guest_count: int, tables: Sequence[Table]) -> list[str]:
    """Return what is unusual about a reservation, though allowed."""
    seats = sum(table.seats for table in tables)
    if not tables or seats >= guest_count:
        return []
    text = ngettext(
        "More guests (%(guests)s) than seats: the chosen table has %(seats)s.",
        "More guests (%(guests)s) than seats: the chosen tables have %(seats)s.",
        len(tables),
    )
    return [text % {"guests": guest_count, "seats": seats}]


def payload(reservation: Reservation, tables: Sequence[Table]) -> dict[str, Any]:
    """Return the ``reservation`` object of the frame ``reservation.changed``."""
    return {
        "id": reservation.pk,
        "version": reservation.version,
        "branch_id": reservation.branch_id,
        "hall_ids": sorted({table.hall_id for table in tables}),
        "table_ids": sorted(table.pk for table in tables),
        "starts_at": _moment(reservation.starts_at),
        "ends_at": _moment(reservation.ends_at),
        "course": reservation.course,
        "guest_name": reservation.guest_name,
        "phone": reservation.phone,
        "guests": reservation.guests,
        "call_id": str(reservation.call_id) if reservation.call_id else None,
    }


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _publish(reservation: Reservation, tables: Sequence[Table]) -> None:
    body = {"reservation": payload(reservation, tables)}
    events.publish(reservation.organization_id, "reservation.changed", body, branch_id=reservation.branch_id)


def _locked(reservation: Reservation, version: int | None) -> Reservation:
    rows = Reservation.objects.for_org(reservation.organization_id).select_related(
        "branch__organization", "claim", "client"
    )
    current: Reservation | None = rows.select_for_update(no_key=True, of=("self",)).filter(pk=reservation.pk).first()
    if current is None:
        raise NotFound(_("There is no such reservation."))
    if version is not None and version != current.version:
        raise Stale(_("Somebody has changed this reservation in the meantime."), current=current)
    return current


def _tidy(wish: Wish, branch: Branch) -> Wish:
    """Return the wish in the spelling we store, or raise Invalid for what can be no reservation."""
    if not 1 <= wish.guests <= MOST_GUESTS:
        raise Invalid(_("Tell how many guests come."), field="guests")
    if wish.course not in Course.values:
        raise Invalid(_("There is no such course of a reservation."), field="course")
    if wish.starts_at.year not in YEARS:
        raise Invalid(_("Check the date."), field="date")
    if wish.ends_at <= wish.starts_at:
        raise Invalid(_("The end must come after the start."), field="end")
    if wish.ends_at - wish.starts_at > LONGEST:
        raise Invalid(_("A reservation lasts a day at most."), field="duration")
    name = " ".join(wish.guest_name.split())
    if len(name) > 200:
        raise Invalid(_("The name is too long."), field="guest_name")
    if wish.about and wish.about.strip() and not name:
        raise Invalid(_("The name must be filled in to keep something about the guest."), field="guest_name")
    return replace(
        wish,
        phone=phones.normalize(wish.phone, branch.region),
        guest_name=name,
        comment=wish.comment.strip(),
        about=None if wish.about is None else wish.about.strip(),
        table_ids=tuple(sorted(set(wish.table_ids))),
    )


def _status(branch: Branch, wish: Wish) -> ReservationStatus:
    statuses = ReservationStatus.objects.for_org(branch.organization_id)
    wanted = statuses.filter(is_active=True) if wish.status_id is None else statuses.filter(pk=wish.status_id)
    status: ReservationStatus | None = wanted.first()
    if status is None:
        raise Invalid(_("There is no such status."), field="status")
    return status


def _tables(branch: Branch, wish: Wish) -> list[Table]:
    if not wish.table_ids:
        return []
    rows = Table.objects.for_org(branch.organization_id).filter(hall__branch=branch, pk__in=wish.table_ids)
    tables = list(rows.order_by("pk"))
    if len(tables) != len(wish.table_ids):
        raise Invalid(_("There is no such table in this branch."), field="tables")
    return tables


def _plain_fields(wish: Wish) -> dict[str, Any]:
    return {
        "course": wish.course,
        "phone": wish.phone,
        "guest_name": wish.guest_name,
        "guests": wish.guests,
        "starts_at": wish.starts_at,
        "ends_at": wish.ends_at,
        "comment": wish.comment,
    }


def _course_times(current: Reservation | None, wish: Wish) -> dict[str, datetime | None]:
    """Return when the party sat down and left, as far as the course says that it did."""
    now = timezone.now()
    seated_at = current.seated_at if current else None
    finished_at = current.finished_at if current else None
    return {
        "seated_at": (seated_at or now) if wish.course == Course.SEATED else seated_at if _has_sat(wish) else None,
        "finished_at": (finished_at or now) if wish.course == Course.FINISHED else None,
    }


def _has_sat(wish: Wish) -> bool:
    return wish.course in (Course.SEATED, Course.FINISHED)


def _take(branch: Branch, wish: Wish, tables: Sequence[Table]) -> Claim:
    if wish.is_released:
        # Written down afterwards: a visit that is over, or was called off, asks nobody for a table.
        claim = occupancy.take(branch.organization_id, KIND, [], wish.span)
        occupancy.move(claim, _resources(tables), wish.span, active=False)
        return claim
    try:
        return occupancy.take(branch.organization_id, KIND, _resources(tables), wish.span)
    except Taken as error:
        raise _table_taken(branch, wish, None) from error


def _occupy(current: Reservation, before: Wish, wish: Wish, tables: Sequence[Table]) -> None:
    is_same_place = before.span == wish.span and before.table_ids == wish.table_ids
    try:
        if not is_same_place:
            occupancy.move(current.claim, _resources(tables), wish.span, active=not wish.is_released)
        elif before.is_released and not wish.is_released:
            occupancy.retake(current.claim)
        elif wish.is_released and not before.is_released:
            occupancy.release(current.claim)
    except Taken as error:
        raise _table_taken(current.branch, wish, current.claim_id) from error


def _resources(tables: Sequence[Table]) -> list[int]:
    return [table.resource_id for table in tables]


def _table_taken(branch: Branch, wish: Wish, claim_id: int | None) -> TableTaken:
    return TableTaken(
        availability.in_the_way(branch, wish.span, wish.table_ids, ignoring=claim_id),
        availability.choices(branch, wish.span, wish.guests, ignoring=claim_id),
        zone=branch.zone,
        start=wish.starts_at,
    )
