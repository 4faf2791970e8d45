"""The address book: everybody with a number, clients, companies, leads and colleagues, in one list by name."""

from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value

from ringdesk.accounts.models import Member, Organization
from ringdesk.crm import leads, searching
from ringdesk.crm.models import Client, Lead
from ringdesk.telephony.models import Extension

KINDS = ("person", "company", "lead", "member")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``numbers``: number and its label; a colleague's are extensions."""

    kind: str
    id: int
    name: str
    note: str
    numbers: list[tuple[str, str]]


def search(organization: Organization, text: str, kind: str, *, region: str) -> QuerySet[Any]:
    """Return (kind, id, name) of everybody who fits, by name; ``entries`` fills in a page of them."""
    wanted = [kind] if kind in KINDS else list(KINDS)
    found = [_SOURCES[one](organization, text, region) for one in wanted]
    first, *others = [_keys(rows, one) for rows, one in zip(found, wanted, strict=True)]
    if not others:
        return first.order_by("label", "pk")
    return first.union(*others, all=True).order_by("label", "kind_of", "pk")


def entries(organization: Organization, keys: list[dict[str, Any]]) -> list[Entry]:
    """Return the lines of a page of keys: the same few queries for any number."""
    ids = {kind: [key["pk"] for key in keys if key["kind_of"] == kind] for kind in KINDS}
    clients = Client.objects.for_org(organization).filter(pk__in=[*ids["person"], *ids["company"]])
    people = {client.pk: client for client in clients.select_related("company").prefetch_related("phones")}
    prospects = Lead.objects.for_org(organization).filter(pk__in=ids["lead"]).prefetch_related("phones").in_bulk()
    extensions: dict[int, list[tuple[str, str]]] = {}
    present = Extension.objects.for_org(organization).filter(member__in=ids["member"])
    # The same number on several connectors is one number to a reader.
    for member_id, number in present.order_by("number").values_list("member_id", "number").distinct():
        extensions.setdefault(member_id, []).append((number, ""))
    lines = []
    for key in keys:
        kind, id, numbers, note = key["kind_of"], key["pk"], [], ""
        card = people.get(id) if kind in ("person", "company") else prospects.get(id) if kind == "lead" else None
        if card is not None:
            numbers = [(phone.number, phone.label) for phone in card.phones.all()]
            note = card.company.name if isinstance(card, Client) and card.company else ""
        elif kind == "member":
            numbers = extensions.get(id, [])
        lines.append(Entry(kind, id, key["label"], note, numbers))
    return lines


def _keys(rows: QuerySet[Any], kind: str) -> QuerySet[Any]:
    labelled = rows.order_by().annotate(kind_of=Value(kind, output_field=CharField()), label=F("name"))
    keys: QuerySet[Any] = labelled.values("kind_of", "pk", "label")
    return keys


def _clients(kind: str) -> Any:
    def found(organization: Organization, text: str, region: str) -> QuerySet[Any]:
        return searching.search(organization, text, region=region).filter(kind=kind)

    return found


def _leads(organization: Organization, text: str, region: str) -> QuerySet[Any]:
    return leads.search(organization, text, region=region).filter(client=None)


def _members(organization: Organization, text: str, region: str) -> QuerySet[Any]:
    found: QuerySet[Any] = Member.objects.for_org(organization).filter(is_active=True)
    if text:
        having = Extension.objects.for_org(organization).filter(number__contains=text)
        found = found.filter(Q(name__icontains=text) | Q(pk__in=having.values("member")))
    return found


_SOURCES: dict[str, Any] = {
    "person": _clients("person"),
    "company": _clients("company"),
    "lead": _leads,
    "member": _members,
}
