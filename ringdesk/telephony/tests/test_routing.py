"""Whom a PBX is told to route to: the rule, and the door that always answers in time."""

import asyncio
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.accounts.models import Member, User
from ringdesk.config.tests.desk import Desk
from ringdesk.core import database
from ringdesk.crm.matching import Match, Named
from ringdesk.crm.models import Client, Contract, Lead, Phone
from ringdesk.telephony import routing
from ringdesk.telephony.connectors.base import Caller, Link
from ringdesk.telephony.models import Call, CallSettings, Extension
from ringdesk.telephony.rules import Rules
from ringdesk.telephony.tests.conftest import Place

PHONE = "+79991234567"


def link(*, wish: object = "", forwarding: bool = False, extensions: dict[str, int] | None = None) -> Link:
    return Link(1, 1, "http_events", True, None, "RU", 300, settings={"smart_transfer": wish},
                extensions=extensions or {"100": 7}, rules=Rules(forwarding=forwarding))  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "forwarding", "on"),
    [("", False, False), ("", True, True), ("on", False, True), ("off", True, False), (None, True, True)],
)
def test_the_connector_decides_else_the_organization(wish: object, forwarding: bool, on: bool) -> None:
    assert routing.is_forwarding(link(wish=wish, forwarding=forwarding)) is on


@given(st.integers(1, 5) | st.none(), st.dictionaries(st.sampled_from(["100", "101", "7", "20"]), st.integers(1, 5)))
def test_only_an_extension_of_the_responsible_member_is_named(member: int | None, extensions: dict[str, int]) -> None:
    named = routing.responsible_extension(Match(responsible_id=member), extensions)
    mine = {number for number, holder in extensions.items() if holder == member}
    assert named in mine if mine else named == ""


def test_the_name_is_told_though_forwarding_is_off() -> None:
    known = Match(client=Named(12, "Ivan"), contract=Named(3, "D-3"), responsible_id=7)
    assert routing.caller(known, link()) == Caller("", "Ivan", "/clients/12/")
    assert routing.caller(known, link(wish="on")) == Caller("100", "Ivan", "/clients/12/")


def ask(desk: Desk, place: Place, phone: str = "89991234567", line: str = "") -> tuple[int, str]:
    answer = desk.get(place.path() + "route", params={"phone": phone} | ({"line": line} if line else {}))
    return answer.status_code, answer.text


def own(place: Place, phone: str, responsible: Member | None) -> Client:
    client = Client.objects.create(organization=place.organization, name="Ivan", responsible=responsible)
    Phone.objects.create(organization=place.organization, client=client, number=phone, reversed=phone[:0:-1])
    return client


@pytest.fixture
def forwarding(place: Place) -> Iterator[Place]:
    CallSettings.objects.create(organization=place.organization, forwarding=True)
    yield place


def test_off_nobody_is_named(desk: Desk, place: Place) -> None:
    own(place, PHONE, place.operator)
    assert ask(desk, place) == (200, "")


def test_the_dialplan_is_told_the_extension_as_plain_text(desk: Desk, forwarding: Place) -> None:
    own(forwarding, PHONE, forwarding.operator)
    answer = desk.get(forwarding.path() + "route?phone=%2B7+999+123-45-67")
    assert (answer.status_code, answer.text) == (200, "100")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert not Call.objects.exists()


def test_strangers_hidden_numbers_and_members_without_extension_are_nobodys(desk: Desk, forwarding: Place) -> None:
    user = User.objects.create_user("boris@quay.example", "correct horse battery")
    boris = Member.objects.create(organization=forwarding.organization, user=user, name="Boris", role="manager")
    own(forwarding, "+79991230001", boris)
    assert [ask(desk, forwarding, phone) for phone in ("89991230001", "89991230002", "anonymous", "")] == [
        (200, "")
    ] * 4
    assert desk.get(forwarding.path() + "route").status_code == 400


def test_the_contract_comes_before_its_client_and_a_lead_last(desk: Desk, forwarding: Place) -> None:
    user = User.objects.create_user("boris@quay.example", "correct horse battery")
    organization = forwarding.organization
    boris = Member.objects.create(organization=organization, user=user, name="Boris", role="manager")
    Extension.objects.create(organization=organization, connector=forwarding.pbx, member=boris, number="101")
    lead = Lead.objects.create(organization=organization, name="Lead", responsible=boris)
    Phone.objects.create(organization=organization, lead=lead, number=PHONE, reversed=PHONE[:0:-1])
    assert ask(desk, forwarding) == (200, "101")
    client = own(forwarding, PHONE, forwarding.operator)
    assert ask(desk, forwarding) == (200, "100")
    contract = Contract.objects.create(organization=organization, client=client, number="D-1", responsible=boris)
    Phone.objects.create(organization=organization, contract=contract, number=PHONE, reversed=PHONE[:0:-1])
    assert ask(desk, forwarding) == (200, "101")


def test_several_cards_count_when_they_share_one_member(desk: Desk, forwarding: Place) -> None:
    own(forwarding, PHONE, forwarding.operator)
    second = own(forwarding, PHONE, forwarding.operator)
    assert ask(desk, forwarding) == (200, "100")
    Client.objects.filter(pk=second.pk).update(responsible=None)
    assert ask(desk, forwarding) == (200, "")


def test_the_last_digits_tell_where_no_whole_number_does(desk: Desk, forwarding: Place) -> None:
    own(forwarding, "+74951234567", forwarding.operator)
    assert ask(desk, forwarding, "89990034567") == (200, "100")
    CallSettings.objects.update(last_digits=8)
    assert ask(desk, forwarding, "89990034567") == (200, "")


def test_another_organizations_clients_are_not_asked(desk: Desk, forwarding: Place, other: Place) -> None:
    own(other, PHONE, other.operator)
    assert ask(desk, forwarding) == (200, "")


def test_a_slow_database_gives_the_neutral_answer_in_time(desk: Desk, forwarding: Place) -> None:
    own(forwarding, PHONE, forwarding.operator)
    assert ask(desk, forwarding) == (200, "100")
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with psycopg.connect(**database.conninfo()) as connection:
            connection.execute("LOCK TABLE crm_phone IN ACCESS EXCLUSIVE MODE")
            locked.set()
            done.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert locked.wait(10)
        question = "?event=1&smart_transfer_is_required=1&call_id=q1&src_num=89991234567"
        # A neighbour's question asked meanwhile does not wait behind the first.
        began = time.monotonic()
        assert ask(desk, forwarding) == (200, "")
        assert time.monotonic() - began < 10
        answer = desk.get(forwarding.path() + question)
        assert (answer.status_code, answer.json()) == (503, {"responsible": ""})
    finally:
        done.set()
        thread.join()
    # What was reported while the database was slow is stored once it is not.
    for _ in range(50):
        if Call.objects.exists():
            break
        time.sleep(0.1)
    assert Call.objects.get().external_id == "q1"


def test_an_outside_crm_is_asked_and_ours_counts_when_it_fails(desk: Desk, forwarding: Place) -> None:
    from ringdesk.telephony.connectors.base import RouteQuestion
    from ringdesk.telephony.doors import Doors

    own(forwarding, PHONE, forwarding.operator)
    asked = []

    async def says(link: Link, question: RouteQuestion) -> str | None:
        asked.append(question.phone)
        return "205"

    async def fails(link: Link, question: RouteQuestion) -> str | None:
        raise ValueError

    async def find(ask_outside: object) -> str:
        from ringdesk.telephony import calls, link_cache
        from ringdesk.telephony.health import Health

        async with database.open_pool(max_size=2, configure=calls.configure) as pool:
            links = link_cache.LinkCache(pool)
            found = await links.find(forwarding.path().split("/")[2])
            assert found
            receiver = calls.Receiver(pool, lambda events, ids, at: {})
            doors = Doors(pool, receiver, links, Health(pool), ask_outside)  # type: ignore[arg-type]
            return (await doors.find_caller(found, RouteQuestion(PHONE))).responsible

    assert asyncio.run(find(says)) == "205"
    assert asyncio.run(find(fails)) == "100"
    assert asked == [PHONE]
