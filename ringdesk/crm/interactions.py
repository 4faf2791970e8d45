"""«Call» documents: found and written on. They are made where calls end (telephony.documents)."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Member, Organization
from ringdesk.core import events, phones
from ringdesk.core.asked import searched
from ringdesk.core.problems import Invalid, NotFound, Stale
from ringdesk.crm import searching
from ringdesk.crm.models import Client, Contract, Interaction, Lead

LONGEST_NOTES = 10_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to. ``result``: an Interaction.Result, "unanswered", or "" for all."""

    text: str = ""
    direction: str = ""
    result: str = ""
    is_mine: bool = False


def visible_to(member: Member) -> QuerySet[Interaction]:
    """Return the documents this seat may see: all, or, when limited to branches, those of them and of none."""
    found: QuerySet[Interaction] = Interaction.objects.for_org(member.organization_id)
    branches = [branch.pk for branch in member.branches.all()]
    return found.filter(Q(branch__in=branches) | Q(branch__isnull=True)) if branches else found


def with_names(found: QuerySet[Interaction]) -> QuerySet[Interaction]:
    """Return them with what a list shows. Prefetched, not joined: joined, all of them would be sorted."""
    return found.prefetch_related("client", "contract__client", "lead", "member")


def search(member: Member, filters: Filters) -> QuerySet[Interaction]:
    """Return the documents the filters leave, newest first."""
    found = with_names(visible_to(member))
    if filters.direction:
        found = found.filter(direction=filters.direction)
    if filters.result == "unanswered":
        found = found.exclude(result=Interaction.Result.ANSWERED)
    elif filters.result:
        found = found.filter(result=filters.result)
    if filters.is_mine:
        found = found.filter(member=member)
    text = searched(filters.text)
    if text:
        found = found.filter(_having(member.organization_id, text))
    return found.order_by("-id")


def of_client(client: Client, member: Member) -> QuerySet[Interaction]:
    """Return the client's documents, newest first: theirs, their contracts' and those of the lead they were."""
    mine = Q(client=client) | Q(contract__client=client) | Q(lead__client=client)
    return with_names(visible_to(member)).filter(mine).order_by("-id")


def write(document: Interaction, notes: str, *, version: int | None = None) -> Interaction:
    """Save the notes. Returns the document as it is now. Raises Stale, NotFound, Invalid (field ``notes``)."""
    notes = notes.replace("\r\n", "\n").strip()
    if len(notes) > LONGEST_NOTES:
        raise Invalid(_("The notes are too long."), field="notes")
    with events.atomic():
        rows = Interaction.objects.for_org(document.organization_id).select_for_update(no_key=True)
        stored: Interaction | None = rows.filter(pk=document.pk).first()
        if stored is None:
            raise NotFound(_("There is no such thing here."))
        if version is not None and version != stored.version:
            raise Stale(_("Somebody has changed this card in the meantime. Look at it again."), version=stored.version)
        if stored.notes != notes:
            stored.notes = notes
            stored.version += 1
            stored.save(update_fields=["notes", "version"])
            shape = {"id": stored.pk, "call_id": str(stored.call_id)}
            events.publish(stored.organization_id, "interaction.changed", {"interaction": shape},
                           branch_id=stored.branch_id)  # fmt: skip
    return stored


def _having(organization: Organization | int, text: str) -> Q:
    """Return the condition of a number, a name or notes that hold the text."""
    digits = phones.digits_of(text)
    if digits and not any(character.isalpha() for character in text):
        found = Q(phone__contains=digits)
        return found | Q(phone__contains="7" + digits[1:]) if digits[0] == "8" and len(digits) > 1 else found
    clients = searching.search(organization, text).order_by().values("pk")
    contracts = Contract.objects.for_org(organization).filter(Q(number__icontains=text) | Q(client__in=clients))
    leads = Lead.objects.for_org(organization).filter(name__icontains=text)
    return (
        Q(client__in=clients)
        | Q(contract__in=contracts.values("pk"))
        | Q(lead__in=leads.values("pk"))
        | Q(notes__icontains=text)
    )
