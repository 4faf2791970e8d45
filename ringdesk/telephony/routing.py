"""Smart transfer: whose caller it is, and which extension to route to. Pure."""

from collections.abc import Mapping

from ringdesk.crm.matching import Match
from ringdesk.telephony.connectors.base import Caller, Link

ON, OFF = "on", "off"


def is_forwarding(link: Link) -> bool:
    """Tell whether callers are routed to their responsible member: as the connector says, else the organization."""
    wish = link.settings.get("smart_transfer")
    if wish in (ON, True):
        return True
    return wish != OFF and link.rules.forwarding


def caller(match: Match, link: Link) -> Caller:
    """Return who calls. The extension is told only where forwarding is on; the name always."""
    responsible = responsible_extension(match, link.extensions) if is_forwarding(link) else ""
    path = f"/clients/{match.client.id}/" if match.client else ""
    return Caller(responsible, _name(match), path)


def responsible_extension(match: Match, extensions: Mapping[str, int]) -> str:
    """Return the extension of the caller's responsible member, "" when nobody is found or has none.

    ``extensions``: extension → member id, of the connector that asks.
    """
    if match.responsible_id is None:
        return ""
    mine = sorted(number for number, member_id in extensions.items() if member_id == match.responsible_id)
    return mine[0] if mine else ""


def _name(match: Match) -> str:
    """A contract is known by its client's name; of several cards none is chosen."""
    if match.candidates:
        return match.client.name if match.client else ""
    person = match.client or match.lead
    return person.name if person else match.contract.name if match.contract else ""
