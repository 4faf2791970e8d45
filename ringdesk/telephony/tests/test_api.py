"""Calls over HTTP: by the owner's program, one without the scope, and a stranger's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringdesk.accounts.models import Branch
from ringdesk.accounts.tests.api import Program, program
from ringdesk.crm import clients
from ringdesk.telephony.models import Call, CallEvent
from ringdesk.telephony.tests.conftest import Place

NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)
IVAN, ANNA = "+79230000001", "+79130000002"


def make_call(place: Place, number: int, **more: Any) -> Call:
    at = NOON + timedelta(minutes=number)
    fields = {
        "external_id": str(number), "direction": "in", "state": "ended", "result": "missed", "phone": IVAN,
        "line": "3333333", "extensions": ["100"], "started_at": at, "first_received_at": at, "last_received_at": at,
        "branch": place.branch,
    }  # fmt: skip
    return Call.objects.create(organization=place.organization, connector=place.pbx, **(fields | more))


@pytest.fixture
def api(place: Place) -> Program:
    return program(place.organization)


def test_owner_colleague_stranger(place: Place, other: Place, api: Program) -> None:
    call = make_call(place, 1)
    blind, alien = program(place.organization, "clients:read"), program(other.organization)
    assert [each.get(f"calls/{call.pk}").status for each in (api, blind, alien)] == [200, 403, 404]
    assert [each.get("calls").status for each in (api, blind, alien)] == [200, 403, 200]
    assert alien.get("calls").json == {"items": [], "next": None}
    assert api.get("calls/nonsense").status == 400


def test_a_call_with_its_events(place: Place, api: Program) -> None:
    ivan = clients.create(place.organization, name="Ivan", phones=[IVAN])
    call = make_call(
        place, 1, result="answered", answered_at=NOON, ended_at=NOON + timedelta(seconds=90), duration=90,
        extension="100", member=place.operator, client=ivan, recording_url="https://pbx.example/1.mp3",
        outcome_kind="reservation", outcome_id="17",
    )  # fmt: skip
    CallEvent.objects.create(
        organization=place.organization, call=call, kind="ringing", received_at=NOON, digest=b"1", raw={"secret": 1},
        event={"phone": IVAN},
    )  # fmt: skip
    in_list = {
        "id": str(call.pk), "direction": "in", "state": "ended", "result": "answered", "phone": IVAN,
        "line": "3333333", "extension": "100", "extensions": ["100"], "member_id": place.operator.pk,
        "branch_id": place.branch.pk,
        "source": "http_events", "client": {"id": ivan.pk, "name": "Ivan"}, "contract": None, "lead": None,
        "started_at": "2026-11-21T05:01:00+00:00", "answered_at": "2026-11-21T05:00:00+00:00",
        "ended_at": "2026-11-21T05:01:30+00:00", "duration": 90, "recording_url": "https://pbx.example/1.mp3",
        "reservation_id": 17,
    }  # fmt: skip
    assert api.get("calls").json == {"items": [in_list], "next": None}
    events = [{"kind": "ringing", "received_at": "2026-11-21T05:00:00+00:00", "event": {"phone": IVAN}}]
    assert api.get(f"calls/{call.pk}").json == in_list | {"events": events}


def test_calls_are_found_newest_first(place: Place, api: Program) -> None:
    elsewhere = Branch.objects.create(organization=place.organization, name="Elsewhere")
    one = make_call(place, 1)
    two = make_call(place, 2, phone=ANNA, direction="out", result="answered", member=place.operator, extensions=[])
    three = make_call(place, 3, state="ringing", result=None, extensions=["101", "102"], branch=elsewhere)

    def found(**query: Any) -> list[str]:
        return [call["id"] for call in api.get("calls", **query).json["items"]]

    assert found() == [str(call.pk) for call in (three, two, one)]
    assert found(phone="8 (923) 000-00-01") == [str(three.pk), str(one.pk)]
    assert found(direction="out") == found(member_id=place.operator.pk) == found(result="answered") == [str(two.pk)]
    assert found(state="ringing") == found(extension="102") == found(branch_id=elsewhere.pk) == [str(three.pk)]
    assert found(since="2026-11-21T12:02:00+07:00", until="2026-11-21T05:03:00Z") == [str(two.pk)]
    assert api.get("calls", since="2026-11-21T12:02:00").status == 400
    first = api.get("calls", limit=2).json
    assert [call["id"] for call in api.get("calls", limit=2, after=first["next"]).json["items"]] == [str(one.pk)]


def test_the_list_asks_as_often_for_three_as_for_one(
    place: Place, api: Program, django_assert_max_num_queries: Any
) -> None:
    def count() -> int:
        with django_assert_max_num_queries(20) as asked:
            assert api.get("calls").status == 200
        return len(asked)

    make_call(place, 1)
    count()
    first = count()
    ivan = clients.create(place.organization, name="Ivan")
    make_call(place, 2, client=ivan)
    make_call(place, 3, client=ivan)
    assert count() == first
