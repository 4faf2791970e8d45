"""Whose number it is that stands on the card of a visit."""

from collections.abc import Callable
from dataclasses import dataclass

from ringdesk.accounts.models import Branch
from ringdesk.core.asked import positive_id
from ringdesk.crm import clients
from ringdesk.crm.models import Client

# What the card says instead of a client's id: the number belongs to somebody new.
NEW_CLIENT = "new"


@dataclass(frozen=True, slots=True)
class Known:
    """Whose number the card holds: one client, several to choose from, or nobody."""

    phone: str
    client: Client | None = None
    candidates: tuple[Client, ...] = ()
    chosen: str = ""
    visits: int = 0
    no_shows: int = 0


def known_by(
    branch: Branch, phone: str, *, chosen: str, current: Client | None, visits: Callable[[Client], tuple[int, int]]
) -> Known:
    """Return the clients with this (normalized) number. ``chosen``: an id, ``new`` or nothing.

    ``current``: whose visit with this number it is already. ``visits`` counts how often a client came, and did not.
    """
    if current and chosen != NEW_CLIENT:
        found = [current]
    elif phone:
        found = clients.find_by_phone(branch.organization, phone)
    else:
        client = asked_client(branch, chosen)
        found = [client] if client else []
    if len(found) > 1:
        return Known(phone, candidates=tuple(found), chosen=chosen)
    if not found:
        return Known(phone)
    came, missed = visits(found[0])
    return Known(phone, found[0], chosen=str(found[0].pk), visits=came, no_shows=missed)


def asked_client(branch: Branch, text: str) -> Client | None:
    """Return the client whose id an address or a form names, None for none and for nonsense."""
    pk = positive_id(text)
    if pk is None:
        return None
    client: Client | None = Client.objects.for_org(branch.organization_id).filter(pk=pk).first()
    return client
