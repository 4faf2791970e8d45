"""From the notifications of the PBX to call events. Pure.

Source: Mango Office VPBX API 1.9, "API Realtime" and its examples of behaviour. ``entry_id`` is the call, ``call_id``
one leg of it, ``seq`` counts the leg's notifications. They are sent in parallel, so any may come first. Types are
loose (``"1"`` and ``1``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from ringdesk.telephony import routing
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors import reading
from ringdesk.telephony.connectors.base import Link, Malformed, Parsed, Request, RouteQuestion
from ringdesk.telephony.connectors.mango import codes, signing

STATES = {"Appeared": Kind.RINGING, "Connected": Kind.ANSWERED, "OnHold": Kind.HELD, "Disconnected": Kind.ENDED}
DIRECTIONS = {"0": Direction.INTERNAL, "1": Direction.IN, "2": Direction.OUT}
MENUS = ("ivr", "queue")
# What our own commands are called; the PBX repeats it in the legs that follow from them.
ROUTED, TRANSFERRED = "route-", "transfer-"
RECORDING = "mango:"
# "Unix time, UTC+3" in the documents: true Unix seconds in what is seen, but three hours ahead are understood.
_MOSCOW = timedelta(hours=3)
_TOLERANCE = timedelta(minutes=15)
_SINCE_2000 = 946_684_800

Told = Mapping[str, Any]


def parse(request: Request, link: Link, now: datetime) -> Parsed:
    """Return what a notification says; nothing for one that is of no concern. Raises Malformed, Refused."""
    if request.path in ("", "ping") and not request.body.strip():
        return Parsed()
    told = signing.read(request.body, link.secrets)
    if request.path.startswith("result/"):
        return _result(request.path.removeprefix("result/"), told)
    reader = READERS.get(request.path)
    return reader(told, link, now) if reader else Parsed()


@dataclass(frozen=True, slots=True)
class _Leg:
    """Who talks to whom in one leg. A callback's first leg rings the member and names the client as the caller."""

    direction: Direction
    phone: str | None
    extension: str | None
    extensions: tuple[str, ...]
    line: str
    in_menu: bool
    is_callback: bool


def _call(told: Told, link: Link, now: datetime) -> Parsed:
    entry, leg = identity(told, "entry_id"), identity(told, "call_id")
    kind = STATES.get(_required(told, "call_state"))
    if kind is None:
        return Parsed()
    parties = _leg(told, link)
    is_ended = kind is Kind.ENDED
    reason = number(told, "disconnect_reason")
    at = moment(told, "timestamp", now)
    event = CallEvent(
        _kind(kind, told, parties),
        entry,
        parties.direction,
        parties.phone,
        parties.extension,
        parties.extensions,
        parties.line,
        at=at,
        ended_at=at if is_ended else None,
        result=codes.result(reason) if is_ended else None,
        leg=leg,
        step=number(told, "seq"),
        is_passed_on=is_ended and _is_passed_on(told, parties, reason),
        is_unique=True,
        note=_tracked(told) if kind is Kind.RINGING else "",
    )
    asks = kind is Kind.RINGING and parties.in_menu and parties.direction is Direction.IN and parties.phone
    question = RouteQuestion(parties.phone or "", parties.line, leg) if asks and routing.is_forwarding(link) else None
    return Parsed((event,), question)


def _kind(kind: Kind, told: Told, parties: _Leg) -> Kind:
    # A voice menu that answers is no answer; nor is a member who picks up to be put through to the client.
    if kind in (Kind.ANSWERED, Kind.HELD) and (parties.in_menu or parties.is_callback):
        return Kind.RINGING
    return Kind.TRANSFERRED if kind is Kind.ANSWERED and text(told, "transfer") else kind


def _leg(told: Told, link: Link) -> _Leg:
    source, target = party(told, "from"), party(told, "to")
    caller, called = extension(source), extension(target)
    line = line_of(text(target, "line_number") or text(source, "line_number"))
    place = text(told, "location").partition(".")[0] or ("abonent" if caller or called else "ivr")
    in_menu = place in MENUS
    is_callback = called is not None and _is_callback(told, source)
    if caller and called:
        other = caller if is_callback else called
        mine = None if STATES.get(text(told, "call_state")) is Kind.RINGING else called
        return _Leg(Direction.INTERNAL, other, mine, (caller, called), line, in_menu, is_callback)
    if caller:
        return _Leg(Direction.OUT, phone(target, link, line), caller, (), line, in_menu, False)
    if is_callback:
        return _Leg(Direction.OUT, phone(source, link, line), called, (), line, in_menu, True)
    answering = None if in_menu else called
    return _Leg(Direction.IN, phone(source, link, line) or "", answering, (), line, in_menu, False)


def _is_callback(told: Told, source: Told) -> bool:
    """Tell whether this leg rings a member whom a command, a widget or a campaign puts through to a client."""
    if text(source, "taken_from_call_id"):
        return False
    if text(told, "callback_initiator") or text(told, "task_id"):
        return True
    command = text(told, "command_id")
    return bool(command) and not command.startswith((ROUTED, TRANSFERRED))


def _is_passed_on(told: Told, parties: _Leg, reason: int) -> bool:
    """Tell whether the call may well go on after this leg, so that only a last report or silence ends it."""
    moved = (party(told, "from").get("was_transferred"), party(told, "to").get("was_transferred"))
    if text(told, "transfer") or any(flag in (True, 1, "1", "true") for flag in moved):
        return True
    if parties.in_menu:
        return reason != codes.CALLER_HUNG_UP
    if parties.is_callback:
        return reason in codes.HALVES
    return parties.direction is Direction.IN and (reason in codes.NOT_TAKEN or 4000 <= reason < 5000)


def _tracked(told: Told) -> str:
    """Call tracking: the number that the client saw."""
    seen = text(party(told, "dct"), "number")
    return f"dct:{seen[:40]}" if seen else ""


def _summary(told: Told, link: Link, now: datetime) -> Parsed:
    """The last report on a call. ``talk_time`` is when the talk began; 0 when there was none."""
    entry = identity(told, "entry_id")
    source, target = party(told, "from"), party(told, "to")
    caller, called = extension(source), extension(target)
    line = line_of(text(told, "line_number"))
    ended_at = moment(told, "end_time", now)
    answered_at = _talk(told, ended_at, now)
    direction = DIRECTIONS.get(text(told, "call_direction")) or (
        Direction.INTERNAL if caller and called else Direction.OUT if caller else Direction.IN
    )
    outside: str | None
    who: str | None
    if direction is Direction.IN:
        outside, who = phone(source, link, line) or "", called
    elif direction is Direction.OUT:
        outside, who = phone(target, link, line), caller
    else:
        outside, who = called, called
    was_answered = answered_at is not None or bool(number(told, "talk_time"))
    # Of a missed call this may be a group, which is nobody's extension.
    rung = tuple(one for one in (caller, called) if one and one in link.extensions)
    event = CallEvent(
        Kind.ENDED,
        entry,
        direction,
        outside,
        who if was_answered else None,
        rung,
        line,
        started_at=moment(told, "create_time", now),
        answered_at=answered_at,
        ended_at=ended_at,
        result=outcome(was_answered, number(told, "disconnect_reason")),
        is_unique=True,
    )
    return Parsed((event,))


def outcome(was_answered: bool, reason: int) -> Result:
    """Return what became of a call that is over."""
    return Result.ANSWERED if was_answered else codes.result(reason) or Result.MISSED


def _talk(told: Told, ended_at: datetime | None, now: datetime) -> datetime | None:
    value = number(told, "talk_time")
    if 0 < value < _SINCE_2000:
        return ended_at - timedelta(seconds=value) if ended_at else None
    return moment(told, "talk_time", now)


def _recording(told: Told, link: Link, now: datetime) -> Parsed:
    kept = text(told, "completion_code") in ("", str(codes.DONE)) and text(told, "recipient") != "Mail"
    if text(told, "recording_state") != "Completed" or not kept:
        return Parsed()
    return _added(told, link, now)


def _added(told: Told, link: Link, now: datetime) -> Parsed:
    entry, recording = identity(told, "entry_id"), identity(told, "recording_id")
    # Known by its id: the link it is fetched by holds once, and for a short while.
    event = CallEvent(
        Kind.RECORDED,
        entry,
        at=moment(told, "timestamp", now),
        recording_url=f"{RECORDING}{recording}",
        is_late=True,
        is_unique=True,
    )
    return Parsed((event,))


def _dtmf(told: Told, link: Link, now: datetime) -> Parsed:
    line = line_of(text(told, "line_number") or text(told, "to_number"))
    caller = text(told, "from_number") or text(told, "initiator")
    event = CallEvent(
        Kind.NOTED,
        identity(told, "entry_id"),
        phone=reading.phone(_bare(caller), link, line) if caller else None,
        line=line,
        at=moment(told, "timestamp", now),
        leg=text(told, "call_id")[: reading.MAX_ID],
        step=number(told, "seq"),
        is_unique=True,
        note=f"dtmf:{text(told, 'dtmf')[:80]}",
    )
    return Parsed((event,))


def _result(command: str, told: Told) -> Parsed:
    code = number(told, "result")
    if code == codes.DONE or not text(told, "result"):
        return Parsed()
    return Parsed(problem=f"{command[:40]}: {code}", command_id=text(told, "command_id")[:128])


READERS: dict[str, Callable[[Told, Link, datetime], Parsed]] = {
    "events/call": _call,
    "events/summary": _summary,
    "events/recording": _recording,
    "events/record/added": _added,
    "events/dtmf": _dtmf,
}


def text(told: Told, name: str) -> str:
    """Return a value as text, "" where there is none."""
    value = told.get(name)
    return "" if value is None or isinstance(value, bool | dict | list) else str(value).strip()


def number(told: Told, name: str) -> int:
    """Return a value as a whole number, 0 where there is none that can be kept."""
    try:
        value = int(float(text(told, name) or 0))
    except (ValueError, OverflowError):
        return 0
    return value if abs(value) < 2**53 else 0


def party(told: Told, name: str) -> Told:
    """Return a part of the notification, an empty one where it is none."""
    value = told.get(name)
    return value if isinstance(value, dict) else {}


def identity(told: Told, name: str) -> str:
    """Return an id. Raises Malformed without one."""
    value = _required(told, name)
    if len(value) > reading.MAX_ID:
        raise Malformed(_("Parameter %(name)s is longer than 200 characters.") % {"name": name})
    return value


def extension(side: Told) -> str | None:
    """Return a party's extension, None for somebody outside."""
    return reading.extension(text(side, "extension"))


def phone(side: Told, link: Link, line: str) -> str | None:
    """Return a party's number normalized, "" when it is hidden, None when there is none."""
    return reading.phone(_bare(text(side, "number")), link, line)


def moment(told: Told, name: str, now: datetime) -> datetime | None:
    """Return when it was, None where that is not said or cannot be."""
    try:
        found = reading.seconds(text(told, name), now)
    except ValueError:
        return None
    is_ahead = found is not None and abs(found - now - _MOSCOW) <= _TOLERANCE
    return found - _MOSCOW if found and is_ahead else found


def _required(told: Told, name: str) -> str:
    value = text(told, name)
    if not value:
        raise Malformed(_("Parameter %(name)s is missing.") % {"name": name})
    return value


def line_of(told: str) -> str:
    return reading.line(_bare(told))


def _bare(told: str) -> str:
    """A SIP address is a number when it is made of digits; a name in it is none."""
    if not told.startswith(("sip:", "tel:")) and "@" not in told:
        return told
    user = told.removeprefix("sip:").removeprefix("tel:").partition("@")[0]
    return user if user.lstrip("+").isdigit() else "sip"
