"""Whatever order a call's reports arrive in, and however often each: the same call. For every kind of connector.

To add a kind: a function that returns the events of its recorded calls, each call a list, in ``CALLS``.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.telephony.call_events import CallEvent, Kind
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Link, Request
from ringdesk.telephony.fold import CallState, Received, fold
from ringdesk.telephony.tests import streams
from ringdesk.telephony.tests.test_zadarma import LINK as ZADARMA
from ringdesk.telephony.tests.test_zadarma import signed

Told = list[CallEvent]


def parsed(link: Link, requests: list[Request]) -> Told:
    """Return the events of one call's requests."""
    parse = registry()[link.kind].parse
    return [event for request in requests for event in parse(request, link, streams.NOW).events]


def http_events() -> list[Told]:
    parties = {"src_type": "1", "call_id": "32323", "line": "3333333", "dst_num": "100", "src_num": "89991234567"}
    times = {"call_start_timestamp": "1694181400", "call_answer_timestamp": "1694181405", "timestamp": "1694181450"}
    ended = times | {"event": "2", "status": "ANSWER", "call_record_link": "https://pbx.example/recording.mp3"}
    missed = {"event": "2", "status": "NOANSWER", "call_start_timestamp": "1694181400", "timestamp": "1694181420"}
    reports = [[{"event": "1"}, {"event": "3"}, ended], [{"event": "1"}, missed]]
    link = streams.link("http_events")
    return [parsed(link, [Request("GET", "", parties | one, "", b"") for one in call]) for call in reports]


def crm_json() -> list[Told]:
    link = streams.link("crm_json", secrets={"crm_token": "token123"})
    names = ("incoming_answered.jsonl", "incoming_missed.jsonl", "outgoing_answered.jsonl", "group_by_form.txt")
    return [parsed(link, streams.posted("crm_json", name)) for name in names]


def binotel() -> list[Told]:
    link = streams.link("binotel", region="UA")
    names = ("incoming_answered.txt", "incoming_missed.txt", "transferred.txt")
    return [parsed(link, streams.posted("binotel", name)) for name in names]


def zadarma() -> list[Told]:
    names = ("incoming_answered.txt", "incoming_missed.txt", "outgoing.txt")
    return [parsed(ZADARMA, [signed(line) for line in streams.lines("zadarma", name)]) for name in names]


CALLS: tuple[Callable[[], list[Told]], ...] = (http_events, crm_json, binotel, zadarma)
STREAMS = [
    pytest.param(told, id=f"{call.__name__}-{number}") for call in CALLS for number, told in enumerate(call(), start=1)
]


def arrived(told: Told) -> list[Received]:
    """Return the events as they arrive one after the other, 300 ms apart."""
    return [Received(event, streams.NOW + timedelta(milliseconds=300 * place)) for place, event in enumerate(told)]


def essence(call: CallState, told: Told) -> CallState:
    """Return what must not hang on the order: all but the times that nobody told and only arrival dates."""
    has_start = any(event.started_at or event.at for event in told)
    has_end = any(event.ended_at or (event.at and event.kind is Kind.ENDED) for event in told)
    has_answer = any(event.answered_at or (event.at and event.kind is Kind.ANSWERED) for event in told)
    return replace(
        call,
        extensions=tuple(sorted(call.extensions)),
        started_at=call.started_at if has_start else streams.NOW,
        answered_at=call.answered_at if has_answer else streams.NOW if call.answered_at else None,
        ended_at=call.ended_at if has_end else streams.NOW,
        duration=call.duration if has_end and has_start else None,
    )


@pytest.mark.parametrize("told", STREAMS)
@given(data=st.data())
def test_any_order_and_any_repetition_is_the_same_call(told: Told, data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(told), max_size=3))
    shuffled = data.draw(st.permutations([*told, *again]))
    assert essence(fold(arrived(shuffled)), told) == essence(fold(arrived(told)), told)


@pytest.mark.parametrize("told", STREAMS)
def test_each_is_one_call_that_is_over(told: Told) -> None:
    call = fold(arrived(told))
    assert (len({event.external_id for event in told}), call.state) == (1, "ended")
    assert call.result is not None
