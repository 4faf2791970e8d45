"""The whole way: signed notifications over real HTTP, commands to a PBX on loopback, pages."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.test import Client as Browser
from django.utils import timezone

from ringdesk.config.tests.desk import Desk
from ringdesk.crm.models import Client, Phone
from ringdesk.live.models import LiveEvent
from ringdesk.telephony import dialing, gaps, links, rehearsal, sweeping
from ringdesk.telephony.connectors.base import Course
from ringdesk.telephony.connectors.mango import client, signing
from ringdesk.telephony.connectors.mango.tests import fake_mango
from ringdesk.telephony.connectors.mango.tests.fake_mango import FakeMango
from ringdesk.telephony.connectors.mango.tests.recorded import FORM, SECRETS, read
from ringdesk.telephony.models import Call, CallEvent, Connector, Extension, PlacedCall, Popup
from ringdesk.telephony.tests.conftest import Place, make_place

PHONE = "+79991234567"
IVR = {
    "entry_id": "e1",
    "call_id": "100:256",
    "timestamp": 1795253000,
    "seq": 1,
    "call_state": "Appeared",
    "location": "ivr",
    "from": {"number": "79991234567"},
    "to": {"line_number": "74951234567"},
}


@pytest.fixture
def pbx() -> Iterator[FakeMango]:
    client._turns.clear()
    with fake_mango.running(dict(SECRETS)) as running:
        yield running


@pytest.fixture
def place(transactional_db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def mango(place: Place, pbx: FakeMango) -> Connector:
    connector = links.create(
        place.organization, "mango", "Mango", place.branch, {"address": pbx.url, "smart_transfer": "on"},
        own_secrets=dict(SECRETS),
    )  # fmt: skip
    Extension.objects.create(organization=place.organization, connector=connector, member=place.operator, number="100")
    return connector


class Pbx:
    """What the PBX does with the address of one connector."""

    def __init__(self, desk: Desk, connector: Connector) -> None:
        self.desk, self.path = desk, f"/pbx/{links.token(connector)}/"

    def tell(self, path: str, shape: Any, secrets: dict[str, str] = SECRETS) -> httpx.Response:
        body = signing.body(shape, secrets)
        return self.desk.post(self.path + path, content=body, headers={"content-type": FORM})


@pytest.fixture
def teller(desk: Desk, mango: Connector) -> Pbx:
    return Pbx(desk, mango)


def until(condition: Callable[[], Any]) -> None:
    for _ in range(400):
        if condition():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come about within 20 s")


def facts(call: Call) -> tuple[Any, ...]:
    return (call.direction, call.state, call.result, call.phone, call.line, call.extension, call.extensions,
            call.started_at, call.answered_at, call.ended_at, call.recording_url)  # fmt: skip


def test_an_answered_call_told_in_parallel_is_one_call(teller: Pbx, place: Place) -> None:
    told = read("answered") * 2
    random.Random(7).shuffle(told)
    with ThreadPoolExecutor(8) as together:
        answers = list(together.map(lambda one: teller.tell(*one), told))
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"success": True})] * len(told)
    call = Call.objects.get()
    assert facts(call)[:7] == ("in", "ended", "answered", PHONE, "74951234567", "100", ["100"])
    assert (call.duration, call.recording_url, call.member) == (60, "mango:MToxMDA=", place.operator)
    assert Popup.objects.count() <= 1


def test_a_ring_group_shows_one_popup_and_ends_once(teller: Pbx) -> None:
    for path, shape in read("ring_group"):
        assert teller.tell(path, shape).status_code == 200
    assert Call.objects.get().extensions == ["100", "101", "102"]
    assert Popup.objects.count() == 1
    types = list(LiveEvent.objects.order_by("id").values_list("type", flat=True))
    assert types.count("call.ended") == 1 and types[-1] == "call.ended" and types[0] == "call.ringing"


def test_the_same_again_is_stored_once(teller: Pbx) -> None:
    for path, shape in [*read("missed"), *read("missed")]:
        assert teller.tell(path, shape).status_code == 200
    before = (Call.objects.count(), CallEvent.objects.count(), LiveEvent.objects.count())
    long_ago = timezone.now() - timedelta(hours=1)
    CallEvent.objects.update(received_at=long_ago)
    Call.objects.update(last_received_at=long_ago)
    for path, shape in read("missed"):
        assert teller.tell(path, shape).status_code == 200
    assert (Call.objects.count(), CallEvent.objects.count(), LiveEvent.objects.count()) == before == (1, 3, before[2])


def test_what_is_wrong_is_refused_and_nothing_is_stored(teller: Pbx, desk: Desk, mango: Connector) -> None:
    path = teller.path + "events/call"
    statuses = {
        "key": teller.tell("events/call", IVR, {**SECRETS, "api_key": "x"}).status_code,
        "salt": teller.tell("events/call", IVR, {**SECRETS, "api_salt": "x"}).status_code,
        "no form": desk.post(path, json=IVR).status_code,
        "nothing": desk.post(path).status_code,
        "no ids": teller.tell("events/call", {}).status_code,
        "elsewhere": teller.tell("commands/callback", IVR).status_code,
    }
    assert statuses == {"key": 403, "salt": 403, "no form": 400, "nothing": 400, "no ids": 400, "elsewhere": 404}
    assert not Call.objects.exists() and not CallEvent.objects.exists()
    until(lambda: Connector.objects.get(pk=mango.pk).requests_refused == 5)


def test_another_organizations_address_refuses_our_signature(desk: Desk, mango: Connector) -> None:
    other = make_place("other")
    theirs = links.create(other.organization, "mango", "M", other.branch, own_secrets={"api_key": "a", "api_salt": "b"})
    assert Pbx(desk, theirs).tell("events/call", IVR).status_code == 403
    assert Pbx(desk, mango).tell("events/call", IVR).status_code == 200
    assert Call.objects.get().organization == mango.organization


def test_slashes_pings_and_what_is_unknown(teller: Pbx, desk: Desk) -> None:
    assert teller.tell("events/call/", IVR).status_code == 200
    assert teller.tell("events/something/new/", {"entry_id": "e1"}).status_code == 200
    assert teller.tell("ping", {}).status_code == 200
    assert desk.get(teller.path + "ping").status_code == 200
    assert teller.tell("events/call", IVR | {"call_state": "Levitating", "seq": 9}).status_code == 200
    assert teller.tell("events/sms", {"command_id": "1", "timestamp": 1, "reason": 1000}).status_code == 200
    assert CallEvent.objects.count() == 1


def test_keys_pressed_are_kept_and_change_nothing(teller: Pbx) -> None:
    teller.tell("events/call", IVR)
    before = facts(Call.objects.get())
    dtmf = {"entry_id": "e1", "call_id": "100:256", "seq": 1, "dtmf": "12", "timestamp": 1795253002,
            "location": "ivr.2", "initiator": "79991234567"}  # fmt: skip
    assert teller.tell("events/dtmf", dtmf).status_code == 200
    assert facts(Call.objects.get()) == before
    assert list(CallEvent.objects.values_list("kind", "event__note")) == [("ringing", None), ("noted", "dtmf:12")]


def test_a_caller_in_a_menu_is_routed_once_under_their_name(
    teller: Pbx, pbx: FakeMango, place: Place, mango: Connector
) -> None:
    guest = Client.objects.create(organization=place.organization, name="Анна Ким", responsible=place.operator)
    Phone.objects.create(organization=place.organization, client=guest, number=PHONE, reversed=PHONE[:0:-1])
    teller.tell("events/call", IVR)
    assert pbx.arrived.wait(5)
    # Nobody took the call, and it stands in a queue: not round and round.
    teller.tell("events/call", IVR | {"call_id": "100:258", "location": "queue"})
    threading.Event().wait(0.3)
    (shape,) = pbx.commands("commands/route")
    assert (shape["call_id"], shape["to_number"]) == ("100:256", "100")
    assert shape["sip_headers"] == {"From/display-name": "Анна Ким"}
    assert pbx.refused == 0
    teller.tell("result/route", {"command_id": shape["command_id"], "result": "3310"})
    until(lambda: Connector.objects.get(pk=mango.pk).last_error == "route: 3310")


def test_a_caller_whom_nobody_knows_is_not_routed(teller: Pbx, pbx: FakeMango) -> None:
    teller.tell("events/call", IVR)
    threading.Event().wait(0.3)
    assert pbx.asked == []


def test_a_call_that_the_pbx_could_not_place_after_all_is_told_to_whoever_pressed(
    teller: Pbx, pbx: FakeMango, place: Place, mango: Connector
) -> None:
    placed = dialing.place(place.operator, "89991234567", connector=mango)
    assert placed.state == PlacedCall.State.ACCEPTED
    teller.tell("result/callback", {"command_id": placed.command_id, "result": 1121})
    until(lambda: PlacedCall.objects.get(pk=placed.pk).state == PlacedCall.State.REFUSED)
    assert "1121" in PlacedCall.objects.get(pk=placed.pk).error


def test_a_placed_call_is_found_by_its_legs(teller: Pbx, place: Place, mango: Connector) -> None:
    placed = dialing.place(place.operator, "89991234567", connector=mango)
    for path, shape in read("callback"):
        teller.tell(path, shape)
    call = Call.objects.get()
    assert dialing.call_of(placed) == call
    assert (call.direction, call.result, call.extension, call.duration) == ("out", "answered", "100", 44)
    assert not Popup.objects.exists()


def test_a_call_whose_last_report_is_lost_is_swept(teller: Pbx) -> None:
    for path, shape in read("missed")[:-1]:
        teller.tell(path, shape)
    assert Call.objects.get().state == "ringing"
    now = timezone.now()
    assert sweeping.sweep(now + timedelta(seconds=10)) == 0
    assert sweeping.sweep(now + timedelta(seconds=30)) == 1
    call = Call.objects.get()
    assert (call.state, call.result) == ("ended", "missed")
    # The report came after all.
    teller.tell(*read("missed")[-1])
    assert Call.objects.get().result == "missed" and Call.objects.get().duration == 20


def test_a_call_that_only_rang_is_swept_in_the_end(teller: Pbx) -> None:
    teller.tell("events/call", IVR)
    assert sweeping.sweep(timezone.now() + timedelta(minutes=6)) == 1
    assert Call.objects.get().state == "ended"


def test_a_call_that_waits_longer_than_the_sweep_rings_on(teller: Pbx) -> None:
    teller.tell("events/call", IVR)
    sweeping.sweep(timezone.now() + timedelta(minutes=6))
    CallEvent.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    leg = IVR | {"call_id": "100:257", "location": "abonent", "timestamp": 1795253400, "to": {"extension": "100"}}
    teller.tell("events/call", leg)
    assert (Call.objects.get().state, Call.objects.get().extension) == ("ringing", "100")


def test_gaps_are_filled_once(teller: Pbx, pbx: FakeMango, mango: Connector) -> None:
    for path, shape in read("missed"):
        teller.tell(path, shape)
    now = timezone.now()
    t = int(now.timestamp()) - 3600
    pbx.csv = (
        f"[r1];{t};{t + 60};{t + 5};;79990000001;100;sip:a@b;1110;74951234567;abonent;gap-1;{t}\n"
        f"[];{t};{t + 20};0;;79990000002;100;sip:a@b;1111;74951234567;abonent;gap-2;{t}\n"
        f"[];{t};{t + 20};0;;79991234567;100;sip:a@b;1111;74951234567;abonent;232wc3e3w3s222;{t}\n"
    )
    assert gaps.fill_all(now) == 3
    rows = Call.objects.order_by("external_id").values_list("external_id", "direction", "state", "result", "extension")
    assert list(rows) == [
        ("232wc3e3w3s222", "in", "ended", "missed", "100"),
        ("gap-1", "in", "ended", "answered", "100"),
        ("gap-2", "in", "ended", "missed", "100"),
    ]
    assert Call.objects.get(external_id="gap-1").recording_url == "mango:r1"
    # Nobody is on the line any more.
    assert list(Popup.objects.values_list("call__external_id", flat=True)) == ["232wc3e3w3s222"]
    client._turns.clear()
    assert gaps.fill_all(now + timedelta(minutes=10)) == 0
    assert Call.objects.count() == 3


def test_history_that_cannot_be_had_is_noted(pbx: FakeMango, mango: Connector) -> None:
    pbx.status = 500
    assert gaps.fill_all(timezone.now()) == 0
    assert "500" in Connector.objects.get(pk=mango.pk).last_error


@pytest.mark.parametrize(
    ("course", "state", "result"),
    [(Course.RINGING, "ringing", None), (Course.ANSWERED, "ended", "answered"), (Course.MISSED, "ended", "missed")],
)
@pytest.mark.parametrize("extension", ["100", ""])
def test_a_test_call(
    desk: Desk, mango: Connector, course: Course, state: str, result: str | None, extension: str
) -> None:
    call_id = rehearsal.place(mango, course, PHONE, timezone.now(), extension=extension)
    call = Call.objects.get(pk=call_id)
    assert (call.direction, call.state, call.result, call.phone) == ("in", state, result, PHONE)
    assert call.extensions == ([extension] if extension else [])


def browser(place: Place, role: str) -> Browser:
    place.operator.role = role
    place.operator.save(update_fields=["role"])
    there = Browser()
    there.force_login(place.operator.user)
    return there


def test_extensions_are_shown_before_they_are_taken_over(place: Place, pbx: FakeMango, mango: Connector) -> None:
    Extension.objects.filter(connector=mango).delete()
    pbx.users = [
        {"general": {"name": "A. Kim", "email": "ANNA@quay.example"}, "telephony": {"extension": "100"}},
        {"general": {"name": "Stranger"}, "telephony": {"extension": "101"}},
    ]
    path = f"/connectors/{mango.pk}/people/"
    there = browser(place, "owner")
    shown = there.get(path)
    proposals = shown.context["proposals"]
    assert [(one.colleague.extension, one.member_id) for one in proposals] == [("100", place.operator.pk), ("101", 0)]
    assert not Extension.objects.filter(connector=mango).exists()
    saved = there.post(path, {"member-100": str(place.operator.pk), "member-101": "", "member-9": "77"})
    assert saved.status_code == 200
    assert list(Extension.objects.filter(connector=mango).values_list("number", "member")) == [
        ("100", place.operator.pk)
    ]
    pbx.status = 401
    client._turns.clear()
    assert there.get(path).context["error"]
    assert there.get(f"/connectors/{mango.pk}/").status_code == 200


def test_who_may_take_extensions_over(place: Place, mango: Connector) -> None:
    path = f"/connectors/{mango.pk}/people/"
    assert browser(place, "operator").get(path).status_code == 403
    assert browser(make_place("other"), "owner").get(path).status_code == 404
    assert browser(place, "owner").get(f"/connectors/{place.pbx.pk}/people/").status_code == 404
