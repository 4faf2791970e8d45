"""What stands in the calendar of a hall."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ringdesk.core import calendars, phones
from ringdesk.core.calendars import Entry
from ringdesk.hall.models import HallCalendar, Reservation


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
