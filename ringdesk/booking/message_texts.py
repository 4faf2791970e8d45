"""What a message says, in the client's language, when it is sent: never older than the booking it tells of."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ringdesk.booking import pages, wording
from ringdesk.booking.models import Booking
from ringdesk.booking.page import codes
from ringdesk.booking.public_models import Message, WaitingClient

Kind = Message.Kind


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in words: ``text`` for a letter, ``short`` for a phone."""

    subject: str
    text: str
    short: str


def compose(kind: str, booking: Booking) -> Letter:
    """Return what the message of this kind says of the booking. The language is the one that is active."""
    if kind == Kind.CODE:
        return _code(booking)
    if kind == Kind.OFFER:
        return _offer(booking)
    place = booking.branch.name
    heading, short = _heads(kind, booking)
    link = "" if kind == Kind.CANCELLED else pages.link_to(booking)
    told = _("See, move or cancel: %(link)s") % {"link": link} if link else ""
    where = "" if kind == Kind.CANCELLED else booking.branch.address
    text = _paragraphs(_greeting(booking), heading, _facts(booking), told, place)
    return Letter(f"{heading.rstrip('.')} — {place}", text, " ".join(filter(None, [short, where, link])))


def _heads(kind: str, booking: Booking) -> tuple[str, str]:
    """Return the sentence of a letter, and that of a text message."""
    said = {"place": booking.branch.name, "when": wording.short_when(booking), "services": wording.services(booking)}
    match kind:
        case Kind.MOVED:
            short = _("%(place)s: your visit has moved to %(when)s (%(services)s).")
            return _("Your visit has moved."), short % said
        case Kind.CANCELLED:
            short = _("%(place)s: your visit on %(when)s (%(services)s) is cancelled.")
            return _("Your visit is cancelled."), short % said
        case Kind.REMINDER:
            short = _("%(place)s: we expect you on %(when)s (%(services)s).")
            return _("We expect you."), short % said
    return _("You are booked."), _("%(place)s: you are booked on %(when)s (%(services)s).") % said


def _facts(booking: Booking) -> str:
    lines = [wording.when(booking), wording.services(booking), booking.employee.name, booking.branch.address]
    return "\n".join(filter(None, lines))


def _greeting(booking: Booking) -> str:
    return _("Hello, %(name)s!") % {"name": booking.client_name} if booking.client_name else _("Hello!")


def _code(booking: Booking) -> Letter:
    place, code = booking.branch.name, codes.code_of(booking)
    link = pages.link_to(booking, pages.CONFIRM)
    asked = _("To confirm your visit, open this link: %(link)s") % {"link": link}
    ignored = _("If you did not book, do nothing: the time will be free again.")
    text = _paragraphs(_greeting(booking), asked, _facts(booking), ignored, place)
    short = _("%(place)s: your code is %(code)s. Tell it to nobody.") % {"place": place, "code": code}
    return Letter(_("Confirm your visit — %(place)s") % {"place": place}, text, short)


def _offer(booking: Booking) -> Letter:
    waiting = WaitingClient.objects.for_org(booking.organization_id).filter(offered=booking).first()
    link = pages.link_to_offer(waiting) if waiting else ""
    until = waiting.offered_until if waiting else booking.held_until
    said = {
        "place": booking.branch.name,
        "when": wording.short_when(booking),
        "services": wording.services(booking),
        "until": f"{until.astimezone(booking.branch.zone):%d.%m %H:%M}" if until else "",
        "link": link,
    }
    heading = _("A time has become free for you.")
    kept = _("We keep it for you until %(until)s.") % said
    take = _("To take it, open this link: %(link)s") % said if link else _("To take it, call us.")
    text = _paragraphs(_greeting(booking), heading, _facts(booking), f"{kept} {take}", booking.branch.name)
    short = _("%(place)s: %(when)s has become free (%(services)s), kept for you until %(until)s.") % said
    return Letter(f"{heading.rstrip('.')} — {booking.branch.name}", text, " ".join(filter(None, [short, link])))


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(filter(None, parts)) + "\n"
