"""Many reports at once: what is stored and told is what one after the other would have been."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Sum
from psycopg import OperationalError
from psycopg.errors import UniqueViolation

from ringdesk.core.database import open_pool
from ringdesk.core.events import Event
from ringdesk.crm import linking
from ringdesk.crm.models import Client, Phone
from ringdesk.live.models import LiveEvent
from ringdesk.telephony import calls, link_cache, writing
from ringdesk.telephony.batches import LARGEST, Batches, Waiting
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.calls import Outcome, Receiver
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.models import Call, PhoneBookEntry, Popup
from ringdesk.telephony.models import CallEvent as StoredEvent
from ringdesk.telephony.reports import Report, Told
from ringdesk.telephony.tests.conftest import Place

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RAW = {"method": "GET"}
LINK = Link(1, 1, "http_events", True, None, "RU", 60)


def ringing(id: object, phone: str = "+79991234567", kind: Kind = Kind.RINGING, **more: Any) -> CallEvent:
    return CallEvent(kind, str(id), Direction.IN, phone, **more)


class World:
    """Reports on receivers of their own pools, as several processes would, and what was published."""

    def __init__(self, receivers: int = 1) -> None:
        self.receivers = receivers
        self.published: dict[int, list[int]] = {}

    def receive(self, told: Sequence[Told]) -> list[Outcome | BaseException]:
        """Receive all at once, in turn by each receiver."""
        return asyncio.run(self._receive(told))

    async def _receive(self, told: Sequence[Told]) -> list[Outcome | BaseException]:
        async with AsyncExitStack() as stack:
            pools = [
                await stack.enter_async_context(open_pool(max_size=4, configure=calls.configure))
                for _ in range(self.receivers)
            ]
            receivers = [Receiver(pool, self._publish) for pool in pools]
            return await asyncio.gather(
                *(
                    receivers[at % len(receivers)].receive(one.link, one.event, one.raw, one.now, one.call_id)
                    for at, one in enumerate(told)
                ),
                return_exceptions=True,
            )

    def _publish(self, events: list[Event], ids: Sequence[int], at: datetime) -> dict[int, int]:
        assert len(events) == len(ids)
        self.published.setdefault(events[0].organization_id, []).extend(ids)
        return {}


def ids(place: Place) -> list[int]:
    rows = LiveEvent.objects.filter(organization=place.organization, type__startswith="call.")
    return list(rows.order_by("id").values_list("id", flat=True))


def test_each_is_stored_once_and_the_log_has_no_gap(place: Place, other: Place) -> None:
    links = [link_cache.link(place.pbx), link_cache.link(other.pbx)]
    # Every report twice, each number three times.
    told = [Told(link, ringing(n, f"+7999000000{n // 3}"), RAW, NOW) for n in range(24) for link in links] * 2
    world = World()
    outcomes = [outcome for outcome in world.receive(told) if isinstance(outcome, Outcome)]
    assert len(outcomes) == len(told)
    assert sum(outcome.is_new for outcome in outcomes) == sum(outcome.changed for outcome in outcomes) == 48
    for somewhere in (place, other):
        of_it = {"organization": somewhere.organization}
        assert Call.objects.filter(**of_it).count() == StoredEvent.objects.filter(**of_it).count() == 24
        assert Popup.objects.filter(**of_it).count() == 24
        book = PhoneBookEntry.objects.filter(**of_it)
        assert (book.count(), book.aggregate(Sum("calls"))["calls__sum"]) == (8, 24)
        assert all(entry.last_call and entry.last_call.phone == entry.phone for entry in book)
        assert ids(somewhere) == list(range(1, 25)) == sorted(world.published[somewhere.organization.pk])


def test_what_is_told_of_one_call_at_once_is_one_call(place: Place) -> None:
    link = link_cache.link(place.pbx)
    course = [
        ringing(1, extension="100"),
        ringing(1, kind=Kind.ANSWERED, extension="100"),
        ringing(1, kind=Kind.ENDED, result=Result.ANSWERED),
    ]
    told = [Told(link, event, RAW, NOW) for event in course] + [Told(link, ringing(2), RAW, NOW)]
    world = World()
    outcomes = world.receive(told)
    assert [outcome.is_new for outcome in outcomes if isinstance(outcome, Outcome)] == [True, False, False, True]
    call = Call.objects.get(external_id="1")
    assert (call.version, call.state, call.result, call.member) == (3, "ended", "answered", place.operator)
    assert ids(place) == [1, 2, 3, 4] == sorted(world.published[place.organization.pk])


def test_processes_that_write_the_same_calls_lose_nothing(place: Place) -> None:
    link = link_cache.link(place.pbx)
    told = [
        Told(link, ringing(id, extension=str(extension)), RAW, NOW) for id in range(6) for extension in range(100, 106)
    ]
    world = World(receivers=3)
    assert all(isinstance(outcome, Outcome) for outcome in world.receive(told))
    assert {len(call.extensions) for call in Call.objects.all()} == {6}
    assert (Call.objects.count(), StoredEvent.objects.count(), Popup.objects.count()) == (6, 36, 6)
    assert PhoneBookEntry.objects.get().calls == 6
    assert ids(place) == list(range(1, 37)) == sorted(world.published[place.organization.pk])


def test_a_fresh_connection_has_its_plans_and_has_written_nothing(place: Place) -> None:
    async def play() -> list[tuple[int, int]]:
        async with open_pool(max_size=1, configure=calls.configure) as pool, pool.connection() as connection:
            kept = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE %s"
            rows = await (await connection.execute(kept, ["%INTO telephony_callevent%"])).fetchall()
            return [(generic, custom) for generic, custom in rows]

    assert asyncio.run(play()) == [(1, 0)] * 3
    assert not Call.objects.exists() and not PhoneBookEntry.objects.exists() and ids(place) == []


@pytest.mark.parametrize(
    ("statement", "parameter"), [(linking.ROWS_BY_NUMBER, "number"), (linking.ROWS_BY_LAST_DIGITS, "reversed")]
)
def test_a_number_is_found_by_the_index_by_a_plan_made_without_it(place: Place, statement: str, parameter: str) -> None:
    card = Client.objects.create(organization=place.organization, name="Many numbers")
    numbers = [(f"+7913{n:07}", f"7913{n:07}"[::-1]) for n in range(3000)]
    Phone.objects.bulk_create(
        Phone(organization=place.organization, client=card, number=number, reversed=digits, position=n)
        for n, (number, digits) in enumerate(numbers)
    )
    query = statement.replace("%(organization)s", "$1").replace(f"%({parameter})s", "$2")

    async def play() -> str:
        async with open_pool(max_size=1, configure=calls.configure) as pool, pool.connection() as connection:
            await connection.execute("ANALYZE crm_phone")
            await connection.execute(f"PREPARE probe AS {query}".encode())
            rows = await (await connection.execute("EXPLAIN EXECUTE probe (1, '10000')")).fetchall()
            return "\n".join(line for (line,) in rows)

    plan = asyncio.run(play())
    assert re.search(rf"Index Cond: .*organization_id = \$1.*{parameter}.*\$2", plan), plan


def test_who_knew_less_writes_nothing(place: Place) -> None:
    link = link_cache.link(place.pbx)

    async def play() -> None:
        async with open_pool(max_size=1, configure=calls.configure) as pool, pool.connection() as connection:

            async def reports(*events: CallEvent) -> list[Report]:
                told = [Told(link, event, RAW, NOW) for event in events]
                known = await writing.look_up(connection, told)
                return [Report(one, *what) for one, what in zip(told, known, strict=True)]

            def rung(id: int, kind: Kind = Kind.RINGING, **more: Any) -> CallEvent:
                return ringing(id, f"+7913555000{id}", kind, **more)

            opened, slow = await reports(rung(1), rung(2)), await reports(rung(1), rung(3))
            assert await writing.open_calls(connection, opened) == [1, 2]
            with pytest.raises(UniqueViolation):
                await writing.open_calls(connection, slow)
            assert await writing.open_calls(connection, slow[1:]) == [3]
            answered, ended = rung(1, Kind.ANSWERED, extension="100"), rung(1, Kind.ENDED)
            (quick,), (late, other) = await reports(answered), await reports(ended, rung(2, Kind.HELD))
            assert await writing.go_on(connection, [quick]) == ({quick.id}, [4])
            assert await writing.go_on(connection, [late]) == (set(), [])
            assert await writing.go_on(connection, [late, other]) == ({other.id}, [5])

    asyncio.run(play())
    call = Call.objects.get(external_id="1")
    assert (call.state, call.version, call.events.count(), call.popup.answered_by) == (
        "answered",
        2,
        2,
        place.operator,
    )
    assert (Call.objects.count(), Popup.objects.count(), StoredEvent.objects.count()) == (3, 3, 5)
    assert list(PhoneBookEntry.objects.values_list("calls", flat=True)) == [1, 1, 1]
    assert ids(place) == [1, 2, 3, 4, 5]


def test_a_call_known_by_our_id_and_by_its_sources_in_one_batch(place: Place) -> None:
    link = link_cache.link(place.pbx)
    world = World()
    (first,) = world.receive([Told(link, ringing(1), RAW, NOW)])
    assert isinstance(first, Outcome)
    told = [
        Told(link, ringing("another", kind=Kind.ANSWERED, extension="100"), RAW, NOW, first.call_id),
        Told(link, ringing(1, kind=Kind.ENDED, result=Result.ANSWERED), RAW, NOW),
    ]
    assert all(isinstance(outcome, Outcome) for outcome in world.receive(told))
    call = Call.objects.get()
    assert (call.version, call.state, call.member, StoredEvent.objects.count()) == (3, "ended", place.operator, 3)


def _of_nobody(link: Link) -> Told:
    gone = replace(link, extensions={"100": 2_000_000_000})
    return Told(gone, ringing("bad", extension="100"), RAW, NOW)


def _unspeakable(link: Link) -> Told:
    return Told(link, ringing("bad"), {"body": "\ud800"}, NOW)


def _of_no_call(link: Link) -> Told:
    return Told(link, ringing("bad"), RAW, NOW, UUID(int=1))


@pytest.mark.parametrize(
    ("poison", "error"), [(_of_nobody, OperationalError), (_unspeakable, TypeError), (_of_no_call, LookupError)]
)
def test_one_that_cannot_be_stored_harms_no_other(place: Place, poison: Any, error: type[Exception]) -> None:
    link = link_cache.link(place.pbx)
    good = [Told(link, ringing(n), RAW, NOW) for n in range(8)]
    world = World()
    *before, refused, last = world.receive([*good[:7], poison(link), good[7]])
    assert isinstance(refused, error)
    assert all(isinstance(outcome, Outcome) and outcome.is_new for outcome in [*before, last])
    assert Call.objects.count() == 8
    assert ids(place) == list(range(1, 9)) == sorted(world.published[place.organization.pk])


def test_whose_screens_got_and_showed_each_call(place: Place, other: Place) -> None:
    link = link_cache.link(place.pbx)
    member = place.operator.pk

    async def play() -> None:
        async with open_pool(max_size=2, configure=calls.configure) as pool:
            receiver = Receiver(pool, lambda events, ids, at: {member: 2})
            outcomes = await asyncio.gather(*(receiver.receive(link, ringing(n), RAW, NOW) for n in range(3)))
            async with pool.connection() as connection:
                popups = dict(await (await connection.execute("SELECT call_id, id FROM telephony_popup")).fetchall())
            first, second, _ = (popups[outcome.call_id] for outcome in outcomes)
            for _ in range(2):
                receiver.note_shown(place.organization.pk, first, member, NOW)
            receiver.note_shown(place.organization.pk, first, member + 1, NOW)
            receiver.note_shown(other.organization.pk, second, member, NOW)
            await receiver.flush()
            await receiver.flush()

    asyncio.run(play())
    got, showed = ("delivered", member, 2), [("shown", member, 1), ("shown", member + 1, 1)]
    said = {
        call.external_id: [(entry["kind"], entry["member_id"], entry["tabs"]) for entry in call.trace]
        for call in Call.objects.all()
    }
    assert said == {"0": [got, *showed], "1": [got], "2": [got]}


class Store:
    """Notes the batches it is given; holds each until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gates: list[asyncio.Event] = []

    async def __call__(self, batch: list[Waiting[str]]) -> None:
        self.batches.append([waiting.told.external_id for waiting in batch])
        gate = asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        for waiting in batch:
            waiting.settle(waiting.told.external_id)

    async def let_go(self, *numbers: int) -> None:
        for number in numbers:
            self.gates[number].set()
        for _ in range(5):
            await asyncio.sleep(0)


def test_what_comes_while_others_are_written_goes_together() -> None:
    async def play() -> list[list[str]]:
        store = Store()
        batches = Batches(store)

        async def put(*ids: str, link: Link = LINK) -> list[asyncio.Task[str]]:
            tasks = [asyncio.create_task(batches.put(Told(link, ringing(id), RAW, NOW))) for id in ids]
            for _ in range(5):
                await asyncio.sleep(0)
            return tasks

        tasks = await put("a")
        tasks += await put("b")
        tasks += await put("a", "c", "d", "c")
        tasks += await put("elsewhere", link=replace(LINK, id=2, organization_id=2))
        await store.let_go(1)  # b: a free worker takes c and d, not the second a nor the second c
        await store.let_go(0)
        await store.let_go(2, 3)
        await store.let_go(4, 5)
        assert await asyncio.wait_for(asyncio.gather(*tasks), 5) == ["a", "b", "a", "c", "d", "c", "elsewhere"]
        assert not batches.queues and not batches.workers and not batches.keys
        return store.batches

    assert asyncio.run(play()) == [["a"], ["b"], ["elsewhere"], ["c", "d"], ["a"], ["c"]]


def test_a_batch_has_an_end_and_one_that_fails_says_so_to_each() -> None:
    sizes: list[int] = []

    async def store(batch: list[Waiting[None]]) -> None:
        sizes.append(len(batch))
        batch[0].settle(None)
        raise OperationalError("gone")

    async def play() -> None:
        batches = Batches(store)
        answers = await asyncio.gather(
            *(batches.put(Told(LINK, ringing(n), RAW, NOW)) for n in range(LARGEST + 5)), return_exceptions=True
        )
        assert [type(answer) for answer in answers].count(OperationalError) == LARGEST + 3

    asyncio.run(play())
    assert sizes == [LARGEST, 5]
