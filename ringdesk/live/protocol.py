"""What is said on the live channel, to whom, and the names of its closings. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

NO_TOKEN = 4001
NOT_ALLOWED = 4003
TOO_SLOW = 4008
REVOKED = 4009

RESYNC = '{"type":"resync"}'

# First word of a frame's type → the resource whose `read` scope hears it.
RESOURCES = {
    "call": "calls",
    "popup": "calls",
    "window": "calls",
    "interaction": "calls",
    "reservation": "reservations",
    "booking": "bookings",
    "order": "orders",
    "till": "orders",
    "feed": "clients",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: ``text`` is what every listener gets, made once. ``resource``: whose `read` scope hears it."""

    id: int
    resource: str
    audience: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens: a member's tab or a program's token, and what it may and wants to hear.

    ``branches`` None is every branch. ``extension`` narrows calls to one extension, rung or answered.
    ``program`` acts for the member; it listens until ``until``, when its token ends.
    """

    organization_id: int
    resources: Collection[str]
    member_id: int | None = None
    token_id: int | None = None
    program: int | None = None
    until: datetime | None = None
    branches: frozenset[int] | None = None
    extension: str | None = None

    def hears(self, frame: Frame) -> bool:
        """Tell whether the frame is for this listener."""
        audience = frame.audience
        if frame.resource not in self.resources:
            return False
        if "member" in audience and audience["member"] != self.member_id:
            return False
        branch = audience.get("branch")
        if self.branches is not None and branch is not None and branch not in self.branches:
            return False
        if self.extension is None or frame.resource != "calls":
            return True
        return self.extension in audience.get("extensions", ())


@dataclass(frozen=True, slots=True)
class Resume:
    """The client asks for everything after this id."""

    after: int


@dataclass(frozen=True, slots=True)
class Said:
    """Anything else a client may say."""

    type: str
    values: Mapping[str, Any] = field(default_factory=dict)


def frame(id: int, type: str, at: datetime, audience: Mapping[str, Any], body: Mapping[str, Any]) -> Frame:
    """Return the frame of one line of the log."""
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = orjson.dumps({"id": id, "type": type, "at": stamp, **body}).decode()
    return Frame(id, RESOURCES.get(type.partition(".")[0], ""), audience, text)


def understand(text: str) -> Resume | Said | None:
    """Return what the client said; None when it is nothing we know the shape of."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("type"), str):
        return None
    if said["type"] != "resume":
        return Said(said["type"], said)
    after = position(said.get("after"))
    return None if after is None else Resume(after)


def position(value: object) -> int | None:
    """Return an event id from what a client sent, None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
