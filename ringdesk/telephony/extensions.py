"""Extensions: which PBX-internal number belongs to which member, per connector."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member, Organization
from ringdesk.core.problems import Conflict, Invalid
from ringdesk.telephony.models import Call, Connector, Extension

_LOOKS_LIKE = re.compile(r"[0-9A-Za-z*#._-]{1,32}")
# Extensions are looked for in this many of the organization's latest calls.
_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class Seen:
    """An extension that calls mention and that is nobody's."""

    connector_id: int
    number: str
    calls: int
    last_at: datetime


def assign(connector: Connector, member: Member, number: str, *, by: Member | None = None) -> Extension:
    """Give the member this extension on the connector, in place of the one they had there.

    Raises Invalid for what no extension looks like, Conflict when it is another member's.
    """
    number = number.strip()
    if not _LOOKS_LIKE.fullmatch(number):
        raise Invalid(_("An extension has digits, letters and * # . _ - only, 32 at most."), field="number")
    if connector.organization_id != member.organization_id:
        raise Invalid(_("The member is of another organization."), field="member")
    holder = _holder(connector, number)
    if holder is not None and holder.member_id != member.pk:
        raise _taken(holder)
    try:
        with transaction.atomic():
            extension, _created = Extension.objects.update_or_create(
                organization_id=connector.organization_id,
                connector=connector,
                member=member,
                defaults={"number": number},
            )
            audit.record(connector.organization_id, "extension.assigned", f"{number}: {member.name}", by=by)
    except IntegrityError as error:
        holder = _holder(connector, number)
        if holder is None:
            raise
        raise _taken(holder) from error
    return extension


def unassign(extension: Extension, *, by: Member | None = None) -> None:
    """Take the extension from its member."""
    with transaction.atomic():
        subject = f"{extension.number}: {extension.member.name}"
        audit.record(extension.organization_id, "extension.unassigned", subject, by=by)
        extension.delete()


def unassigned(organization: Organization | int, connector: Connector | None = None) -> list[Seen]:
    """Return the extensions that calls mentioned lately and that belong to nobody, most often heard first."""
    present = set(Connector.objects.for_org(organization).filter(removed_at=None).values_list("pk", flat=True))
    calls = Call.objects.for_org(organization)
    owned = Extension.objects.for_org(organization)
    if connector is not None:
        calls, owned = calls.filter(connector=connector), owned.filter(connector=connector)
    latest = calls.order_by("-first_received_at", "-id")[:_LOOKED_AT]
    facts = latest.values_list("connector_id", "extensions", "first_received_at")
    seen = [fact for fact in facts if fact[0] in present]
    return tally(seen, set(owned.values_list("connector_id", "number")))


def tally(calls: Iterable[tuple[int, list[str], datetime]], owned: set[tuple[int, str]]) -> list[Seen]:
    """Count the extensions of calls (connector, extensions, start) that are not ``owned`` (connector, extension)."""
    seen: dict[tuple[int, str], Seen] = {}
    for connector_id, numbers, at in calls:
        for number in dict.fromkeys(numbers):
            key = (connector_id, number)
            if key in owned:
                continue
            before = seen.get(key)
            seen[key] = Seen(
                connector_id, number, before.calls + 1 if before else 1, max(before.last_at, at) if before else at
            )
    return sorted(seen.values(), key=lambda one: (-one.calls, one.number, one.connector_id))


def _holder(connector: Connector, number: str) -> Extension | None:
    return Extension.objects.filter(connector=connector, number=number).select_related("member").first()


def _taken(holder: Extension) -> Conflict:
    text = _("Extension %(number)s belongs to %(member)s.") % {"number": holder.number, "member": holder.member.name}
    return Conflict(text, field="number")
