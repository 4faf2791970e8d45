"""Leads: somebody not won yet; found, changed, won."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member, Organization
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core import phones as spelling
from ringdesk.core.problems import Conflict, Invalid
from ringdesk.crm import cards, clients, contracts, numbers
from ringdesk.crm.models import Client, Lead, Phone, folded
from ringdesk.crm.numbers import Number, Written
from ringdesk.crm.signals import lead_converted

FIELDS = ("name", "stage", "client", "responsible", "notes")
NEW, WON = "new", "won"
# Whoever uses the API may name stages of their own.
STAGES: dict[str, Promise] = {
    NEW: pgettext_lazy("lead", "New"),
    "talking": pgettext_lazy("lead", "In talks"),
    "thinking": pgettext_lazy("lead", "Thinking it over"),
    WON: pgettext_lazy("lead", "Won"),
    "lost": pgettext_lazy("lead", "Lost"),
}
audit.register({"lead.deleted": _("Lead deleted"), "lead.converted": _("Lead became a client")})


def stages(current: str | None = None) -> list[tuple[str, Promise | str]]:
    """Return the stages to choose from, with the one of somebody else's naming that a lead has now."""
    known: list[tuple[str, Promise | str]] = list(STAGES.items())
    return known if not current or current in STAGES else [*known, (current, current)]


def search(organization: Organization | int, query: str = "", *, region: str = "RU") -> QuerySet[Lead]:
    """Return the leads whose name has every word of ``query``, or one of whose numbers holds it; newest first."""
    found: QuerySet[Lead] = Lead.objects.for_org(organization)
    text = query.replace("\x00", "").strip()[:100]
    digits = spelling.digits_of(text)
    if digits and not any(character.isalpha() for character in text):
        spellings = Q(number__contains=digits) | Q(number=spelling.normalize(text, region))
        phones = Phone.objects.for_org(organization).filter(spellings, lead__isnull=False).order_by()
        return found.filter(pk__in=phones.values("lead"))
    if text:
        found = found.annotate(name_folded=folded(F("name")))
        for word in text.split()[:6]:
            found = found.filter(name_folded__contains=folded(Value(word)))
    return found.order_by("-id")


def create(
    organization: Organization | int,
    *,
    name: str,
    phones: Iterable[Number] = (),
    stage: str = "new",
    client: Client | None = None,
    responsible: Member | None = None,
    notes: str = "",
    by: Member | None = None,
    region: str = "RU",
) -> Lead:
    """Store a lead with its numbers. Raises Invalid with the field that is wrong."""
    lead = Lead(organization_id=organization if isinstance(organization, int) else organization.pk)
    fields = {"name": name, "stage": stage, "client": client, "responsible": responsible, "notes": notes}
    _assign(lead, fields)
    return cards.store(lead, phones, region)


def change(
    lead: Lead,
    *,
    version: int | None = None,
    by: Member | None = None,
    phones: Iterable[Number] | None = None,
    region: str = "RU",
    **fields: Any,
) -> Lead:
    """Save what differs of name, stage, client, responsible, notes and phones. Raises Stale, Invalid."""
    cards.refuse_unknown(fields, FIELDS)
    return cards.change(lead, fields, _assign, version=version, phones=phones, region=region)


def convert(lead: Lead, *, contract: str = "", by: Member | None = None, region: str = "RU") -> Client:
    """Make the lead a client with its numbers, and with a contract where a number of one is given.

    The lead stays, won; calls linked to it become the client's. Raises Conflict when it was converted already,
    Invalid with the field that is wrong.
    """
    with events.atomic():
        lead = cards.locked(lead)
        if lead.client is not None:
            raise Conflict(_("This lead is a client already."), client=lead.client_id)
        phones = [Written(phone.number, phone.label) for phone in numbers.of(lead)]
        client = clients.create(
            lead.organization_id, name=lead.name, phones=phones, about=lead.notes, responsible=lead.responsible,
            by=by, region=region,
        )  # fmt: skip
        if contract.strip():
            contracts.create(client, number=contract, responsible=lead.responsible, by=by, region=region)
        lead.client, lead.stage = client, WON
        lead.version += 1
        lead.save(update_fields=["client", "stage", "version"])
        audit.record(lead.organization_id, "lead.converted", lead, by=by, id=lead.pk, client=client.pk)
        lead_converted.send(sender=Lead, organization=lead.organization_id, lead=lead, client=client)
    return client


def delete(lead: Lead, *, by: Member | None = None, version: int | None = None) -> None:
    """Remove the lead with its numbers. Its calls stay."""
    with events.atomic():
        lead = cards.locked(lead, version)
        audit.record(lead.organization_id, "lead.deleted", lead, by=by, id=lead.pk)
        lead.delete()


def _assign(lead: Lead, fields: Mapping[str, Any]) -> None:
    for field, value in fields.items():
        setattr(lead, field, _tidy(field, value))
    validate(lead, *(field for field in fields if field in ("name", "stage")))
    if lead.client is not None and lead.client.organization_id != lead.organization_id:
        raise Invalid(_("There is no such client."), field="client")
    cards.require_own_member(lead, lead.responsible)


def _tidy(field: str, value: Any) -> Any:
    if field in ("name", "stage"):
        return cards.one_line(value)
    return str(value).strip() if field == "notes" else value
