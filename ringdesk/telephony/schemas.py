"""Calls as the HTTP API shows them: the ``call`` of the live channel, and what is known once it is over."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from ringdesk.telephony.models import Call

Direction = Literal["in", "out", "internal"]
State = Literal["ringing", "answered", "held", "ended"]
Result = Literal["answered", "missed", "busy", "cancelled", "failed"]


class NamedOut(Schema):
    """A client or lead on whose card the number stands."""

    id: int
    name: str


class ContractRef(Schema):
    """A contract in which the number stands."""

    id: int
    number: str


class CallOut(Schema):
    """One conversation attempt."""

    id: UUID
    direction: Direction
    state: State
    result: Result | None
    phone: str = Field(description="The other party’s number; empty when hidden.")
    line: str = Field(description="The external number that was called, or called from.")
    extension: str | None = Field(description="Who answered, or the only one rung.")
    extensions: list[str] = Field(description="Who is rung, while it rings.")
    member_id: int | None
    branch_id: int | None
    source: str = Field(description="The kind of the connector that reported it.")
    client: NamedOut | None
    contract: ContractRef | None
    lead: NamedOut | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration: int | None = Field(description="Seconds, once over.")
    recording_url: str
    reservation_id: int | None = Field(description="The reservation it has become.")

    @staticmethod
    def resolve_source(call: Call) -> str:
        return call.connector.kind

    @staticmethod
    def resolve_reservation_id(call: Call) -> int | None:
        return int(call.outcome_id) if call.outcome_kind == "reservation" else None


class CallEventOut(Schema):
    """One fact a connector reported, in Ringdesk’s words."""

    kind: str
    received_at: datetime
    event: dict[str, Any]


class CallDetail(CallOut):
    """A call with the events it was folded from."""

    events: list[CallEventOut]

    @staticmethod
    def resolve_events(call: Call) -> list[Any]:
        return list(call.events.all())
