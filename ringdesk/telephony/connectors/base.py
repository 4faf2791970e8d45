"""What a connector is: a vendor's folder that translates into our words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

from django.forms import Field

from ringdesk.core.problems import RingdeskError, Text
from ringdesk.telephony.call_events import CallEvent
from ringdesk.telephony.rules import Rules


class Malformed(RingdeskError):
    """The request is not what this connector's source sends. Answered 400."""


class Refused(RingdeskError):
    """The request's own secret or signature is wrong. Answered 403."""


class CannotDial(RingdeskError):
    """The source would not place the call. The message is the text it answered with."""


class CannotControl(RingdeskError):
    """The source would not end or transfer the call. The message says why, in words for the member."""


class NotReady(RingdeskError):
    """The recording is not there yet: ask again in about a minute."""


class NoRecording(RingdeskError):
    """There is no such recording, and there will be none."""


@dataclass(frozen=True, slots=True)
class Request:
    """What came through the door. ``path`` is what follows the secret address, without slashes at its ends.

    ``headers``: lower-case names. ``peer``: the sender's address, "" where there is none (a test call).
    """

    method: str
    path: str
    query: Mapping[str, str]
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    peer: str = ""


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
    # The organization's, for who says none.
    language: str = "ru"
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    # extension → member; line → (branch, region)
    extensions: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    # Numbers whose calls bother nobody, normalized.
    ignored: frozenset[str] = frozenset()


class Course(StrEnum):
    """How a test call goes."""

    RINGING = "ringing"
    ANSWERED = "answered"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class ActedCall:
    """A call to be acted out at ``at``. "" where nothing is said of the line or the extension.

    ``settings``, ``secrets``: the connector's, for sources that sign what they send.
    """

    course: Course
    call_id: str
    phone: str
    line: str
    extension: str
    at: datetime
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RouteQuestion:
    """The PBX asks who is calling and whom to route to. ``phone`` is normalized, "" when hidden.

    ``leg``: what of the call a later command must name, for sources that are answered by a command.
    """

    phone: str
    line: str = ""
    leg: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """The answer to a question. Everything is "" where nobody was found or where forwarding is off.

    ``responsible``: the extension of the responsible member. ``name``: contract, else client, else lead.
    ``path``: the card's page, from the first slash.
    """

    responsible: str = ""
    name: str = ""
    path: str = ""


NOBODY = Caller()
# What a source is answered: a dict as JSON, a text as plain text.
Reply = Mapping[str, Any] | str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a request says: events to receive, or a question, and nothing of the vendor's own words.

    ``reply``: what this very request is to be answered, where that does not hang on the caller. ``problem``: what
    the source could not do, of ours the command ``command_id``; the connector's page shows it (``explain``).
    """

    events: tuple[CallEvent, ...] = ()
    question: RouteQuestion | None = None
    agent_version: str = ""
    reply: Reply | None = None
    problem: str = ""
    command_id: str = ""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who has an extension at the source, by the source's own list."""

    extension: str
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Dial:
    """A call to be placed: ``extension`` is rung first, then ``phone`` (E.164 or bare digits) is dialled.

    ``command_id``: ours, unique; sources that repeat it in their events tell the call by it.
    """

    extension: str
    phone: str
    command_id: str


@dataclass(frozen=True, slots=True)
class OnLine:
    """A call that is under way, to be ended or transferred on behalf of ``extension``.

    ``external_id``: the source's id of it; ``leg``: of the leg that the extension is on, "" where none is told.
    """

    external_id: str
    leg: str
    extension: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a recording is fetched from: an address with the headers it needs, or a file of this machine.

    ``is_trusted``: the address was typed in by a member (not brought by an event), so it may lead inside the network.
    """

    url: str = ""
    file: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_trusted: bool = False


class Station(Protocol):
    """What a source that is listened to (not one that sends to a door) is given."""

    async def receive(self, event: CallEvent, raw: dict[str, Any]) -> None:
        """Store one event. Raises when the database does not take it; then the same may be given again."""

    async def open_calls(self) -> dict[str, tuple[str, ...]]:
        """Return the connector's calls that are not over: their external id → the extensions they mention."""

    def connected(self) -> None:
        """Note that the connection stands."""

    def failed(self, text: str) -> None:
        """Note why it does not; the connector's page shows it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a readiness list: ``advice`` says what to do while it is not ``ready``."""

    label: Text
    ready: bool
    advice: Text = ""


class Connector:
    """A kind of source. Subclass it in a folder of connectors/, or in a package of your own (entry points)."""

    kind: ClassVar[str]
    # What may follow the secret address. ``route`` is every kind's that has extensions.
    paths: ClassVar[frozenset[str]] = frozenset({""})
    title: ClassVar[Text]
    summary: ClassVar[Text]
    # Whether its calls end by themselves when the popup's time is over (the source never tells the end).
    ends_silently: ClassVar[bool] = False
    # Whether it knows members' extensions; a phone has none.
    has_extensions: ClassVar[bool] = True
    # Whether a question is answered in the reply itself. Otherwise ``follow`` is told, after the reply.
    answers_in_reply: ClassVar[bool] = True
    # Whether ``dial`` can be asked, and ``listen`` is to be kept running.
    can_dial: ClassVar[bool] = False
    # Settings without which a call would be refused: among several connectors one that has them goes first.
    dial_needs: ClassVar[tuple[str, ...]] = ()
    # Whether ``hang_up`` and ``transfer`` can be asked.
    can_control: ClassVar[bool] = False
    listens: ClassVar[bool] = False
    # Whether ``people`` and ``history`` can be asked.
    tells_people: ClassVar[bool] = False
    keeps_history: ClassVar[bool] = False
    # Names of secrets that are generated here and shown with a copy button, with their labels.
    generated: ClassVar[Mapping[str, Text]] = {}
    icon: ClassVar[str] = "plug"

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        """Translate one request. Pure. Raises Malformed or Refused; then nothing is stored."""
        raise NotImplementedError

    def takes(self, path: str) -> bool:
        """Tell whether there is such an address behind the secret one. ``path``: without slashes at its ends."""
        return path in self.paths

    def explain(self, error: str) -> Text:
        """Return in words what went wrong; ``error`` is what was noted of a ``problem``."""
        return error

    def people(self, link: Link) -> list[Colleague]:
        """Return who has which extension at the source. Raises RingdeskError. Blocks."""
        raise NotImplementedError

    def history(self, link: Link, since: datetime, until: datetime, now: datetime) -> Iterable[CallEvent]:
        """Return what the source remembers of calls that ended between the two. The same again is the same events.

        Raises RingdeskError. Blocks, for a minute at most.
        """
        raise NotImplementedError

    def answer(self, parsed: Parsed, caller: Caller | None) -> Reply:
        """Return the answer to a request; ``caller`` is None when nothing was asked."""
        return {"success": True} if caller is None else {"responsible": caller.responsible}

    async def follow(self, link: Link, parsed: Parsed, caller: Caller | None) -> None:
        """Do what follows from a request after it was answered (a command to the source). Errors are noted."""

    def dial(self, link: Link, wish: Dial) -> str:
        """Place a call and return the source's id of it, "" when it tells none. Raises CannotDial. Blocks."""
        raise NotImplementedError

    def hang_up(self, link: Link, call: OnLine) -> None:
        """End a call. Raises CannotControl. Blocks."""
        raise NotImplementedError

    def transfer(self, link: Link, call: OnLine, to: str) -> None:
        """Put the other party through to the extension ``to`` at once. Raises CannotControl. Blocks."""
        raise NotImplementedError

    async def listen(self, link: Link, station: Station) -> None:
        """Hear the source until cancelled or disconnected; whoever runs it starts it again with backoff."""
        raise NotImplementedError

    def recording(self, link: Link, reference: str) -> Source:
        """Return where a recording lies. ``reference`` is what the event brought as ``recording_url``. Blocks.

        Raises NotReady, NoRecording.
        """
        return Source(url=reference)

    def act(self, call: ActedCall) -> list[Request]:
        """Return the requests by which the source would report this call."""
        raise NotImplementedError

    def readiness(self, link: Link) -> list[Check]:
        """Return what must be in place, as far as this kind knows, each with what to do."""
        return []

    def settings_fields(self) -> dict[str, Field]:
        """Return form fields for what is particular to this kind; they are kept in ``Link.settings``."""
        return {}

    def secret_fields(self) -> dict[str, Field]:
        """Return form fields for what is secret; kept sealed, in ``Link.secrets``, and never shown again."""
        return {}

    def folder(self) -> Path:
        """Return the folder with SETUP.<language>.md."""
        import sys

        return Path(str(sys.modules[type(self).__module__].__file__)).parent
