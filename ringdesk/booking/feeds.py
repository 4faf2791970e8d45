"""The calendar of a specialist under a secret address. Nobody else writes CalendarFeed."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member
from ringdesk.booking.models import Booking, Employee
from ringdesk.booking.public_models import CalendarFeed
from ringdesk.core import calendars, phones
from ringdesk.core.calendars import Entry
from ringdesk.core.sealing import fingerprint, seal, unseal

PREFIX = "s"


def of(employee: Employee) -> CalendarFeed | None:
    """Return the specialist's calendar, None where none was made."""
    rows = CalendarFeed.objects.for_org(employee.organization_id)
    found: CalendarFeed | None = rows.filter(employee=employee).first()
    return found


def make(employee: Employee, details: str, *, by: Member | None) -> CalendarFeed:
    """Give the specialist's calendar a new address; the one it had answers no more."""
    secret = calendars.new_secret(PREFIX)
    with transaction.atomic():
        feed, _is_new = CalendarFeed.objects.update_or_create(
            organization_id=employee.organization_id,
            employee=employee,
            defaults={
                "secret_hash": fingerprint(secret),
                "secret_sealed": seal(secret),
                "details": details,
                "made_at": timezone.now(),
            },
        )
        audit.record(employee.organization_id, "calendar.made", employee.name, by=by, details=details)
    return feed


def show(feed: CalendarFeed, details: str, *, by: Member | None) -> None:
    """Say what of the clients the calendar tells; the address stays."""
    if feed.details == details:
        return
    with transaction.atomic():
        before, feed.details = feed.details, details
        feed.save(update_fields=["details"])
        audit.record(feed.organization_id, "calendar.changed", feed.employee.name, by=by, details=[before, details])


def remove(feed: CalendarFeed, *, by: Member | None) -> None:
    """Close the address."""
    with transaction.atomic():
        audit.record(feed.organization_id, "calendar.removed", feed.employee.name, by=by)
        feed.delete()


def path(feed: CalendarFeed) -> str:
    """Return the address without scheme and host."""
    return f"/ical/{unseal(feed.secret_sealed)}.ics"


def find(secret: str) -> CalendarFeed | None:
    """Return the calendar with this secret, of a specialist who still works here."""
    rows = CalendarFeed.objects.select_related("employee__branch", "organization")
    return rows.filter(secret_hash=fingerprint(secret), employee__is_active=True).first()


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
