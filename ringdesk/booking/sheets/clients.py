"""Clients in a table: known by their numbers. Numbers and tags are only ever added to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch, Member
from ringdesk.accounts.validation import validate
from ringdesk.booking.bots.arguments import folded
from ringdesk.booking.sheets import cells, columns
from ringdesk.booking.sheets.kinds import Cells, Seen, Wish
from ringdesk.core import phones
from ringdesk.core.problems import Invalid
from ringdesk.crm import clients
from ringdesk.crm.models import Client, Phone
from ringdesk.crm.numbers import Written

_KINDS = {
    Client.Kind.PERSON: ("person", "человек", "физлицо", "физическое лицо", "частное лицо"),
    Client.Kind.COMPANY: ("company", "компания", "организация", "юрлицо", "юридическое лицо"),
}
_KIND_OF = {folded(word): kind for kind, words in _KINDS.items() for word in words}
_CHUNK = 5000
Key = tuple[str, str]


class ClientRows:
    """Clients of an organization; ``rows`` are those that will be read, so that only their numbers are looked up."""

    def __init__(self, branch: Branch, by: Member | None, rows: Iterable[Cells] = ()) -> None:
        self.branch, self.by, self.seen = branch, by, Seen()
        numbers: set[str] = set()
        names: set[str] = set()
        for row in rows:
            numbers |= set(self._numbers(row))
            names.add(row.get("name", "").strip())
        self.by_number: dict[str, list[Client]] = {}
        self.without: dict[Key, Client] = {}
        self._look_up(sorted(numbers), sorted(names))

    def read(self, row: Cells) -> Wish:
        name = " ".join(row.get("name", "").split())
        numbers = self._numbers(row, is_strict=True)
        if not name and not numbers:
            raise Invalid(_("There is neither a name nor a number."))
        stored = self._find(name, row, numbers)
        keys: Sequence[str | Key] = numbers or [(folded(name), row.get("email", "").casefold())]
        for key in keys:
            self.seen.note(key)
        name = name or (stored.name if stored else phones.display(numbers[0]))
        fields = self._fields(name, row, stored)
        have = [phone.number for phone in stored.phones.all()] if stored else []
        if added := [number for number in numbers if number not in have]:
            kept = [Written(phone.number, phone.label) for phone in stored.phones.all()] if stored else []
            fields["phones"] = [*kept, *added]
        return Wish(stored, fields)

    def write(self, wish: Wish) -> None:
        region = self.branch.region
        if wish.stored is None:
            clients.create(self.branch.organization_id, by=self.by, region=region, **wish.fields)
        elif wish.fields:
            clients.change(wish.stored, by=self.by, region=region, **wish.fields)

    def _fields(self, name: str, row: Cells, stored: Client | None) -> dict[str, Any]:
        fields: dict[str, Any] = {"name": name}
        fields |= {each: row[each] for each in ("email", "about") if each in row}
        if "is_partner" in row:
            fields["is_partner"] = cells.yes(row["is_partner"])
        if "kind" in row:
            fields["kind"] = _KIND_OF.get(folded(row["kind"]))
            if fields["kind"] is None:
                raise Invalid(_("“%(text)s” is neither a person nor a company.") % {"text": row["kind"][:40]})
        if "tags" in row:
            have = list(stored.tags) if stored else []
            known = {tag.casefold() for tag in have}
            fields["tags"] = [*have, *(tag for tag in cells.parts(row["tags"]) if tag.casefold() not in known)]
        blank = Client(organization_id=self.branch.organization_id, **fields)
        validate(blank, *fields)
        if stored is None:
            return fields
        return {each: value for each, value in fields.items() if _now(stored, each) != value}

    def _numbers(self, row: Cells, *, is_strict: bool = False) -> list[str]:
        found = []
        for written in cells.parts(row.get("phones", "")):
            number = phones.normalize(written, self.branch.region)
            if len(phones.digits_of(number)) >= 5:
                found.append(number)
            elif is_strict:
                raise Invalid(_("“%(text)s” is not a phone number.") % {"text": written[:40]})
        return list(dict.fromkeys(found))

    def _find(self, name: str, row: Cells, numbers: Sequence[str]) -> Client | None:
        if not numbers:
            return self.without.get((folded(name), row.get("email", "").casefold()))
        found = {card.pk: card for number in numbers for card in self.by_number.get(number, [])}
        if len(found) > 1:
            found = {pk: card for pk, card in found.items() if folded(card.name) == folded(name)}
            if len(found) != 1:
                raise Invalid(_("Several clients have these numbers."))
        return next(iter(found.values()), None)

    def _look_up(self, numbers: Sequence[str], names: Sequence[str]) -> None:
        organization = self.branch.organization_id
        for start in range(0, len(numbers), _CHUNK):
            wanted = numbers[start : start + _CHUNK]
            of_clients = Phone.objects.for_org(organization).filter(number__in=wanted, client__isnull=False)
            for phone in of_clients.select_related("client").prefetch_related("client__phones"):
                if phone.client is not None:
                    self.by_number.setdefault(phone.number, []).append(phone.client)
        for start in range(0, len(names), _CHUNK):
            alone = Client.objects.for_org(organization).filter(name__in=names[start : start + _CHUNK], phones=None)
            for card in alone.order_by("-id"):
                self.without[folded(card.name), card.email.casefold()] = card


def read_rows(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[Mapping[str, str]]:
    """Return rows as their cells by name."""
    return (columns.by_name(names, row) for row in rows)


def _now(stored: Client, name: str) -> Any:
    value = getattr(stored, name)
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    return list(value) if name == "tags" else value
