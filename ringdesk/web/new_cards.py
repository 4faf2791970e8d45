"""What a call, a number or a client can become: a reservation where the branch has halls, a booking where services."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ringdesk.accounts.models import Branch, Member, Module
from ringdesk.booking.models import Service
from ringdesk.hall.models import Hall


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card to fill in: its address, what its button says, and what is said of it to who cannot see."""

    kind: str
    url: str
    label: str
    hint: str


def kinds(member: Member, branch: Branch | None) -> tuple[str, ...]:
    """Return what can be made here: ``reservation``, ``booking``, both or nothing."""
    organization = member.organization
    may_reserve = organization.has_module(Module.HALL) and member.may("reservations.change")
    may_book = organization.has_module(Module.BOOKING) and member.may("bookings.change")
    if not (may_reserve and may_book) or branch is None:
        return (("reservation",) if may_reserve else ()) + (("booking",) if may_book else ())
    own = {"organization": organization, "branch": branch, "is_active": True}
    has_services = Service.objects.filter(**own).exists()
    if not has_services:
        return ("reservation",)
    return ("reservation", "booking") if Hall.objects.filter(**own).exists() else ("booking",)


def of(member: Member, branch: Branch | None) -> list[NewCard]:
    """Return the cards that this member can fill in at the branch."""
    cards = {
        "reservation": ("hall:card_new", _("Reservation"), _("New reservation from this call")),
        "booking": ("booking:card_new", pgettext("one visit", "Booking"), _("New booking from this call")),
    }
    found = [(kind, *cards[kind]) for kind in kinds(member, branch)]
    return [NewCard(kind, reverse(name), label, hint) for kind, name, label, hint in found]
