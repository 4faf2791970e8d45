"""How much one address, and one phone number, may ask of the booking page. Strangers are counted, not stored.

Counters live in the cache: with several web processes each counts by itself, so that the limits are then as many
times wider. What must hold exactly (open bookings of a number) is counted in the database.
"""

import ipaddress
from typing import NamedTuple

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.booking.models import Booking
from ringdesk.core.problems import Conflict


class Limit(NamedTuple):
    """So many times within so many seconds."""

    most: int
    seconds: int


# A whole office, or a mobile network, may stand behind one address.
PAGES = Limit(600, 60)
HOLDS = Limit(40, 600)
SENT = Limit(30, 600)
PHONE = Limit(10, 3600)
MOST_OPEN = 5
_OPEN = (Booking.Status.HELD, Booking.Status.BOOKED)


class TooMany(Conflict):
    """Asked too often. HTTP 429."""


def count(request: HttpRequest, what: str, limit: Limit) -> None:
    """Count one more of this address. Raises TooMany."""
    _count(f"{what}:{network_of(request)}", limit)


def count_phone(organization_id: int, number: str) -> None:
    """Count one more attempt with this number, whoever makes it. Raises TooMany."""
    _count(f"phone:{organization_id}:{number}", PHONE)


def check_open_bookings(organization_id: int, number: str) -> None:
    """Raise Conflict when the number has as many visits to come from the page as one person needs.

    Whoever else books with this number waits until the transaction ends, and then counts right.
    """
    with connection.cursor() as cursor:
        who = f"booking page {number}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [who, organization_id])
    rows = Booking.objects.for_org(organization_id).filter(phone=number, source=Booking.Source.PAGE)
    if rows.filter(status__in=_OPEN, starts_at__gt=timezone.now()).count() >= MOST_OPEN:
        raise Conflict(_("There are too many bookings with this number already. Please call us."), field="phone")


def network_of(request: HttpRequest) -> str:
    """Return who is counted as one: an IPv4 address, of IPv6 the network that a household has."""
    try:
        address = ipaddress.ip_address(str(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


def _count(name: str, limit: Limit) -> None:
    key = f"booking-page:{name}:{int(timezone.now().timestamp()) // limit.seconds}"
    cache.add(key, 0, limit.seconds)
    try:
        seen = cache.incr(key)
    except ValueError:  # Forgotten between the two.
        return
    if seen > limit.most:
        raise TooMany(_("That was a lot at once. Please wait a few minutes and try again."))
