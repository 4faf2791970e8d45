"""Our frames in the words of the connector protocol (file 5, 5.2), and in those of Standard Webhooks. Pure.

A message has a ``slot``: what it says of its call in one word. Each slot of a call is sent once, however often the
log repeats itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

INCOMING, ACCEPTED, OUTGOING, HISTORY, CONTACT = "INCOMING", "ACCEPTED", "OUTGOING", "history", "contact"
# The private part of a line of the log where a call's recording is told.
RECORDING = "recording_url"
_DIRECTIONS = ("in", "out")
_TALKING = ("call.answered", "call.held", "call.transferred")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: ``key`` is what its order is kept within (a call), ``body`` is without the token."""

    key: str
    slot: str
    type: str
    body: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an outside CRM wants and calls things. ``users``: extension → its user there."""

    events: bool = True
    history: bool = True
    users: Mapping[str, str] = field(default_factory=dict)
    has_trunk_prefix: bool = True


def messages(
    type: str, call: Mapping[str, Any], at: datetime, wishes: Wishes, *, recording_url: str = ""
) -> list[Message]:
    """Return what a frame of a call says to an outside CRM, in order; nothing for an internal call.

    ``at``: when the log was written, for a call whose end has no time.
    """
    if call["direction"] not in _DIRECTIONS:
        return []
    if type == "call.ended":
        return [_history(call, at, wishes, recording_url)] if wishes.history else []
    if not wishes.events:
        return []
    if type == "call.ringing":
        return [_start(call, extension, wishes) for extension in _rung(call)]
    if type in _TALKING:
        who = call["extension"] or ""
        # A CRM hears of the start before it hears of the answer, even where the PBX tells of the answer alone.
        return [_start(call, who, wishes), _event(ACCEPTED, call, who, wishes)]
    return []


def question(phone: str, *, has_trunk_prefix: bool) -> dict[str, Any]:
    """Return the question whose caller this is."""
    return {"cmd": "contact", "phone": spelled(phone, has_trunk_prefix=has_trunk_prefix)}


def responsible(answer: object, users: Mapping[str, str], extensions: Mapping[str, Any]) -> str | None:
    """Return the extension that an answer to ``contact`` names; "" is nobody, None what says nothing we know.

    The name of a user counts as their extension. ``extensions``: those of the connector that asks.
    """
    said = answer.get("responsible") if isinstance(answer, Mapping) else None
    if isinstance(said, bool) or not isinstance(said, str | int):
        return None
    name = str(said).strip()
    if not name:
        return ""
    by_user = {user: extension for extension, user in users.items()}
    if name in by_user:
        return by_user[name]
    return name if name in users or name in extensions else None


def spelled(phone: str, *, has_trunk_prefix: bool) -> str:
    """Return a number as the protocol writes it: ``89991234567``, digits alone. Without trunk prefix: E.164."""
    if not has_trunk_prefix:
        return phone
    if phone.startswith("+7") and len(phone) == 12:
        return "8" + phone[2:]
    return phone.removeprefix("+")


def standard(type: str, at: datetime, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a frame as Standard Webhooks have it."""
    return {"type": type, "timestamp": stamp(at), "data": dict(body)}


def key(type: str, body: Mapping[str, Any]) -> str:
    """Return what the frame's order is kept within: the object it is about (``reservation:17``)."""
    for name, thing in body.items():
        if isinstance(thing, Mapping) and "id" in thing:
            return str(thing["id"]) if name == "call" else f"{name}:{thing['id']}"
    return type


def stamp(at: datetime) -> str:
    """Return RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _start(call: Mapping[str, Any], extension: str, wishes: Wishes) -> Message:
    return _event(INCOMING if call["direction"] == "in" else OUTGOING, call, extension, wishes)


def _event(type: str, call: Mapping[str, Any], extension: str, wishes: Wishes) -> Message:
    body = {"cmd": "event", "type": type, "direction": call["direction"], **_parties(call, extension, wishes)}
    return Message(call["id"], f"{type}:{extension}", type, body | {"callid": call["id"]})


def _history(call: Mapping[str, Any], at: datetime, wishes: Wishes, recording_url: str) -> Message:
    start = _moment(call["started_at"]) or at
    end = max(_moment(call["ended_at"]) or at, start)
    rung = _rung(call)
    body = {
        "cmd": "history",
        "type": call["direction"],
        **_parties(call, call["extension"] or (rung[0] if rung else ""), wishes),
        "start": _clock(start),
        "end": _clock(end),
        "duration": int(end.timestamp()) - int(start.timestamp()),
        "callid": call["id"],
        "link": recording_url,
        "status": "success" if call["result"] == "answered" else "missed",
    }
    return Message(call["id"], HISTORY, HISTORY, body)


def _parties(call: Mapping[str, Any], extension: str, wishes: Wishes) -> dict[str, str]:
    return {
        "user": wishes.users.get(extension, extension),
        "ext": extension,
        "phone": spelled(call["phone"], has_trunk_prefix=wishes.has_trunk_prefix),
        "diversion": call["line"],
    }


def _rung(call: Mapping[str, Any]) -> list[str]:
    rung = list(dict.fromkeys(call["extensions"]))
    return rung or ([call["extension"]] if call["extension"] else [])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
