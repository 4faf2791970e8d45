"""What somebody who calls is expected for: reservations and bookings to come, by card or by number."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from ringdesk.accounts import seats
from ringdesk.accounts.models import Member, Module
from ringdesk.booking.diary import drawing
from ringdesk.booking.models import RELEASING, Booking
from ringdesk.hall.models import Reservation

SHOWN = 2
OVER = (Reservation.Course.FINISHED, Reservation.Course.NO_SHOW, Reservation.Course.CANCELLED)
# Of any caller no more is read than this.
MOST = 200


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit to come: when (``zone`` of its branch), what of it, and its card."""

    at: datetime
    kind: str
    text: str
    url: str


def visits(
    member: Member, clients: Collection[int], numbers: Collection[str], now: datetime
) -> dict[int | str, list[Visit]]:
    """Return the nearest visits by client (id) and, where a visit has no client, by number. Four queries at most."""
    found: dict[int | str, list[Visit]] = defaultdict(list)
    if not clients and not numbers:
        return found
    whose = Q(client__in=list(clients)) | Q(client=None, phone__in=[number for number in numbers if number])
    there = {"branch__in": seats.in_reach(member), "ends_at__gt": now}
    keyed: list[tuple[int | str, Visit]] = []
    organization = member.organization
    if organization.has_module(Module.HALL) and member.may("reservations.see"):
        reservations = Reservation.objects.for_org(organization).filter(whose, **there).exclude(course__in=OVER)
        keyed += [
            (row.client_id or row.phone, _of_reservation(row)) for row in reservations.select_related("branch")[:MOST]
        ]
    if organization.has_module(Module.BOOKING) and member.may("bookings.see"):
        bookings = Booking.objects.for_org(organization).filter(whose, **there).exclude(status__in=RELEASING)
        bookings = bookings.exclude(status=Booking.Status.HELD, held_until__lte=now)
        rows = bookings.select_related("branch", "employee").prefetch_related("lines")[:MOST]
        keyed += [(row.client_id or row.phone, _of_booking(row)) for row in rows]
    for whom, visit in sorted(keyed, key=lambda pair: pair[1].at):
        if len(found[whom]) < SHOWN:
            found[whom].append(visit)
    return found


def _of_reservation(row: Reservation) -> Visit:
    at = row.starts_at.astimezone(row.branch.zone)
    return Visit(at, "reservation", row.branch.name, reverse("hall:card", args=[row.pk]))


def _of_booking(row: Booking) -> Visit:
    at = row.starts_at.astimezone(row.branch.zone)
    text = ", ".join(filter(None, [drawing.services_of(row), row.employee.name]))
    return Visit(at, "booking", text, reverse("booking:card", args=[row.pk]))
