"""Duplicates made one: whatever points at the others points at the kept client afterwards."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import ForeignKey
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member
from ringdesk.core import events
from ringdesk.core.problems import Invalid, NotFound
from ringdesk.crm import numbers
from ringdesk.crm.models import Client, Phone
from ringdesk.crm.numbers import Written
from ringdesk.crm.signals import clients_merged

MOST = 20
_NAME_LENGTH = 60


def merge(kept: Client, others: Iterable[Client], by: Member | None) -> Client:
    """Move everything of ``others`` to ``kept``, fill what was empty there, and delete them. Returns it as it is now.

    Phones, contracts, contacts and whatever other rooms hang on a client move. Raises Invalid, NotFound.
    """
    wanted = {client.pk for client in others} - {kept.pk}
    with events.atomic():
        kept, gone = _locked(kept, wanted)
        _fill(kept, gone)
        moved = _move_phones(kept, gone)
        for field in pointing_here():
            rows = field.model._base_manager.filter(**{f"{field.name}__in": gone})
            rows.update(**{field.name: kept})
        _free_of_itself(kept, wanted | {kept.pk})
        kept.version += 1
        kept.save()
        names = [client.name[:_NAME_LENGTH] for client in gone]
        audit.record(kept.organization_id, "client.merged", kept, by=by, id=kept.pk, gone=sorted(wanted), names=names)
        Client.objects.for_org(kept.organization_id).filter(pk__in=wanted).delete()
        clients_merged.send(sender=Client, organization=kept.organization_id, kept=kept, gone=sorted(wanted))
        numbers.tell(kept, moved)
    return kept


def pointing_here() -> Iterator[ForeignKey[Any, Any]]:
    """Yield every foreign key of any room that points at a client, but for the phones', which move one by one."""
    for relation in Client._meta.get_fields(include_hidden=True):
        field = getattr(relation, "field", None)
        if relation.auto_created and isinstance(field, ForeignKey) and field.model is not Phone:
            yield field


def count_records(client: Client) -> int:
    """Return how many records of all rooms point at the client: calls, reservations, contracts, contacts…"""
    return sum(field.model._base_manager.filter(**{field.name: client}).count() for field in pointing_here())


def _locked(kept: Client, wanted: set[int]) -> tuple[Client, list[Client]]:
    """Lock all of them in the order of their ids, so that two merges cannot wait for each other."""
    if not wanted:
        raise Invalid(_("Choose at least two clients to merge."))
    if len(wanted) >= MOST:
        raise Invalid(_("More than %(most)s clients cannot be merged at once.") % {"most": MOST})
    rows = Client.objects.for_org(kept.organization_id).filter(pk__in=wanted | {kept.pk})
    found = {client.pk: client for client in rows.order_by("pk").select_for_update()}
    if found.keys() != wanted | {kept.pk}:
        raise NotFound(_("One of these clients has been deleted in the meantime."))
    return found.pop(kept.pk), list(found.values())


def _fill(kept: Client, gone: Sequence[Client]) -> None:
    """Take over what the kept card lacks; notes and tags of all are kept."""
    if any(client.kind != kept.kind for client in gone):
        raise Invalid(_("A person and a company cannot be merged."))
    for client in gone:
        kept.email = kept.email or client.email
        kept.responsible_id = kept.responsible_id or client.responsible_id
        kept.company_id = kept.company_id or client.company_id
        kept.is_partner = kept.is_partner or client.is_partner
        if client.about not in kept.about:
            kept.about = f"{kept.about}\n{client.about}".strip()
        known = {tag.casefold() for tag in kept.tags}
        kept.tags = [*kept.tags, *(tag for tag in client.tags if tag.casefold() not in known)]


def _move_phones(kept: Client, gone: Sequence[Client]) -> list[str]:
    """Put the others' numbers behind the kept client's own. Returns those it did not have."""
    cards = [kept, *gone]
    all_of_them = [Written(phone.number, phone.label) for card in cards for phone in numbers.of(card)]
    labels: dict[str, str] = {}
    for written in all_of_them:
        labels[written.number] = labels.get(written.number) or written.label or ""
    _changed, added = numbers.replace(kept, [Written(number, label) for number, label in labels.items()])
    return added


def _free_of_itself(kept: Client, merged: set[int]) -> None:
    """A company merged with another of which it was a contact is no contact of its own."""
    if kept.company_id in merged:
        kept.company_id = None
