"""The log of changes that matter: who did what to whom, for the owner to read later."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from ringdesk.accounts.access import Role
from ringdesk.accounts.models import AuditEntry, Member, Module, Organization

LABELS: dict[str, Promise] = {
    "organization.created": _("Organization created"),
    "organization.changed": _("Organization changed"),
    "branch.created": _("Branch added"),
    "branch.changed": _("Branch changed"),
    "branch.deactivated": _("Branch closed"),
    "branch.reactivated": _("Branch opened again"),
    "member.added": _("Member added"),
    "member.changed": _("Member changed"),
    "member.deactivated": _("Member deactivated"),
    "member.reactivated": _("Member reactivated"),
    "invitation.sent": _("Invitation made"),
    "invitation.accepted": _("Invitation accepted"),
    "invitation.revoked": _("Invitation revoked"),
    "token.issued": _("API token issued"),
    "token.revoked": _("API token revoked"),
    "application.registered": _("Program registered"),
    "application.revoked": _("Program removed"),
    "program.connected": _("Program let in"),
    "program.disconnected": _("Program disconnected"),
    "program.code_reused": _("Program disconnected: its code was used twice"),
    "calendar.made": _("Calendar address made"),
    "calendar.changed": _("Calendar shows other data"),
    "calendar.removed": _("Calendar address closed"),
}


def register(labels: Mapping[str, Promise]) -> None:
    """Name the actions that another room records."""
    LABELS.update(labels)


def record(organization: Organization | int, action: str, subject: object, *, by: Member | None, **data: Any) -> None:
    """Write one line. ``by`` is None for the command line; ``data`` is JSON, a change is ``field=[old, new]``."""
    AuditEntry.objects.create(
        organization_id=organization if isinstance(organization, int) else organization.pk,
        member=by,
        action=action,
        subject=str(subject)[:200],
        data=data,
    )


def entries(organization: Organization) -> QuerySet[AuditEntry]:
    """Return the organization's log, newest first."""
    return AuditEntry.objects.for_org(organization).select_related("member")


def describe(action: str) -> str:
    """Return what the action is called for people."""
    return str(LABELS.get(action, action))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return what differs as ``{field: [old, new]}``."""
    return {key: [before[key], after[key]] for key in before if before[key] != after[key]}


PERSON = pgettext_lazy("person", "Name")
FIELDS: dict[str, Promise] = {
    "name": _("Name"),
    "language": _("Language"),
    "modules": _("Modules"),
    "popup_seconds": _("Popup, seconds"),
    "address": _("Address"),
    "timezone": _("Time zone"),
    "region": _("Country"),
    "hours": _("Opening hours"),
    "role": _("Role"),
    "branches": _("Branches"),
    "scopes": _("Permissions"),
}


# Permissions beyond so many are counted, and read on demand.
MOST_SHOWN = 6


class Detail(NamedTuple):
    """A changed field for people. ``short``: what stands there instead of a list too long to be read at a glance."""

    field: str
    old: str
    new: str
    short: str = ""


def details(entry: AuditEntry) -> list[Detail]:
    """Return the changed fields of a line for people."""
    names = FIELDS | ({"name": PERSON} if entry.action.startswith("member.") else {})
    pairs = [(field, pair) for field, pair in entry.data.items() if isinstance(pair, list) and len(pair) == 2]
    return [
        Detail(str(names[field]), _spoken(field, old), _spoken(field, new), _short(field, new))
        for field, (old, new) in pairs
        if field in names
    ]


def _short(field: str, value: Any) -> str:
    if field != "scopes" or not isinstance(value, list) or len(value) <= MOST_SHOWN:
        return ""
    text = ngettext("%(count)s permission", "%(count)s permissions", len(value))
    return text % {"count": len(value)}


def _spoken(field: str, value: Any) -> str:
    if field == "hours" or value is None:
        return ""
    if field == "role":
        return str(Role(value).label) if value in Role.values else str(value)
    if field == "modules":
        return ", ".join(str(Module(module).label) for module in value if module in Module.values)
    if field == "branches" and not value:
        return str(_("all"))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
