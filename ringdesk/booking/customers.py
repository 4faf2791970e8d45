"""Whose booking it is: the client that a caller names by our id, by number, or by an id of the caller's own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db import connection
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch, Member, Organization
from ringdesk.booking.models import ExternalClient
from ringdesk.core import phones
from ringdesk.core.asked import positive_id
from ringdesk.core.problems import Invalid
from ringdesk.crm import clients
from ringdesk.crm.models import Client

LONGEST_NAME = 200
WAIT = "SELECT pg_advisory_xact_lock(hashtextextended(name, %s)) FROM unnest(%s::text[]) AS known(name)"


@dataclass(frozen=True, slots=True)
class Customer:
    """Who a booking is for, as far as the caller knows. ``phone`` in any spelling."""

    id: int | None = None
    phone: str = ""
    external_id: str = ""
    name: str = ""

    @classmethod
    def read(cls, said: Any) -> Self | None:
        """Return the customer of a ``client`` object; None where there is none. Raises Invalid."""
        if said in (None, "", {}, []):
            return None
        if not isinstance(said, Mapping):
            raise Invalid(_("The client is an object with id, phone or external_id, and name."), field="client")
        id, phone, external_id, name = (_plain(said.get(key)) for key in ("id", "phone", "external_id", "name"))
        if not (id or phone or external_id):
            if name:
                raise Invalid(_("Tell the client’s id, phone or external_id: a name alone is not enough."),
                              field="client")  # fmt: skip
            return None
        if id and positive_id(id) is None:
            raise Invalid(_("The client’s id is a number."), field="client")
        return cls(positive_id(id) if id else None, phone, external_id, " ".join(name.split()))


def find(organization: Organization, customer: Customer, region: str) -> Client | None:
    """Return the card of the customer, None where there is none yet. Raises Invalid for an id we do not know."""
    if customer.id is not None:
        card: Client | None = Client.objects.for_org(organization).filter(pk=customer.id).first()
        if card is None:
            raise Invalid(_("There is no such client."), field="client")
        return card
    if customer.external_id:
        known = ExternalClient.objects.for_org(organization).filter(external_id=customer.external_id)
        linked = known.select_related("client").first()
        if linked is not None:
            return linked.client  # type: ignore[no-any-return]
    return _by_phone(organization, customer, region) if customer.phone else None


def find_or_create(branch: Branch, customer: Customer, *, by: Member | None) -> Client:
    """Return the card of the customer, made where there is none; an id of the caller's own is remembered.

    Raises Invalid: for an id we do not know, and for a number that is none.
    """
    found = find(branch.organization, customer, branch.region)
    if found is None:
        _wait_for_others(
            branch.organization_id, {customer.external_id, phones.normalize(customer.phone, branch.region)}
        )
        found = find(branch.organization, customer, branch.region)
    card = found or _create(branch, customer, by)
    if customer.external_id:
        ExternalClient.objects.get_or_create(
            organization_id=branch.organization_id, external_id=customer.external_id, defaults={"client": card}
        )
    return card


def _wait_for_others(organization_id: int, names: Collection[str]) -> None:
    """Let those who make a card of the same person, by whichever of its names, come one after another."""
    with connection.cursor() as cursor:
        # In one order, so that two never wait for each other.
        cursor.execute(WAIT, [organization_id, sorted(filter(None, names))])


def _by_phone(organization: Organization, customer: Customer, region: str) -> Client | None:
    """Of several with one number the one of that name, else the oldest: a bot cannot be asked to choose."""
    found = clients.find_by_phone(organization, customer.phone, region=region)
    named = [card for card in found if customer.name and card.name.casefold() == customer.name.casefold()]
    return next(iter(named or found), None)


def _create(branch: Branch, customer: Customer, by: Member | None) -> Client:
    number = phones.normalize(customer.phone, branch.region)
    if customer.phone and len(phones.digits_of(number)) < 5:
        raise Invalid(_("This is not a phone number."), field="client")
    name = customer.name or phones.display(number) or customer.external_id
    if len(name) > LONGEST_NAME:
        raise Invalid(_("The name is too long."), field="client")
    numbers = [number] if number else []
    return clients.create(branch.organization, name=name, phones=numbers, by=by, region=branch.region)


def _plain(value: Any) -> str:
    """Return a value of the object as text. Raises Invalid for what is neither text nor a number."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Invalid(_("The client is an object with id, phone or external_id, and name."), field="client")
    text = str(value).replace("\x00", "").strip()
    if len(text) > LONGEST_NAME:
        raise Invalid(_("The name is too long."), field="client")
    return text
