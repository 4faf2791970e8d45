"""Leads: somebody not won yet."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member, Organization
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core.problems import Invalid
from ringdesk.crm import cards
from ringdesk.crm.models import Client, Lead
from ringdesk.crm.numbers import Number

FIELDS = ("name", "stage", "client", "responsible")
audit.register({"lead.deleted": _("Lead deleted")})


def create(
    organization: Organization | int,
    *,
    name: str,
    phones: Iterable[Number] = (),
    stage: str = "new",
    client: Client | None = None,
    responsible: Member | None = None,
    by: Member | None = None,
    region: str = "RU",
) -> Lead:
    """Store a lead with its numbers. Raises Invalid with the field that is wrong."""
    lead = Lead(organization_id=organization if isinstance(organization, int) else organization.pk)
    _assign(lead, {"name": name, "stage": stage, "client": client, "responsible": responsible})
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
    """Save what differs of name, stage, client, responsible and phones. Raises Stale, Invalid."""
    cards.refuse_unknown(fields, FIELDS)
    return cards.change(lead, fields, _assign, version=version, phones=phones, region=region)


def delete(lead: Lead, *, by: Member | None = None, version: int | None = None) -> None:
    """Remove the lead with its numbers. Its calls stay."""
    with events.atomic():
        lead = cards.locked(lead, version)
        audit.record(lead.organization_id, "lead.deleted", lead, by=by, id=lead.pk)
        lead.delete()


def _assign(lead: Lead, fields: Mapping[str, Any]) -> None:
    for field, value in fields.items():
        setattr(lead, field, cards.one_line(value) if field in ("name", "stage") else value)
    validate(lead, *(field for field in fields if field in ("name", "stage")))
    if lead.client is not None and lead.client.organization_id != lead.organization_id:
        raise Invalid(_("There is no such client."), field="client")
    cards.require_own_member(lead, lead.responsible)
