"""What clients, contracts and leads have in common: a version, a responsible member, numbers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Member
from ringdesk.core import events
from ringdesk.core.problems import Invalid, NotFound, Stale
from ringdesk.crm import numbers
from ringdesk.crm.models import Client, Contract, Lead
from ringdesk.crm.numbers import Number

SomeCard = TypeVar("SomeCard", Client, Contract, Lead)
Assign = Callable[[SomeCard, Mapping[str, Any]], None]


def locked(card: SomeCard, version: int | None = None) -> SomeCard:
    """Return the stored card, locked until the transaction ends. Raises NotFound, Stale."""
    rows = type(card).objects.for_org(card.organization_id).select_for_update(no_key=True)
    stored: SomeCard | None = rows.filter(pk=card.pk).first()
    if stored is None:
        raise NotFound(_("This card has been deleted."))
    if version is not None and version != stored.version:
        raise Stale(_("Somebody has changed this card in the meantime. Look at it again."), version=stored.version)
    return stored


def store(card: SomeCard, phones: Iterable[Number], region: str) -> SomeCard:
    """Save a new card with its numbers."""
    written = numbers.read(phones, region)
    # Numbers of contracts and leads of calls are there once, and whoever writes one again goes on from the refusal.
    with events.atomic(savepoint=not isinstance(card, Client)):
        numbers.store(card, written)
        numbers.tell(card, [each.number for each in written])
    return card


def change(
    card: SomeCard,
    fields: Mapping[str, Any],
    assign: Assign[SomeCard],
    *,
    version: int | None,
    phones: Iterable[Number] | None,
    region: str,
) -> SomeCard:
    """Save what ``assign`` makes of ``fields`` where it differs, and ``phones`` as the whole list of numbers."""
    written = None if phones is None else numbers.read(phones, region)
    with events.atomic():
        card = locked(card, version)
        before = {field: _value(card, field) for field in fields}
        assign(card, fields)
        differing: list[str] = [field for field in fields if _value(card, field) != before[field]]
        has_moved, added = (False, []) if written is None else numbers.replace(card, written)
        if differing or has_moved:
            card.version += 1
            card.save(update_fields=[*differing, *_own_times(card), "version"])
            numbers.tell(card, added)
    return card


def refuse_unknown(fields: Iterable[str], known: Iterable[str]) -> None:
    """Raise TypeError for a field that the card does not have: a mistake in our code."""
    if unknown := set(fields) - set(known):
        raise TypeError(f"There is no {', '.join(sorted(unknown))} to change.")


def require_own_member(card: Client | Contract | Lead, member: Member | None) -> None:
    """Raise Invalid when the responsible member belongs to another organization."""
    if member is not None and member.organization_id != card.organization_id:
        raise Invalid(_("There is no such member."), field="responsible")


def one_line(text: object) -> str:
    """Return the text with every run of white space made one blank."""
    return " ".join(str(text).split())


def _value(card: Client | Contract | Lead, field: str) -> Any:
    attribute = f"{field}_id" if card._meta.get_field(field).is_relation else field
    return getattr(card, attribute)


def _own_times(card: Client | Contract | Lead) -> list[str]:
    """Return the fields that set themselves when the card is saved: they are saved along."""
    return [field.name for field in card._meta.fields if getattr(field, "auto_now", False)]
