"""Binotel: its webhooks as they come, who may send them, what it is answered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.forms import ValidationError
from django.utils import timezone

from ringdesk.config.tests.desk import Desk
from ringdesk.crm.models import Client, Phone
from ringdesk.telephony import links, rehearsal
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Caller, Course, Malformed, Parsed, Refused, Request, RouteQuestion
from ringdesk.telephony.connectors.binotel import customer
from ringdesk.telephony.connectors.binotel.parse import nested
from ringdesk.telephony.models import Call
from ringdesk.telephony.tests import streams
from ringdesk.telephony.tests.conftest import Place

KIND = "binotel"
LINK = streams.link(KIND, region="UA", extensions={"901": 1, "902": 2})
BINOTEL = registry()[KIND]
PHONE = "+380671654363"
START = datetime(2024, 4, 5, 12, 42, 59, tzinfo=UTC)


def parse(request: Request, link: Any = LINK) -> Parsed:
    return BINOTEL.parse(request, link, streams.NOW)


def facts(name: str) -> list[CallEvent]:
    return [event for request in streams.posted(KIND, name) for event in parse(request).events]


def form(text: str, **values: Any) -> Request:
    return Request("POST", "", {}, streams.FORM, text.encode(), **values)


def test_an_answered_call() -> None:
    fact = CallEvent(Kind.RINGING, "4937638623", Direction.IN, PHONE, "901", line="0674984496")
    assert facts("incoming_answered.txt") == [
        fact,
        replace(fact, kind=Kind.ANSWERED),
        CallEvent(Kind.ENDED, "4937638623", result=Result.ANSWERED),
        replace(
            fact,
            kind=Kind.ENDED,
            extensions=("901",),
            started_at=START,
            answered_at=START + timedelta(seconds=4),
            ended_at=START + timedelta(seconds=42),
            result=Result.ANSWERED,
            recording_url="binotel:4937638623",
            is_late=True,
        ),
    ]


def test_a_missed_and_a_transferred_call() -> None:
    missed = facts("incoming_missed.txt")[-1]
    assert (missed.result, missed.answered_at, missed.recording_url) == (Result.MISSED, None, "")
    assert missed.ended_at == START + timedelta(seconds=20)
    _, _, moved, ended = facts("transferred.txt")
    assert moved == CallEvent(Kind.TRANSFERRED, "4937638625", extension="902")
    assert (ended.extension, ended.extensions, ended.result) == ("902", ("901", "902"), Result.ANSWERED)


def test_the_question_and_its_answers() -> None:
    asked = parse(streams.posted(KIND, "settings.txt")[0])
    assert asked == Parsed(question=RouteQuestion(PHONE, "0674984496"))
    assert customer(Caller(), "https://desk.example") == {}
    assert customer(Caller("", "Anna"), "") == {"customerData": {"name": "Anna", "description": ""}}
    assert customer(Caller("901", "Anna", "/clients/5/"), "https://desk.example") == {
        "customerData": {
            "name": "Anna",
            "description": "",
            "assignedToEmployeeNumber": "901",
            "linkToCrmUrl": "https://desk.example/clients/5/",
            "linkToCrmTitle": "Ringdesk",
        }
    }
    assert BINOTEL.answer(Parsed(), None) == {"status": "success"}


def test_nested_arrays() -> None:
    pairs = [("a[b][c]", "1"), ("a[b][d]", "2"), ("a[e]", "3"), ("f", "4"), ("f[g]", "5"), ("[]", "6")]
    assert nested(pairs) == {"a": {"b": {"c": "1", "d": "2"}, "e": "3"}, "f": {"g": "5"}, "": {"": "6"}}


@pytest.mark.parametrize(
    ("listed", "peer", "is_let_in"),
    [
        ("", "", True),
        ("", "203.0.113.9", True),
        ("203.0.113.9", "203.0.113.9", True),
        ("203.0.113.9", "::ffff:203.0.113.9", True),
        ("198.51.100.1, 203.0.113.0/24", "203.0.113.9", True),
        ("203.0.113.9", "203.0.113.90", False),
        ("203.0.113.9", "", False),
        ("203.0.113.9", "2001:db8::1", False),
    ],
)
def test_who_may_report(listed: str, peer: str, is_let_in: bool) -> None:
    request = replace(streams.posted(KIND, "incoming_missed.txt")[0], peer=peer)
    link = replace(LINK, settings={"addresses": listed})
    if is_let_in:
        assert parse(request, link).events
        return
    with pytest.raises(Refused):
        parse(request, link)


def test_the_company() -> None:
    request = streams.posted(KIND, "incoming_answered.txt")
    right = replace(LINK, settings={"company_id": "67875"})
    assert [len(parse(one, right).events) for one in request] == [1, 1, 1, 1]
    wrong = replace(LINK, settings={"company_id": "67876"})
    for one in (request[0], request[3], *streams.posted(KIND, "settings.txt")):
        with pytest.raises(Refused):
            parse(one, wrong)


@pytest.mark.parametrize(
    "text",
    ["", "requestType=receivedTheCall", "requestType=receivedTheCall&generalCallID=1", "requestType=apiCallCompleted",
     "requestType=receivedTheCall&generalCallID=1&externalNumber=abc", "requestType=apiCallCompleted&callDetails=1",
     "requestType=apiCallCompleted&callDetails[generalCallID]=1&callDetails[startTime]=5", "{", "[1]"],
)  # fmt: skip
def test_what_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse(form(text))


def test_what_is_new_and_what_is_json() -> None:
    assert parse(form("requestType=somethingNew&generalCallID=1")) == Parsed()
    body = '{"requestType":"hangupTheCall","generalCallID":1,"disposition":"NO ANSWER","billsec":null}'
    assert parse(Request("POST", "", {}, streams.JSON, body.encode())) == Parsed(
        (CallEvent(Kind.ENDED, "1", result=Result.MISSED),)
    )


def test_the_list_of_addresses_is_checked() -> None:
    field = BINOTEL.settings_fields()["addresses"]
    assert field.clean(" 203.0.113.9 ,198.51.100.0/24,") == "203.0.113.9, 198.51.100.0/24"
    with pytest.raises(ValidationError):
        field.clean("example.com")


def test_over_the_door(desk: Desk, place: Place) -> None:
    place.branch.region = "UA"
    place.branch.save()
    binotel = links.create(place.organization, KIND, "Binotel", place.branch, {"smart_transfer": "on"})
    binotel.extensions.create(organization=place.organization, member=place.operator, number="901")
    asked = streams.lines(KIND, "settings.txt")[0]
    headers = {"content-type": streams.FORM}
    assert desk.post(place.path(binotel), content=asked, headers=headers).json() == {}
    client = Client.objects.create(organization=place.organization, name="Iryna", responsible=place.operator)
    Phone.objects.create(organization=place.organization, client=client, number=PHONE, reversed=PHONE[:0:-1])
    shown = {"name": "Iryna", "description": "", "assignedToEmployeeNumber": "901"}
    assert desk.post(place.path(binotel), content=asked, headers=headers).json() == {"customerData": shown}
    for line in streams.lines(KIND, "incoming_answered.txt") * 2:
        answer = desk.post(place.path(binotel), content=line, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"status": "success"})
    call = Call.objects.get()
    assert (call.state, call.result, call.duration, call.client) == ("ended", "answered", 42, client)
    assert (call.extension, call.member, call.recording_url) == ("901", place.operator, "binotel:4937638623")


def test_a_strange_sender_changes_nothing(desk: Desk, place: Place) -> None:
    binotel = links.create(place.organization, KIND, "Binotel", place.branch, {"addresses": "203.0.113.9"})
    line = streams.lines(KIND, "incoming_answered.txt")[0]
    answer = desk.post(place.path(binotel), content=line, headers={"content-type": streams.FORM})
    assert (answer.status_code, Call.objects.count()) == (403, 0)


@pytest.mark.parametrize(("course", "duration"), [(Course.RINGING, None), (Course.MISSED, 6), (Course.ANSWERED, 54)])
def test_a_test_call(place: Place, course: Course, duration: int | None) -> None:
    settings = {"addresses": "203.0.113.0/24, 198.51.100.1", "company_id": "67875"}
    binotel = links.create(place.organization, KIND, "Binotel", place.branch, settings)
    now = timezone.now().replace(microsecond=0)
    pk = rehearsal.place(binotel, course, "89991234567", now, line="3333333", extension="901")
    assert Call.objects.get(pk=pk).duration == duration
