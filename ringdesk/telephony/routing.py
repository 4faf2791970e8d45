"""Smart transfer: which extension a caller belongs to. Pure."""

from collections.abc import Mapping

from ringdesk.crm.matching import Match


def responsible_extension(match: Match, extensions: Mapping[str, int]) -> str:
    """Return the extension of the caller's responsible member, "" when nobody is found or has none.

    ``extensions``: extension → member id, of the connector that asks.
    """
    if match.responsible_id is None:
        return ""
    mine = sorted(number for number, member_id in extensions.items() if member_id == match.responsible_id)
    return mine[0] if mine else ""
