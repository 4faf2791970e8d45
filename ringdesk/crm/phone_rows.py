"""The numbers in a form: rows that are added, taken away and put in order before anything is saved.

A row keeps its key while the form is open, so that what was typed into it stays its own (``phones-3-number``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from ringdesk.core import phones as spelling
from ringdesk.crm.models import Client, Contract, Phone
from ringdesk.crm.numbers import Card, Written

_NAME = re.compile(r"phones-(\d{1,4})-number")
MOST = 50


@dataclass(frozen=True, slots=True)
class PhoneRow:
    """One row; ``others`` are the cards on which the number stands already."""

    key: int
    number: str = ""
    label: str = ""
    error: str = ""
    others: tuple[Phone, ...] = field(default=())

    @property
    def name(self) -> str:
        return f"phones-{self.key}"


def of_card(phones: Iterable[Phone]) -> list[PhoneRow]:
    """Return the rows of what is stored."""
    return [PhoneRow(key, spelling.display(phone.number), phone.label) for key, phone in enumerate(phones)]


def of_numbers(numbers: Iterable[str]) -> list[PhoneRow]:
    """Return the rows of numbers that come with the address of the form."""
    return [PhoneRow(key, number) for key, number in enumerate(number for number in numbers if number)]


def read(data: Mapping[str, str]) -> list[PhoneRow]:
    """Return the rows as they were sent, in their order on the page."""
    keys = [int(found[1]) for name in data if (found := _NAME.fullmatch(name))][:MOST]
    return [
        PhoneRow(key, data[f"phones-{key}-number"].strip(), data.get(f"phones-{key}-label", "").strip()) for key in keys
    ]


def with_blank(rows: list[PhoneRow]) -> list[PhoneRow]:
    """Return the rows with an empty one to type into, unless there is one."""
    if any(not row.number for row in rows):
        return rows
    return [*rows, PhoneRow(max((row.key for row in rows), default=-1) + 1)]


def rearrange(rows: list[PhoneRow], wish: str) -> list[PhoneRow]:
    """Do what a button of a row says: ``add``, ``remove-3`` or ``up-3``; anything else changes nothing. Pure."""
    verb, _dash, key = wish.partition("-")
    place = next((place for place, row in enumerate(rows) if str(row.key) == key), None)
    if verb == "add":
        return [*rows, PhoneRow(max((row.key for row in rows), default=-1) + 1)]
    if place is None:
        return rows
    others = rows[:place] + rows[place + 1 :]
    if verb == "remove":
        return others
    return [*rows[: place - 1], rows[place], rows[place - 1], *rows[place + 1 :]] if verb == "up" and place else rows


def written(rows: Iterable[PhoneRow]) -> list[Written]:
    """Return the numbers as the actions take them."""
    return [Written(row.number, row.label) for row in rows if row.number]


def refused(rows: Iterable[PhoneRow], number: str | None, text: str) -> list[PhoneRow]:
    """Return the rows with what an action said of one number beside it."""
    return [replace(row, error=text) if number and row.number == number else row for row in rows]


def with_others(rows: Iterable[PhoneRow], organization: int, region: str, card: Card | None) -> list[PhoneRow]:
    """Return the rows with the other clients' and contracts' cards on which their number stands."""
    rows = list(rows)
    normalized = {row.key: spelling.normalize(row.number, region) for row in rows}
    found = Phone.objects.for_org(organization).filter(number__in=[number for number in normalized.values() if number])
    found = found.filter(lead=None).select_related("client", "contract__client").order_by("id")
    standing = [phone for phone in found if not _is_of(phone, card)]
    return [
        replace(row, others=tuple(phone for phone in standing if phone.number == normalized[row.key])[:3])
        for row in rows
    ]


def repeated(rows: Iterable[PhoneRow], region: str) -> list[PhoneRow]:
    """Return the rows, saying of a number that stands twice in the form that it does."""
    seen: set[str] = set()
    result = []
    for row in rows:
        number = spelling.normalize(row.number, region)
        again = bool(number) and number in seen
        seen.add(number)
        result.append(replace(row, error=_("This number is above already.")) if again and not row.error else row)
    return result


def query_of(card: Card | None) -> str:
    """Return how the address of the rows names the card whose own numbers are no news."""
    if isinstance(card, Contract):
        return f"contract={card.pk}"
    return f"client={card.pk}" if card is not None else ""


def _is_of(phone: Phone, card: Card | None) -> bool:
    if isinstance(card, Contract):
        return phone.contract_id == card.pk or phone.client_id == card.client_id
    if isinstance(card, Client):
        owner = phone.client_id if phone.contract is None else phone.contract.client_id
        return owner == card.pk
    return False
