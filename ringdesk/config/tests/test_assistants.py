"""The tools of /mcp as an assistant meets them: the official client, real HTTP, by token and through OAuth."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from django.test import Client as Browser
from django.utils import timezone
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from mcp_types import CallToolResult

from ringdesk.accounts import tokens
from ringdesk.accounts.access import SCOPES, Role
from ringdesk.accounts.models import Module
from ringdesk.accounts.oauth import programs
from ringdesk.accounts.oauth_models import Application
from ringdesk.booking.models import Booking
from ringdesk.booking.tests.conftest import Salon, make_salon
from ringdesk.config.assistants import TOOLS
from ringdesk.config.tests.desk import Desk
from ringdesk.core.database import in_thread
from ringdesk.hall import halls
from ringdesk.hall.models import Reservation, Table

ANNA = {"phone": "+79230000001", "name": "Anna"}
BORIS = {"phone": "+79230000002", "name": "Boris"}
FULL = {"bookings:read", "bookings:write", "reservations:read", "reservations:write"}


@pytest.fixture
def salon(transactional_db: None) -> Salon:
    return open_salon("ours")


def open_salon(slug: str) -> Salon:
    """A salon with two tables in its café."""
    salon = make_salon(slug)
    salon.organization.modules = [Module.HALL, Module.BOOKING, Module.CALLS]
    salon.organization.save()
    hall = halls.add_hall(salon.branch, name="Café")
    halls.add_status(salon.organization, name="Standard", colour="blue")
    for name, seats in (("1", 2), ("2", 4)):
        halls.add_table(hall, name=name, seats=seats)
    return salon


def token_of(salon: Salon, *scopes: str) -> str:
    return tokens.issue(salon.organization, name="assistant", scopes=scopes or SCOPES, by=None)[1]


def day(salon: Salon, ahead: int = 3) -> str:
    return f"{timezone.now().astimezone(salon.branch.zone) + timedelta(days=ahead):%d.%m.%Y}"


def talk(
    desk: Desk, token: str, ask: Callable[[Client], Awaitable[None]], mode: str = "auto", auth: Any = None
) -> None:
    """Connect as an assistant does, and ask."""

    async def run() -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx2.AsyncClient(headers=headers, auth=auth, timeout=20) as http:
            transport = streamable_http_client(f"{desk.base_url}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                await ask(client)

    failed: list[BaseException] = []

    def apart() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=apart)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


async def told(assistant: Client, tool: str, /, **arguments: Any) -> Any:
    """Return what a tool answers that does what it is asked."""
    answer = await assistant.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    return plain(answer)


async def refusal(assistant: Client, tool: str, /, **arguments: Any) -> Any:
    answer = await assistant.call_tool(tool, arguments)
    assert answer.is_error, answer.content
    return plain(answer)


def plain(answer: CallToolResult) -> Any:
    said = answer.structured_content
    return said["result"] if isinstance(said, dict) and set(said) == {"result"} else said


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_assistant_finds_books_moves_and_cancels(salon: Salon, desk: Desk, mode: str) -> None:
    date = day(salon)
    haircut, pavel = salon.services["Haircut"].pk, salon.employees["Pavel"].pk

    async def ask(client: Client) -> None:
        company = (await told(client, "get_companies_for_booking"))[0]["id"]
        assert (await told(client, "get_info_for_booking"))["companies"][0]["name"] == "Salon"
        visit = {"company_id": company, "service_ids": [haircut], "employee_id": pavel}
        assert "16:00" in await told(client, "get_slots_for_booking", **visit, date=date)
        wish = {**visit, "booking_date": date, "booking_time": "16:00"}
        terms = await told(client, "quote_booking", **wish)
        assert terms["is_free"] and terms["company_address"] == "Sadovaya 7"
        assert terms["specialists"][0] == {
            "employee_id": pavel,
            "employee_name": "Pavel",
            "job_title": "Hairdresser",
            "total_cost": 1500,
            "service_duration": 60,
        }
        made = await told(client, "create_booking", **wish, client=ANNA, idempotency_key="first")
        assert made["status"] is True and made["booking"]["total_cost"] == 1500
        assert await told(client, "create_booking", **wish, client=ANNA, idempotency_key="first") == made
        taken = await refusal(client, "create_booking", **wish, client=BORIS, idempotency_key="other")
        assert len(taken["alternatives"]) == 3 and "alternatives" in taken["advice"]
        assert not (await told(client, "quote_booking", **wish))["is_free"]
        order = made["booking"]["id"]
        move = {"order_id": order, "new_date": date, "new_time": "10:00"}
        assert (await refusal(client, "modify_booking_time", **move, client=BORIS))["message"]
        moved = await told(client, "modify_booking_time", **move, client=ANNA, idempotency_key="move")
        assert moved == {"status": True, "message": "Booking time modified"}
        found = await told(client, "get_bookings_info", client=ANNA)
        assert [(each["booking_id"], each["booking_time"]) for each in found] == [(order, "10:00")]
        for never in ("01.01.0001", "31.12.9999"):
            assert "date" in (await refusal(client, "quote_booking", **wish | {"booking_date": never}))["message"]
        assert (await refusal(client, "modify_booking_time", **move | {"order_id": 2**70}))["message"]
        gone = {"pipeline_id": company, "order_id": order, "client": ANNA}
        assert (await told(client, "cancel_booking", **gone))["status"] is True
        assert await told(client, "get_bookings_info", client=ANNA) == []

    talk(desk, token_of(salon), ask, mode)
    booking = Booking.objects.get()
    assert (booking.source, booking.status) == (Booking.Source.ASSISTANT, Booking.Status.CANCELLED)


def test_an_assistant_reserves_a_table(salon: Salon, desk: Desk) -> None:
    wish = {"date": day(salon), "time": "19:00", "guests": 3}

    async def ask(client: Client) -> None:
        found = await told(client, "find_tables", **wish)
        assert [option["tables"][0]["name"] for option in found["options"]] == ["2"]
        assert found["address"] == "Sadovaya 7" and found["terms"]
        await refusal(client, "create_reservation", **wish)
        made = await told(client, "create_reservation", **wish, client=ANNA, idempotency_key="a")
        assert await told(client, "create_reservation", **wish, client=ANNA, idempotency_key="a") == made
        full = await refusal(client, "create_reservation", **wish, client=BORIS)
        assert full["options"] == [] and "Anna" not in str(full)
        id = made["reservation"]["id"]
        assert [each["id"] for each in (await told(client, "get_reservations_info", client=ANNA))["reservations"]] == [
            id
        ]
        assert (await told(client, "get_reservations_info", client=BORIS))["reservations"] == []
        await refusal(client, "cancel_reservation", reservation_id=id, client=BORIS)
        await told(client, "cancel_reservation", reservation_id=id, client=ANNA)
        await told(client, "cancel_reservation", reservation_id=id, client=ANNA)
        assert (await refusal(client, "find_tables", **wish | {"date": "01.01.2020"}))["advice"]
        for never in ("soon", "01.01.0001", "31.12.9999"):
            assert (await refusal(client, "find_tables", **wish | {"date": never, "time": "00:00"}))["message"]
        assert (await refusal(client, "find_tables", **wish | {"guests": "many"}))["problems"]

    talk(desk, token_of(salon), ask)
    assert Reservation.objects.get().course == Reservation.Course.CANCELLED


def test_a_time_the_clock_jumps_over_is_refused(salon: Salon, desk: Desk) -> None:
    salon.branch.timezone = "Europe/Berlin"
    salon.branch.save()
    today = timezone.now().date()
    jumps = next(
        each for each in (today + timedelta(days=ahead) for ahead in range(1, 366))
        if each.month == 3 and each.day > 24 and each.isoweekday() == 7
    )  # fmt: skip
    night, said = f"{jumps:%d.%m.%Y}", "That day the clock jumps over 02:30: there is no such time."
    visit = {"company_id": salon.branch.pk, "service_ids": salon.ids("Haircut")}

    async def ask(client: Client) -> None:
        table = await refusal(client, "find_tables", date=night, time="02:30", guests=2)
        terms = await refusal(client, "quote_booking", **visit, booking_date=night, booking_time="02:30")
        assert (table["message"], terms["message"]) == (said, said)

    talk(desk, token_of(salon), ask)


def test_only_what_the_token_may_is_listed_and_done(salon: Salon, desk: Desk) -> None:
    booking = salon.book(12, who="Pavel", client_name="Anna", phone=ANNA["phone"])

    def names(token: str) -> set[str]:
        found: set[str] = set()

        async def ask(client: Client) -> None:
            listed = (await client.list_tools()).tools
            found.update(tool.name for tool in listed)
            for tool in listed:
                assert tool.description and "client" in tool.input_schema["properties"]
                assert tool.annotations and tool.annotations.read_only_hint is not TOOLS[tool.name].is_writing
                assert TOOLS[tool.name].is_writing == ("idempotency_key" in tool.input_schema["properties"])

        talk(desk, token, ask)
        return found

    assert names(token_of(salon)) == set(TOOLS)
    assert names(token_of(salon, "calls:read")) == set()
    reader = token_of(salon, "bookings:read")
    assert names(reader) == {name for name, tool in TOOLS.items() if tool.scope == "bookings:read"}

    async def ask(client: Client) -> None:
        gone = {"pipeline_id": salon.branch.pk, "order_id": booking.pk}
        assert "bookings:write" in (await refusal(client, "cancel_booking", **gone))["advice"]
        await refusal(client, "moon", client=ANNA)

    talk(desk, reader, ask)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.BOOKED


def test_a_stranger_sees_and_changes_nothing(salon: Salon, desk: Desk) -> None:
    stranger = open_salon("theirs")
    booking = salon.book(12, who="Pavel", client_name="Anna", phone=ANNA["phone"])
    assert booking.client is not None
    client_id, date = booking.client.pk, day(salon)
    table_id = Table.objects.for_org(salon.organization).earliest("pk").pk

    async def ask(client: Client) -> None:
        companies = await told(client, "get_companies_for_booking")
        assert [each["id"] for each in companies] == [stranger.branch.pk]
        await refusal(client, "get_services_for_booking", company_id=salon.branch.pk)
        await refusal(client, "get_bookings_info", client_id=client_id)
        await refusal(client, "get_bookings_info", client={"id": client_id})
        assert await told(client, "get_bookings_info", client=ANNA) == []
        await refusal(client, "cancel_booking", pipeline_id=stranger.branch.pk, order_id=booking.pk)
        await refusal(client, "modify_booking_time", order_id=booking.pk, new_date=date, new_time="10:00")
        wish = {"date": date, "time": "19:00", "guests": 2}
        await refusal(client, "find_tables", **wish, branch_id=salon.branch.pk)
        await refusal(client, "create_reservation", **wish, table_ids=[table_id], client=ANNA)

    talk(desk, token_of(stranger), ask)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.BOOKED


@pytest.mark.parametrize("token", ["", "rd_wrong", "rdo_wrong"])
def test_without_a_token_it_is_told_where_to_get_one(salon: Salon, desk: Desk, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = desk.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)
    assert answer.status_code == 401
    challenge = answer.headers["WWW-Authenticate"]
    assert f'resource_metadata="{desk.base_url}/.well-known/oauth-protected-resource/mcp"' in challenge
    metadata = desk.get("/.well-known/oauth-protected-resource/mcp").json()
    assert metadata["resource"] == f"{desk.base_url}/mcp"


class Memory:
    """Where an assistant keeps its tokens."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def test_an_assistant_connects_through_oauth_and_is_put_out(salon: Salon, desk: Desk) -> None:
    hostess = salon.member(Role.HOSTESS)
    browser = Browser(headers={"host": urlsplit(desk.base_url).netloc})
    browser.force_login(hostess.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    memory, went_to = Memory(), list[str]()

    async def show(url: str) -> None:
        went_to.append(url)

    async def come_back() -> AuthorizationCodeResult:
        def consent() -> str:
            page = went_to[-1].removeprefix(desk.base_url)
            assert browser.get(page).status_code == 200
            sent = browser.post(page, {"decision": "allow", "seat": hostess.pk, "grant": list(FULL)})
            return str(sent["Location"])

        answer = parse_qs(urlsplit(await in_thread(consent)).query)
        return AuthorizationCodeResult(code=answer["code"][0], state=answer["state"][0], iss=answer["iss"][0])

    auth = OAuthClientProvider(
        server_url=f"{desk.base_url}/mcp",
        client_metadata=OAuthClientMetadata(
            client_name="Assistant",
            redirect_uris=["http://127.0.0.1:3030/callback"],  # type: ignore[list-item]
        ),
        storage=memory,
        redirect_handler=show,
        callback_handler=come_back,
    )
    date = day(salon)

    async def ask(client: Client) -> None:
        assert {tool.name for tool in (await client.list_tools()).tools} == set(TOOLS)
        wish = {"company_id": salon.branch.pk, "service_ids": [salon.services["Haircut"].pk]}
        wish |= {"booking_date": date, "booking_time": "11:00", "client": ANNA, "idempotency_key": "once"}
        first = await told(client, "create_booking", **wish)
        assert await told(client, "create_booking", **wish) == first

    talk(desk, "", ask, auth=auth)
    assert Booking.objects.get().created_by == hostess
    assert memory.tokens is not None
    token = memory.tokens.access_token
    # Given for the tools, it opens nothing else.
    assert desk.get("/api/v1/bookings", headers={"Authorization": f"Bearer {token}"}).status_code in (401, 404)
    programs.put_out(hostess, Application.objects.get(), by=salon.owner)
    refused = desk.post("/mcp", json={}, headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
