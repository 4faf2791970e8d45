"""Contracts of clients: made, changed, removed."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core.problems import Conflict, Invalid
from ringdesk.crm import cards
from ringdesk.crm.models import Client, Contract
from ringdesk.crm.numbers import Number

FIELDS = ("number", "client", "responsible")
audit.register({"contract.deleted": _("Contract deleted")})


def create(
    client: Client,
    *,
    number: str,
    phones: Iterable[Number] = (),
    responsible: Member | None = None,
    by: Member | None = None,
    region: str = "RU",
) -> Contract:
    """Store a contract of ``client``. Raises Invalid, Conflict when its number is taken in the organization."""
    contract = Contract(organization_id=client.organization_id, client=client)
    _assign(contract, {"number": number, "responsible": responsible})
    with _telling_the_taken(contract):
        return cards.store(contract, phones, region)


def change(
    contract: Contract,
    *,
    version: int | None = None,
    by: Member | None = None,
    phones: Iterable[Number] | None = None,
    region: str = "RU",
    **fields: Any,
) -> Contract:
    """Save what differs of number, client, responsible and phones. Raises Stale, Invalid, Conflict."""
    cards.refuse_unknown(fields, FIELDS)
    with _telling_the_taken(contract):
        return cards.change(contract, fields, _assign, version=version, phones=phones, region=region)


def delete(contract: Contract, *, by: Member | None = None, version: int | None = None) -> None:
    """Remove the contract with its numbers. Its calls stay."""
    with events.atomic():
        contract = cards.locked(contract, version)
        audit.record(contract.organization_id, "contract.deleted", contract, by=by, id=contract.pk)
        contract.delete()


def _assign(contract: Contract, fields: Mapping[str, Any]) -> None:
    for field, value in fields.items():
        setattr(contract, field, cards.one_line(value) if field == "number" else value)
    validate(contract, *(field for field in fields if field == "number"))
    if contract.client.organization_id != contract.organization_id:
        raise Invalid(_("There is no such client."), field="client")
    cards.require_own_member(contract, contract.responsible)


@contextmanager
def _telling_the_taken(contract: Contract) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if "contract_number_unique" not in str(error):
            raise
        text = _("There is a contract with this number already.")
        raise Conflict(text, field="number") from error
