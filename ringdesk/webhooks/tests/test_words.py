"""The pure parts: backoff, circuit, signatures, the words of the protocol."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.webhooks import backoff, dialect, signing
from ringdesk.webhooks.circuit import LONGEST_PAUSE, THRESHOLD, Circuit, State
from ringdesk.webhooks.dialect import Wishes, messages
from ringdesk.webhooks.tests.driving import NOON, TALK, call

chances = st.floats(0, 1)


@given(attempts=st.integers(1, 10_000), chance=chances)
def test_waits_grow_and_end(attempts: int, chance: float) -> None:
    wait = backoff.delay(attempts, chance)
    assert timedelta(seconds=2.5) <= wait <= backoff.LONGEST
    assert backoff.delay(attempts, 1) <= backoff.delay(attempts + 1, 1)


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 400), chances), max_size=60))
def test_the_circuit_opens_by_failures_in_a_row_alone_and_never_for_long(
    steps: list[tuple[bool, int, float]],
) -> None:
    circuit, now, in_a_row = Circuit(), NOON, 0
    for is_success, seconds, chance in steps:
        now += timedelta(seconds=seconds)
        if circuit.state(now) is State.OPEN:
            assert in_a_row >= THRESHOLD and circuit.open_until is not None
            assert circuit.open_until - now <= LONGEST_PAUSE
            continue
        circuit = circuit.succeeded() if is_success else circuit.failed(now, chance)
        in_a_row = 0 if is_success else in_a_row + 1
        assert (circuit.state(now) is State.OPEN) == (in_a_row >= THRESHOLD)


def test_a_failure_that_was_under_way_does_not_lengthen_the_pause() -> None:
    circuit = Circuit()
    for _ in range(THRESHOLD):
        circuit = circuit.failed(NOON, 1)
    assert circuit == Circuit(5, 1, NOON + timedelta(seconds=10))
    assert circuit.failed(NOON, 1) == Circuit(6, 1, NOON + timedelta(seconds=10))
    later = NOON + timedelta(seconds=10)
    assert circuit.failed(later, 1) == Circuit(6, 2, later + timedelta(seconds=20))


def test_the_signature_of_the_standard() -> None:
    # The example of the specification of Standard Webhooks.
    body = '{"test": 2432232314}'
    signed = signing.sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(id=st.text(min_size=1), at=st.integers(0, 2**40), body=st.text())
def test_a_receiver_can_check_the_signature(id: str, at: int, body: str) -> None:
    old, new = signing.new_secret(), signing.new_secret()
    headers = signing.headers([new, old], id, at, body)
    key = base64.b64decode(old.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, f"{id}.{at}.{body}".encode(), hashlib.sha256).digest()).decode()
    assert f"v1,{expected}" in headers["webhook-signature"].split(" ")
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (id, str(at))


def test_a_broken_secret_is_told() -> None:
    with pytest.raises(ValueError, match="whsec_"):
        signing.sign("whsec_*", "1", 1, "")


def test_an_outgoing_call() -> None:
    ring = call(direction="out", line="")
    parties = {"user": "100", "ext": "100", "phone": "89991234567", "diversion": "", "callid": ring["id"]}
    (start,) = messages("call.ringing", ring, NOON, Wishes())
    assert start.body == {"cmd": "event", "type": "OUTGOING", "direction": "out", **parties}
    again, accepted = messages("call.answered", ring | {"state": "answered"}, NOON, Wishes())
    assert again == start
    assert accepted.body == start.body | {"type": "ACCEPTED"}
    (history,) = messages("call.ended", ring | TALK | {"result": "busy"}, NOON, Wishes())
    assert (history.body["type"], history.body["status"]) == ("out", "missed")


def test_a_missed_call_nobody_was_rung_for() -> None:
    lost = call(extension=None, extensions=[], state="ended", result="missed", ended_at="2023-09-08T13:57:00.900Z")
    assert messages("call.ringing", lost, NOON, Wishes()) == []
    (history,) = messages("call.ended", lost, NOON, Wishes())
    assert history.body == {
        "cmd": "history", "type": "in", "user": "", "ext": "", "phone": "89991234567", "diversion": "3333333",
        "start": "20230908T135640", "end": "20230908T135700", "duration": 20, "callid": lost["id"], "link": "",
        "status": "missed",
    }  # fmt: skip


moments = st.integers(946684800, 4102444800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
calls = st.fixed_dictionaries(
    {
        "id": st.uuids().map(str), "direction": st.sampled_from(["in", "out", "internal"]), "phone": st.text(),
        "line": st.text(), "extension": st.none() | st.text(max_size=4), "extensions": st.lists(st.text(max_size=4)),
        "started_at": moments.map(dialect.stamp), "ended_at": st.none() | moments.map(dialect.stamp),
        "result": st.none() | st.sampled_from(["answered", "missed"]),
    }
)  # fmt: skip
types = st.sampled_from(["call.ringing", "call.answered", "call.held", "call.transferred", "call.ended", "call.linked"])


@given(type=types, told=calls, at=moments)
def test_whatever_the_log_says_makes_messages_with_all_fields(type: str, told: dict[str, Any], at: datetime) -> None:
    said = messages(type, told, at, Wishes())
    event = {"cmd", "type", "direction", "user", "ext", "phone", "diversion", "callid"}
    history = {
        "cmd",
        "type",
        "user",
        "ext",
        "phone",
        "diversion",
        "start",
        "end",
        "duration",
        "callid",
        "link",
        "status",
    }
    for message in said:
        assert set(message.body) == (history if message.slot == "history" else event)
        if message.slot == "history":
            assert message.body["duration"] >= 0
            span = [datetime.strptime(message.body[end], "%Y%m%dT%H%M%S") for end in ("start", "end")]  # noqa: DTZ007
            assert message.body["duration"] == (span[1] - span[0]).total_seconds()
    assert len({message.slot for message in said}) == len(said)
    assert said == messages(type, told, at, Wishes())


@pytest.mark.parametrize(
    ("answer", "extension"),
    [
        ({"responsible": "100"}, "100"),
        ({"responsible": 100}, "100"),
        ({"responsible": "anna"}, "101"),
        ({"responsible": "101"}, "101"),
        ({"responsible": ""}, ""),
        ({"responsible": "999"}, None),
        ({"responsible": None}, None),
        ({"responsible": True}, None),
        ({}, None),
        ([], None),
        ("100", None),
    ],
)
def test_who_is_responsible(answer: object, extension: str | None) -> None:
    assert dialect.responsible(answer, {"101": "anna"}, {"100": 7}) == extension


def test_numbers_as_the_protocol_writes_them() -> None:
    spelled = [dialect.spelled(phone, has_trunk_prefix=True) for phone in ("+79991234567", "+380441234567", "100", "")]
    assert spelled == ["89991234567", "380441234567", "100", ""]
    assert dialect.spelled("+79991234567", has_trunk_prefix=False) == "+79991234567"
