"""One conversation as Asterisk sees it: channels (legs) that share a Linkedid, and what they add up to. Pure.

Everything a leg learns is merged so that the order in which different channels are heard of does not matter: earliest
times win, and a conversation is over when every leg that was ever mentioned has hung up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ringdesk.core import phones
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors.asterisk.plan import Plan, is_dialable, is_local

ANSWER, BUSY, CANCEL, NO_ANSWER = "ANSWER", "BUSY", "CANCEL", "NOANSWER"
# How an attempt of our own ended, by Asterisk's DialStatus; any other word is a failure of the line.
RESULTS = {BUSY: Result.BUSY, CANCEL: Result.CANCELLED, NO_ANSWER: Result.MISSED, "": Result.CANCELLED}


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel. ``extension``: whose device it is, "" for the outside world.

    ``wanted``: the number it is to be connected with, where the manager interface (not a person) rang it.
    ``is_born``: its own first event was seen; otherwise it is only known from who dialled it.
    """

    id: str
    channel: str
    extension: str = ""
    caller: str = ""
    exten: str = ""
    wanted: str = ""
    is_born: bool = False
    heard: int = 0
    born_at: datetime | None = None
    dialled_at: datetime | None = None
    answered_at: datetime | None = None
    status: str = ""
    status_at: datetime | None = None
    gone_at: datetime | None = None

    @property
    def is_local(self) -> bool:
        return is_local(self.channel)


@dataclass(frozen=True, slots=True)
class Parties:
    """Who talks with whom, as told; it does not change any more once it was."""

    direction: Direction
    phone: str
    line: str = ""
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """All legs of one Linkedid.

    ``known``: the extensions that Ringdesk knew of before the connection was lost; None for a conversation that was
    not known then. ``is_whole``: it was heard from its start. ``holds``: when which leg began or ceased to hold.
    """

    id: str
    legs: Mapping[str, Leg] = field(default_factory=dict)
    is_whole: bool = True
    known: tuple[str, ...] | None = None
    parties: Parties | None = None
    holds: tuple[tuple[datetime, str, bool], ...] = ()
    line: str = ""
    file: str = ""
    told: frozenset[CallEvent] = frozenset()

    @property
    def origin(self) -> Leg | None:
        """The leg that began it: its Uniqueid is the Linkedid."""
        return self.legs.get(self.id)

    @property
    def is_over(self) -> bool:
        if self.is_whole and not (self.origin and self.origin.is_born):
            return False
        return bool(self.legs) and all(leg.gone_at for leg in self.legs.values())

    @property
    def others(self) -> list[Leg]:
        """The legs that were dialled: all but the first, without the halves of Asterisk's calls to itself."""
        return [leg for leg in self.legs.values() if leg.id != self.id and not leg.is_local]

    def with_leg(self, leg: Leg) -> Conversation:
        return replace(self, legs={**self.legs, leg.id: leg})


def parties(talk: Conversation, plan: Plan) -> Parties | None:
    """Return who talks with whom; None while that cannot be said, or when it is no call (a feature code)."""
    origin = talk.origin
    if origin is None or not origin.is_born:
        return None if talk.is_whole else _without_origin(talk, plan)
    if origin.extension:
        number = plan.dialled(origin.exten if is_dialable(origin.exten) else origin.wanted)
        if not number:
            return None
        if plan.is_extension(number):
            return Parties(Direction.INTERNAL, number, extension=origin.extension)
        return Parties(Direction.OUT, plan.phone(number), extension=origin.extension)
    if origin.is_local or (phones.is_hidden(origin.caller) and not origin.heard):
        # Analog lines tell the caller's number a moment after the channel.
        return None
    line = talk.line or (phones.digits_of(origin.exten) if is_dialable(origin.exten) else "")
    return Parties(Direction.IN, plan.phone(origin.caller, line), line)


def _without_origin(talk: Conversation, plan: Plan) -> Parties | None:
    """Its first leg left before we connected: what is left must tell."""
    outside = next((leg for leg in talk.others if not leg.extension), None)
    inside = next((leg for leg in talk.others if leg.extension), None)
    if outside:
        return Parties(Direction.IN, plan.phone(outside.caller))
    return Parties(Direction.INTERNAL, inside.extension) if inside else None


@dataclass(frozen=True, slots=True)
class _Spoken:
    at: datetime
    extension: str


def _spoken(talk: Conversation, who: Parties) -> list[_Spoken]:
    """Return who took the call, in order. A leg without a person (an announcement, a mailbox) is not among them."""
    answered = sorted(
        ((leg.answered_at, leg.extension) for leg in talk.others if leg.answered_at), key=lambda one: one[0]
    )
    if who.direction is not Direction.OUT:
        return [_Spoken(at, extension) for at, extension in answered]
    # The member's own device answers first; the call is answered when the client is.
    first = next((at for at, extension in answered if not extension), None)
    if first is None:
        return []
    later = [
        _Spoken(at, extension) for at, extension in answered if extension and extension != who.extension and at > first
    ]
    return [_Spoken(first, who.extension), *later]


def describe(talk: Conversation) -> Iterator[CallEvent]:
    """Yield all that can be told of a conversation. What was told before is among it."""
    who = talk.parties
    if who is None:
        return
    base = _base(talk, who)
    origin = talk.origin
    if talk.known is None:
        yield replace(base, extension=who.extension or None, at=origin.born_at if origin else _first_at(talk))
    rung = sorted((leg.dialled_at, leg.extension) for leg in talk.others if leg.dialled_at and leg.extension)
    for at, extension in rung:
        if extension != who.extension and extension not in (talk.known or ()):
            yield replace(base, extension=extension, at=at)
    spoken = _spoken(talk, who)
    for position, one in enumerate(spoken):
        kind = Kind.TRANSFERRED if position else Kind.ANSWERED
        yield replace(base, kind=kind, extension=one.extension or None, at=one.at)
    if spoken:
        for at, extension, is_held in talk.holds:
            yield replace(base, kind=Kind.HELD if is_held else Kind.ANSWERED, extension=extension or None, at=at)
    if talk.is_over:
        yield _end(talk, who, base, spoken)
        if talk.file and spoken:
            yield CallEvent(Kind.RECORDED, talk.id, recording_url=talk.file, at=_last_at(talk), is_unique=True)


def _base(talk: Conversation, who: Parties) -> CallEvent:
    if talk.known is not None:
        # What was told before the connection was lost stands.
        return CallEvent(Kind.RINGING, talk.id, is_unique=True)
    return CallEvent(Kind.RINGING, talk.id, who.direction, who.phone, line=who.line, is_unique=True)


def _end(talk: Conversation, who: Parties, base: CallEvent, spoken: list[_Spoken]) -> CallEvent:
    origin = talk.origin
    ended_at = _last_at(talk)
    return replace(
        base,
        kind=Kind.ENDED,
        at=ended_at,
        started_at=origin.born_at if origin and talk.known is None else None,
        answered_at=spoken[0].at if spoken and talk.is_whole else None,
        ended_at=ended_at,
        result=_result(talk, who, was_answered=bool(spoken)),
    )


def _result(talk: Conversation, who: Parties, *, was_answered: bool) -> Result | None:
    if was_answered:
        return Result.ANSWERED
    if talk.known is not None:
        return None
    dialled = sorted((leg for leg in talk.others if leg.status_at), key=lambda leg: (leg.status_at, leg.id))
    if who.direction is Direction.IN:
        return Result.BUSY if dialled and all(leg.status == BUSY for leg in dialled) else Result.MISSED
    if who.direction is Direction.OUT:
        dialled = [leg for leg in dialled if not leg.extension]
    if dialled:
        return RESULTS.get(dialled[-1].status, Result.FAILED)
    # Nobody was dialled: the member did not pick up the call we placed, or the number leads nowhere.
    return Result.CANCELLED if talk.origin and talk.origin.wanted else Result.FAILED


def _first_at(talk: Conversation) -> datetime | None:
    return min((leg.born_at for leg in talk.legs.values() if leg.born_at), default=None)


def _last_at(talk: Conversation) -> datetime | None:
    return max((leg.gone_at for leg in talk.legs.values() if leg.gone_at), default=None)
