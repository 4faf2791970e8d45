"""Placing calls by a click."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from ringdesk.accounts.models import Member
from ringdesk.core.problems import Conflict, Forbidden
from ringdesk.telephony import dialing, links
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.models import Connector, Extension, PlacedCall
from ringdesk.telephony.tests.conftest import Place
from ringdesk.telephony.tests.dialing.office import ANNA, CALLID, EN, IVAN, RU, Office, States, click, make_call
from ringdesk.telephony.tests.pbx_of_others import KEY, PATH

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
