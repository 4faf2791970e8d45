"""What stands in the calendar of a specialist."""

from datetime import datetime

from django.utils.translation import gettext as _

from ringdesk.booking.models import Booking
from ringdesk.booking.public_models import CalendarFeed
from ringdesk.core import calendars, phones
from ringdesk.core.calendars import Entry


def written(feed: CalendarFeed, now: datetime) -> bytes:
    """Return the calendar: the visits that the specialist leads or helps at. Two queries."""
    employee = feed.employee
    span = calendars.window(now)
    rows = Booking.objects.for_org(feed.organization_id).filter(starts_at__lt=span.end, ends_at__gt=span.start)
    mine = rows.exclude(status=Booking.Status.HELD).prefetch_related("lines").order_by("starts_at", "pk")
    led = list(mine.filter(employee=employee))
    helped = list(mine.filter(assistants=employee))
    visits = sorted({booking.pk: booking for booking in (*led, *helped)}.values(), key=lambda one: one.starts_at)
    place = employee.branch.address or employee.branch.name
    entries = [entry(booking, place, details=feed.details) for booking in visits]
    return calendars.subscribed(f"{employee.name} · {employee.branch.name}", employee.branch.timezone, entries)


def entry(booking: Booking, place: str, *, details: str = CalendarFeed.Details.SERVICES) -> Entry:
    """Return the visit as a calendar shows it; ``details``: what it says of the client. Notes never leave."""
    title = ", ".join(line.title for line in booking.lines.all()) or _("Visit")
    is_named = details != CalendarFeed.Details.SERVICES and booking.client_name
    with_phone = details == CalendarFeed.Details.PHONES and booking.phone
    return Entry(
        uid=calendars.uid("booking", booking.pk, booking.created_at),
        sequence=booking.version - 1,
        created_at=booking.created_at,
        changed_at=booking.updated_at,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        summary=f"{title} · {booking.client_name}" if is_named else title,
        description=phones.display(booking.phone) if with_phone else "",
        location=place,
        is_cancelled=booking.is_released,
    )
