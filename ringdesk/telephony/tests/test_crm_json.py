"""The JSON and form protocol of CRM connectors: messages word for word, the token, questions, over the door."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from ringdesk.config.tests.desk import Desk
from ringdesk.crm.models import Client, Contract, Phone
from ringdesk.telephony import links, rehearsal
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Caller, Course, Malformed, Parsed, Refused, Request, RouteQuestion
from ringdesk.telephony.connectors.crm_json.parse import Contact
from ringdesk.telephony.models import Call, CallSettings, Connector, Popup
from ringdesk.telephony.tests import streams
from ringdesk.telephony.tests.conftest import Place, make_place

KIND = "crm_json"
LINK = streams.link(KIND, secrets={"crm_token": "token123"})
PHONE = "+79991234567"
CRM_JSON = registry()[KIND]
START = datetime(2023, 9, 8, 13, 56, 40, tzinfo=UTC)
SAID = {
    "cmd": "event",
    "type": "INCOMING",
    "phone": "89991234567",
    "ext": "100",
    "callid": "1",
    "crm_token": "token123",
}


def parse(request: Request, now: datetime = streams.NOW) -> Parsed:
    return CRM_JSON.parse(request, LINK, now)


def told(**values: Any) -> Request:
    shape = {key: value for key, value in (SAID | values).items() if value is not None}
    return Request("POST", "", {}, streams.JSON, orjson.dumps(shape))


def facts(name: str) -> list[CallEvent]:
    return [event for request in streams.posted(KIND, name) for event in parse(request).events]


def test_an_answered_call_as_published() -> None:
    fact = CallEvent(Kind.RINGING, "1659685427407907141", Direction.IN, PHONE, "100", line="3333333")
    assert facts("incoming_answered.jsonl") == [
        fact,
        replace(fact, kind=Kind.ANSWERED),
        replace(
            fact,
            kind=Kind.ENDED,
            started_at=START,
            ended_at=START + timedelta(seconds=50),
            result=Result.ANSWERED,
            recording_url="https://pbx.example/recording.mp3",
            is_late=True,
        ),
    ]


def test_a_missed_and_an_outgoing_call_as_published() -> None:
    fact = CallEvent(Kind.RINGING, "1659685427407907142", Direction.IN, PHONE, "100", line="3333333")
    missed = replace(fact, kind=Kind.ENDED, result=Result.MISSED, started_at=START, is_late=True)
    assert facts("incoming_missed.jsonl") == [fact, replace(missed, ended_at=START + timedelta(seconds=20))]
    first = facts("outgoing_answered.jsonl")[0]
    assert first == CallEvent(Kind.RINGING, "1659685427407907143", Direction.OUT, PHONE, "100")


def test_a_group_as_a_form() -> None:
    ringing = CallEvent(Kind.RINGING, "MTc2MzcyOTQ3MQ==", Direction.IN, PHONE, "100", line="73333333")
    other = replace(ringing, extension="101", direction=None)
    assert facts("group_by_form.txt") == [
        ringing,
        replace(ringing, extension="101"),
        replace(other, kind=Kind.ANSWERED),
        replace(ringing, kind=Kind.ENDED, direction=None, is_leg=True),
        replace(other, kind=Kind.ENDED, result=Result.ANSWERED),
        replace(
            ringing,
            kind=Kind.ENDED,
            extension="101",
            started_at=START,
            ended_at=START + timedelta(seconds=50),
            result=Result.ANSWERED,
            recording_url="https://pbx.example/recording.mp3",
            is_late=True,
        ),
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"phone": ""}, CallEvent(Kind.RINGING, "1", Direction.IN, "", "100")),
        ({"phone": None, "type": "ACCEPTED"}, CallEvent(Kind.ANSWERED, "1", None, None, "100")),
        ({"ext": "", "user": "100"}, CallEvent(Kind.RINGING, "1", Direction.IN, PHONE, "100")),
        ({"ext": "101", "user": "100"}, CallEvent(Kind.RINGING, "1", Direction.IN, PHONE, "101")),
        ({"ext": 100, "callid": 5, "type": "incoming"}, CallEvent(Kind.RINGING, "5", Direction.IN, PHONE, "100")),
        ({"telnum": "73333333"}, CallEvent(Kind.RINGING, "1", Direction.IN, PHONE, "100", line="73333333")),
        (
            {"phone": "101"},
            CallEvent(Kind.RINGING, "1", Direction.INTERNAL, "100", None, ("101", "100")),
        ),
        (
            {"phone": "101", "type": "OUTGOING"},
            CallEvent(Kind.RINGING, "1", Direction.INTERNAL, "101", None, ("100", "101")),
        ),
        (
            {"type": "CANCELLED", "direction": "out"},
            CallEvent(Kind.ENDED, "1", Direction.OUT, PHONE, "100", result=Result.CANCELLED),
        ),
        ({"type": "CANCELLED", "ext": None}, CallEvent(Kind.ENDED, "1", None, PHONE)),
    ],
)
def test_an_event(said: dict[str, Any], expected: CallEvent) -> None:
    assert parse(told(**said)) == Parsed((expected,))


def test_what_is_new_to_us_is_passed_over() -> None:
    assert parse(told(type="TRANSFERRED")) == Parsed()


@pytest.mark.parametrize(
    ("status", "result"),
    [("Success", "answered"), ("MISSED", "missed"), ("Cancel", "cancelled"), ("busy", "busy"),
     ("NotAvailable", "failed"), ("NotFound", "failed"), ("quite new", None), (None, None)],
)  # fmt: skip
def test_words_for_results_are_compared_without_case(status: str | None, result: str | None) -> None:
    assert parse(told(cmd="history", type="IN", status=status)).events[0].result == result


@pytest.mark.parametrize(
    ("said", "started", "ended"),
    [
        ({"start": "20261121T091000", "end": "20261121T091100"}, 0, 60),
        ({"start": "20261121T091000Z", "duration": "60"}, 0, 60),
        ({"end": "20261121T091100", "duration": 60}, 0, 60),
        # A clock of twelve hours: the report came a few minutes after the end.
        ({"start": "20261120T211000", "end": "20261120T211100"}, 0, 60),
        # Really half a day late and an hour: the report is late, the clock is right.
        ({"start": "20261120T201000", "end": "20261120T201100"}, -46800, -46740),
    ],
)
def test_the_course(said: dict[str, Any], started: int, ended: int) -> None:
    began = datetime(2026, 11, 21, 9, 10, tzinfo=UTC)
    fact = parse(told(cmd="history", type="in", **said)).events[0]
    assert (fact.started_at, fact.ended_at) == (
        began + timedelta(seconds=started),
        began + timedelta(seconds=ended),
    )


@pytest.mark.parametrize(
    "said",
    [{"cmd": None}, {"cmd": "dance"}, {"callid": None}, {"type": None}, {"type": "Novelty", "callid": None},
     {"callid": "1" * 201}, {"phone": None}, {"phone": "abc"},
     {"cmd": "history", "type": "up"}, {"cmd": "history", "type": "in", "start": "soon"},
     {"cmd": "history", "type": "in", "end": "99991231T235959"}, {"cmd": "history", "type": "in", "duration": "-1"},
     {"cmd": "history", "type": "in", "duration": "NaN"}],
)  # fmt: skip
def test_what_is_malformed(said: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse(told(**said))


@pytest.mark.parametrize(
    ("body", "header", "is_right"),
    [("token123", "", True), (None, "Bearer token123", True), (None, "bearer token123", True),
     ("token123", "Basic abc", True), ("token123", "Bearer other", False), ("other", "Bearer token123", False),
     ("", "", False), (None, "", False), ("token1234", "", False), ("токен", "", False), (None, "Bearer ", False)],
)  # fmt: skip
def test_the_token(body: str | None, header: str, is_right: bool) -> None:
    request = replace(told(crm_token=body), headers={"authorization": header} if header else {})
    if is_right:
        assert parse(request).events
        return
    with pytest.raises(Refused):
        parse(request)
    with pytest.raises(Refused):
        parse(replace(request, query={"crm_token": "token123"}))


def test_where_no_token_is_stored_none_is_right() -> None:
    for header in ("", "Bearer ", "Bearer a"):
        request = replace(told(crm_token=""), headers={"authorization": header})
        with pytest.raises(Refused):
            CRM_JSON.parse(request, replace(LINK, secrets={}), streams.NOW)


def test_a_contact_question_and_its_answers() -> None:
    asked = parse(told(cmd="contact", diversion="3333333"))
    assert asked == Contact(question=RouteQuestion(PHONE, "3333333"))
    form = Request("POST", "", {}, streams.FORM, b"cmd=contact&phone=89991234567&crm_token=token123")
    named = parse(form)
    assert named == Contact(question=RouteQuestion(PHONE), wants_name=True)
    anna = Caller("100", "Anna")
    assert CRM_JSON.answer(asked, anna) == {"responsible": "100"}
    assert CRM_JSON.answer(named, anna) == {"contact_name": "Anna", "responsible": "100"}
    assert CRM_JSON.answer(parse(told()), None) == {"success": True}


@pytest.fixture
def crm(place: Place) -> Connector:
    return connect(place)


def connect(place: Place) -> Connector:
    connector = links.create(place.organization, KIND, "Service", place.branch, {"smart_transfer": "on"})
    connector.extensions.create(organization=place.organization, member=place.operator, number="100")
    return connector


def say(desk: Desk, place: Place, connector: Connector, **values: Any) -> tuple[int, Any]:
    token = links.own_secrets(connector)["crm_token"]
    shape = {key: value for key, value in (SAID | {"crm_token": token} | values).items() if value is not None}
    answer = desk.post(place.path(connector), json=shape)
    return answer.status_code, answer.json()


def test_a_call_over_the_door_and_all_of_it_again(desk: Desk, place: Place, crm: Connector) -> None:
    history = {"cmd": "history", "type": "in", "status": "success", "start": "20230908T135640", "duration": 50,
               "end": "20230908T135730", "link": "https://pbx.example/recording.mp3"}  # fmt: skip
    for _again in range(2):
        for said in ({}, {"type": "ACCEPTED"}, history):
            assert say(desk, place, crm, **said) == (200, {"success": True})
    call = Call.objects.get()
    assert (call.direction, call.state, call.result, call.phone) == ("in", "ended", "answered", PHONE)
    assert (call.extension, call.member, call.duration) == ("100", place.operator, 50)
    assert (call.started_at, call.recording_url) == (START, "https://pbx.example/recording.mp3")
    assert call.events.count() == 3
    bodies = "".join(call.events.values_list("raw__body", flat=True))
    assert '"crm_token":"•••"' in bodies and links.own_secrets(crm)["crm_token"] not in bodies
    assert Popup.objects.count() == 1


def test_a_wrong_a_missing_and_anothers_token_change_nothing(desk: Desk, place: Place, crm: Connector) -> None:
    stranger = make_place("stranger")
    theirs = links.own_secrets(connect(stranger))["crm_token"]
    for token in ("wrong", None, "", theirs):
        assert say(desk, place, crm, crm_token=token)[0] == 403
        assert say(desk, place, crm, cmd="contact", crm_token=token)[0] == 403
    assert not Call.objects.exists()
    bearer = {"Authorization": f"Bearer {links.own_secrets(crm)['crm_token']}"}
    shape = {key: value for key, value in SAID.items() if key != "crm_token"}
    assert desk.post(place.path(crm), json=shape, headers=bearer).status_code == 200


def test_switched_off_it_answers_404(desk: Desk, place: Place, crm: Connector) -> None:
    links.switch(crm, on=False)
    assert say(desk, place, crm)[0] == 404
    assert not Call.objects.exists()


def add(place: Place, number: str, responsible: Any = None) -> Client:
    client = Client.objects.create(organization=place.organization, name="Irina", responsible=responsible)
    Phone.objects.create(organization=place.organization, client=client, number=number, reversed=number[:0:-1])
    return client


def ask(desk: Desk, place: Place, crm: Connector, phone: str = "89991234567") -> Any:
    status, answer = say(desk, place, crm, cmd="contact", phone=phone)
    assert status == 200
    return answer


def test_contact_nobody_then_somebody(desk: Desk, place: Place, crm: Connector) -> None:
    assert ask(desk, place, crm) == {"responsible": ""}
    client = add(place, PHONE)
    assert ask(desk, place, crm) == {"responsible": ""}
    client.responsible = place.operator
    client.save()
    assert ask(desk, place, crm) == {"responsible": "100"}
    assert ask(desk, place, crm, "") == {"responsible": ""}
    token = links.own_secrets(crm)["crm_token"]
    form = {"cmd": "contact", "phone": "79991234567", "crm_token": token}
    answer = desk.post(place.path(crm), data=form).json()
    assert answer == {"contact_name": "Irina", "responsible": "100"}


def test_contact_with_forwarding_off(desk: Desk, place: Place, crm: Connector) -> None:
    add(place, PHONE, place.operator)
    crm.settings = {"smart_transfer": "off"}
    crm.save()
    CallSettings.objects.create(organization=place.organization, forwarding=True)
    assert ask(desk, place, crm) == {"responsible": ""}


def test_contact_as_the_organization_has_it(desk: Desk, place: Place, crm: Connector) -> None:
    add(place, PHONE, place.operator)
    crm.settings = {"smart_transfer": ""}
    crm.save()
    CallSettings.objects.create(organization=place.organization, forwarding=True)
    assert ask(desk, place, crm) == {"responsible": "100"}


def test_contact_without_an_extension_here(desk: Desk, place: Place, crm: Connector) -> None:
    add(place, PHONE, place.operator)
    crm.extensions.all().delete()
    assert ask(desk, place, crm) == {"responsible": ""}


def test_several_matches_count_when_they_share_one_responsible(desk: Desk, place: Place, crm: Connector) -> None:
    add(place, PHONE, place.operator)
    add(place, PHONE, place.operator)
    assert ask(desk, place, crm) == {"responsible": "100"}
    add(place, PHONE)
    assert ask(desk, place, crm) == {"responsible": ""}


def test_the_last_digits_tell_where_nothing_matches_whole(desk: Desk, place: Place, crm: Connector) -> None:
    CallSettings.objects.create(organization=place.organization, last_digits=7)
    add(place, "+74951234567", place.operator)
    assert ask(desk, place, crm) == {"responsible": "100"}
    add(place, PHONE)
    assert ask(desk, place, crm) == {"responsible": ""}


def test_the_contract_comes_first(desk: Desk, place: Place, crm: Connector) -> None:
    client = add(place, PHONE)
    contract = Contract.objects.create(
        organization=place.organization, number="1", client=client, responsible=place.operator
    )
    Phone.objects.create(organization=place.organization, contract=contract, number=PHONE, reversed=PHONE[:0:-1])
    assert ask(desk, place, crm) == {"responsible": "100"}


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        (Course.RINGING, ("ringing", None, None)),
        (Course.MISSED, ("ended", "missed", 6)),
        (Course.ANSWERED, ("ended", "answered", 54)),
    ],
)
def test_a_test_call(place: Place, crm: Connector, course: Course, expected: tuple[object, ...]) -> None:
    now = timezone.now().replace(microsecond=0)
    pk = rehearsal.place(crm, course, "8 999 123-45-67", now, line="3333333", extension="100")
    call = Call.objects.get(pk=pk)
    assert (call.state, call.result, call.duration) == expected
    assert (call.phone, call.line, call.extension) == (PHONE, "3333333", "100")
