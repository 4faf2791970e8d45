"""Deliveries to a CRM that speaks the protocol: complete, once, in order, whatever its moods."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ringdesk.accounts.models import Member, Organization
from ringdesk.live.models import LiveEvent
from ringdesk.webhooks import deliveries, endpoints
from ringdesk.webhooks.models import Delivery, Endpoint, OutsideCrm
from ringdesk.webhooks.requests import Verdict
from ringdesk.webhooks.sending import _PICK, PARALLEL, Runner
from ringdesk.webhooks.tests.driving import (
    NOON,
    TALK,
    Clock,
    call,
    call_id,
    drive,
    settle,
    tell,
    tell_whole_call,
)
from ringdesk.webhooks.tests.fake_crm import TOKEN, FakeCrm

WHOLE = ["INCOMING", "ACCEPTED", "history"]


@pytest.fixture
def outside(organization: Organization, owner: Member, crm: FakeCrm) -> OutsideCrm:
    return endpoints.create_crm(
        organization, name="CRM", address=crm.address, token=TOKEN, is_inside=True, by=owner, wants_events=True
    )


def kinds(crm: FakeCrm, number: int) -> list[str]:
    """Return what the CRM was told of one call, in order."""
    mine = [message for message in crm.taken if message["callid"] == call_id(number)]
    return [message["type"] if message["cmd"] == "event" else "history" for message in mine]


def states(endpoint: Endpoint) -> dict[str, int]:
    return dict(Counter(endpoint.deliveries.values_list("state", flat=True)))


def test_a_call_as_the_protocol_writes_it(organization: Organization, outside: OutsideCrm, crm: FakeCrm) -> None:
    tell(organization, "call.ringing", call())
    tell(organization, "call.answered", call(state="answered"))
    link = "https://pbx.example/recording.mp3"
    tell(organization, "call.ended", call(**TALK), recording_url=link)
    tell(organization, "call.recording", call(**TALK), recording_url=link)
    settle(outside.pk)
    parties = {"user": "100", "ext": "100", "phone": "89991234567", "diversion": "3333333", "callid": call_id(1)}
    assert crm.taken == [
        {"cmd": "event", "type": "INCOMING", "direction": "in", **parties},
        {"cmd": "event", "type": "ACCEPTED", "direction": "in", **parties},
        {
            "cmd": "history", "type": "in", **parties, "start": "20230908T135640", "end": "20230908T135730",
            "duration": 50, "link": link, "status": "success",
        },
    ]  # fmt: skip
    assert {header["content-type"] for header in crm.headers} == {"application/json"}
    assert states(outside) == {"delivered": 3}


def test_each_of_a_ring_group_is_told_once_and_the_one_who_answers(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    endpoints.name_user(outside, "101", "anna")
    tell(organization, "call.ringing", call(extension=None, extensions=["100", "101"]))
    tell(organization, "call.ringing", call(extension=None, extensions=["100", "101", "102"]))
    tell(organization, "call.answered", call(extension="101", extensions=["100", "101", "102"], state="answered"))
    settle(outside.pk)
    assert crm.said("type", "ext", "user") == [
        ("INCOMING", "100", "100"),
        ("INCOMING", "101", "anna"),
        ("INCOMING", "102", "102"),
        ("ACCEPTED", "101", "anna"),
    ]


def test_what_is_no_outside_call_or_not_wanted_is_not_told(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    tell(organization, "call.ended", call(1, direction="internal", **TALK))
    endpoints.change(outside, wants_events=False)
    tell_whole_call(organization, 2)
    settle(outside.pk)
    assert kinds(crm, 1) == [] and kinds(crm, 2) == ["history"]


def test_a_message_that_fails_holds_its_own_call_and_no_other(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    clock = Clock()
    crm.status = 422
    tell_whole_call(organization, 1)
    settle(outside.pk, clock)
    assert (crm.asked, crm.taken) == (1, [])
    crm.status = 200
    tell_whole_call(organization, 2)
    settle(outside.pk, clock)
    assert kinds(crm, 1) == [] and kinds(crm, 2) == WHOLE
    clock.wait(seconds=5)
    settle(outside.pk, clock)
    assert kinds(crm, 1) == WHOLE
    first = outside.deliveries.get(slot="INCOMING:100", key=call_id(1))
    assert (first.attempts, first.last_status, first.last_error) == (2, 200, "")


@pytest.mark.parametrize(
    ("mood", "error"),
    [
        ({"status": 500}, "Answered with status 500."),
        ({"token": "another"}, "The token is refused (403)."),
        ({"is_down": True}, "The connection failed: Server disconnected without sending a response."),
        ({"reply": b"<html>Sign in</html>"}, 'The answer is not {"success": true}.'),
        ({"reply": b'{"success": false}'}, 'The answer is not {"success": true}.'),
        ({"status": 302}, "The address sends elsewhere: enter the one it leads to."),
    ],
)
def test_what_is_no_success_is_tried_again(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm, mood: dict[str, object], error: str
) -> None:
    tell(organization, "call.ringing", call())
    for name, value in mood.items():
        setattr(crm, name, value)
    clock = Clock()
    settle(outside.pk, clock)
    failed = outside.deliveries.get()
    assert (failed.state, failed.attempts, failed.last_error) == ("failed", 1, error)
    assert timedelta(seconds=2.5) <= failed.next_at - clock.now <= timedelta(seconds=5)


def test_a_slow_crm_is_not_waited_for_long(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringdesk.webhooks.sending.TIMEOUT", 0.2)
    crm.delay = 1
    tell(organization, "call.ringing", call())
    settle(outside.pk)
    assert outside.deliveries.get().last_error == "The other side did not answer in time."


def test_the_circuit_opens_asks_now_and_then_and_closes(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    clock = Clock()
    crm.is_down = True
    for number in range(1, 21):
        tell_whole_call(organization, number)
    settle(outside.pk, clock)
    outside.refresh_from_db()
    assert outside.circuit_state(clock.now) == "open"
    assert 5 <= crm.asked <= 5 + PARALLEL
    asked = crm.asked
    settle(outside.pk, clock)
    assert crm.asked == asked
    clock.wait(seconds=10)
    settle(outside.pk, clock)
    assert crm.asked == asked + 1
    crm.is_down = False
    clock.wait(seconds=20)
    settle(outside.pk, clock)
    outside.refresh_from_db()
    assert outside.circuit_state(clock.now) == "closed"
    clock.wait(seconds=10)
    settle(outside.pk, clock)
    assert all(kinds(crm, number) == WHOLE for number in range(1, 21))


def test_down_for_an_hour_under_load_nothing_is_lost_doubled_or_out_of_order(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    clock, calls = Clock(), range(1, 241)

    async def hour(runner: Runner, clock: Clock) -> None:
        # Four calls a minute that overlap: the answer and the end of each come while later ones ring.
        for minute in range(63):
            crm.is_down = minute > 0
            for number in calls:
                ring, answer, end = (number // 4 + later for later in (0, 1, 2))
                if minute == ring:
                    await _tell(organization, "call.ringing", call(number))
                if minute == answer:
                    await _tell(organization, "call.answered", call(number, state="answered"))
                if minute == end:
                    await _tell(organization, "call.ended", call(number, **TALK))
            await runner.settle()
            clock.wait(minutes=1)
        asked_while_down = crm.asked
        assert asked_while_down < 60
        crm.is_down = False
        # Five minutes is the longest pause of the circuit, an hour the longest wait of one message.
        for _minute in range(75):
            await runner.settle()
            clock.wait(minutes=1)

    drive(outside.pk, hour, clock)
    assert {number: kinds(crm, number) for number in calls} == dict.fromkeys(calls, WHOLE)
    assert states(outside) == {"delivered": 720}


async def _tell(organization: Organization, type: str, told: dict[str, object]) -> None:
    from ringdesk.core.database import in_thread

    await in_thread(tell, organization, type, told)


def test_another_process_goes_on_where_one_stopped(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    tell(organization, "call.ringing", call())
    clock = Clock()
    crm.delay = 0.5

    async def die(runner: Runner, clock: Clock) -> None:
        await runner.step()
        await asyncio.sleep(0.1)
        await runner.finish(0)

    drive(outside.pk, die, clock)
    crm.delay = 0
    tell(organization, "call.ended", call(**TALK))
    settle(outside.pk, clock)
    assert outside.deliveries.filter(state="delivered").count() == 0
    clock.wait(minutes=1)
    settle(outside.pk, clock)
    # It cannot be known whether the first was taken: it is sent again, under the same id.
    assert kinds(crm, 1) == ["INCOMING", "INCOMING", "history"] or kinds(crm, 1) == ["INCOMING", "history"]
    assert len({header["webhook-id"] for header in crm.headers}) == 2


def test_what_nobody_took_for_three_days_is_given_up_and_sent_by_hand(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    clock = Clock()
    crm.is_down = True
    tell_whole_call(organization, 1)
    settle(outside.pk, clock)
    clock.wait(days=3)
    settle(outside.pk, clock)
    assert states(outside) == {"given_up": 3}
    crm.is_down = False
    assert deliveries.redeliver_failed(outside) == 3
    clock.wait(days=300)
    endpoints.try_now(outside)
    settle(outside.pk, clock)
    assert states(outside) == {"given_up": 3}
    Delivery.objects.update(state="waiting", tried_since=clock.now, next_at=clock.now)
    settle(outside.pk, clock)
    assert kinds(crm, 1) == WHOLE


def test_only_what_happens_from_now_on_is_told_and_a_gap_is(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    endpoints.switch(outside, on=False)
    tell_whole_call(organization, 1)
    endpoints.switch(outside, on=True)
    tell_whole_call(organization, 2)
    settle(outside.pk)
    assert (kinds(crm, 1), kinds(crm, 2)) == ([], WHOLE)
    tell_whole_call(organization, 3)
    LiveEvent.objects.filter(type="call.ringing").delete()
    settle(outside.pk)
    outside.refresh_from_db()
    assert outside.last_error.startswith("1 lines of the event log were gone")


def test_an_address_inside_the_network_is_refused(organization: Organization, crm: FakeCrm) -> None:
    closed = endpoints.create_crm(organization, name="CRM", address=crm.address, token=TOKEN)
    tell(organization, "call.ringing", call())
    settle(closed.pk)
    assert (crm.asked, closed.deliveries.get().last_error) == (0, "This address leads inside the network.")


def test_the_next_is_found_at_once_behind_a_long_outage(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    backlog = """
        INSERT INTO webhooks_delivery (organization_id, endpoint_id, message_id, key, slot, type, position, body,
            words, state, attempts, at, tried_since, next_at, last_error, last_answer)
        SELECT %s, %s, gen_random_uuid(), (n %% 10000)::text, (n / 10000)::text, 'INCOMING', n, '{}', '',
            'waiting', 0, %s, %s, %s, '', '' FROM generate_series(1, 30000) n
    """
    pick: dict[str, Any] = {"endpoint": outside.pk, "now": NOON, "lease": NOON, "limit": PARALLEL}
    with connection.cursor() as cursor:
        # Before statistics are gathered the planner takes the table to be empty, as after a sudden burst.
        cursor.execute(backlog, [organization.pk, outside.pk, NOON, NOON, NOON])
        cursor.execute("SET statement_timeout = 500")
        cursor.execute(_PICK, pick)
        assert len(cursor.fetchall()) == PARALLEL
        cursor.execute("RESET statement_timeout")


def test_a_note_and_the_follower_never_wait_for_each_other(
    organization: Organization, outside: OutsideCrm, crm: FakeCrm
) -> None:
    """The follower holds its endpoint and comes upon a message that is just being noted."""
    crm.status = 500
    tell(organization, "call.ringing", call())
    settle(outside.pk)
    first = outside.deliveries.get()
    verdict = Verdict(is_delivered=True, is_alive=True, status=200)
    values = {
        "id": first.pk, "endpoint": outside.pk, "key": first.key, "state": "delivered", "next_at": NOON, "now": NOON,
        "status": 200, "error": "", "answer": "",
    }  # fmt: skip

    async def both(runner: Runner, _clock: Clock) -> None:
        async with runner.pool.connection() as follower, follower.transaction():
            await follower.execute("SELECT FROM webhooks_endpoint WHERE id = %s FOR NO KEY UPDATE", [outside.pk])
            noting = asyncio.create_task(runner._note(values, verdict, NOON))
            await asyncio.sleep(0.3)
            # What ON CONFLICT does: look whether this message stands there already, and wait for whoever changes it.
            await follower.execute("SELECT FROM webhooks_delivery WHERE id = %s FOR UPDATE", [first.pk])
        await noting

    drive(outside.pk, both)
    assert states(outside) == {"delivered": 1}
