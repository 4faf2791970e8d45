"""What a connector is: a vendor's folder that translates into our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from django.forms import Field

from ringdesk.core.problems import RingdeskError, Text
from ringdesk.telephony.call_events import CallEvent


class Malformed(RingdeskError):
    """The request is not what this connector's source sends. Answered 400."""


class Refused(RingdeskError):
    """The request's own secret or signature is wrong. Answered 403."""


@dataclass(frozen=True, slots=True)
class Request:
    """What came through the door. ``path`` is what follows the secret address, without slashes at its ends."""

    method: str
    path: str
    query: Mapping[str, str]
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A configured connector as the doors know it: everything a call needs, in memory."""

    id: int
    organization_id: int
    kind: str
    is_active: bool
    branch_id: int | None
    region: str
    popup_seconds: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    # extension → member; line → (branch, region)
    extensions: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, tuple[int, str]] = field(default_factory=dict)


class Course(StrEnum):
    """How a test call goes."""

    RINGING = "ringing"
    ANSWERED = "answered"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class ActedCall:
    """A call to be acted out at ``at``. "" where nothing is said of the line or the extension."""

    course: Course
    call_id: str
    phone: str
    line: str
    extension: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RouteQuestion:
    """The PBX asks whom to route this caller to, and waits."""

    phone: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a request says: events to receive, or a question, and nothing of the vendor's own words."""

    events: tuple[CallEvent, ...] = ()
    question: RouteQuestion | None = None
    agent_version: str = ""


class Connector:
    """A kind of source. Subclass it in a folder of connectors/, or in a package of your own (entry points)."""

    kind: ClassVar[str]
    # What may follow the secret address.
    paths: ClassVar[frozenset[str]] = frozenset({""})
    title: ClassVar[Text]
    summary: ClassVar[Text]
    # Whether its calls end by themselves when the popup's time is over (the source never tells the end).
    ends_silently: ClassVar[bool] = False
    # Whether it knows members' extensions; a phone has none.
    has_extensions: ClassVar[bool] = True
    icon: ClassVar[str] = "plug"

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        """Translate one request. Pure. Raises Malformed or Refused; then nothing is stored."""
        raise NotImplementedError

    def answer(self, responsible: str | None) -> dict[str, Any]:
        """Return the JSON answer; ``responsible`` is the extension that was asked for, None when nothing was."""
        return {"success": True} if responsible is None else {"responsible": responsible}

    def act(self, call: ActedCall) -> list[Request]:
        """Return the requests by which the source would report this call."""
        raise NotImplementedError

    def settings_fields(self) -> dict[str, Field]:
        """Return form fields for what is particular to this kind; they are kept in ``Link.settings``."""
        return {}

    def folder(self) -> Path:
        """Return the folder with SETUP.<language>.md."""
        import sys

        return Path(str(sys.modules[type(self).__module__].__file__)).parent
