"""What the PBX reports, and what it adds up to."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result, from_json, to_json
from ringdesk.telephony.connectors.base import Malformed, Parsed, Refused, Request, RouteQuestion
from ringdesk.telephony.connectors.mango import signing
from ringdesk.telephony.connectors.mango.parse import parse
from ringdesk.telephony.connectors.mango.tests.recorded import (
    FORM,
    NAMES,
    SECRETS,
    START,
    after,
    folded,
    link,
    read,
    received,
    request,
)
from ringdesk.telephony.fold import CallState, Known, Received, State, fold, is_same_call, legs_are_over

PHONE, LINE = "+79991234567", "74951234567"


def call(
    result: Result, answered: int | None, ended: int, who: str | None, rung: tuple[str, ...], **changes: Any
) -> CallState:
    plain = CallState(
        direction=Direction.IN,
        state=State.ENDED,
        result=result,
        phone=PHONE,
        line=LINE,
        extension=who,
        extensions=rung,
        started_at=START,
        answered_at=None if answered is None else after(answered),
        ended_at=after(ended),
        duration=ended,
        recording_url="",
    )
    return replace(plain, **changes)


CALLS = {
    "answered": call(Result.ANSWERED, 12, 60, "100", ("100",), recording_url="mango:MToxMDA="),
    "missed": call(Result.MISSED, None, 20, "100", ("100",)),
    "missed_in_menu": call(Result.MISSED, None, 9, None, ()),
    "ring_group": call(Result.ANSWERED, 9, 49, "101", ("100", "101", "102")),
    "ring_group_missed": call(Result.MISSED, None, 25, None, ("100", "101"), started_at=after(2), duration=23),
    "outgoing": call(Result.ANSWERED, 8, 38, "100", ("100",), direction=Direction.OUT),
    "outgoing_busy": call(Result.BUSY, None, 4, "100", ("100",), direction=Direction.OUT),
    "callback": call(Result.ANSWERED, 14, 44, "100", ("100",), direction=Direction.OUT),
    "internal": call(Result.ANSWERED, 5, 25, "101", ("100", "101"), direction=Direction.INTERNAL, phone="101", line=""),
    "blind_transfer": call(Result.ANSWERED, 10, 60, "101", ("100", "101")),
    "consultative_transfer": call(Result.ANSWERED, 7, 57, "101", ("100", "101")),
    "hold": call(Result.ANSWERED, 5, 30, "100", ("100",)),
}


def test_every_recorded_call_is_told_here() -> None:
    assert sorted(CALLS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_call_is_what_it_was(name: str) -> None:
    assert folded(name) == CALLS[name]


@given(st.sampled_from(NAMES), st.data())
def test_any_order_and_any_repetition_is_the_same_call(name: str, data: st.DataObject) -> None:
    facts = received(name)
    order = data.draw(st.permutations(facts))
    again = data.draw(st.lists(st.sampled_from(facts), max_size=5))
    # Notifications run in parallel: when one reaches us says nothing of when it happened.
    late = [Received(fact.event, START + timedelta(seconds=position)) for position, fact in enumerate([*order, *again])]
    first = {fact.event: fact for fact in reversed(late)}
    assert fold(first.values()) == CALLS[name]


@given(st.sampled_from(NAMES), st.data())
def test_every_event_finds_its_call_whatever_came_before(name: str, data: st.DataObject) -> None:
    order = data.draw(st.permutations(received(name)))
    known: list[Received] = []
    for position, fact in enumerate(order):
        at = START + timedelta(seconds=7 * position)
        if known:
            assert is_same_call(Known(tuple(known), at, True), fact.event, at)
        known.append(Received(fact.event, at))


@pytest.mark.parametrize("name", NAMES)
def test_a_summary_that_never_comes_is_made_up_for_by_the_legs(name: str) -> None:
    told = [fact for fact in received(name) if fact.event.leg or fact.event.kind is not Kind.ENDED]
    assert legs_are_over(told)
    state, whole = fold(told), CALLS[name]
    if name == "missed":
        # The PBX may go on with the next telephone, so this is left to silence (sweeping).
        assert state.state is State.RINGING
        return
    assert (state.state, state.result, state.extension) == (State.ENDED, whole.result, whole.extension)
    assert (state.answered_at, state.ended_at) == (whole.answered_at, whole.ended_at)


def test_a_call_while_it_goes_on() -> None:
    told = [fact for fact in received("ring_group") if fact.event.kind is not Kind.NOTED]
    states = [(state.state, state.extension) for state in (fold(told[:count]) for count in range(1, len(told)))]
    assert states == [
        (State.RINGING, None),
        (State.RINGING, "100"),
        (State.RINGING, None),
        (State.RINGING, None),
        *[(State.ANSWERED, "101")] * 4,
        (State.ENDED, "101"),
    ]


def test_a_transfer_while_it_goes_on() -> None:
    for name in ("blind_transfer", "consultative_transfer"):
        told = received(name)
        states = [fold(told[:count]) for count in range(1, len(told) - 1)]
        assert [state.direction for state in states] == [Direction.IN] * len(states)
        assert [state.phone for state in states] == [PHONE] * len(states)
        assert State.ENDED not in [state.state for state in states]
    assert [s.extension for s in states] == ["100"] * 6 + ["101"]
    assert states[-1].state is State.ANSWERED and states[4].state is State.HELD


def test_a_start_long_after_the_end_by_the_pbx_own_clock_is_another_call() -> None:
    facts = received("answered")
    over = Known(tuple(facts), facts[-1].received_at, True)
    hour = timedelta(hours=1)
    ring = next(fact.event for fact in facts if fact.event.kind is Kind.RINGING)
    # Sent again, and late: nothing new.
    assert is_same_call(over, ring, START + hour)
    assert is_same_call(over, replace(ring, step=9), START + hour)
    assert not is_same_call(over, replace(ring, at=START + hour), START + hour)


def test_events_survive_their_json() -> None:
    for name in NAMES:
        for fact in received(name):
            assert from_json(to_json(fact.event)) == fact.event


def told(path: str, shape: Any, now: datetime = START, **changes: Any) -> Parsed:
    return parse(request(path, shape), link(**changes), now)


IVR = {
    "entry_id": "e",
    "call_id": "c",
    "timestamp": 1795253000,
    "seq": 1,
    "call_state": "Appeared",
    "location": "ivr",
    "from": {"number": "79991234567"},
    "to": {"line_number": LINE},
    "dct": {"type": 1, "number": "74957654321"},
}


def test_a_leg_in_a_menu_asks_whom_to_route_to_where_forwarding_is_on() -> None:
    assert told("events/call", IVR).question is None
    parsed = told("events/call", IVR, settings={"smart_transfer": "on"})
    assert parsed.question == RouteQuestion(PHONE, LINE, "c")
    assert parsed.events == (
        CallEvent(
            Kind.RINGING, "e", Direction.IN, PHONE, line=LINE, at=START, leg="c", step=1, is_unique=True,
            note="dct:74957654321",
        ),
    )  # fmt: skip
    on = {"smart_transfer": "on"}
    assert told("events/call", IVR | {"location": "queue"}, settings=on).question is not None
    assert told("events/call", IVR | {"from": {}}, settings=on).question is None
    assert told("events/call", IVR | {"call_state": "Disconnected"}, settings=on).question is None


def test_a_hidden_caller_has_no_number() -> None:
    for source in ({}, {"number": "anonymous"}, {"number": ""}):
        assert told("events/call", IVR | {"from": source}).events[0].phone == ""


def test_a_leg_that_follows_our_own_command_is_no_callback() -> None:
    leg = IVR | {"location": "abonent", "to": {"extension": "100"}, "command_id": "route-1"}
    assert told("events/call", leg).events[0].direction is Direction.IN
    assert told("events/call", leg | {"command_id": "1"}).events[0].direction is Direction.OUT


def test_types_are_loose_and_times_may_be_wrong() -> None:
    strange = IVR | {"seq": "1", "timestamp": "1795253000", "from": {"number": 79991234567}}
    assert told("events/call", strange).events == told("events/call", IVR).events
    odd: tuple[Any, ...] = ("soon", -1, "9" * 30, None, [], "1e400")
    for timestamp in odd:
        assert told("events/call", IVR | {"timestamp": timestamp}).events[0].at is None
    ahead = told("events/call", IVR | {"timestamp": 1795253000 + 3 * 3600})
    assert ahead.events[0].at == START


def test_what_is_of_no_concern_is_accepted() -> None:
    nothing = Parsed()
    assert told("events/ab/contact", {}) == nothing
    assert told("events/sms", {"command_id": "1", "reason": 4301}) == nothing
    assert told("events/call", IVR | {"call_state": "Dreaming"}) == nothing
    assert told("events/recording", {"recording_state": "Started"}) == nothing
    assert told("result/route", {"command_id": "1", "result": "1000"}) == nothing
    assert told("ping", {}) == nothing
    assert parse(Request("GET", "ping", {}, "", b""), link(), START) == nothing


def test_a_command_that_failed_is_a_problem() -> None:
    assert told("result/route", {"command_id": "1", "result": "3310"}) == Parsed(problem="route: 3310", command_id="1")


def test_a_recording_that_is_not_kept_is_none() -> None:
    done = {"entry_id": "e", "recording_id": "r", "recording_state": "Completed", "completion_code": 1000}
    assert told("events/recording", done).events[0].recording_url == "mango:r"
    assert told("events/recording", done | {"completion_code": 4002}) == Parsed()
    assert told("events/recording", done | {"recipient": "Mail"}) == Parsed()


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("events/call", {}),
        ("events/call", {"entry_id": "e"}),
        ("events/call", {"entry_id": "e", "call_id": "c"}),
        ("events/call", IVR | {"entry_id": "e" * 201}),
        ("events/call", IVR | {"entry_id": {"a": 1}}),
        ("events/summary", {}),
        ("events/record/added", {"entry_id": "e"}),
        ("events/dtmf", {"dtmf": "1"}),
    ],
)
def test_what_lacks_its_ids_is_refused_as_malformed(path: str, shape: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        told(path, shape)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"json=%7B%7D",
        b"\xff",
        b"vpbx_api_key=%FF&sign=a&json=%7B%7D",
        signing.body({}, SECRETS).replace(b"json=%7B%7D", b"sing=%7B%7D"),
    ],
)
def test_a_body_that_is_no_signed_form_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse(Request("POST", "events/call", {}, FORM, body), link(), START)


def signed(json: str) -> bytes:
    from urllib.parse import urlencode

    sign = signing.sign(SECRETS["api_key"], json, SECRETS["api_salt"])
    return urlencode({"vpbx_api_key": SECRETS["api_key"], "sign": sign.upper(), "json": json}).encode()


def test_the_signature_is_over_the_json_as_it_was_transmitted() -> None:
    odd = '{ "entry_id" : "e\\u0301", "call_state":"+ %20 и" ,"call_id":"c"}'
    assert parse(Request("POST", "events/call", {}, FORM, signed(odd)), link(), START) == Parsed()
    for broken in ("[]", "{", "1", '"a"', '{"entry_id":"\\u0000"}', "\x00{}"):
        with pytest.raises(Malformed):
            parse(Request("POST", "events/call", {}, FORM, signed(broken)), link(), START)


@given(st.text(max_size=40), st.text(max_size=40))
def test_another_key_or_salt_is_refused(key: str, salt: str) -> None:
    secrets = {"api_key": key, "api_salt": salt}
    if secrets == SECRETS:
        return
    with pytest.raises(Refused):
        parse(request("events/call", IVR, secrets), link(), START)
    with pytest.raises(Refused):
        parse(request("events/unknown", IVR, secrets), link(), START)


def test_without_keys_of_its_own_everything_is_refused() -> None:
    for empty in ({}, {"api_key": "", "api_salt": ""}, {"api_key": "a"}):
        with pytest.raises(Refused):
            parse(request("events/call", IVR, {"api_key": "", "api_salt": ""}), link(secrets=empty), START)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(NAMES), st.data())
def test_no_value_whatsoever_makes_it_fail(name: str, data: st.DataObject) -> None:
    path, shape = data.draw(st.sampled_from(read(name)))
    field = data.draw(st.sampled_from(sorted(shape)))
    odd = shape | {field: data.draw(json_values)}
    try:
        body = signing.body(odd, SECRETS)
    except (TypeError, UnicodeEncodeError):
        return
    try:
        for event in parse(Request("POST", path, {}, FORM, body), link(), START).events:
            fold([Received(event, START)])
    except Malformed:
        pass
