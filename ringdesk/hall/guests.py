"""Whose reservation it is: the guest's card found by the whole number, or made."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch, Member
from ringdesk.core.problems import Invalid
from ringdesk.crm import clients
from ringdesk.crm.models import Client
from ringdesk.hall.models import Reservation
from ringdesk.hall.problems import GuestAmbiguous


@dataclass(frozen=True, slots=True)
class Guest:
    """Who comes, as far as the author of a reservation knows. ``phone`` is normalized, ``name`` may be empty.

    ``client_id`` is the card the author has seen or chosen, ``is_new`` the wish for another card with this number.
    """

    name: str
    phone: str
    client_id: int | None = None
    is_new: bool = False
    about: str | None = None


def find_or_create(
    branch: Branch, guest: Guest, *, by: Member | None, current: Reservation | None = None
) -> Client | None:
    """Return the guest's card; without a name there is none. Raises GuestAmbiguous when a choice is needed.

    ``current``: the reservation being changed; as long as name and number stay, so does its guest.
    """
    if not guest.name:
        return None
    if current and _is_unchanged(guest, current):
        # Also None: a reservation whose guest's card was deleted does not bring it back by being moved.
        client = current.client
    else:
        client = _find(branch, guest, current) or _create(branch, guest, by)
    if client:
        _keep_about(client, guest, by)
    return client


def known_by(branch: Branch, phone: str) -> list[Client]:
    """Return the guests with this (normalized) number; none for a hidden one."""
    return clients.find_by_phone(branch.organization, phone) if phone else []


def _is_unchanged(guest: Guest, current: Reservation) -> bool:
    if guest.is_new or guest.phone != current.phone or guest.client_id not in (None, current.client_id):
        return False
    return current.client is not None or guest.name == current.guest_name


def _find(branch: Branch, guest: Guest, current: Reservation | None) -> Client | None:
    if guest.is_new:
        return None
    chosen = _chosen(branch, guest)
    if chosen and not (current and chosen.pk == current.client_id):
        return chosen
    found = known_by(branch, guest.phone)
    if chosen in found:
        return chosen
    if len(found) > 1:
        raise GuestAmbiguous(found)
    if found:
        return found[0]
    # Another number under the same name is the same guest, whose number was corrected.
    return chosen if current and guest.name == current.guest_name else None


def _chosen(branch: Branch, guest: Guest) -> Client | None:
    if guest.client_id is None:
        return None
    client: Client | None = Client.objects.for_org(branch.organization_id).filter(pk=guest.client_id).first()
    if client is None:
        raise Invalid(_("This guest's card is gone. Choose the guest again."), field="client")
    return client


def _create(branch: Branch, guest: Guest, by: Member | None) -> Client:
    phones = [guest.phone] if guest.phone else []
    return clients.create(
        branch.organization, name=guest.name, phones=phones, about=guest.about or "", by=by, region=branch.region
    )


def _keep_about(client: Client, guest: Guest, by: Member | None) -> None:
    about = guest.about
    if about is not None and guest.client_id != client.pk:
        # The author has not seen what is known already: nothing of it is lost.
        about = client.about if about in client.about else "\n".join(filter(None, [client.about, about]))
    if about is not None and about != client.about:
        clients.change(client, about=about, by=by)
