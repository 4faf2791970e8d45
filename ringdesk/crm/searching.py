"""Search for clients by any part of the name or of a number. Its indexes are made by migration 0002."""

import re
from typing import Any, TypeVar, cast

from django.db.models import Case, F, IntegerField, Model, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from ringdesk.accounts.models import Organization
from ringdesk.core import phones as spelling
from ringdesk.crm.models import Client, Phone, folded, grams

_NUMBER = re.compile(r"\+?[\d\s().\-\u2010-\u2015/]*\d[\d\s().\-\u2010-\u2015/]*")
_LONGEST = 100
_MOST_WORDS = 6
# Fewer letters are looked up by no index.
GRAM = 3
# Numbers of this country are never longer, so nothing else can hold a whole one.
_WHOLE = re.compile(r"\+7\d{10}")
# Fewer digits inside a longer query ("Anna 12") are part of a name.
_DIGITS_IN_TEXT = 3
Row = TypeVar("Row", bound=Model)


def search(organization: Organization | int, query: str, *, region: str = "RU") -> QuerySet[Client]:
    """Return the clients who match every word of ``query``, those whose name begins with it first.

    A word is any part of the name, whatever the case, ё like е; or any part of a number in any spelling.
    """
    clients: QuerySet[Client] = Client.objects.for_org(organization)
    text = query.replace("\x00", "").strip()[:_LONGEST]
    if not text:
        return clients
    words = [text] if _NUMBER.fullmatch(text) else text.split()[:_MOST_WORDS]
    for word in words:
        is_number = _NUMBER.fullmatch(word) and (word == text or len(spelling.digits_of(word)) >= _DIGITS_IN_TEXT)
        if is_number:
            # A union, not an "or": each half is looked up by its own index.
            either = _named(organization, word).values("pk").union(_owners(organization, word, region))
            clients = clients.filter(pk__in=either)
        else:
            clients = _narrow(clients, word)
    begins = Case(
        When(name_folded__startswith=folded(Value(text)), then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    return clients.order_by(begins, "name", "id")


def named(rows: QuerySet[Row], text: str) -> QuerySet[Row]:
    """Return the rows in whose ``name_folded`` every word of ``text`` is found. Clients, or what has such an index."""
    for word in text.replace("\x00", "").strip()[:_LONGEST].split()[:_MOST_WORDS]:
        rows = _narrow(rows, word)
    return rows


def spellings(query: str, region: str) -> tuple[str, list[str]]:
    """Return the digits to look for anywhere in the numbers, and what a number may begin with. Pure."""
    digits = spelling.digits_of(query)
    beginnings = {spelling.normalize(query, region)}
    if region in ("RU", "KZ") and digits[:1] == "8" and len(digits) > 1:
        beginnings.add("+7" + digits[1:])
    return digits, sorted(number for number in beginnings if number.startswith("+"))


def _named(organization: Organization | int, word: str) -> QuerySet[Client]:
    return _narrow(Client.objects.for_org(organization), word).order_by()


def _narrow(rows: QuerySet[Row], word: str) -> QuerySet[Row]:
    looked_for = folded(Value(word))
    if len(word) >= GRAM:
        of_grams = rows.alias(name_grams=grams(F("name_folded"))).filter(name_grams__contains=grams(looked_for))
        rows = cast(QuerySet[Row], of_grams)
    return rows.filter(name_folded__contains=looked_for)


def _owners(organization: Organization | int, query: str, region: str) -> QuerySet[Phone, Any]:
    """Return the ids of the clients with such a number on their card or contract."""
    digits, beginnings = spellings(query, region)
    if len(beginnings) == 1 and _WHOLE.fullmatch(beginnings[0]):
        condition = Q(number=beginnings[0])
    else:
        condition = Q(number__contains=digits)
        for beginning in beginnings:
            condition |= Q(number__startswith=beginning)
    phones: QuerySet[Phone] = Phone.objects.for_org(organization).filter(condition, lead=None).order_by()
    return phones.annotate(owner=Coalesce("client_id", "contract__client_id")).values("owner")
