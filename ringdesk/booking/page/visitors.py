"""What a visitor of the booking page does: keeps a time while typing, books it, moves it, calls it off.

Everything goes through ``bookings``; what is the page's own is who may do how much, and what is told to whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch
from ringdesk.booking import bookings, catalogue
from ringdesk.booking.models import Booking
from ringdesk.booking.page import codes, limits
from ringdesk.booking.public_models import BookingPage
from ringdesk.core import events
from ringdesk.core.problems import Conflict

Status = Booking.Status


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who books: as they typed it, and the language they read."""

    name: str
    phone: str
    email: str
    notes: str
    language: str


def keep(
    branch: Branch,
    service_ids: Sequence[int],
    starts_at: datetime,
    employee_id: int | None,
    *,
    instead_of: Booking | None = None,
) -> Booking:
    """Keep a time while the visitor types; the one kept before is given back. Raises SlotTaken, NotOffered."""
    with events.atomic():
        give_back(instead_of)
        return bookings.book(
            branch,
            service_ids=service_ids,
            starts_at=starts_at,
            employee_id=employee_id,
            source=Booking.Source.PAGE,
            online=True,
            hold_for=timedelta(minutes=catalogue.settings_of(branch).hold_minutes),
        )


def give_back(held: Booking | None) -> None:
    """Let a time that was kept for the visitor, and not booked, be free again."""
    if held is not None and held.status == Status.HELD and not held.phone:
        bookings.cancel(held, version=held.version)


def is_kept(held: Booking) -> bool:
    """Tell whether the time is still the visitor's."""
    return held.status == Status.HELD and held.held_until is not None and held.held_until > timezone.now()


def book(
    page: BookingPage,
    held: Booking,
    visitor: Visitor,
    *,
    starts_at: datetime | None = None,
    employee_id: int | None = None,
) -> Booking:
    """Make a booking of the time kept, or of another (``starts_at``). Where the page wants it confirmed, it stays kept.

    ``employee_id``: whom the visitor chose, None for anybody.

    A time that was kept for too long is taken again if it is still free. Raises SlotTaken (with free times),
    NotOffered, Invalid, Conflict.
    """
    limits.count_phone(page.organization_id, visitor.phone)
    with events.atomic():
        limits.check_open_bookings(page.organization_id, visitor.phone)
        current = held
        if starts_at not in (None, held.starts_at) or not is_kept(held):
            current = keep(
                held.branch,
                [line.service_id for line in held.lines.all() if line.service_id],
                starts_at or held.starts_at,
                employee_id,
                instead_of=held,
            )
        notes = visitor.notes or current.notes
        waits = codes.lasts(page)
        # Whatever comes next locks the time first and the client's card after it, as bookings do.
        if waits is None:
            codes.ask(current, page, email=visitor.email, language=visitor.language, until=None)
            current = bookings.change(current, notes=notes)
            return bookings.confirm(current, client_name=visitor.name, phone=visitor.phone)
        until = min(timezone.now() + waits, current.starts_at)
        current = bookings.keep(current, until - timezone.now())
        current = bookings.change(current, client_name=visitor.name, phone=visitor.phone, notes=notes)
        codes.ask(current, page, email=visitor.email, language=visitor.language, until=until)
    return current


def may_change(page: BookingPage, booking: Booking) -> bool:
    """Tell whether the client may still move the visit and call it off."""
    latest = booking.starts_at - timedelta(minutes=page.change_notice)
    return booking.status == Status.BOOKED and timezone.now() < latest


def move(page: BookingPage, booking: Booking, starts_at: datetime) -> Booking:
    """Give the client's visit another time, with the same specialist. Raises SlotTaken, Conflict, Invalid."""
    _require_change(page, booking)
    return bookings.move(booking, starts_at=starts_at, online=True)


def cancel(page: BookingPage, booking: Booking) -> Booking:
    """Call the client's visit off. Raises Conflict."""
    if booking.status == Status.CANCELLED:
        return booking
    _require_change(page, booking)
    return bookings.cancel(booking, online=True)


def _require_change(page: BookingPage, booking: Booking) -> None:
    if not may_change(page, booking):
        raise Conflict(_("It is too late to change this visit here. Please call us."))
