"""Whose number is it, and who is responsible: the rule. Pure.

Contract first, then client, then lead; the first of the three on which the number stands decides. Several cards
there are ``candidates``: nobody is chosen, a person chooses.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Kind = Literal["contract", "client", "lead"]
ORDER: tuple[Kind, ...] = ("contract", "client", "lead")


class Row(NamedTuple):
    """A card on which the number stands, as ``linking.ROWS`` selects it.

    ``name`` is a contract's number or a person's name. ``client_*`` say whose contract it is, or which client a
    lead has become; they are None for a client itself. ``responsible`` ids are those of active members.
    """

    kind: Kind
    id: int
    name: str
    responsible_id: int | None = None
    client_id: int | None = None
    client_name: str | None = None
    client_responsible_id: int | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A card as a screen shows it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Match:
    """What a number means. ``responsible_id`` is a member's, also when several cards share that one member."""

    contract: Named | None = None
    client: Named | None = None
    lead: Named | None = None
    candidates: tuple[Row, ...] = ()
    responsible_id: int | None = None

    @property
    def is_known(self) -> bool:
        """Tell whether a card was found and no choice is open."""
        return not self.candidates and not (self.contract is self.client is self.lead is None)


NOBODY = Match()


def match(rows: Iterable[Sequence[Any]]) -> Match:
    """Return what the cards of one number say together. ``rows``: Row, or tuples in its order, in any order."""
    found = sorted({Row(*row) for row in rows}, key=lambda row: (ORDER.index(row.kind), row.id))
    if not found:
        return NOBODY
    first = [row for row in found if row.kind == found[0].kind]
    responsible_id = _responsible(found)
    if len(first) > 1:
        return Match(client=_shared_client(first), candidates=tuple(first), responsible_id=responsible_id)
    row = first[0]
    card = Named(row.id, row.name)
    client = _client(row)
    if row.kind == "contract":
        return Match(contract=card, client=client, responsible_id=responsible_id)
    if row.kind == "client":
        return Match(client=card, responsible_id=responsible_id)
    return Match(lead=card, client=client, responsible_id=responsible_id)


def _client(row: Row) -> Named | None:
    return None if row.client_id is None else Named(row.client_id, row.client_name or "")


def _shared_client(rows: list[Row]) -> Named | None:
    """Two contracts of one client leave open which contract, not who calls."""
    clients = {_client(row) for row in rows}
    return clients.pop() if len(clients) == 1 else None


def _responsible(found: list[Row]) -> int | None:
    """Return the contract's responsible member, else the client's, else the lead's; of several only a shared one."""
    for kind in ORDER:
        rows = [row for row in found if row.kind == kind]
        members = {row.responsible_id or row.client_responsible_id for row in rows}
        if len(members) > 1:
            return None
        member = members.pop() if members else None
        if member is not None:
            return member
    return None
