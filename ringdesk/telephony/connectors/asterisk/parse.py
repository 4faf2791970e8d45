"""From AMI messages to call events: (state, message) → (state, events). Pure.

Source: the recorded streams in ``fixtures`` (Asterisk 20) and Asterisk's documentation. ``Linkedid`` is the call,
``Uniqueid`` the leg. A call is taken up with its first Newchannel or with a snapshot; the tail of one whose start
was never seen tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from ringdesk.telephony.call_events import CallEvent, Kind
from ringdesk.telephony.connectors.asterisk.ami import Message
from ringdesk.telephony.connectors.asterisk.legs import ANSWER, Conversation, Leg, describe, parties
from ringdesk.telephony.connectors.asterisk.plan import Plan, is_dialable

# How many ended conversations are remembered: a message that comes again must not open one anew.
_MOST_OVER = 2000
_UP = "6"
_RECORDING = (".wav", ".mp3", ".gsm", ".ogg", ".opus", ".wav49", ".flac", ".ulaw", ".alaw", ".g722", ".sln")


@dataclass(frozen=True, slots=True)
class State:
    """What the listener knows: conversations under way, and the ids of those that are over (and were answered)."""

    talks: Mapping[str, Conversation] = field(default_factory=dict)
    over: Mapping[str, bool] = field(default_factory=dict)


Step = tuple[State, tuple[CallEvent, ...]]


def fold(state: State, message: Message, plan: Plan, now: datetime) -> Step:
    """Take one message up. ``now`` (aware) is when it came, for a PBX that does not print times."""
    name = message.get("Event", "")
    if name in _IGNORED or (name == "VarSet" and message.get("Variable") not in _VARIABLES):
        return state, ()
    at = moment(message, now)
    if name == "Newchannel":
        return _born(state, message, plan, at)
    if name == "Cdr":
        return _cdr(state, message)
    if name == "AttendedTransfer":
        return _joined(state, message, plan, at)
    linked = message.get("Linkedid") or message.get("DestLinkedid", "")
    id = message.get("Uniqueid") or message.get("DestUniqueid", "")
    state, events = _moved(state, id, linked, plan, at)
    talk = state.talks.get(linked) or _holder(state, id)
    if talk is None:
        return state, events
    after = _TAKEN[name](talk, message, plan, at) if name in _TAKEN else _heard(talk, message)
    state, more = _settle(state, after, plan)
    return state, (*events, *more)


def snapshot(channels: Sequence[Message], open_calls: Mapping[str, tuple[str, ...]], plan: Plan, now: datetime) -> Step:
    """Return the state after (re)connecting, from the events of CoreShowChannels.

    ``open_calls``: the calls that Ringdesk believes to be under way, with their extensions. Those that are no more
    are ended; those under way that it does not know are taken up.
    """
    state = State()
    for message in channels:
        linked, id = message.get("Linkedid", ""), message.get("Uniqueid", "")
        if linked and id:
            known = open_calls.get(linked)
            talk = state.talks.get(linked) or Conversation(linked, is_whole=False, known=known)
            talk = talk.with_leg(_leg_now(message, plan, now))
            state = replace(state, talks={**state.talks, linked: talk})
    gone = [id for id in open_calls if id not in state.talks]
    events = [CallEvent(Kind.ENDED, id, at=now, is_presumed=True, is_unique=True) for id in sorted(gone)]
    for talk in state.talks.values():
        state, told = _settle(state, talk, plan)
        events += told
    return state, tuple(events)


def moment(message: Message, now: datetime) -> datetime:
    """Return when the PBX says it happened (``timestampevents = yes``), else when it came."""
    try:
        return datetime.fromtimestamp(float(message["Timestamp"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return now


def _born(state: State, message: Message, plan: Plan, at: datetime) -> Step:
    linked, id = message.get("Linkedid", ""), message.get("Uniqueid", "")
    if not linked or not id or linked in state.over:
        return state, ()
    talk = state.talks.get(linked) or Conversation(linked)
    leg = talk.legs.get(id) or Leg(id, message.get("Channel", ""))
    if leg.is_born:
        return state, ()
    caller, context, exten = message.get("CallerIDNum", ""), message.get("Context", ""), message.get("Exten", "")
    extension = plan.extension_of(leg.channel, context, caller) or leg.extension
    born = replace(leg, extension=extension, caller=caller, exten=exten, is_born=True, born_at=at)
    return _settle(state, talk.with_leg(born), plan)


def _leg_now(message: Message, plan: Plan, now: datetime) -> Leg:
    channel, caller, context = message.get("Channel", ""), message.get("CallerIDNum", ""), message.get("Context", "")
    extension = plan.extension_of(channel, context, caller)
    is_talking = message.get("ChannelState") == _UP and bool(message.get("BridgeId", "-"))
    connected = message.get("ConnectedLineNum", "")
    return Leg(
        message["Uniqueid"],
        channel,
        extension,
        caller,
        message.get("Exten", ""),
        wanted=connected if is_dialable(connected) and not plan.is_extension(connected) else "",
        is_born=True,
        heard=1,
        born_at=now - _length(message.get("Duration", "")),
        dialled_at=now,
        answered_at=now if is_talking else None,
    )


def _length(text: str) -> timedelta:
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return timedelta()
    return timedelta(hours=int(parts[0]), minutes=int(parts[1]), seconds=int(parts[2]))


def _settle(state: State, talk: Conversation, plan: Plan) -> Step:
    """Put a changed conversation back, and return what is to be told of it now."""
    if talk.parties is None:
        talk = replace(talk, parties=parties(talk, plan))
    events = tuple(event for event in describe(talk) if event not in talk.told)
    talks = {**state.talks, talk.id: replace(talk, told=talk.told | set(events))}
    if not talk.is_over:
        return replace(state, talks=talks), events
    del talks[talk.id]
    was_answered = any(event.kind is Kind.ANSWERED for event in {*talk.told, *events})
    over = {**state.over, talk.id: was_answered}
    over = dict(islice(over.items(), max(len(over) - _MOST_OVER, 0), None))
    return State(talks, over), events


def _holder(state: State, id: str) -> Conversation | None:
    return next((talk for talk in state.talks.values() if id in talk.legs), None)


def _moved(state: State, id: str, linked: str, plan: Plan, at: datetime) -> Step:
    """A channel that joins another conversation (a pick-up, an attended transfer) takes over that one's Linkedid."""
    target = state.talks.get(linked)
    if not id or target is None or id in target.legs:
        return state, ()
    talk = _holder(state, id)
    if talk is None or talk.legs[id].gone_at:
        return state, ()
    leg = talk.legs[id]
    joined = replace(leg, dialled_at=at, answered_at=at if leg.answered_at or leg.id == talk.id else None)
    state, left = _settle(state, talk.with_leg(replace(leg, gone_at=at)), plan)
    state, came = _settle(state, target.with_leg(joined), plan)
    return state, (*left, *came)


def _joined(state: State, message: Message, plan: Plan, at: datetime) -> Step:
    """An attended transfer: whoever the transferring member consulted goes over to the first conversation."""
    first, second = message.get("OrigTransfererLinkedid", ""), message.get("SecondTransfererLinkedid", "")
    consulted = state.talks.get(second)
    if message.get("Result") != "Success" or first == second or first not in state.talks or consulted is None:
        return state, ()
    transferrer = message.get("SecondTransfererUniqueid", "")
    events: tuple[CallEvent, ...] = ()
    for leg in list(consulted.legs.values()):
        if leg.id != transferrer and not leg.is_local and not leg.gone_at:
            state, more = _moved(state, leg.id, first, plan, at)
            events += more
    return state, events


def _cdr(state: State, message: Message) -> Step:
    """A record may name the recording (``recordingfile`` mapped in cdr_manager.conf, or the user field)."""
    id = message.get("Linkedid") or message.get("UniqueID", "")
    named = (message.get(name, "") for name in ("recordingfile", "RecordingFile", "UserField"))
    file = next((one for one in named if one.lower().endswith(_RECORDING)), "")
    if not file:
        return state, ()
    talk = state.talks.get(id) or _holder(state, id)
    if talk is not None:
        return replace(state, talks={**state.talks, talk.id: replace(talk, file=talk.file or file)}), ()
    return state, (CallEvent(Kind.RECORDED, id, recording_url=file, is_unique=True),) if state.over.get(id) else ()


def _heard(talk: Conversation, message: Message) -> Conversation:
    """Any other event of a leg: where in the dialplan it is now."""
    leg = talk.legs.get(message.get("Uniqueid", ""))
    if leg is None:
        return talk
    exten = message.get("Exten", "")
    return talk.with_leg(
        replace(
            leg, heard=leg.heard + 1, exten=leg.exten if is_dialable(leg.exten) or not is_dialable(exten) else exten
        )
    )


def _caller(talk: Conversation, message: Message, plan: Plan, at: datetime) -> Conversation:
    leg = talk.legs.get(message.get("Uniqueid", ""))
    number = message.get("CallerIDNum", "")
    if leg is None or leg.extension or not is_dialable(number):
        return talk
    return talk.with_leg(replace(leg, caller=number))


def _dial_begun(talk: Conversation, message: Message, plan: Plan, at: datetime) -> Conversation:
    talk = _heard(talk, message)
    id, channel = message.get("DestUniqueid", ""), message.get("DestChannel", "")
    number = message.get("DestCallerIDNum", "")
    leg = talk.legs.get(id) or Leg(
        id, channel, plan.extension_of(channel, message.get("DestContext", ""), number), number
    )
    if not message.get("Channel") and is_dialable(number) and number != leg.extension:
        leg = replace(leg, wanted=number)
    return talk.with_leg(replace(leg, dialled_at=_earlier(leg.dialled_at, at)))


def _dial_ended(talk: Conversation, message: Message, plan: Plan, at: datetime) -> Conversation:
    talk = _heard(talk, message)
    leg = talk.legs.get(message.get("DestUniqueid", ""))
    if leg is None:
        return talk
    status = message.get("DialStatus", "")
    answered_at = _earlier(leg.answered_at, at) if status == ANSWER else leg.answered_at
    return talk.with_leg(replace(leg, status=status, status_at=at, answered_at=answered_at))


def _bridged(talk: Conversation, message: Message, plan: Plan, at: datetime) -> Conversation:
    leg = talk.legs.get(message.get("Uniqueid", ""))
    return talk.with_leg(replace(leg, answered_at=_earlier(leg.answered_at, at))) if leg else talk


def _held(talk: Conversation, message: Message, plan: Plan, at: datetime) -> Conversation:
    leg = talk.legs.get(message.get("Uniqueid", ""))
    is_held = message["Event"] == "Hold"
    holds = [hold for _at, id, hold in talk.holds if leg and id == leg.extension]
    if leg is None or is_held == (holds[-1] if holds else False):
        return talk
    return replace(talk, holds=tuple(sorted((*talk.holds, (at, leg.extension, is_held)))))


def _hung_up(talk: Conversation, message: Message, plan: Plan, at: datetime) -> Conversation:
    leg = talk.legs.get(message.get("Uniqueid", ""))
    return talk.with_leg(replace(leg, gone_at=leg.gone_at or at)) if leg else talk


def _variable(talk: Conversation, message: Message, plan: Plan, at: datetime) -> Conversation:
    value = message.get("Value", "")
    if message["Variable"] == "FROM_DID":
        return replace(talk, line=talk.line or value.lstrip("+")) if is_dialable(value) else talk
    return replace(talk, file=talk.file or value)


def _earlier(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else min(known, at)


_VARIABLES = ("MIXMONITOR_FILENAME", "FROM_DID")
_IGNORED = frozenset({"", "DeviceStateChange", "RTCPSent", "RTCPReceived", "BridgeCreate", "BridgeDestroy",
                      "CoreShowChannel", "CoreShowChannelsComplete", "OriginateResponse"})  # fmt: skip
_TAKEN = {
    "NewCallerid": _caller,
    "DialBegin": _dial_begun,
    "DialEnd": _dial_ended,
    "BridgeEnter": _bridged,
    "Hold": _held,
    "Unhold": _held,
    "Hangup": _hung_up,
    "VarSet": _variable,
}
