"""Whose booking it is: the client's card that the author of a booking has seen, chosen, or wants made."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch, Member
from ringdesk.booking.models import Booking
from ringdesk.core.asked import positive_id
from ringdesk.core.problems import Invalid
from ringdesk.crm import clients
from ringdesk.crm.known import NEW_CLIENT
from ringdesk.crm.models import Client


@dataclass(frozen=True, slots=True)
class Said:
    """What the card says of the client. ``phone`` is normalized; ``chosen``: an id, ``new`` or nothing."""

    name: str
    phone: str
    chosen: str
    about: str


def find_or_create(branch: Branch, said: Said, *, by: Member | None, current: Booking | None = None) -> Client | None:
    """Return the client's card. Raises Invalid when the number is on several cards and none is chosen.

    One is made where there is a name and a number that nobody has; ``current``: the booking being changed.
    """
    if current and (said.name, said.phone) == (current.client_name, current.phone) and said.chosen != NEW_CLIENT:
        client = _chosen(branch, said) or current.client
    else:
        client = _find(branch, said, current)
        if client is None and said.name and said.phone:
            client = clients.create(
                branch.organization, name=said.name, phones=[said.phone], by=by, region=branch.region
            )  # fmt: skip
    if client:
        _keep_about(client, said, by)
    return client


def _find(branch: Branch, said: Said, current: Booking | None) -> Client | None:
    if said.chosen == NEW_CLIENT:
        return None
    chosen = _chosen(branch, said)
    found = clients.find_by_phone(branch.organization, said.phone) if said.phone else []
    if chosen and (chosen in found or not said.phone):
        return chosen
    if len(found) > 1:
        raise Invalid(_("This number belongs to several clients. Choose whose booking it is."), field="client")
    if found:
        return found[0]
    # Another number under the same name is the same client, whose number was corrected.
    return chosen if chosen and current and said.name == current.client_name else None


def _chosen(branch: Branch, said: Said) -> Client | None:
    pk = positive_id(said.chosen)
    if pk is None:
        return None
    client: Client | None = Client.objects.for_org(branch.organization_id).filter(pk=pk).first()
    if client is None:
        raise Invalid(_("This client’s card is gone. Choose the client again."), field="client")
    return client


def _keep_about(client: Client, said: Said, by: Member | None) -> None:
    about = said.about.strip()
    if about and str(client.pk) != said.chosen and client.about not in about:
        # The author has not seen what is known already: nothing of it is lost.
        about = client.about if about in client.about else f"{client.about}\n{about}"
    is_known = str(client.pk) == said.chosen
    if about != client.about and (about or is_known):
        clients.change(client, about=about, by=by)
