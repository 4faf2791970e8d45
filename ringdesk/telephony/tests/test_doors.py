"""The doors, over real HTTP and a real database."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db import transaction
from django.utils import timezone

from ringdesk.accounts.models import Organization
from ringdesk.config.tests.desk import Desk
from ringdesk.crm.models import Client, Phone
from ringdesk.live.models import LiveEvent
from ringdesk.telephony import popups, sweeping
from ringdesk.telephony.models import Call, CallEvent, PhoneBookEntry, Popup
from ringdesk.telephony.tests.conftest import Place

# The published examples, as they stand there.
STARTED = "?event=1&src_type=1&call_id=32323&line=3333333&dst_num=100&src_num=89991234567"
ANSWERED = "?event=3&src_type=1&call_id=32323&line=3333333&dst_num=100&src_num=89991234567"
ENDED = (
    "?event=2&src_type=1&call_record_link=https://pbx.example/recording.mp3&call_start_timestamp=1694181400"
    "&call_answer_timestamp=1694181405&timestamp=1694181450&status=ANSWER&call_id=32323&line=3333333&dst_num=100"
    "&src_num=89991234567"
)
MISSED = (
    "?event=2&src_type=1&call_record_link=&call_start_timestamp=1694181400&timestamp=1694181420&status=NOANSWER"
    "&call_id=32323&line=3333333&dst_num=100&src_num=89991234567"
)
OUT_STARTED = "?event=1&src_type=2&call_id=32323&src_num=100&dst_num=89991234567"
PHONE = "+79991234567"


def types(place: Place) -> list[str]:
    rows = LiveEvent.objects.filter(organization=place.organization).order_by("id")
    return list(rows.values_list("type", flat=True))


def test_the_examples_as_written_make_one_answered_call(desk: Desk, place: Place) -> None:
    answers = [desk.get(place.path() + query) for query in (STARTED, ANSWERED, ENDED)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"success": True})] * 3
    call = Call.objects.get()
    assert (call.direction, call.state, call.result, call.phone) == ("in", "ended", "answered", PHONE)
    assert (call.extension, call.extensions, call.line) == ("100", ["100"], "3333333")
    assert (call.member, call.branch) == (place.operator, place.branch)
    assert call.started_at == datetime.fromtimestamp(1694181400, UTC)
    assert call.answered_at == datetime.fromtimestamp(1694181405, UTC)
    assert (call.duration, call.recording_url) == (50, "https://pbx.example/recording.mp3")
    assert types(place) == ["call.ringing", "call.answered", "call.ended", "call.recording"]
    assert Popup.objects.get().answered_by == place.operator
    entry = PhoneBookEntry.objects.get()
    assert (entry.phone, entry.calls, entry.last_call) == (PHONE, 1, call)
    assert list(CallEvent.objects.values_list("kind", flat=True)) == ["ringing", "answered", "ended"]


def test_the_missed_examples_make_a_missed_call_whose_popup_stays(desk: Desk, place: Place) -> None:
    for query in (STARTED, MISSED):
        assert desk.get(place.path() + query).status_code == 200
    call = Call.objects.get()
    assert (call.state, call.result, call.answered_at, call.duration) == ("ended", "missed", None, 20)
    assert [p.call for p in popups.waiting(place.operator, place.branch, timezone.now())] == [call]


def test_a_clock_of_twelve_hours_is_corrected(desk: Desk, place: Place) -> None:
    now = int(timezone.now().timestamp())
    half_a_day = 12 * 3600
    desk.get(place.path() + STARTED)
    desk.get(
        place.path() + f"?event=2&src_type=1&call_id=32323&src_num=89991234567&dst_num=100&status=ANSWER"
        f"&call_start_timestamp={now - 60 - half_a_day}&call_answer_timestamp={now - 55 - half_a_day}"
        f"&timestamp={now - half_a_day}"
    )
    call = Call.objects.get()
    assert (call.started_at.timestamp(), call.ended_at and call.ended_at.timestamp()) == (now - 60, now)
    assert call.duration == 60


def test_the_same_report_twice_changes_nothing(desk: Desk, place: Place) -> None:
    for query in (STARTED, STARTED, ANSWERED, STARTED, ENDED, ENDED, ANSWERED):
        assert desk.get(place.path() + query).status_code == 200
    assert Call.objects.count() == Popup.objects.count() == 1
    assert types(place) == ["call.ringing", "call.answered", "call.ended", "call.recording"]
    assert CallEvent.objects.count() == 3


def test_an_id_used_again_is_another_call(desk: Desk, place: Place) -> None:
    for query in (STARTED, MISSED):
        desk.get(place.path() + query)
    long_ago = timezone.now() - timedelta(seconds=11)
    CallEvent.objects.update(received_at=long_ago)
    Call.objects.update(last_received_at=long_ago)
    for query in (STARTED, ANSWERED, ENDED, OUT_STARTED):
        desk.get(place.path() + query)
    other_client = STARTED.replace("89991234567", "89991230000")
    desk.get(place.path() + other_client)
    calls = Call.objects.order_by("generation").values_list("generation", "direction", "phone", "result")
    assert list(calls) == [
        (1, "in", PHONE, "missed"),
        (2, "in", PHONE, "answered"),
        (3, "out", PHONE, None),
        (4, "in", "+79991230000", None),
    ]


def test_reports_of_one_call_at_the_same_moment_make_one_call(desk: Desk, place: Place) -> None:
    queries = [STARTED, ANSWERED, ENDED, STARTED.replace("dst_num=100", "dst_num=101")] * 6
    threads = [threading.Thread(target=desk.get, args=[place.path() + query]) for query in queries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    call = Call.objects.get()
    assert (call.state, call.result, call.extension) == ("ended", "answered", "100")
    assert sorted(call.extensions) == ["100", "101"]
    assert CallEvent.objects.count() == 4


def test_a_known_number_is_linked_and_an_owner_by_several_cards_is_not(desk: Desk, place: Place) -> None:
    irina = Client.objects.create(organization=place.organization, name="Ирина Соколова")
    Phone.objects.create(organization=place.organization, client=irina, number=PHONE, reversed=PHONE[:0:-1])
    desk.get(place.path() + STARTED)
    body = LiveEvent.objects.get().body["call"]
    assert body["client"] == {"id": irina.pk, "name": "Ирина Соколова"}
    assert (body["phone"], body["member_id"], body["extension"]) == (PHONE, place.operator.pk, "100")
    twin = Client.objects.create(organization=place.organization, name="Twin")
    Phone.objects.create(organization=place.organization, client=twin, number=PHONE, reversed=PHONE[:0:-1])
    desk.get(place.path() + STARTED.replace("32323", "32324"))
    assert Call.objects.get(external_id="32324").client is None


def test_internal_calls_are_told_by_both_extensions_and_open_no_popup(desk: Desk, place: Place) -> None:
    boris = place.operator.__class__.objects.create(
        organization=place.organization, user=place.operator.user.__class__.objects.create_user("b@x.example"),
        name="Boris", role="operator",
    )  # fmt: skip
    place.pbx.extensions.create(organization=place.organization, member=boris, number="101")
    desk.get(place.path() + "?event=1&src_type=2&call_id=7&src_num=100&dst_num=101")
    assert Call.objects.get().direction == "internal"
    assert not Popup.objects.exists()
    assert not PhoneBookEntry.objects.exists()


@pytest.mark.parametrize("number", ["anonymous", "", "unknown"])
def test_a_hidden_number_rings_too(desk: Desk, place: Place, number: str) -> None:
    answer = desk.get(place.path(place.phone), params={"phone": number, "event": "ringing"})
    assert answer.status_code == 200
    assert (Call.objects.get().phone, Popup.objects.count(), PhoneBookEntry.objects.count()) == ("", 1, 0)


@pytest.mark.parametrize(
    "request_",
    [
        {"params": {"phone": "+79230000001"}},
        {"json": {"number": "89230000001"}},
        {"json": {"from": 79230000001}},
        {"data": {"caller": "8 (923) 000-00-01"}},
        {"content": b'{"phone": "+7 923 000 00 01"}'},
    ],
)
def test_a_phone_reports_in_any_dress_and_repeats_itself(desk: Desk, place: Place, request_: dict[str, Any]) -> None:
    for _ in range(2):
        assert desk.post(place.path(place.phone), **request_).json() == {"success": True}
    call = Call.objects.get()
    assert (call.phone, call.state, call.external_id) == ("+79230000001", "ringing", "~+79230000001")


@pytest.mark.parametrize("template", ["%from%", "[call_number]", "{number}", "%CNUM", "{{caller}}"])
def test_a_template_that_was_not_filled_in_is_refused_in_words(desk: Desk, place: Place, template: str) -> None:
    answer = desk.get(place.path(place.phone), params={"phone": template}, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert template in answer.json()["error"] and "template" in answer.json()["error"]
    assert not Call.objects.exists()


def test_a_late_report_goes_to_the_phone_book_and_not_to_the_screen(desk: Desk, place: Place) -> None:
    hour_ago = int(timezone.now().timestamp()) - 3600
    desk.post(place.path(place.phone), json={"phone": "+79230000001", "timestamp": hour_ago})
    assert (Call.objects.get().state, Call.objects.get().result) == ("ended", None)
    assert PhoneBookEntry.objects.count() == 1
    assert not Popup.objects.exists()
    assert "call.ringing" not in types(place)


def test_a_phone_that_never_says_the_end_is_swept_and_a_pbx_call_becomes_missed(desk: Desk, place: Place) -> None:
    desk.get(place.path(place.phone), params={"phone": "+79230000001"})
    desk.get(place.path() + STARTED)
    now = timezone.now()
    assert sweeping.sweep(now + timedelta(minutes=4)) == 0
    assert sweeping.sweep(now + timedelta(minutes=6)) == 2
    results = Call.objects.order_by("phone").values_list("state", "result")
    assert list(results) == [("ended", None), ("ended", "missed")]
    assert sweeping.sweep(now + timedelta(minutes=7)) == 0


def test_a_sweep_with_nothing_to_end_asks_no_call_by_itself(
    desk: Desk, place: Place, django_assert_max_num_queries: Any
) -> None:
    for number in range(20, 40):
        desk.get(place.path() + STARTED.replace("32323", f"32323{number}").replace("89991234567", f"899912345{number}"))
    assert Call.objects.count() == 20
    with django_assert_max_num_queries(3):
        assert sweeping.sweep(timezone.now() + timedelta(minutes=4)) == 0


def test_a_popup_that_stays_longer_lets_its_call_ring_longer(desk: Desk, place: Place) -> None:
    place.organization.popup_seconds = 1200
    place.organization.save()
    desk.get(place.path(place.phone), params={"phone": "+79230000001"})
    desk.get(place.path() + STARTED)
    assert sweeping.sweep(timezone.now() + timedelta(minutes=19)) == 1
    assert Call.objects.get(connector=place.phone).state == "ringing"
    assert sweeping.sweep(timezone.now() + timedelta(minutes=21)) == 1


def test_what_is_malformed_oversized_or_unknown_changes_nothing(desk: Desk, place: Place) -> None:
    path = place.path()
    statuses = {
        "unknown token": desk.get("/pbx/nobody/" + STARTED).status_code,
        "no token": desk.get("/pbx/").status_code,
        "no event": desk.get(path).status_code,
        "odd event": desk.get(path + "?event=9&call_id=1&src_num=1&dst_num=2").status_code,
        "no id": desk.get(path + "?event=1&src_num=89991234567&dst_num=100").status_code,
        "no client": desk.get(path + "?event=1&call_id=5&dst_num=100").status_code,
        "no digits": desk.get(path + "?event=1&call_id=5&dst_num=100&src_num=abc").status_code,
        "odd time": desk.get(path + "?event=2&call_id=5&timestamp=soon").status_code,
        "zero byte": desk.get(path + "?event=1&call_id=5%00&dst_num=100&src_num=89991234567").status_code,
        "odd json": desk.post(path, content=b"{", headers={"content-type": "application/json"}).status_code,
        "oversized": desk.post(path, content=b"a" * (1024 * 1024 + 1)).status_code,
        "odd method": httpx.delete(desk.base_url + path).status_code,
        "a list": desk.post(path, json=[1]).status_code,
    }
    assert statuses == {
        "unknown token": 404,
        "no token": 404,
        "no event": 400,
        "odd event": 400,
        "no id": 400,
        "no client": 400,
        "no digits": 400,
        "odd time": 400,
        "zero byte": 400,
        "odd json": 400,
        "oversized": 413,
        "odd method": 405,
        "a list": 400,
    }
    assert not Call.objects.exists() and not LiveEvent.objects.exists()


def test_another_method_is_told_which_ones_there_are(desk: Desk, place: Place) -> None:
    answer = httpx.delete(desk.base_url + place.path())
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("body", ["", "event=1&src_type=1&call_id=7&dst_num=100&src_num="])
def test_an_empty_number_of_an_incoming_call_is_a_hidden_one(desk: Desk, place: Place, body: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    path = place.path() if body else place.path() + "?event=1&src_type=1&call_id=7&dst_num=100&src_num="
    answer = desk.post(path, content=body, headers=form) if body else desk.get(path)
    assert answer.status_code == 200
    assert [(call.phone, call.extensions) for call in Call.objects.all()] == [("", ["100"])]


def test_why_it_was_refused_is_told_in_the_organizations_language(desk: Desk, place: Place) -> None:
    Organization.objects.filter(pk=place.organization.pk).update(language="ru")
    bare = {"accept-language": ""}
    assert "Параметр event" in desk.get(place.path(), headers=bare).json()["error"]
    assert "Parameter event" in desk.get(place.path(), headers={"accept-language": "en"}).json()["error"]


def test_a_connector_switched_off_answers_404_and_counts(desk: Desk, place: Place) -> None:
    assert desk.get(place.path() + STARTED).status_code == 200
    place.pbx.is_active = False
    place.pbx.save(update_fields=["is_active"])
    _until(lambda: desk.get(place.path() + STARTED.replace("32323", "4")).status_code == 404)
    _until(lambda: bool(place.pbx.__class__.objects.get(pk=place.pbx.pk).received_while_off))
    assert place.pbx.__class__.objects.get(pk=place.pbx.pk).events_received >= 1


def test_smart_transfer_names_the_responsible_extension_only_when_it_is_on(desk: Desk, place: Place) -> None:
    ask = "?event=1&smart_transfer_is_required=1&call_id=32323&line=3333333&src_num=89991234567"
    owner = Client.objects.create(organization=place.organization, name="Client", responsible=place.operator)
    Phone.objects.create(organization=place.organization, client=owner, number=PHONE, reversed=PHONE[:0:-1])
    assert desk.get(place.path() + ask).json() == {"responsible": ""}
    place.pbx.settings = {"smart_transfer": "on"}
    place.pbx.save(update_fields=["settings"])
    _until(lambda: desk.get(place.path() + ask).json() == {"responsible": "100"})
    assert Call.objects.count() == 1


def test_a_time_that_cannot_be_is_refused_or_passed_over(desk: Desk, place: Place) -> None:
    ended = "?event=2&call_id=5&src_num=89991234567&dst_num=100"
    assert desk.get(place.path() + ended + "&timestamp=1").status_code == 400
    assert desk.get(place.path() + ended + "&timestamp=9999999999").status_code == 400
    for moment in ("1900-01-01T00:00:00+00:00", "9999-12-31T23:59:59-10:00", "9999-12-31T23:59:59Z"):
        answer = desk.post(place.path(place.phone), json={"phone": "+79230000001", "timestamp": moment})
        assert answer.json() == {"success": True}
    assert Call.objects.get().started_at > timezone.now() - timedelta(minutes=1)


def test_a_zero_byte_is_refused_however_it_is_written(desk: Desk, place: Place) -> None:
    assert desk.post(place.path(), data={"event": "1", "call_id": "a\x00b", "src_num": "1"}).status_code == 400
    assert desk.post(place.path(), json={"event": "1", "call_id": "a\x00b", "src_num": "1"}).status_code == 400


@pytest.mark.parametrize(
    ("told", "extension"),
    [("SIP/100", "100"), ("100@pbx.local", "100"), ("+79161234567", "+79161234567"), ("a b", None)],
)
def test_an_extension_in_any_spelling_loses_no_call(desk: Desk, place: Place, told: str, extension: str | None) -> None:
    fields = {"event": "1", "src_type": "1", "call_id": "5", "src_num": "89991234567", "dst_num": told}
    assert desk.get(place.path(), params=fields).status_code == 200
    assert Call.objects.get().extension == extension


def test_what_is_over_or_long_ago_opens_no_popup(desk: Desk, place: Place) -> None:
    desk.get(place.path() + ENDED)
    assert Call.objects.get().result == "answered"
    assert not Popup.objects.exists()


def test_an_unknown_address_behind_the_secret_one_rings_nothing(desk: Desk, place: Place) -> None:
    assert desk.get(place.path(place.phone) + "route?phone=89991234567").status_code == 404
    assert not Call.objects.exists()


def test_the_sweep_ends_the_call_it_found_and_not_a_younger_one_under_the_same_id(desk: Desk, place: Place) -> None:
    other_client = STARTED.replace("89991234567", "89991230000")
    for query in (STARTED, other_client, STARTED, ANSWERED):
        assert desk.get(place.path() + query).status_code == 200
    assert sweeping.sweep(timezone.now() + timedelta(minutes=6)) == 2
    states = Call.objects.order_by("generation").values_list("state", "result")
    assert list(states) == [("ended", "missed"), ("ended", "missed"), ("answered", None)]
    assert sweeping.sweep(timezone.now() + timedelta(minutes=6)) == 0


def test_a_call_that_cannot_be_ended_stops_no_other(desk: Desk, place: Place, other: Place) -> None:
    for somewhere in (place, other):
        desk.get(somewhere.path() + STARTED)
    Call.objects.filter(connector=place.pbx).update(last_received_at=timezone.now() - timedelta(hours=1))
    place.pbx.__class__.objects.filter(pk=place.pbx.pk).update(secrets_sealed=b"sealed with another key")
    assert sweeping.sweep(timezone.now() + timedelta(minutes=6)) == 1
    assert Call.objects.get(connector=other.pbx).state == "ended"


def test_a_client_who_is_being_deleted_does_not_lose_the_call(desk: Desk, place: Place) -> None:
    client = Client.objects.create(organization=place.organization, name="Gone")
    Phone.objects.create(organization=place.organization, client=client, number=PHONE, reversed=PHONE[:0:-1])
    answers: list[int] = []
    with transaction.atomic():
        client.delete()
        ring = threading.Thread(target=lambda: answers.append(desk.get(place.path() + STARTED).status_code))
        ring.start()
        ring.join(0.5)
    ring.join()
    assert (answers, Call.objects.get().client) == ([200], None)


def test_another_organization_gets_its_own_calls_only(desk: Desk, place: Place, other: Place) -> None:
    desk.get(place.path() + STARTED)
    assert types(other) == []
    assert list(popups.waiting(other.operator, other.branch, timezone.now())) == []
    assert json.dumps(Call.objects.get().extensions) == '["100"]'


def _until(condition: Any) -> None:
    for _ in range(400):
        if condition():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come about within 20 s")
