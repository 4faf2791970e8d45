from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from ringdesk.crm import clients, leads
from ringdesk.crm.models import Interaction
from ringdesk.live.models import LiveEvent
from ringdesk.telephony import call_settings, documents, linking
from ringdesk.telephony.models import Call, CallDocuments, IgnoredNumber
from ringdesk.telephony.tests.conftest import Place, make_place
from ringdesk.telephony.tests.past import make_call

Told = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def desk(db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def ended(place: Place, number: int = 1, **more: Any) -> Call:
    """Store a call that has just ended."""
    at = timezone.now()
    fields: dict[str, Any] = {"at": at, "end_received_at": at, "extensions": ["100"]} | more
    return make_call(place.pbx, number, **fields)


def told(place: Place, type: str) -> list[dict[str, Any]]:
    frames = LiveEvent.objects.filter(organization=place.organization, type=type).order_by("id")
    return [{"audience": frame.audience, **frame.body} for frame in frames]


def test_every_call_gets_one_document_however_often_asked(desk: Place, now: datetime) -> None:
    call_settings.change(desk.organization, {"create_incoming": True})
    call = ended(desk, result="answered", member=desk.operator, notes="asked for a table", recording_url="https://x/1")
    made = documents.create([call.pk], now)
    assert documents.create([call.pk, call.pk], now) == []
    assert documents.catch_up(now) == 0
    document = Interaction.objects.get()
    assert made == [document.pk]
    assert (document.call_id, document.member, document.direction, document.phone, document.result) == (
        call.pk,
        desk.operator,
        "in",
        call.phone,
        "answered",
    )
    assert (document.duration, document.has_recording, document.notes) == (20, True, "asked for a table")
    assert [frame["interaction"]["call_id"] for frame in told(desk, "interaction.created")] == [str(call.pk)]


def test_only_what_is_set_is_created(desk: Place, now: datetime) -> None:
    calls = [ended(desk, 1), ended(desk, 2, direction="out"), ended(desk, 3, direction="internal")]
    assert documents.create([call.pk for call in calls], now) == []
    call_settings.change(desk.organization, {"create_outgoing": True})
    assert documents.create([call.pk for call in calls], now) == []
    later = [ended(desk, 4), ended(desk, 5, direction="out"), ended(desk, 6, direction="internal")]
    documents.create([call.pk for call in later], now)
    assert [document.call_id for document in Interaction.objects.all()] == [later[1].pk]


def test_a_call_that_goes_on_has_none(desk: Place, now: datetime) -> None:
    call_settings.change(desk.organization, {"create_incoming": True})
    call = make_call(desk.pbx, is_waiting=True, at=timezone.now())
    assert documents.create([call.pk], now) == []


def test_what_a_fall_left_out_is_caught_up_with(desk: Place) -> None:
    call_settings.change(desk.organization, {"create_incoming": True})
    calls = [ended(desk, number) for number in (1, 2, 3)]
    documents.create([calls[1].pk], timezone.now())
    an_hour_later = timezone.now() + timedelta(hours=1)
    assert documents.catch_up(an_hour_later) == 2
    assert documents.catch_up(an_hour_later) == 0
    mark = CallDocuments.objects.get()
    assert mark.until == an_hour_later - documents.OVERLAP
    assert {document.call_id for document in Interaction.objects.all()} == {call.pk for call in calls}


def test_what_is_learnt_later_comes_into_the_document_and_notes_stay(desk: Place, now: datetime) -> None:
    call_settings.change(desk.organization, {"create_incoming": True})
    call = ended(desk)
    documents.create([call.pk], now)
    Interaction.objects.update(notes="rang again")
    Call.objects.update(recording_url="https://pbx.example/1.mp3", result="answered")
    assert documents.create([call.pk], now) == []
    document = Interaction.objects.get()
    assert (document.has_recording, document.result, document.notes) == (True, "answered", "rang again")


def test_it_opens_on_the_screen_of_whose_call_it_was(desk: Place, now: datetime) -> None:
    call_settings.change(desk.organization, {"create_incoming": True, "create_outgoing": True, "show_created": "in"})
    calls = [ended(desk, 1, member=desk.operator, result="answered"), ended(desk, 2), ended(desk, 3, direction="out")]
    made = documents.create([call.pk for call in calls], now)
    windows = told(desk, "window.open")
    assert [(frame["audience"], frame["window"]["url"]) for frame in windows] == [
        ({"member": desk.operator.pk}, f"/interactions/{made[0]}/"),
        ({"member": desk.operator.pk}, f"/interactions/{made[1]}/"),
    ]


def test_old_and_ignored_ones_open_nowhere(desk: Place, now: datetime) -> None:
    call_settings.change(desk.organization, {"create_incoming": True, "show_created": "both"})
    ignored = ended(desk, 1)
    IgnoredNumber.objects.create(organization=desk.organization, phone=ignored.phone)
    ended(desk, 2)
    assert documents.create([ignored.pk], now) != []
    assert documents.catch_up(now + timedelta(minutes=3)) == 1
    assert told(desk, "window.open") == []


def test_a_number_that_comes_onto_a_card_links_its_documents(desk: Place, now: datetime) -> None:
    call_settings.change(desk.organization, {"create_incoming": True})
    call = ended(desk)
    documents.create([call.pk], now)
    irina = clients.create(desk.organization, name="Irina", phones=[call.phone])
    linking.link_number(desk.organization.pk, call.phone, now)
    assert Interaction.objects.get().client == irina


def test_a_lead_that_is_won_takes_calls_and_documents_along(desk: Place, now: datetime) -> None:
    call_settings.change(desk.organization, {"create_incoming": True})
    call = ended(desk)
    lead = leads.create(desk.organization, name="Boris", phones=[call.phone], notes="wants a banquet")
    documents.create([call.pk], now)
    client = leads.convert(lead, contract="17/2026")
    lead.refresh_from_db()
    assert (lead.client, lead.stage) == (client, "won")
    assert (client.about, [phone.number for phone in client.phones.all()]) == ("wants a banquet", [call.phone])
    assert client.contracts.get().number == "17/2026"
    assert (Call.objects.get().client, Interaction.objects.get().client) == (client, client)


def test_organizations_do_not_meet(desk: Place, now: datetime) -> None:
    other = make_place("other")
    call_settings.change(desk.organization, {"create_incoming": True})
    ours, theirs = ended(desk), ended(other)
    documents.create([ours.pk, theirs.pk], now)
    documents.catch_up(now)
    assert [document.organization for document in Interaction.objects.all()] == [desk.organization]


def test_the_statement_walks_an_index(desk: Place) -> None:
    call_settings.change(desk.organization, {"create_incoming": True})
    first, past = ended(desk), []
    for number in range(2000):
        call = copy(first)
        call.pk, call.external_id = uuid4(), f"long ago {number}"
        call.last_received_at -= timedelta(days=30, minutes=number)
        past.append(call)
    Call.objects.bulk_create(past)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE telephony_call")
        values: dict[str, Any] = {"organization": desk.organization.pk, "now": timezone.now()}
        cursor.execute("EXPLAIN " + documents._OF_ORGANIZATION, values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "call_over" in plan
