"""What Asterisk really sent, and what it comes to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors.asterisk import Asterisk, ami, parse
from ringdesk.telephony.connectors.asterisk.ami import Message
from ringdesk.telephony.connectors.asterisk.parse import State as Heard
from ringdesk.telephony.connectors.asterisk.plan import Plan, plan
from ringdesk.telephony.connectors.base import ActedCall, Course, Link
from ringdesk.telephony.fold import CallState, Received, State, fold

FIXTURES = Path(__file__).parent.parent / "fixtures"
LINK = Link(1, 1, "asterisk", True, None, "RU", 300)
PLAN = plan(LINK)
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
IN, OUT, INTERNAL = Direction.IN, Direction.OUT, Direction.INTERNAL
LINE = "73910000001"
MONITOR = "/var/spool/asterisk/monitor/"


def at(second: float) -> datetime:
    """A moment of the recording: seconds after 1795250000."""
    return datetime.fromtimestamp(1795250000 + second, UTC)


def call(
    direction: Direction,
    result: Result | None,
    phone: str,
    line: str,
    extension: str | None,
    extensions: tuple[str, ...],
    started: float,
    answered: float | None,
    ended: float | None,
    recording: str = "",
) -> CallState:
    return CallState(
        direction=direction,
        state=State.ENDED if ended else State.ANSWERED,
        result=result,
        phone=phone,
        line=line,
        extension=extension,
        extensions=extensions,
        started_at=at(started),
        answered_at=at(answered) if answered else None,
        ended_at=at(ended) if ended else None,
        duration=round(ended - started) if ended else None,
        recording_url=recording,
    )


CALLS = {
    "incoming_answered": {
        "1795251947.0": call(IN, Result.ANSWERED, "+79991234567", LINE, "100", ("100",), 1947.846638, 1949.854281,
                             1953.859701, MONITOR + "1795251947.0.wav"),
    },
    "incoming_missed": {
        "1795251955.2": call(IN, Result.MISSED, "+79991234568", LINE, "100", ("100",), 1955.978411, None,
                             1967.981772),
    },
    "incoming_abandoned": {
        "1795252006.11": call(IN, Result.MISSED, "+79991234569", LINE, "100", ("100",), 2006.290047, None,
                              2009.298475),
    },
    "incoming_busy": {
        "1795252011.13": call(IN, Result.BUSY, "+79991234570", LINE, "100", ("100",), 2011.417813, None, 2011.420005),
    },
    # The recording also holds the tail of a call that began before it: that one tells nothing.
    "ring_group": {
        "1795251977.8": call(IN, Result.ANSWERED, "+79991234571", "73910000002", "101", ("100", "101"), 1977.369814,
                             1979.878601, 1982.886860),
    },
    "internal": {
        "1795252028.20": call(INTERNAL, Result.ANSWERED, "101", "", "101", ("100", "101"), 2028.422096, 2029.930202,
                              2032.434712),
    },
    "outgoing_answered": {
        "1795252034.22": call(OUT, Result.ANSWERED, "+79991234575", "", "100", ("100",), 2034.549828, 2036.554132,
                              2039.559214),
    },
    "outgoing_missed": {
        "1795252041.24": call(OUT, Result.CANCELLED, "+79991234576", "", "100", ("100",), 2041.678316, None,
                              2044.186622),
    },
    # Answered when the client answers, not when the member's own device does.
    "click_to_call": {
        "1795252046.26": call(OUT, Result.ANSWERED, "+79991234577", "", "100", ("100",), 2046.194301, 2049.705809,
                              2054.195908),
    },
    "click_to_call_declined": {
        "1795252056.28": call(OUT, Result.CANCELLED, "+79991234578", "", "100", ("100",), 2056.198220, None,
                              2056.199018),
    },
    # The recording stops while 101 is ringing: its answer and the end are not in it (see test_transfer).
    "blind_transfer": {
        "1795252062.29": call(IN, None, "+79991234579", LINE, "100", ("100", "101"), 2062.309437, 2063.313997, None),
    },
    "two_interleaved": {
        "1795252083.34": call(IN, Result.ANSWERED, "+79991234581", LINE, "100", ("100",), 2083.453958, 2085.461492,
                              2090.466611, MONITOR + "1795252083.34.wav"),
        "1795252084.36": call(INTERNAL, Result.CANCELLED, "101", "", None, ("102", "101"), 2084.457986, None,
                              2087.462120),
    },
}  # fmt: skip


def recorded(name: str) -> list[Message]:
    return ami.messages((FIXTURES / f"{name}.txt").read_bytes())


def told(messages: Sequence[Message], state: Heard | None = None, arrangement: Plan = PLAN) -> list[CallEvent]:
    state, events = state or Heard(), list[CallEvent]()
    for message in messages:
        state, more = parse.fold(state, message, arrangement, NOW)
        events += more
    return events


def calls(events: Sequence[CallEvent]) -> dict[str, CallState]:
    ids = dict.fromkeys(event.external_id or "" for event in events)
    return {id: fold([Received(e, e.at or NOW) for e in events if e.external_id == id]) for id in ids}


def test_every_stream_is_here() -> None:
    assert sorted(path.stem for path in FIXTURES.glob("*.txt")) == sorted(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_a_stream_gives_the_calls_that_were_made(name: str) -> None:
    assert calls(told(recorded(name))) == CALLS[name]


@pytest.mark.parametrize("name", CALLS)
def test_a_stream_heard_twice_tells_nothing_more(name: str) -> None:
    assert told(recorded(name) * 2) == told(recorded(name))


def test_events_come_as_they_happen() -> None:
    events = told(recorded("ring_group"))
    assert [(event.kind, event.extension) for event in events] == [
        (Kind.RINGING, None), (Kind.RINGING, "100"), (Kind.RINGING, "101"),
        (Kind.ANSWERED, "101"), (Kind.ENDED, None),
    ]  # fmt: skip
    assert {(event.direction, event.phone, event.line) for event in events} == {(IN, "+79991234571", "73910000002")}


def channel_of(message: Message) -> str:
    """Asterisk keeps the order of what one channel tells; that is all it keeps."""
    return message.get("Channel") or message.get("TransfererChannel") or message.get("DestChannel") or ""


@st.composite
def interleaved(draw: st.DrawFn) -> tuple[str, list[Message]]:
    """A stream whose channels are heard in another order among each other, some messages twice."""
    name = draw(st.sampled_from(sorted(CALLS)))
    queues: dict[str, list[Message]] = {}
    for message in recorded(name):
        wanted = message.get("Event") in WANTED or message.get("Variable") in ("MIXMONITOR_FILENAME", "FROM_DID")
        if wanted:
            queues.setdefault(channel_of(message), []).append(message)
    order: list[Message] = []
    while queues:
        key = draw(st.sampled_from(sorted(queues)))
        message = queues[key].pop(0)
        order += [message] * draw(st.sampled_from((1, 1, 2)))
        if not queues[key]:
            del queues[key]
    return name, order


WANTED = {
    "Newchannel", "Newstate", "Newexten", "NewCallerid", "DialBegin", "DialState", "DialEnd", "BridgeEnter",
    "BridgeLeave", "BlindTransfer", "Hold", "Unhold", "HangupRequest", "SoftHangupRequest", "Hangup", "Cdr",
    "MixMonitorStart",
}  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(interleaved())
def test_any_order_among_channels_gives_the_same_calls(case: tuple[str, list[Message]]) -> None:
    name, messages = case
    assert calls(told(messages)) == CALLS[name]


@settings(max_examples=100, deadline=None)
@given(interleaved(), st.integers(1, 5))
def test_replayed_in_another_order_it_is_still_one_call(case: tuple[str, list[Message]], times: int) -> None:
    name, messages = case
    assert calls(told(recorded(name) + messages * times)) == CALLS[name]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(CALLS)), st.lists(st.integers(1, 5000), max_size=30))
def test_bytes_may_be_cut_anywhere(name: str, cuts: list[int]) -> None:
    data = (FIXTURES / f"{name}.txt").read_bytes()
    reader, found, start = ami.Reader(), list[Message](), 0
    for cut in cuts:
        found += reader.feed(data[start : start + cut])
        start += cut
    assert found + reader.feed(data[start:]) == ami.messages(data)


def more(name: str, id: str, channel: str, second: float, **values: str) -> Message:
    message = {"Event": name, "Timestamp": str(1795250000 + second), "Channel": channel, "Uniqueid": id}
    return message | {"Linkedid": "1795252062.29"} | values


def test_transfer() -> None:
    """The recorded transfer, and what Asterisk would go on to say when 101 answers (not recorded: written here)."""
    dialled = {"DestChannel": "SIP/101-0000001f", "DestUniqueid": "1795252066.31", "DialStatus": "ANSWER"}
    messages = [
        *recorded("blind_transfer"),
        more("DialEnd", "1795252062.30", "SIP/100-0000001e", 2068.5, **dialled),
        more("BridgeEnter", "1795252066.31", "SIP/101-0000001f", 2068.6),
        more("Hangup", "1795252066.31", "SIP/101-0000001f", 2070.0),
        more("Hangup", "1795252062.30", "SIP/100-0000001e", 2070.1),
    ]
    assert [(event.kind, event.extension) for event in told(messages)][-3:] == [
        (Kind.TRANSFERRED, "101"), (Kind.ENDED, None), (Kind.RECORDED, None),
    ]  # fmt: skip
    assert calls(told(messages)) == {
        "1795252062.29": call(IN, Result.ANSWERED, "+79991234579", LINE, "101", ("100", "101"), 2062.309437,
                              2063.313997, 2070.1, MONITOR + "1795252062.29.wav"),
    }  # fmt: skip


@pytest.mark.parametrize("caller", ["", "<unknown>", "anonymous", "Anonymous"])
def test_an_anonymous_caller_is_hidden(caller: str) -> None:
    messages = [
        m | {"CallerIDNum": caller} if "trunk" in m.get("Channel", "") else m for m in recorded("incoming_missed")
    ]
    assert calls(told(messages)) == {id: replace(one, phone="") for id, one in CALLS["incoming_missed"].items()}


def test_an_analog_line_tells_the_number_after_the_channel() -> None:
    first, *rest = recorded("incoming_missed")[1:]
    number = first | {"Event": "NewCallerid"}
    messages = [first | {"CallerIDNum": ""}, number, *rest]
    assert calls(told(messages)) == CALLS["incoming_missed"]


def test_the_called_number_may_come_as_a_variable() -> None:
    first, *rest = recorded("incoming_missed")[1:]
    did = first | {"Event": "VarSet", "Variable": "FROM_DID", "Value": "+73910000009"}
    [found] = calls(told([first | {"Exten": "s", "CallerIDNum": ""}, did, *rest])).values()
    assert found.line == "73910000009"


def test_a_trunk_that_looks_like_an_extension_is_one_by_its_setting() -> None:
    text = (FIXTURES / "incoming_missed.txt").read_text().replace("SIP/trunk", "SIP/4951").replace("from-trunk", "gate")
    link = replace(LINK, settings={"incoming_contexts": "gate", "trunk_pattern": r"SIP/4\d+"})
    assert calls(told(ami.messages(text.encode()), arrangement=plan(link))) == CALLS["incoming_missed"]


def test_devices_named_otherwise_are_known_by_their_caller_id() -> None:
    text = (FIXTURES / "outgoing_answered.txt").read_text().replace("SIP/100", "PJSIP/anna")
    assert calls(told(ami.messages(text.encode()))) == CALLS["outgoing_answered"]


def test_a_feature_code_is_no_call() -> None:
    messages = [m | {"Exten": "*97"} for m in recorded("outgoing_missed") if "100" in m.get("Channel", "")]
    assert told([m for m in messages if m["Event"] != "DialBegin"]) == []


def test_a_mailbox_that_answers_is_a_missed_call() -> None:
    messages = [m for m in recorded("incoming_missed") if "trunk" in m.get("Channel", "") and "Dial" not in m["Event"]]
    assert [one.result for one in calls(told(messages)).values()] == [Result.MISSED]


def test_holding_and_going_on() -> None:
    messages = recorded("incoming_answered")
    talk = next(i for i, m in enumerate(messages) if m.get("Event") == "HangupRequest")
    hold = messages[talk] | {"Channel": "SIP/100-00000001", "Uniqueid": "1795251947.1"}
    at_hold = [hold | {"Event": "Hold", "Timestamp": "1795251951"}]
    held = told(messages[:talk] + at_hold * 2)
    assert calls(held)["1795251947.0"].state is State.HELD
    back = [hold | {"Event": "Unhold", "Timestamp": "1795251952"}]
    assert calls(told(messages[:talk] + at_hold + back))["1795251947.0"].state is State.ANSWERED
    assert calls(told(messages[:talk] + at_hold + back + messages[talk:])) == CALLS["incoming_answered"]


def shown(message: Message, **values: str) -> Message:
    """A channel as CoreShowChannels lists it."""
    return message | {"Event": "CoreShowChannel", "Duration": "00:00:07", "BridgeId": ""} | values


def test_a_snapshot_ends_what_vanished_and_takes_up_what_it_finds() -> None:
    trunk, member = [m for m in recorded("incoming_answered") if m.get("Event") == "Newchannel"]
    state, events = parse.snapshot([shown(trunk), shown(member)], {"gone.1": ("100",)}, PLAN, NOW)
    start = NOW - timedelta(seconds=7)
    ringing = CallEvent(Kind.RINGING, "1795251947.0", IN, "+79991234567", None, line=LINE, at=start, is_unique=True)
    assert events == (
        CallEvent(Kind.ENDED, "gone.1", at=NOW, is_presumed=True, is_unique=True),
        ringing,
        replace(ringing, extension="100", at=NOW),
    )
    rest = [m for m in recorded("incoming_answered") if m.get("Event") in ("DialEnd", "Hangup")]
    assert [(e.kind, e.extension, e.result) for e in told(rest, state)] == [
        (Kind.ANSWERED, "100", None), (Kind.ENDED, None, Result.ANSWERED),
    ]  # fmt: skip


def test_a_call_known_before_the_connection_was_lost_stays_the_same_call() -> None:
    trunk, member = [m for m in recorded("incoming_answered") if m.get("Event") == "Newchannel"]
    listed = [shown(trunk, ChannelState="6", BridgeId="b"), shown(member, ChannelState="6", BridgeId="b")]
    state, events = parse.snapshot(listed, {"1795251947.0": ("100",)}, PLAN, NOW)
    assert events == (CallEvent(Kind.ANSWERED, "1795251947.0", extension="100", at=NOW, is_unique=True),)
    hangups = [m for m in recorded("incoming_answered") if m.get("Event") == "Hangup"]
    [end] = told(hangups, state)
    assert (end.kind, end.direction, end.phone, end.result) == (Kind.ENDED, None, None, Result.ANSWERED)


def test_an_attended_transfer_is_one_call_and_a_consultation() -> None:
    """Written by the documentation of Asterisk, not recorded."""
    messages = recorded("incoming_answered")
    talk = next(i for i, m in enumerate(messages) if m.get("Event") == "HangupRequest")

    def one(name: str, id: str, channel: str, second: float, **values: str) -> Message:
        return more(name, id, channel, second, Linkedid="c.1", **values)

    asked = [
        one("Newchannel", "c.1", "SIP/100-0000000a", 1951, Context="internal", CallerIDNum="100", Exten="101"),
        one("Newchannel", "c.2", "SIP/101-0000000b", 1951, Context="internal", CallerIDNum="101", Exten="s"),
        one("DialBegin", "c.1", "SIP/100-0000000a", 1951, DestChannel="SIP/101-0000000b", DestUniqueid="c.2"),
        one("DialEnd", "c.1", "SIP/100-0000000a", 1952, DestUniqueid="c.2", DialStatus="ANSWER"),
        {"Event": "AttendedTransfer", "Timestamp": "1795251953", "Result": "Success",
         "OrigTransfererLinkedid": "1795251947.0", "SecondTransfererLinkedid": "c.1",
         "SecondTransfererUniqueid": "c.1"},
        one("Hangup", "c.1", "SIP/100-0000000a", 1953),
        more("Hangup", "1795251947.1", "SIP/100-00000001", 1953, Linkedid="1795251947.0"),
        more("Hangup", "c.2", "SIP/101-0000000b", 1960, Linkedid="1795251947.0"),
        more("Hangup", "1795251947.0", "SIP/trunk-00000000", 1960, Linkedid="1795251947.0"),
    ]  # fmt: skip
    found = calls(told(messages[:talk] + asked))
    assert [(one.direction, one.result, one.extension, one.ended_at) for one in found.values()] == [
        (IN, Result.ANSWERED, "101", at(1960)),
        (INTERNAL, Result.ANSWERED, "101", at(1953)),
    ]


@pytest.mark.parametrize("extension", ["100", ""])
@pytest.mark.parametrize("course", Course)
def test_a_test_call_comes_through_the_same_parser(course: Course, extension: str) -> None:
    acted = ActedCall(course, "test-1", "+79230000001", LINE, extension, NOW)
    kind = Asterisk()
    [request] = kind.act(acted)
    [(id, found)] = calls(kind.parse(request, LINK, NOW).events).items()
    assert (id, found.direction, found.phone, found.line, found.extension) == (
        "test-1", IN, "+79230000001", LINE, extension or None,
    )  # fmt: skip
    assert found.result == {"answered": Result.ANSWERED, "missed": Result.MISSED, "ringing": None}[course]
