"""Placing calls: by a click, by an outside program's key, by the HTTP API; against a PBX that speaks 5.3."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from ringdesk.accounts.models import Branch, Member, User
from ringdesk.accounts.tests.api import program
from ringdesk.core.problems import Conflict, Forbidden
from ringdesk.crm import clients
from ringdesk.telephony import dialing, dialing_keys, links
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.models import Call, Connector, Extension, PlacedCall
from ringdesk.telephony.tests import pbx_of_others
from ringdesk.telephony.tests.conftest import Place
from ringdesk.telephony.tests.pbx_of_others import KEY, PATH, Dialler, FakePbx

IVAN, ANNA = "+79230000001", "+79130000002"
CALLID = "1659685427407907141"
DOOR = "/httpapiinteg/crmapi/v1/makecall"
States = PlacedCall.State


@dataclass(frozen=True)
class Office:
    """A place whose operator can place calls: extension 100 at ``dialler``, which asks ``pbx``."""

    place: Place
    dialler: Connector
    pbx: FakePbx

    @property
    def operator(self) -> Member:
        return self.place.operator

    def browser(self, member: Member | None = None, language: str = "ru") -> Browser:
        member = member or self.operator
        Member.objects.filter(pk=member.pk).update(language=language)
        visitor = Browser()
        visitor.force_login(member.user)
        return visitor

    def member(self, name: str, role: str, extension: str = "") -> Member:
        user = User.objects.create_user(f"{name}@quay.example".lower())
        made = Member.objects.create(organization=self.place.organization, user=user, name=name, role=role)
        if extension:
            Extension.objects.create(
                organization=self.place.organization, connector=self.dialler, member=made, number=extension
            )
        return made


@pytest.fixture
def pbx() -> Iterator[FakePbx]:
    with pbx_of_others.running() as pbx:
        yield pbx


@pytest.fixture
def office(place: Place, pbx: FakePbx, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setitem(registry(), "dialler", Dialler())
    dialler = links.create(place.organization, "dialler", "Mango", place.branch, {"url": pbx.url})
    Extension.objects.create(organization=place.organization, connector=dialler, member=place.operator, number="100")
    return Office(place, dialler, pbx)


def click(browser: Browser, phone: str, **more: str) -> tuple[int, dict[str, str]]:
    answer = browser.post("/calls/place/", {"phone": phone} | more, headers={"HX-Request": "true"})
    return answer.status_code, json.loads(answer.headers["HX-Trigger"])["toast"]


# --- a click ---


def test_the_pbx_is_asked_to_ring_the_member_first(office: Office) -> None:
    assert click(office.browser(language="en"), "8 923 000-00-01") == (
        204,
        {"text": "Calling +7 923 000-00-01: your phone 100 rings, pick it up.", "tone": "ok"},
    )
    assert office.pbx.asked == [(PATH, KEY, {"user": "100", "phone": "79230000001"})]
    placed = PlacedCall.objects.get()
    assert (placed.member, placed.connector, placed.extension, placed.phone, placed.state, placed.external_id) == (
        office.operator, office.dialler, "100", IVAN, States.ACCEPTED, CALLID,
    )  # fmt: skip


RU = "При выполнении запроса к «Mango» произошла ошибка: {}. Пожалуйста, обратитесь в поддержку «Mango»."
EN = "An error occurred while sending the request to “Mango”: {}. Please contact the support of “Mango”."


@pytest.mark.parametrize(("status", "text"), [(400, "Нет такого номера"), (403, "wrong key"), (500, "boom")])
@pytest.mark.parametrize(("language", "sentence"), [("ru", RU), ("en", EN)])
def test_a_refusal_is_told_in_the_words_of_the_protocol(
    office: Office, status: int, text: str, language: str, sentence: str
) -> None:
    office.pbx.status, office.pbx.answer = status, text
    assert click(office.browser(language=language), IVAN) == (204, {"text": sentence.format(text), "tone": "bad"})
    assert PlacedCall.objects.values_list("state", "error").get() == (States.REFUSED, text)


def test_a_pbx_that_hangs_is_an_error_too(office: Office) -> None:
    office.pbx.gate.clear()
    assert click(office.browser(language="en"), IVAN)[1]["text"] == EN.format("the PBX does not answer")


def test_a_connector_that_breaks_is_an_error_too(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any) -> str:
        raise KeyError("url")

    monkeypatch.setattr(registry()["dialler"], "dial", broken)
    assert click(office.browser(language="en"), IVAN)[1]["text"] == EN.format("the request could not be sent")


def test_a_hidden_number_no_extension_nothing_that_dials(office: Office) -> None:
    assert click(office.browser(language="en"), "")[1] == {
        "text": "The number is hidden: there is nobody to call back.", "tone": "warn",
    }  # fmt: skip
    Extension.objects.filter(connector=office.dialler).delete()
    connection_name = office.place.pbx.name
    if not registry()["http_events"].can_dial:
        assert click(office.browser(language="en"), IVAN)[1] == {
            "text": f"“{connection_name}” cannot place calls: dial on your phone.", "tone": "warn",
        }  # fmt: skip
    Extension.objects.all().delete()
    assert click(office.browser(language="en"), IVAN)[1]["text"].endswith(
        "Ask the owner or an administrator to assign you one."
    )
    owner = office.member("Olga", "owner")
    assert click(office.browser(owner, "en"), IVAN)[1]["text"].endswith("Assign yourself one: Settings, Extensions.")
    assert office.pbx.asked == []


def test_who_may(office: Office, other: Place) -> None:
    accountant = office.member("Vera", "accountant", "105")
    assert office.browser(accountant).post("/calls/place/", {"phone": IVAN}).status_code == 403
    assert Browser().post("/calls/place/", {"phone": IVAN}).status_code == 302
    assert office.browser().get("/calls/place/").status_code == 405
    # A stranger places calls through their own connectors, never ours.
    stranger = Browser()
    stranger.force_login(other.operator.user)
    call = make_call(office, IVAN)
    stranger.post("/calls/place/", {"phone": IVAN, "call": str(call.pk)})
    assert office.pbx.asked == []
    Member.objects.filter(pk=office.operator.pk).update(is_active=False)
    with pytest.raises(Forbidden):
        dialing.place(Member.objects.get(pk=office.operator.pk), IVAN)


# --- pressing twice ---


def test_pressing_twice_calls_once(office: Office) -> None:
    first = dialing.place(office.operator, IVAN)
    again = dialing.place(office.operator, "8 (923) 000-00-01")
    assert (first.pk, len(office.pbx.asked)) == (again.pk, 1)
    PlacedCall.objects.update(created_at=timezone.now() - timedelta(seconds=16))
    later = dialing.place(office.operator, IVAN)
    assert (later.pk != first.pk, len(office.pbx.asked)) == (True, 2)


def test_colleagues_may_call_the_same_number(office: Office) -> None:
    colleague = office.member("Boris", "manager", "101")
    assert dialing.place(office.operator, IVAN).pk != dialing.place(colleague, IVAN).pk
    assert [wish["user"] for _path, _key, wish in office.pbx.asked] == ["100", "101"]


def test_after_an_error_one_may_press_again(office: Office) -> None:
    office.pbx.status = 500
    refused = dialing.place(office.operator, IVAN)
    assert dialing.place(office.operator, IVAN).pk == refused.pk
    PlacedCall.objects.update(created_at=timezone.now() - timedelta(seconds=3))
    office.pbx.status = 200
    assert dialing.place(office.operator, IVAN).state == States.ACCEPTED


@pytest.fixture
def slowly_stored(office: Office) -> Iterator[None]:
    """Storing a wish takes a while, so that those who do not wait for each other overtake each other."""
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END';
            CREATE TRIGGER dawdle BEFORE INSERT ON telephony_placedcall FOR EACH ROW EXECUTE FUNCTION dawdle()
        """)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER dawdle ON telephony_placedcall; DROP FUNCTION dawdle()")


def pressed_at_once(office: Office, *numbers: str) -> list[Any]:
    """Let as many threads press at the same moment; the PBX answers once all have pressed."""
    office.pbx.gate.clear()
    Connector.objects.filter(pk=office.dialler.pk).update(settings={"url": office.pbx.url, "timeout": 10})
    start = threading.Barrier(len(numbers))
    results: list[Any] = []

    def press(number: str) -> None:
        start.wait()
        try:
            results.append(dialing.place(Member.objects.get(pk=office.operator.pk), number).pk)
        except Conflict as problem:
            results.append(str(problem))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[number]) for number in numbers]
    for thread in threads:
        thread.start()
    assert office.pbx.arrived.wait(10)
    # All but the one that is waiting for the PBX.
    for _ in range(500):
        if len(results) == len(numbers) - 1:
            break
        threading.Event().wait(0.01)
    office.pbx.gate.set()
    for thread in threads:
        thread.join(timeout=15)
    return results


@pytest.mark.usefixtures("slowly_stored")
def test_eight_tabs_at_once_call_once(office: Office) -> None:
    results = pressed_at_once(office, *[IVAN] * 8)
    assert (len(results), len(set(results)), len(office.pbx.asked)) == (8, 1, 1)


@pytest.mark.usefixtures("slowly_stored")
def test_another_number_waits_until_the_first_is_placed(office: Office) -> None:
    results = pressed_at_once(office, IVAN, ANNA)
    assert len(office.pbx.asked) == 1
    assert sorted(type(result).__name__ for result in results) == ["int", "str"]
    # The first is placed: now the other one may be.
    dialing.place(office.operator, {"79230000001": ANNA, "79130000002": IVAN}[office.pbx.asked[0][2]["phone"]])
    assert len(office.pbx.asked) == 2


def test_a_request_that_never_came_back_holds_nobody_up(office: Office) -> None:
    dialing.place(office.operator, IVAN)
    PlacedCall.objects.update(state=States.ASKED, created_at=timezone.now() - timedelta(seconds=4))
    with pytest.raises(Conflict):
        dialing.place(office.operator, ANNA)
    PlacedCall.objects.update(created_at=timezone.now() - timedelta(seconds=6))
    assert dialing.place(office.operator, ANNA).state == States.ACCEPTED


def test_the_pbx_is_asked_outside_of_any_transaction(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def dial(*_arguments: Any) -> str:
        seen.append((connection.in_atomic_block, connection.connection))
        return ""

    monkeypatch.setattr(registry()["dialler"], "dial", dial)
    dialing.place(office.operator, IVAN)
    assert seen == [(False, None)]


def test_a_refusal_that_comes_by_an_event_before_the_answer_stands(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dial(*_arguments: Any) -> str:
        PlacedCall.objects.update(state=States.REFUSED, error="nobody there (1111)")
        return ""

    monkeypatch.setattr(registry()["dialler"], "dial", dial)
    placed = dialing.place(office.operator, IVAN)
    assert (placed.state, placed.error) == (States.REFUSED, "nobody there (1111)")


# --- which connector ---


def test_the_connector_of_the_call_or_else_the_first(office: Office) -> None:
    Extension.objects.filter(connector=office.place.pbx).delete()
    second = links.create(office.place.organization, "dialler", "Zvonok", None, {"url": office.pbx.url})
    Extension.objects.create(
        organization=office.place.organization, connector=second, member=office.operator, number="200"
    )
    assert dialing.extension_for(office.operator).number == "100"
    assert dialing.extension_for(office.operator, second).number == "200"
    call = make_call(office, IVAN, connector=second)
    click(office.browser(), IVAN, call=str(call.pk))
    assert office.pbx.asked[-1][2]["user"] == "200"
    # The PBX of the call cannot place calls: by the one that took the last one, and that was the second.
    click(office.browser(), ANNA, call=str(make_call(office, ANNA, connector=office.place.phone).pk))
    assert office.pbx.asked[-1][2]["user"] == "200"
    PlacedCall.objects.all().delete()
    click(office.browser(), ANNA)
    assert office.pbx.asked[-1][2]["user"] == "100"
    links.switch(office.dialler, on=False)
    assert dialing.extension_for(office.operator).number == "200"


# --- the call that the PBX then reports ---


def make_call(office: Office, phone: str, **more: Any) -> Call:
    now = timezone.now()
    fields = {
        "connector": office.dialler, "external_id": "1", "direction": "out", "state": "ringing", "phone": phone,
        "extensions": ["100"], "started_at": now, "first_received_at": now, "last_received_at": now,
    }  # fmt: skip
    return Call.objects.create(organization=office.place.organization, **(fields | more))


@pytest.mark.parametrize("named", ["external_id", "command_id", "nothing"])
def test_the_placed_call_is_the_reported_one(office: Office, named: str) -> None:
    placed = dialing.place(office.operator, IVAN)
    external_id = "pbx-17" if named == "nothing" else getattr(placed, named)
    make_call(office, ANNA, external_id="2")
    make_call(office, IVAN, external_id="3", extensions=["101"])
    call = make_call(office, IVAN, external_id=external_id)
    later = make_call(office, IVAN, external_id="5", first_received_at=timezone.now() + timedelta(seconds=60))
    assert (dialing.call_of(placed), dialing.placed_as(call), dialing.placed_as(later)) == (call, placed, None)


def test_a_refused_click_is_no_call(office: Office) -> None:
    office.pbx.status = 500
    dialing.place(office.operator, IVAN)
    assert dialing.placed_as(make_call(office, IVAN)) is None


def test_the_page_of_the_call_tells_who_placed_it(office: Office) -> None:
    dialing.place(office.operator, IVAN)
    call = make_call(office, IVAN, external_id=CALLID)
    assert "from here, by Anna" in office.browser(language="en").get(f"/calls/{call.pk}/").content.decode()


# --- the door of outside programs ---


@pytest.fixture
def key(office: Office) -> str:
    return dialing_keys.renew(office.place.organization)


def knock(key: str, body: Any, **more: Any) -> tuple[int, Any]:
    raw = body if isinstance(body, str) else json.dumps(body)
    visitor = Browser(enforce_csrf_checks=True)
    answer = visitor.generic("POST", DOOR, raw, more.get("type", "application/json"), headers={"X-API-KEY": key})
    return answer.status_code, json.loads(answer.content)


@pytest.mark.parametrize("user", ["100", "anna@quay.example", "ANNA@quay.example"])
def test_an_outside_program_places_a_call(office: Office, key: str, user: str) -> None:
    assert knock(key, {"user": user, "phone": "89230000001"}) == (200, {"callid": CALLID})
    assert office.pbx.asked == [(PATH, KEY, {"user": "100", "phone": "79230000001"})]
    # Sent again: the same call.
    assert knock(key, {"user": user, "phone": "89230000001"}) == (200, {"callid": CALLID})
    assert len(office.pbx.asked) == 1


def test_a_form_and_numbers_do_too(office: Office, key: str) -> None:
    form = knock(key, "user=100&phone=89230000001", type="application/x-www-form-urlencoded")
    assert form == (200, {"callid": CALLID})
    assert knock(key, {"user": 100, "phone": 89130000002}) == (200, {"callid": CALLID})


def test_without_an_id_of_the_pbx_ours_is_told(office: Office, key: str) -> None:
    office.pbx.answer = {}
    assert knock(key, {"user": "100", "phone": IVAN}) == (200, {"callid": PlacedCall.objects.get().command_id})


def test_the_door_refuses(office: Office, key: str) -> None:
    office.member("Boris", "manager")
    wish = {"user": "100", "phone": IVAN}
    invalid = (403, {"error": "The key in X-API-KEY is not valid."})
    assert [knock(wrong, wish) for wrong in ("", "x", "x" * 5000, key + "1")] == [invalid] * 4
    assert knock(key, {"user": "100"}) == (400, {"error": "Parameter phone is missing."})
    assert knock(key, {"phone": IVAN}) == (400, {"error": "Parameter user is missing."})
    assert knock(key, {"user": "777", "phone": IVAN}) == (
        400, {"error": "Nobody here has the extension or e-mail address “777”."},
    )  # fmt: skip
    assert knock(key, {"user": "boris@quay.example", "phone": IVAN}) == (
        400, {"error": "Boris has no extension, so there is no phone to ring first."},
    )  # fmt: skip
    for body in ("{", "[1]", '"x"', '{"user": {"a": 1}, "phone": "1"}', '{"user": "\\u0000", "phone": "1"}', "\x00"):
        assert knock(key, body)[0] == 400, body
    assert knock(key, {"user": "100", "phone": "anonymous"})[0] == 400
    assert knock(key, "x" * (1024 * 1024 + 1)) == (413, {"error": "The request is larger than 1 MiB."})
    got = Browser().get(DOOR, headers={"X-API-KEY": key})
    assert (got.status_code, got.headers["Allow"]) == (405, "POST")
    assert (office.pbx.asked, PlacedCall.objects.count()) == ([], 0)


def test_what_the_pbx_refuses_is_told_in_its_words(office: Office, key: str) -> None:
    office.pbx.status, office.pbx.answer = 403, "Абонент занят"
    assert knock(key, {"user": "100", "phone": IVAN}) == (400, {"error": "Абонент занят"})


def test_the_key_opens_its_own_organization_alone(office: Office, other: Place, key: str) -> None:
    theirs = dialing_keys.renew(other.organization)
    Extension.objects.filter(organization=other.organization).delete()
    assert knock(theirs, {"user": "100", "phone": IVAN})[0] == 400
    assert knock(theirs, {"user": "anna@quay.example", "phone": IVAN})[0] == 400
    assert office.pbx.asked == []
    fresh = dialing_keys.renew(office.place.organization)
    assert knock(key, {"user": "100", "phone": IVAN})[0] == 403
    assert (knock(fresh, {"user": "100", "phone": IVAN})[0], dialing_keys.shown(office.place.organization)) == (
        200,
        fresh,
    )


def test_an_extension_of_two_members_is_not_guessed(office: Office, key: str) -> None:
    boris = office.member("Boris", "manager")
    second = links.create(office.place.organization, "dialler", "Zvonok", None, {"url": office.pbx.url})
    Extension.objects.create(organization=office.place.organization, connector=second, member=boris, number="100")
    assert knock(key, {"user": "100", "phone": IVAN})[0] == 400
    assert knock(key, {"user": "boris@quay.example", "phone": IVAN})[0] == 200


def test_other_rooms_bring_keys_of_theirs(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialing_keys, "_resolvers", {})
    organization = office.place.organization
    dialing_keys.register(lambda key: organization if key == "crm-key" else None)
    assert knock("crm-key", {"user": "100", "phone": IVAN}) == (200, {"callid": CALLID})
    assert knock("crm-kez", {"user": "100", "phone": IVAN})[0] == 403


def test_the_key_on_its_page(office: Office, other: Place) -> None:
    address, renew = reverse("telephony:dialing_key"), reverse("telephony:dialing_key_renew")
    for visitor in (office.browser(), office.browser(office.member("Kira", "manager"))):
        assert (visitor.get(address).status_code, visitor.post(renew).status_code) == (403, 403)
    accountant = office.member("Vera", "accountant")
    assert DOOR.encode() in office.browser(accountant).get(address).content
    made = office.browser(accountant).post(renew).content.decode()
    key = dialing_keys.shown(office.place.organization)
    assert key and key in made
    foreign = Browser()
    foreign.force_login(User.objects.create_user("o@other.example"))
    limited = office.member("Lev", "accountant")
    limited.branches.add(Branch.objects.get(pk=office.place.branch.pk))
    shown = office.browser(limited).get(address).content.decode()
    assert key not in shown
    assert (office.browser(limited).post(renew).status_code, dialing_keys.shown(office.place.organization)) == (
        403,
        key,
    )


# --- the HTTP API ---


def test_a_program_places_a_call(office: Office) -> None:
    api = program(office.place.organization)
    answer = api.post("makecall", {"phone": "8 923 000-00-01", "member_id": office.operator.pk})
    placed = PlacedCall.objects.get()
    expected = {
        "id": placed.pk, "callid": CALLID, "state": "accepted", "error": "", "phone": IVAN, "extension": "100",
        "member_id": office.operator.pk, "connector_id": office.dialler.pk,
        "created_at": placed.created_at.isoformat(), "call_id": None,
    }  # fmt: skip
    assert (answer.status, answer.json, answer.headers["Location"]) == (
        201,
        expected,
        f"/api/v1/makecall/{placed.pk}",
    )
    call = make_call(office, IVAN, external_id=CALLID)
    assert api.get(f"makecall/{placed.pk}").json == expected | {"call_id": str(call.pk)}


def test_the_program_of_others_and_one_without_the_scope(office: Office, other: Place) -> None:
    placed = dialing.place(office.operator, IVAN)
    blind, alien = program(office.place.organization, "calls:read"), program(other.organization)
    wish = {"phone": ANNA, "member_id": office.operator.pk}
    assert [blind.post("makecall", wish).status, alien.post("makecall", wish).status] == [403, 400]
    assert [each.get(f"makecall/{placed.pk}").status for each in (blind, alien)] == [403, 404]
    assert alien.post("makecall", {"phone": ANNA, "user": "anna@quay.example"}).status == 400
    assert len(office.pbx.asked) == 1


def test_the_api_refuses(office: Office) -> None:
    api = program(office.place.organization)
    assert api.post("makecall", {"phone": IVAN}).json["errors"] == [
        {"field": "member_id", "detail": "Say whose phone rings first."}
    ]
    assert api.post("makecall", {"phone": "anonymous", "user": "100"}).status == 400
    office.pbx.status, office.pbx.answer = 500, "boom"
    refused = api.post("makecall", {"phone": IVAN, "user": "100"})
    assert (refused.status, refused.json["detail"]) == (400, EN.format("boom"))


def test_a_key_sent_again_gets_the_first_answer(office: Office) -> None:
    api, wish = program(office.place.organization), {"phone": IVAN, "user": "100"}
    first = api.post("makecall", wish, Idempotency_Key="one")
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        again = api.post("makecall", wish, Idempotency_Key="one")
        other = api.post("makecall", wish | {"phone": ANNA}, Idempotency_Key="one")
    assert (first.status, again.status, again.json, again.headers["Idempotency-Replayed"]) == (
        201, 201, first.json, "true",
    )  # fmt: skip
    assert (other.status, len(office.pbx.asked)) == (422, 1)


def test_a_key_whose_first_request_is_at_work(office: Office) -> None:
    office.pbx.gate.clear()
    Connector.objects.filter(pk=office.dialler.pk).update(settings={"url": office.pbx.url, "timeout": 10})
    api, wish, answers = program(office.place.organization), {"phone": IVAN, "user": "100"}, []

    def send() -> None:
        answers.append(api.post("makecall", wish, Idempotency_Key="one").status)
        connection.close()

    first = threading.Thread(target=send)
    first.start()
    assert office.pbx.arrived.wait(10)
    assert api.post("makecall", wish, Idempotency_Key="one").status == 409
    office.pbx.gate.set()
    first.join(timeout=15)
    assert (answers, api.post("makecall", wish, Idempotency_Key="one").status) == ([201], 201)
    assert len(office.pbx.asked) == 1


def test_a_member_places_calls_from_their_own_phone_only(office: Office) -> None:
    boris = office.member("Boris", "manager", "101")
    browser = office.browser(language="en")

    def post(body: dict[str, Any]) -> int:
        return browser.post("/api/v1/makecall", body, "application/json").status_code

    assert post({"phone": IVAN, "member_id": boris.pk}) == 403
    assert post({"phone": IVAN, "user": "101"}) == 403
    assert post({"phone": IVAN}) == 201


# --- the handset ---


def test_a_handset_for_those_who_may_place_calls(office: Office) -> None:
    client = clients.create(office.place.organization, name="Ivan", phones=[IVAN])
    call = make_call(office, IVAN, client=client)
    accountant = office.member("Vera", "accountant")
    for path in (f"/clients/{client.pk}/", "/clients/", f"/calls/{call.pk}/", "/calls/", "/search/?q=Ivan"):
        shown = [b"data-handset" in office.browser(one).get(path).content for one in (office.operator, accountant)]
        assert shown == [True, False], path


def test_a_connector_that_is_not_set_up_for_placing_calls_gives_way(place: Place) -> None:
    first = links.create(place.organization, "http_events", "A first one", place.branch)
    Extension.objects.create(organization=place.organization, connector=first, member=place.operator, number="200")
    assert dialing.extension_for(place.operator, first).number == "200"
    Connector.objects.filter(pk=place.pbx.pk).update(settings={"makecall_url": "https://pbx.example"})
    assert dialing.extension_for(place.operator, first).number == "100"
