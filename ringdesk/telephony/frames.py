"""What the live channel says of a call. The shape is public (docs, WebSocket). Pure."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ringdesk.crm.matching import Match
from ringdesk.telephony.fold import CallState


def moment(value: datetime | None) -> str | None:
    """Return RFC 3339 in UTC with milliseconds."""
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def call(
    call_id: UUID, state: CallState, match: Match, *, member_id: int | None, branch_id: int | None, source: str
) -> dict[str, Any]:
    """Return the ``call`` object of a frame."""
    return {
        "id": str(call_id),
        "direction": state.direction,
        "state": state.state,
        "phone": state.phone,
        "line": state.line,
        "extension": state.extension,
        "member_id": member_id,
        "branch_id": branch_id,
        "source": source,
        "started_at": moment(state.started_at),
        "answered_at": moment(state.answered_at),
        "ended_at": moment(state.ended_at),
        "extensions": list(state.extensions),
        "client": match.client and {"id": match.client.id, "name": match.client.name},
        "contract": match.contract and {"id": match.contract.id, "number": match.contract.name},
        "lead": match.lead and {"id": match.lead.id, "name": match.lead.name},
        "result": state.result,
    }
