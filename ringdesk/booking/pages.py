"""The page on which clients book themselves: how it is set up, and the addresses that lead into it.

Nobody else writes BookingPage. A link to a client's own booking is signed: whoever has it may see, move and cancel
that one booking; it cannot be guessed, and needs no account and no cookie.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch, Module, Organization
from ringdesk.accounts.validation import validate
from ringdesk.booking import offers, versions
from ringdesk.booking.models import Booking
from ringdesk.booking.public_models import BookingPage, WaitingClient
from ringdesk.core import events
from ringdesk.core.asked import positive_id
from ringdesk.core.problems import Invalid, Stale

FIELDS = ("is_open", "welcome", "confirmation", "origins", "change_notice", "privacy_url", "base_url")
MOST_ORIGINS = 20
OWN, CONFIRM, OFFER, HOLD = "own", "confirm", "offer", "hold"


def of(organization: Organization | int) -> BookingPage:
    """Return the organization's page; one that was never set up is closed, and unsaved."""
    found: BookingPage | None = BookingPage.objects.for_org(organization).select_related("organization").first()
    if found is not None:
        return found
    id = organization if isinstance(organization, int) else organization.pk
    return BookingPage(organization_id=id)


def opened(slug: str) -> BookingPage | None:
    """Return the page at this address, None where there is none or it is closed."""
    rows = BookingPage.objects.select_related("organization").filter(organization__slug=slug, is_open=True)
    found: BookingPage | None = rows.first()
    return found if found is not None and found.organization.has_module(Module.BOOKING) else None


def change(organization: Organization, *, version: int | None = None, **fields: Any) -> BookingPage:
    """Set the page up. Raises Invalid, Stale."""
    if unknown := set(fields) - set(FIELDS):
        raise TypeError(f"A booking page has no {', '.join(sorted(unknown))} to change.")
    with events.atomic():
        BookingPage.objects.get_or_create(organization=organization)
        page: BookingPage = BookingPage.objects.for_org(organization).select_for_update(no_key=True).get()
        if version is not None and version != page.version:
            raise Stale(_("Somebody has changed this in the meantime."), current=page)
        for field, value in fields.items():
            setattr(page, field, value)
        page.welcome = page.welcome.strip()
        page.origins = [origin(each) for each in page.origins]
        if len(page.origins) > MOST_ORIGINS:
            raise Invalid(_("Twenty sites at most."), field="origins")
        validate(page, *(field for field in fields if field != "origins"))
        page.version += 1
        page.save()
    return page


def origin(text: str) -> str:
    """Return a site as browsers name it: scheme, host, port. Raises Invalid."""
    typed = text.strip()
    try:
        parts = urlsplit(typed if "://" in typed else f"https://{typed}")
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        host, port, parts = "", None, urlsplit("")
    is_plain = all(letter.isalnum() or letter in "-." for letter in host) and not parts.username
    if parts.scheme not in ("http", "https") or not host or not is_plain:
        text_of_error = _("“%(site)s” is not the address of a site. Write it like https://example.com.")
        raise Invalid(text_of_error % {"site": typed[:100]}, field="origins")
    is_usual = port is None or port == {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if is_usual else f":{port}")


def branches(page: BookingPage) -> list[Branch]:
    """Return the branches where something can be booked online. Two queries where nothing has changed."""
    rows = list(Branch.objects.for_org(page.organization_id).filter(is_active=True).select_related("organization"))
    numbers = versions.of_all(page.organization_id, [branch.pk for branch in rows])
    return [branch for branch in rows if offers.at(branch, numbers.get(branch.pk, versions.NEVER).catalogue).online()]


def base_url(page: BookingPage) -> str:
    """Return scheme and host for links in messages, "" where nobody has told us."""
    return settings.PUBLIC_URL or page.base_url


def path(page: BookingPage, rest: str = "") -> str:
    """Return the page's address without scheme and host."""
    return f"/book/{page.organization.slug}/{rest}"


def link_to(booking: Booking, verb: str = OWN) -> str:
    """Return the client's own link for a message; "" while the page is closed or its address unknown."""
    page = of(booking.organization_id)
    base = base_url(page)
    if not (base and page.is_open):
        return ""
    rest = f"confirm/{token(booking, CONFIRM)}/" if verb == CONFIRM else f"visit/{token(booking)}/"
    return base + path(page, rest)


def link_to_offer(waiting: WaitingClient) -> str:
    """Return the link that takes the offered time; "" while the page is closed or its address unknown."""
    page = of(waiting.organization_id)
    base = base_url(page)
    return base + path(page, f"offer/{offer_token(waiting)}/") if base and page.is_open else ""


def token(booking: Booking, purpose: str = OWN) -> str:
    """Return the signed name of a booking in addresses; one made for another purpose opens nothing."""
    return _signer(purpose).sign(str(booking.pk))


def booking_of(page: BookingPage, token: str, purpose: str = OWN) -> Booking | None:
    """Return the booking of this name, of this page's organization."""
    id = _unsigned(token, purpose)
    rows = Booking.objects.for_org(page.organization_id).select_related("branch__organization", "employee", "client")
    found: Booking | None = rows.prefetch_related("lines").filter(pk=id).first() if id else None
    return found


def offer_token(waiting: WaitingClient) -> str:
    """Return the signed name of somebody who waits, for one offer alone."""
    return _signer(OFFER).sign(f"{waiting.pk}-{waiting.offered_id or 0}")


def offer_of(page: BookingPage, token: str) -> tuple[WaitingClient, int] | None:
    """Return who was offered a time, and which (the id of the kept booking)."""
    try:
        id, _dash, offered = _signer(OFFER).unsign(token).partition("-")
    except signing.BadSignature:
        return None
    rows = WaitingClient.objects.for_org(page.organization_id).select_related("branch__organization", "offered")
    found: WaitingClient | None = rows.filter(pk=positive_id(id)).first()
    return (found, positive_id(offered) or 0) if found else None


def _unsigned(token: str, purpose: str) -> int | None:
    try:
        return positive_id(_signer(purpose).unsign(token))
    except signing.BadSignature:
        return None


def _signer(purpose: str) -> signing.Signer:
    return signing.Signer(sep=".", salt=f"ringdesk.booking.{purpose}")
