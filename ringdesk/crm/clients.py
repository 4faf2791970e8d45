"""Clients: found, created, changed, deleted (merged: merging.py). Nobody else writes Client and its phones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member, Organization
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core import phones as spelling
from ringdesk.core.problems import Invalid
from ringdesk.core.rows import Query
from ringdesk.crm import cards
from ringdesk.crm.merging import merge
from ringdesk.crm.models import Client
from ringdesk.crm.numbers import Number, Written
from ringdesk.crm.searching import search

__all__ = ["Written", "change", "create", "delete", "find_by_last_digits", "find_by_phone", "merge", "search"]

FIELDS = ("name", "kind", "about", "email", "tags", "company", "responsible", "is_partner")
_MOST_TAGS = 30
# Asked with every booking.
_HAVING = """
SELECT {{client}} FROM crm_phone phone
LEFT JOIN crm_contract contract ON contract.id = phone.contract_id
JOIN crm_client client ON client.id = coalesce(phone.client_id, contract.client_id)
WHERE phone.organization_id = %s AND phone.lead_id IS NULL AND {condition}
ORDER BY phone.client_id IS NULL, client.id
"""
_BY_NUMBER = Query(_HAVING.format(condition="phone.number = %s"), client=Client)
_BY_LAST_DIGITS = Query(_HAVING.format(condition="phone.reversed LIKE %s"), client=Client)
audit.register({"client.deleted": _("Client deleted"), "client.merged": _("Duplicate clients merged")})


def find_by_phone(organization: Organization | int, number: str, *, region: str = "RU") -> list[Client]:
    """Return the clients on whose card, or on whose contract, this whole number stands; their own card first."""
    normalized = spelling.normalize(number, region)
    return _having(_BY_NUMBER, organization, normalized) if normalized else []


def find_by_last_digits(organization: Organization | int, number: str, digits: int = 5) -> list[Client]:
    """Return the clients one of whose numbers ends in the last ``digits`` digits of this one. Never to link by."""
    backwards = spelling.reverse(number)[:digits]
    return _having(_BY_LAST_DIGITS, organization, f"{backwards}%") if len(backwards) == digits else []


def create(
    organization: Organization | int,
    *,
    name: str,
    phones: Iterable[Number] = (),
    about: str = "",
    kind: str = Client.Kind.PERSON,
    tags: Sequence[str] = (),
    email: str = "",
    company: Client | None = None,
    responsible: Member | None = None,
    is_partner: bool = False,
    by: Member | None = None,
    region: str = "RU",
) -> Client:
    """Store a client with its numbers, written in any spelling. Raises Invalid with the field that is wrong."""
    client = Client(organization_id=organization if isinstance(organization, int) else organization.pk)
    _assign(client, {"name": name, "about": about, "kind": kind, "tags": tags, "email": email, "company": company,
                     "responsible": responsible, "is_partner": is_partner})  # fmt: skip
    return cards.store(client, phones, region)


def change(
    client: Client,
    *,
    version: int | None = None,
    by: Member | None = None,
    phones: Iterable[Number] | None = None,
    region: str = "RU",
    **fields: Any,
) -> Client:
    """Save what differs; ``phones`` is the whole list. Returns the client as it is now.

    Raises Stale when ``version`` is not the stored one, Invalid with the field that is wrong.
    """
    cards.refuse_unknown(fields, FIELDS)
    return cards.change(client, fields, _assign, version=version, phones=phones, region=region)


def delete(client: Client, *, by: Member | None = None, version: int | None = None) -> None:
    """Remove the client with its numbers and contracts. Its calls and reservations stay, linked to nobody."""
    with events.atomic():
        client = cards.locked(client, version)
        audit.record(client.organization_id, "client.deleted", client, by=by, id=client.pk)
        client.delete()


def _having(query: Query, organization: Organization | int, wanted: str) -> list[Client]:
    organization_id = organization if isinstance(organization, int) else organization.pk
    # A number may stand on a client's card and on a contract of the same client.
    found: dict[int, Client] = {}
    for (client,) in query.rows([organization_id, wanted]):
        found.setdefault(client.pk, client)
    return list(found.values())


def _assign(client: Client, fields: Mapping[str, Any]) -> None:
    for field, value in fields.items():
        setattr(client, field, _tidy(field, value))
    validate(client, *(field for field in fields if field not in ("company", "responsible")))
    if "responsible" in fields:
        cards.require_own_member(client, client.responsible)
    if "company" in fields or "kind" in fields:
        _check_company(client)


def _tidy(field: str, value: Any) -> Any:
    if field == "name":
        return cards.one_line(value)
    if field in ("about", "email"):
        return str(value).strip()
    return _tidy_tags(value) if field == "tags" else value


def _tidy_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags once each, whatever their case, as first written."""
    kept: dict[str, str] = {}
    for tag in map(cards.one_line, tags):
        if tag:
            kept.setdefault(tag.casefold(), tag)
    if len(kept) > _MOST_TAGS:
        raise Invalid(_("Too many tags."), field="tags")
    return list(kept.values())


def _check_company(client: Client) -> None:
    company = client.company
    if company is not None:
        if company.organization_id != client.organization_id:
            raise Invalid(_("There is no such company."), field="company")
        if company.kind != Client.Kind.COMPANY or client.kind == Client.Kind.COMPANY:
            raise Invalid(_("Only a person can be a contact, and only of a company."), field="company")
    if client.pk and client.kind != Client.Kind.COMPANY and client.contacts.exists():
        raise Invalid(_("This company has contacts. Take them off first."), field="kind")
