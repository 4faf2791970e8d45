"""A new call written in one trip is what asking and writing would have made of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.forms import model_to_dict
from psycopg.errors import UniqueViolation

from ringdesk.core.database import open_pool
from ringdesk.core.events import Event
from ringdesk.crm.matching import NOBODY
from ringdesk.crm.models import Client, Contract, Lead, Phone
from ringdesk.live.models import LiveEvent
from ringdesk.telephony import calls, link_cache, opening
from ringdesk.telephony.call_events import CallEvent, Direction, Kind
from ringdesk.telephony.calls import Receiver
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.models import Call, PhoneBookEntry, Popup
from ringdesk.telephony.models import CallEvent as StoredEvent
from ringdesk.telephony.reports import Report, Told
from ringdesk.telephony.rules import Moment
from ringdesk.telephony.tests.conftest import Place

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NUMBER = "+79991234567"
RAW = {"method": "GET", "query": {"event": "1"}}


def told(link: Link, id: str, phone: str = NUMBER, **more: Any) -> Told:
    event = CallEvent(Kind.RINGING, id, more.pop("direction", Direction.IN), phone, extension="100", **more)
    return Told(link, event, RAW, NOW)


def received(reports: Sequence[Told], *, asked: bool) -> list[Event]:
    """Receive one after the other, in one trip if that can be or after asking, and return what was published."""
    published: list[Event] = []

    def publish(events: list[Event], ids: Sequence[int], at: datetime) -> dict[int, int]:
        published.extend(events)
        return {}

    async def play() -> None:
        async with open_pool(max_size=1, configure=calls.configure) as pool:
            receiver = Receiver(pool, publish)
            for one in reports:
                if asked:
                    receiver.heard.note(one.key)
                await receiver.receive(one.link, one.event, one.raw, one.now)

    asyncio.run(play())
    return published


def opened(reports: Sequence[Report]) -> list[list[int]]:
    async def play() -> list[list[int]]:
        async with open_pool(max_size=1, configure=calls.configure) as pool, pool.connection() as connection:
            return [await opening.open_call(connection, report) for report in reports]

    return asyncio.run(play())


def stored(id: str) -> dict[str, Any]:
    """Return everything that is stored of a call, but for what is another call's by nature."""
    call = Call.objects.get(external_id=id)
    return {
        "call": model_to_dict(call, exclude=["id", "external_id"]) | {"at": (call.first_received_at, call.started_at)},
        "events": [
            (one.organization_id, one.kind, one.received_at, one.event | {"external_id": ""}, one.raw)
            for one in StoredEvent.objects.filter(call=call)
        ],
        "digests": [len(one.digest) for one in StoredEvent.objects.filter(call=call)],
        "popup": [model_to_dict(popup, exclude=["id", "call"]) for popup in Popup.objects.filter(call=call)],
        "is_last": PhoneBookEntry.objects.filter(last_call=call).count(),
        "frames": [
            (one.organization_id, one.type, one.at, one.audience, {**one.body["call"], "id": ""})
            for one in LiveEvent.objects.filter(body__call__id=str(call.pk))
        ],
    }


def card(place: Place, kind: str, number: str = NUMBER) -> None:
    """Put the number on a card of this kind."""
    of_it = {"organization": place.organization}
    client = Client.objects.create(name=f'О\'Нил «{kind}» \\ "x"', responsible=place.operator, **of_it)
    owner: Any = {"client": client}
    if kind == "contract":
        owner = {"contract": Contract.objects.create(client=client, number=f"7/{client.pk}", **of_it)}
    if kind == "lead":
        owner = {"lead": Lead.objects.create(name="Lead", **of_it)}
    Phone.objects.create(number=number, reversed=number[:0:-1], **owner, **of_it)


CARDS = {
    "nobody's": (),
    "one client's": ("client",),
    "two clients'": ("client", "client"),
    "a contract's": ("contract",),
    "a lead's": ("lead",),
    "a client's and a lead's": ("client", "lead"),
}


@pytest.mark.parametrize("kinds", CARDS.values(), ids=CARDS)
@pytest.mark.parametrize("direction", [Direction.IN, Direction.OUT])
def test_both_ways_write_and_tell_the_same(
    place: Place, other: Place, kinds: tuple[str, ...], direction: Direction
) -> None:
    for kind in kinds:
        card(place, kind)
    card(other, "client")
    link = link_cache.link(place.pbx)
    frames = received([told(link, "at once", direction=direction)], asked=False)
    at_once = stored("at once")
    frames += received([told(link, "asked", direction=direction)], asked=True)
    assert at_once == stored("asked")
    assert [one.body["call"] for one in frames] == list(
        LiveEvent.objects.filter(type="call.ringing").order_by("id").values_list("body__call", flat=True)
    )
    client = Call.objects.get(external_id="at once").client
    assert (client is not None) == (kinds in (("client",), ("contract",), ("client", "lead")))
    assert LiveEvent.objects.filter(organization=other.organization).count() == 0


@pytest.mark.parametrize("number", ["", "+7", "101"])
def test_an_odd_number_is_nobodys_both_ways(place: Place, number: str) -> None:
    card(place, "client")
    link = replace(link_cache.link(place.pbx), popup_seconds=0)
    received([told(link, "at once", number)], asked=False)
    at_once = stored("at once")
    received([told(link, "asked", number)], asked=True)
    assert at_once == stored("asked")
    assert not Popup.objects.exists()


@pytest.mark.parametrize("kinds", CARDS.values(), ids=CARDS)
def test_only_the_plain_case_goes_without_asking(place: Place, kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        card(place, kind)
    link = link_cache.link(place.pbx)
    is_plain = kinds in ((), ("client",))
    (ids,) = opened([Report(told(link, "1"), (), NOBODY)])
    assert ids == ([1] if is_plain else [])
    written = (Call, StoredEvent, Popup, PhoneBookEntry, LiveEvent)
    assert {model.objects.count() for model in written} == {int(is_plain)}


def test_every_call_goes_by_the_plan_made_before_it(place: Place) -> None:
    link = link_cache.link(place.pbx)
    kinds = [told(link, "1"), told(replace(link, popup_seconds=0, branch_id=None), "2", "", direction=Direction.OUT)]

    async def play() -> list[Any]:
        async with open_pool(max_size=1, configure=calls.configure) as pool, pool.connection() as connection:
            for one in kinds:
                assert await opening.open_call(connection, Report(one, (), NOBODY))
            kept = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = %s"
            return [*await (await connection.execute(kept, [opening.OPEN])).fetchall()]

    assert asyncio.run(play()) == [(3, 0)]


def test_a_call_that_is_known_is_asked_about(place: Place) -> None:
    link = link_cache.link(place.pbx)
    first, again = opened([Report(told(link, "1"), (), NOBODY), Report(told(link, "1", at=NOW), (), NOBODY)])
    assert (first, again, Call.objects.get().events.count()) == ([1], [], 1)
    # So says the receiver too: its report goes on with the call.
    received([told(link, "1", at=NOW)], asked=False)
    assert Call.objects.get().events.count() == 2


def test_of_two_processes_one_is_refused_and_then_goes_on_with_the_others_call(place: Place) -> None:
    link = link_cache.link(place.pbx)

    async def play() -> list[Any]:
        async with open_pool(max_size=3, configure=calls.configure) as pool:
            async with pool.connection() as one, pool.connection() as two, one.transaction():
                await opening.open_call(one, Report(told(link, "1"), (), NOBODY))
                slow = asyncio.create_task(opening.open_call(two, Report(told(link, "1"), (), NOBODY)))
                receiving = asyncio.create_task(
                    Receiver(pool, lambda *_: {}).receive(link, told(link, "1", at=NOW).event, RAW, NOW)
                )
                await asyncio.sleep(0.3)
            return [*await asyncio.gather(slow, receiving, return_exceptions=True)]

    slow, outcome = asyncio.run(play())
    assert isinstance(slow, UniqueViolation)
    assert (outcome.is_new, outcome.changed) == (False, False)
    assert Call.objects.get().events.count() == 2


def test_where_a_window_opens_the_name_is_asked_for(place: Place) -> None:
    card(place, "client")
    link = link_cache.link(place.pbx)
    rules = replace(link.rules, incoming_window=Moment.RINGING)
    link = replace(link, rules=rules, extensions={"100": place.operator.pk})
    assert not Report(told(link, "1"), (), NOBODY).is_plain
    frames = received([told(link, "1")], asked=False)
    assert frames[1].body["window"]["kind"] == "client"
