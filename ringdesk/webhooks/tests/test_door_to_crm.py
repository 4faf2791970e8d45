"""From a PBX's report at the door to an outside CRM, in the words of each (file 5: 5.1 in, 5.2 out)."""

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from ringdesk.accounts.models import Member, User
from ringdesk.config.tests.desk import Desk
from ringdesk.core.database import in_thread, open_pool
from ringdesk.telephony.models import Call, CallSettings
from ringdesk.telephony.tests.conftest import Place, make_place
from ringdesk.webhooks import endpoints
from ringdesk.webhooks.courier import Courier, configure
from ringdesk.webhooks.models import OutsideCrm
from ringdesk.webhooks.sending import Runner
from ringdesk.webhooks.tests.driving import Clock, settle
from ringdesk.webhooks.tests.fake_crm import TOKEN, FakeCrm

SAME = {"call_id": "32323", "line": "3333333", "dst_num": "100", "src_num": "89991234567", "src_type": "1"}


@pytest.fixture
def place(transactional_db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def outside(place: Place, crm: FakeCrm) -> OutsideCrm:
    user = User.objects.create_user("owner@quay.example")
    owner = Member.objects.create(organization=place.organization, user=user, name="Owner", role="owner")
    return endpoints.create_crm(
        place.organization,
        name="CRM",
        address=crm.address,
        token=TOKEN,
        is_inside=True,
        answers_contact=True,
        by=owner,
    )


def test_a_call_of_the_examples(desk: Desk, place: Place, outside: OutsideCrm, crm: FakeCrm) -> None:
    end = {
        "event": "2", "status": "ANSWER", "call_record_link": "https://pbx.example/recording.mp3",
        "call_start_timestamp": "1694181400", "call_answer_timestamp": "1694181405", "timestamp": "1694181450",
    }  # fmt: skip
    for report in ({"event": "1"}, {"event": "3"}, end):
        assert desk.get(place.path(), params=SAME | report).status_code == 200
    settle(outside.pk, Clock(datetime.now(UTC)))
    parties = {"user": "100", "ext": "100", "phone": "89991234567", "diversion": "3333333"}
    parties |= {"callid": str(Call.objects.get().pk)}
    assert crm.taken == [
        {"cmd": "event", "type": "INCOMING", "direction": "in", **parties},
        {"cmd": "event", "type": "ACCEPTED", "direction": "in", **parties},
        {
            "cmd": "history", "type": "in", **parties, "start": "20230908T135640", "end": "20230908T135730",
            "duration": 50, "link": "https://pbx.example/recording.mp3", "status": "success",
        },
    ]  # fmt: skip


def test_smart_transfer_asks_the_crm(desk: Desk, place: Place, outside: OutsideCrm, crm: FakeCrm) -> None:
    CallSettings.objects.create(organization=place.organization, forwarding=True)
    crm.responsible = "100"
    question = {"event": "1", "smart_transfer_is_required": "1", "call_id": "9", "line": "3333333"}
    question |= {"src_num": "89991234567"}
    assert desk.get(place.path(), params=question).json() == {"responsible": "100"}
    assert desk.get(place.path() + "route", params={"phone": "89991234567"}).text == "100"
    crm.is_down = True
    assert desk.get(place.path() + "route", params={"phone": "89991234567"}).text == ""


def test_the_key_of_the_crm_opens_the_door_for_placing_calls(desk: Desk, place: Place, outside: OutsideCrm) -> None:
    def place_call(key: str, user: str) -> tuple[int, str]:
        wish = {"user": user, "phone": "89991234567"}
        answer = desk.post("/httpapiinteg/crmapi/v1/makecall", json=wish, headers={"X-API-KEY": key})
        return answer.status_code, answer.json()["error"]

    endpoints.name_user(outside, "100", "anna")
    assert place_call("wrong", "anna")[0] == 403
    unknown = place_call(endpoints.key(outside), "nobody")
    assert (unknown[0], "nobody" in unknown[1]) == (400, True)
    # Known by the CRM's name for her; this PBX just cannot place calls.
    known = place_call(endpoints.key(outside), "anna")
    assert (known[0], "anna" in known[1]) == (400, False)
    endpoints.switch(outside, on=False)
    assert place_call(endpoints.key(outside), "anna")[0] == 403


def test_one_process_at_a_time_serves_an_endpoint(place: Place, outside: OutsideCrm, crm: FakeCrm) -> None:
    async def both() -> list[int]:
        first, second = Courier(), Courier()
        tasks = [asyncio.create_task(first.run())]
        await _until(lambda: len(first.runners) == 1)
        tasks.append(asyncio.create_task(second.run()))
        await asyncio.sleep(0.5)
        served = [len(first.runners), len(second.runners)]
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)
        second.reconsider()
        await _until(lambda: len(second.runners) == 1)
        await in_thread(endpoints.switch, outside, on=False)
        second.reconsider()
        await _until(lambda: not second.runners)
        tasks[1].cancel()
        await asyncio.gather(tasks[1], return_exceptions=True)
        return served

    assert asyncio.run(both()) == [1, 0]


def test_what_was_taken_is_noted_even_when_the_database_is_away(
    place: Place, outside: OutsideCrm, crm: FakeCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from psycopg import OperationalError

    from ringdesk.webhooks.tests.driving import call, tell

    tell(place.organization, "call.ringing", call())
    failures = threading.Semaphore(2)
    note = Runner._note

    async def flaky(self: Runner, *args: object) -> None:
        if failures.acquire(blocking=False):
            raise OperationalError("away")
        await note(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Runner, "_note", flaky)

    async def serve() -> None:
        async with open_pool(max_size=2, configure=configure) as pool:
            await Runner(pool, outside.pk).settle()

    asyncio.run(serve())
    assert (crm.asked, outside.deliveries.get().state) == (1, "delivered")


async def _until(is_so: object) -> None:
    assert callable(is_so)
    async with asyncio.timeout(15):
        while not is_so():
            await asyncio.sleep(0.05)
