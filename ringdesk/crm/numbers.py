"""The phone numbers on a card of a client, contract or lead."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from ringdesk.core import phones as spelling
from ringdesk.core.problems import Invalid
from ringdesk.core.rows import add_rows, add_with_parts
from ringdesk.crm.models import Client, Contract, Lead, Phone
from ringdesk.crm.signals import numbers_changed

MOST = 50
_LONGEST_LABEL = 60


class Written(NamedTuple):
    """A number as somebody wrote it. A label of None leaves the one the number has on this card."""

    number: str
    label: str | None = None


Number = str | Written
Card = Client | Contract | Lead


def read(numbers: Iterable[Number], region: str) -> list[Written]:
    """Return the numbers normalized, blanks and repetitions left out. Raises Invalid (field ``phones``)."""
    read: dict[str, Written] = {}
    for each in numbers:
        written = Written(each) if isinstance(each, str) else each
        if not written.number.strip():
            continue
        number = spelling.normalize(written.number, region)
        if not number or len(spelling.digits_of(written.number)) > spelling.MAX_LENGTH:
            text = _("“%(number)s” is not a phone number.") % {"number": written.number.strip()}
            raise Invalid(text, field="phones", number=written.number)
        label = None if written.label is None else written.label.strip()
        if label and len(label) > _LONGEST_LABEL:
            raise Invalid(_("The label of a number is too long."), field="phones", number=written.number)
        read.setdefault(number, Written(number, label))
    if len(read) > MOST:
        raise Invalid(_("More than %(most)s numbers on one card.") % {"most": MOST}, field="phones")
    return list(read.values())


def replace(card: Card, numbers: Sequence[Written]) -> tuple[bool, list[str]]:
    """Make ``numbers`` (from read) the card's, in this order. Returns whether that changed any, and the new ones."""
    standing = {phone.number: phone for phone in of(card)}
    wanted = [written.number for written in numbers]
    gone = [phone.pk for number, phone in standing.items() if number not in wanted]
    added, moved = [], []
    for position, (number, label) in enumerate(numbers):
        phone = standing.get(number)
        if phone is None:
            added.append(_new(card, number, label or "", position))
        elif (phone.position, phone.label) != (position, phone.label if label is None else label):
            phone.position, phone.label = position, phone.label if label is None else label
            moved.append(phone)
    Phone.objects.for_org(card.organization_id).filter(pk__in=gone).delete()
    Phone.objects.bulk_update(moved, ["position", "label"])
    Phone.objects.bulk_create(added)
    return bool(gone or added or moved), [phone.number for phone in added]


def store(card: Card, numbers: Sequence[Written]) -> None:
    """Store a new card with ``numbers`` (from read)."""
    phones = [_new(card, number, label or "", position) for position, (number, label) in enumerate(numbers)]
    if phones:
        add_with_parts(card, phones, _owner(card))
    else:
        add_rows(card)


def of(card: Card) -> list[Phone]:
    """Return the card's phones in their order."""
    return list(Phone.objects.for_org(card.organization_id).filter(**{_owner(card): card}).order_by("position", "id"))


def tell(card: Card, numbers: Sequence[str]) -> None:
    """Let other rooms know that these normalized numbers have come onto the card."""
    if numbers:
        owners: dict[str, Card | None] = {"client": None, "contract": None, "lead": None, _owner(card): card}
        numbers_changed.send(sender=type(card), organization=card.organization_id, numbers=list(numbers), **owners)


def _new(card: Card, number: str, label: str, position: int) -> Phone:
    backwards = spelling.reverse(number)
    phone = Phone(
        organization_id=card.organization_id, number=number, reversed=backwards, label=label, position=position
    )
    setattr(phone, _owner(card), card)
    return phone


def _owner(card: Card) -> str:
    return card._meta.model_name or ""
