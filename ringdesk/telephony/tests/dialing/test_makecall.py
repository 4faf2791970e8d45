"""Placing calls by an outside program's key, and by the HTTP API."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from ringdesk.accounts.models import Branch, User
from ringdesk.accounts.tests.api import program
from ringdesk.crm import clients
from ringdesk.telephony import dialing, dialing_keys, links
from ringdesk.telephony.models import Connector, Extension, PlacedCall
from ringdesk.telephony.tests.conftest import Place
from ringdesk.telephony.tests.dialing.office import ANNA, CALLID, DOOR, EN, IVAN, Office, make_call
from ringdesk.telephony.tests.pbx_of_others import KEY, PATH

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
