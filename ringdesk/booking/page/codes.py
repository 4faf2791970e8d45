"""Confirming a booking of the page: by a signed link, or by a code of six digits sent to the phone.

The code is derived from the installation's secret key, so that the row that waits to be sent holds no secret; what is
stored to compare with is a hash.
"""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from ringdesk.booking import bookings, messages
from ringdesk.booking.models import Booking
from ringdesk.booking.public_models import BookingPage, Message, PageRequest
from ringdesk.core import events
from ringdesk.core.problems import Conflict, Invalid

DIGITS = 6
MOST_ATTEMPTS = 5
# How long a booking is kept until its client confirms it.
LINK_LASTS = timedelta(minutes=30)
CODE_LASTS = timedelta(minutes=10)


def lasts(page: BookingPage) -> timedelta | None:
    """Return how long a client of this page may take to confirm; None where nothing is to be confirmed."""
    lasting = {BookingPage.Confirmation.EMAIL: LINK_LASTS, BookingPage.Confirmation.CODE: CODE_LASTS}
    return lasting.get(BookingPage.Confirmation(page.confirmation))


def ask(booking: Booking, page: BookingPage, *, email: str, language: str, until: datetime | None) -> PageRequest:
    """Note what the visitor said; ``until``: send them a link or a code, and keep the booking so long."""
    by_code = until is not None and page.confirmation == BookingPage.Confirmation.CODE
    asked, _is_new = PageRequest.objects.update_or_create(
        organization_id=booking.organization_id,
        booking=booking,
        defaults={
            "email": email,
            "language": language,
            "code_hash": make_password(code_of(booking)) if by_code else "",
            "expires_at": until,
            "attempts": 0,
            "confirmed_at": None if until else timezone.now(),
        },
    )
    if until is not None:
        to = (Message.Channel.GATEWAY, booking.phone) if by_code else (Message.Channel.EMAIL, email)
        messages.write(booking, Message.Kind.CODE, key=f"code:{booking.pk}", to=[to])
    return asked


def code_of(booking: Booking) -> str:
    """Return the code of this booking: the same as often as it is asked for."""
    digest = salted_hmac("ringdesk.booking.code", f"{booking.pk}:{booking.created_at.isoformat()}", algorithm="sha256")
    return str(int(digest.hexdigest(), 16) % 10**DIGITS).zfill(DIGITS)


def confirm_by_code(booking: Booking, code: str) -> Booking:
    """Make the booking of the hold. Raises Invalid for a wrong code, Conflict after too many, HoldExpired."""
    with events.atomic():
        rows = PageRequest.objects.for_org(booking.organization_id).filter(booking=booking)
        asked: PageRequest | None = rows.select_for_update().first()
        if asked is None or asked.confirmed_at is not None:
            return booking
        if asked.attempts >= MOST_ATTEMPTS:
            raise Conflict(_("Too many wrong codes. Book again."))
        is_right = bool(asked.code_hash) and check_password("".join(code.split()), asked.code_hash)
        asked.attempts += not is_right
        asked.save(update_fields=["attempts"])
        if is_right:
            return confirm(booking)
    # Outside of the transaction: the count of attempts must stay.
    if asked.attempts >= MOST_ATTEMPTS:
        raise Conflict(_("Too many wrong codes. Book again."))
    raise Invalid(_("This is not the code we sent."), field="code")


def is_used_up(booking: Booking) -> bool:
    """Tell whether so many wrong codes have come that no further one is looked at."""
    rows = PageRequest.objects.for_org(booking.organization_id).filter(booking=booking, confirmed_at=None)
    return rows.filter(attempts__gte=MOST_ATTEMPTS).exists()


def confirm(booking: Booking) -> Booking:
    """Make the booking of the hold. Raises HoldExpired."""
    with events.atomic():
        confirmed = bookings.confirm(booking)
        rows = PageRequest.objects.for_org(booking.organization_id).filter(booking=booking, confirmed_at=None)
        rows.update(confirmed_at=timezone.now())
    return confirmed
