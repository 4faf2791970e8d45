"""A visit in words: as pages and messages say it, in the language that is active and the zone of its branch."""

from datetime import date

from django.utils.formats import date_format

from ringdesk.booking.models import Booking


def day(value: date) -> str:
    """Return a day as people say it: Saturday, 21 November."""
    said = date_format(value, "l, j E")
    return said[:1].upper() + said[1:]


def services(booking: Booking) -> str:
    """Return the names of what was booked."""
    return ", ".join(line.title for line in booking.lines.all())


def when(booking: Booking) -> str:
    """Return day and time: Saturday, 21 November, 10:00–11:30."""
    zone = booking.branch.zone
    starts, ends = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    return f"{day(starts.date())}, {starts:%H:%M}–{ends:%H:%M}"


def short_when(booking: Booking) -> str:
    """Return day and time for a text message: 21.11 10:00."""
    return f"{booking.starts_at.astimezone(booking.branch.zone):%d.%m %H:%M}"
