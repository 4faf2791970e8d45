"""Zadarma and Novofon: notifications as they come, their signatures, what they are answered."""

import hashlib
import hmac
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

import pytest
from django.utils import timezone

from ringdesk.config.tests.desk import Desk
from ringdesk.crm.models import Client, Phone
from ringdesk.telephony import links, rehearsal
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Caller, Course, Malformed, Parsed, Refused, Request, RouteQuestion
from ringdesk.telephony.connectors.zadarma.signing import SIGNED, authorization
from ringdesk.telephony.models import Call
from ringdesk.telephony.tests import streams
from ringdesk.telephony.tests.conftest import Place

KIND = "zadarma"
SECRET = "the-secret-of-a-test"
LINK = streams.link(KIND, secrets={"api_key": "key", "api_secret": SECRET})
ZADARMA = registry()[KIND]
PHONE = "+79991234567"
IN, OUT = "in_7a4d6f1b2c3e4d5f6a7b8c9d0e1f2a3b4c5d6e7f", "out_1f2a3b4c5d6e7f7a4d6f1b2c3e4d5f6a7b8c9d0e"
START = streams.NOW - timedelta(minutes=5)
REFERENCE = "zadarma:1763729400.1234567"


def sign(line: str, secret: str = SECRET, *, by_hex: bool = True) -> str:
    values = dict(parse_qsl(line, keep_blank_values=True))
    text = "".join(values.get(name, "") for name in SIGNED.get(values.get("event", ""), ()))
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1)
    return b64encode(digest.hexdigest().encode() if by_hex else digest.digest()).decode()


def signed(line: str) -> Request:
    return Request("POST", "", {}, streams.FORM, line.encode(), {"signature": sign(line)})


def parse(line: str, now: datetime = START + timedelta(seconds=60)) -> Parsed:
    return ZADARMA.parse(signed(line), LINK, now)


def facts(name: str) -> list[CallEvent]:
    return [event for line in streams.lines(KIND, name) for event in parse(line).events]


def test_an_answered_call_of_a_group() -> None:
    fact = CallEvent(Kind.RINGING, IN, Direction.IN, PHONE, line="73333333333")
    assert facts("incoming_answered.txt") == [
        fact,
        replace(fact, extension="100"),
        replace(fact, extension="101"),
        replace(fact, kind=Kind.ANSWERED, extension="101", line=""),
        replace(
            fact,
            kind=Kind.ENDED,
            extension="101",
            result=Result.ANSWERED,
            started_at=START,
            recording_url=REFERENCE,
        ),
        CallEvent(Kind.RECORDED, IN, recording_url=REFERENCE),
    ]


def test_a_missed_and_an_outgoing_call() -> None:
    assert facts("incoming_missed.txt")[-1] == CallEvent(
        Kind.ENDED, IN, Direction.IN, PHONE, "100", line="73333333333", started_at=START, result=Result.MISSED
    )
    fact = CallEvent(Kind.RINGING, OUT, Direction.OUT, PHONE, "100")
    ended = replace(fact, kind=Kind.ENDED, result=Result.ANSWERED, started_at=START)
    assert facts("outgoing.txt") == [fact, replace(fact, kind=Kind.ANSWERED), ended]


def test_the_question_and_its_answers() -> None:
    start = streams.lines(KIND, "incoming_answered.txt")[0]
    asked = parse(start)
    assert asked.question == RouteQuestion(PHONE, "73333333333")
    assert ZADARMA.answer(asked, Caller("100", "Anna")) == {"redirect": "100", "return_timeout": 0}
    assert ZADARMA.answer(asked, Caller("", "Anna")) == {}


def test_the_address_is_checked_by_an_echo() -> None:
    request = Request("GET", "", {"zd_echo": "a1b2"}, "", b"")
    assert ZADARMA.parse(request, replace(LINK, secrets={}), streams.NOW) == Parsed(reply="a1b2")


@pytest.mark.parametrize("line", streams.lines(KIND, "incoming_answered.txt") + streams.lines(KIND, "outgoing.txt"))
def test_signatures(line: str) -> None:
    request = signed(line)
    assert ZADARMA.parse(request, LINK, streams.NOW).events
    plain = replace(request, headers={"signature": sign(line, by_hex=False)})
    assert ZADARMA.parse(plain, LINK, streams.NOW).events
    for wrong in ("", "a", sign(line, "another"), sign(line).lower(), "подпись"):
        with pytest.raises(Refused):
            ZADARMA.parse(replace(request, headers={"signature": wrong}), LINK, streams.NOW)
    with pytest.raises(Refused):
        ZADARMA.parse(replace(request, headers={}), LINK, streams.NOW)
    unset = replace(request, headers={"signature": sign(line, "")})
    with pytest.raises(Refused):
        ZADARMA.parse(unset, replace(LINK, secrets={}), streams.NOW)


@pytest.mark.parametrize("offset", [-12, -3, 0, 3, 5.5, 13])
def test_the_zone_of_the_account_is_found_by_the_time_of_arrival(offset: float) -> None:
    there = f"{START + timedelta(hours=offset):%Y-%m-%d %H:%M:%S}"
    values = {"event": "NOTIFY_END", "pbx_call_id": IN, "caller_id": PHONE, "called_did": "7", "call_start": there}
    told = parse(urlencode(values | {"duration": "50", "disposition": "answered"}))
    assert told.events[0].started_at == START


def test_a_form_in_parts_with_a_boundary_that_is_not_the_one_told() -> None:
    line = streams.lines(KIND, "incoming_answered.txt")[1]
    parts = "".join(
        f'----X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parse_qsl(line)
    )
    body = (parts + "----X--\r\n").encode()
    request = Request("POST", "", {}, "multipart/form-data; boundary=Y", body, {"signature": sign(line)})
    assert ZADARMA.parse(request, LINK, START) == parse(line)


@pytest.mark.parametrize("line", ["", "a=1", "event=NOTIFY_START", f"event=NOTIFY_START&pbx_call_id={IN}&caller_id=a"])
def test_what_is_malformed(line: str) -> None:
    with pytest.raises(Malformed):
        parse(line)


def test_what_is_new_or_not_about_a_call_is_passed_over() -> None:
    assert parse("event=NOTIFY_SMS&result=1") == Parsed()
    assert parse(f"event=NOTIFY_IVR&pbx_call_id={IN}&caller_id=1&called_did=2") == Parsed()


def test_the_api_is_asked_as_the_vendor_signs() -> None:
    # The steps of the vendor's documentation, one by one.
    text = (
        "/v1/request/callback/format=json&from=100&to=79991234567"
        + hashlib.md5(b"format=json&from=100&to=79991234567").hexdigest()
    )
    expected = b64encode(hmac.new(b"secret", text.encode(), hashlib.sha1).hexdigest().encode()).decode()
    params = {"to": "79991234567", "from": "100", "format": "json"}
    assert authorization("/v1/request/callback/", params, "key", "secret") == f"key:{expected}"


def test_over_the_door(desk: Desk, place: Place) -> None:
    secrets = {"api_key": "key", "api_secret": SECRET}
    zadarma = links.create(
        place.organization, KIND, "Zadarma", place.branch, {"smart_transfer": "on"}, own_secrets=secrets
    )
    zadarma.extensions.create(organization=place.organization, member=place.operator, number="101")
    client = Client.objects.create(organization=place.organization, name="Irina", responsible=place.operator)
    Phone.objects.create(organization=place.organization, client=client, number=PHONE, reversed=PHONE[:0:-1])
    echo = desk.get(place.path(zadarma), params={"zd_echo": "a1b2"})
    assert (echo.text, echo.headers["content-type"]) == ("a1b2", "text/plain; charset=utf-8")
    lines = streams.lines(KIND, "incoming_answered.txt")
    for line in lines:
        headers = {"content-type": streams.FORM, "Signature": sign(line, "another")}
        assert desk.post(place.path(zadarma), content=line, headers=headers).status_code == 403
    assert not Call.objects.exists()
    answers = []
    for line in lines * 2:
        headers = {"content-type": streams.FORM, "Signature": sign(line)}
        answers.append(desk.post(place.path(zadarma), content=line, headers=headers).json())
    assert answers[0] == {"redirect": "101", "return_timeout": 0}
    assert answers[1] == {"success": True}
    call = Call.objects.get()
    assert (call.state, call.result, call.extension, call.member) == ("ended", "answered", "101", place.operator)
    assert (call.extensions, call.recording_url, call.client) == (["100", "101"], REFERENCE, client)


@pytest.mark.parametrize(("course", "duration"), [(Course.RINGING, None), (Course.MISSED, 6), (Course.ANSWERED, 54)])
def test_a_test_call(place: Place, course: Course, duration: int | None) -> None:
    secrets = {"api_key": "key", "api_secret": SECRET}
    zadarma = links.create(place.organization, KIND, "Zadarma", place.branch, own_secrets=secrets)
    now = timezone.now().replace(microsecond=0)
    pk = rehearsal.place(zadarma, course, "89991234567", now, line="3333333", extension="100")
    assert Call.objects.get(pk=pk).duration == duration
