"""The one vocabulary of calls. Every connector translates its PBX's words into these. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What happened."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    TRANSFERRED = "transferred"
    ENDED = "ended"
    RECORDED = "recorded"
    # Worth keeping, and nothing that changes the call: keys pressed in a voice menu.
    NOTED = "noted"


class Direction(StrEnum):
    """Who called whom: a client us, we a client, or two of us each other."""

    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


class Result(StrEnum):
    """What became of a call that is over."""

    ANSWERED = "answered"
    MISSED = "missed"
    BUSY = "busy"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One fact about one call.

    ``external_id``: what the source calls the call; None when it has no ids (a phone), then the number tells.
    ``phone``: the outside party, normalized; "" is hidden; None is "not said in this event".
    ``extension``: who rang, answered or took over. ``at``: when it happened by the source's clock, if it says.
    ``started_at``, ``answered_at``, ``ended_at``: the whole course, as final reports bring it.
    ``is_late``: told so long after it happened that nobody is on the line any more.
    ``is_presumed``: nobody told this end; it was concluded from silence.
    ``is_leg``: this end is that of one extension's ringing (somebody else may have answered), not of the call.

    Of sources that tell each leg of a call by itself: ``leg`` is which one ("": the whole call is meant), ``step``
    counts the reports of a leg. A leg that ``is_passed_on`` does not end the call with it: the caller was, or may
    be, taken elsewhere. ``is_unique``: the source never gives the id to another call. ``note``: for the trace.
    """

    kind: Kind
    external_id: str | None
    direction: Direction | None = None
    phone: str | None = None
    extension: str | None = None
    extensions: tuple[str, ...] = ()
    line: str = ""
    at: datetime | None = None
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    result: Result | None = None
    recording_url: str = ""
    is_late: bool = False
    is_presumed: bool = False
    is_leg: bool = False
    leg: str = ""
    step: int = 0
    is_passed_on: bool = False
    is_unique: bool = False
    note: str = ""


_TIMES = ("at", "started_at", "answered_at", "ended_at")
_FIELDS = tuple((field.name, field.default) for field in fields(CallEvent))


def to_json(event: CallEvent) -> dict[str, Any]:
    """Return the event as JSON can hold it, without what it does not say."""
    shape: dict[str, Any] = {}
    for name, default in _FIELDS:
        value = getattr(event, name)
        if value is None or value == default:
            continue
        shape[name] = value.isoformat() if isinstance(value, datetime) else value
    return shape


def from_json(shape: dict[str, Any]) -> CallEvent:
    """Return the event that ``to_json`` was given."""
    values = dict(shape)
    values["kind"] = Kind(values["kind"])
    values.setdefault("external_id", None)
    if "direction" in values:
        values["direction"] = Direction(values["direction"])
    if "result" in values:
        values["result"] = Result(values["result"])
    if "extensions" in values:
        values["extensions"] = tuple(values["extensions"])
    for name in _TIMES:
        if name in values:
            values[name] = datetime.fromisoformat(values[name])
    return CallEvent(**values)
