"""The calendar of a hall under a secret address. Nobody else writes HallCalendar."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member
from ringdesk.core import calendars, phones
from ringdesk.core.calendars import Entry
from ringdesk.core.sealing import fingerprint, seal, unseal
from ringdesk.hall.models import Hall, HallCalendar, Reservation

PREFIX = "h"


def of(hall: Hall) -> HallCalendar | None:
    """Return the hall's calendar, None where none was made."""
    rows = HallCalendar.objects.for_org(hall.organization_id)
    found: HallCalendar | None = rows.filter(hall=hall).first()
    return found


def make(hall: Hall, details: str, *, by: Member | None) -> HallCalendar:
    """Give the hall's calendar a new address; the one it had answers no more."""
    secret = calendars.new_secret(PREFIX)
    with transaction.atomic():
        calendar, _is_new = HallCalendar.objects.update_or_create(
            organization_id=hall.organization_id,
            hall=hall,
            defaults={
                "secret_hash": fingerprint(secret),
                "secret_sealed": seal(secret),
                "details": details,
                "made_at": timezone.now(),
            },
        )
        audit.record(hall.organization_id, "calendar.made", hall.name, by=by, details=details)
    return calendar


def show(calendar: HallCalendar, details: str, *, by: Member | None) -> None:
    """Say what of the guests the calendar tells; the address stays."""
    if calendar.details == details:
        return
    with transaction.atomic():
        before, calendar.details = calendar.details, details
        calendar.save(update_fields=["details"])
        audit.record(calendar.organization_id, "calendar.changed", calendar.hall.name, by=by, details=[before, details])


def remove(calendar: HallCalendar, *, by: Member | None) -> None:
    """Close the address."""
    with transaction.atomic():
        audit.record(calendar.organization_id, "calendar.removed", calendar.hall.name, by=by)
        calendar.delete()


def path(calendar: HallCalendar) -> str:
    """Return the address without scheme and host."""
    return f"/ical/{unseal(calendar.secret_sealed)}.ics"


def find(secret: str) -> HallCalendar | None:
    """Return the calendar with this secret, of a hall in use."""
    rows = HallCalendar.objects.select_related("hall__branch", "organization")
    return rows.filter(secret_hash=fingerprint(secret), hall__is_active=True).first()


def written(calendar: HallCalendar, now: datetime) -> bytes:
    """Return the calendar: the reservations of the hall's tables. Two queries."""
    hall, span = calendar.hall, calendars.window(now)
    rows = Reservation.objects.for_org(calendar.organization_id).filter(
        tables__hall=hall, starts_at__lt=span.end, ends_at__gt=span.start
    )
    parties = rows.distinct().prefetch_related("tables").order_by("starts_at", "pk")
    place = hall.branch.address or hall.branch.name
    entries = [_entry(party, place, calendar.details) for party in parties]
    return calendars.subscribed(f"{hall.name} · {hall.branch.name}", hall.branch.timezone, entries)


def _entry(party: Reservation, place: str, details: str) -> Entry:
    """Return the reservation as a calendar shows it; ``details``: what it says of the guest. Comments never leave."""
    tables = ", ".join(table.name for table in party.tables.all())
    guests = ngettext("%(count)s guest", "%(count)s guests", party.guests) % {"count": party.guests}
    said = [_("Table %(name)s") % {"name": tables}] if tables else []
    named = [party.guest_name] if details != HallCalendar.Details.TABLES and party.guest_name else []
    with_phone = details == HallCalendar.Details.PHONES and party.phone
    course = Reservation.Course
    return Entry(
        uid=calendars.uid("reservation", party.pk, party.created_at),
        sequence=party.version - 1,
        created_at=party.created_at,
        changed_at=party.updated_at,
        starts_at=party.starts_at,
        ends_at=party.ends_at,
        summary=" · ".join([*said, guests, *named]),
        description=phones.display(party.phone) if with_phone else "",
        location=place,
        is_cancelled=party.course in (course.CANCELLED, course.NO_SHOW),
    )
