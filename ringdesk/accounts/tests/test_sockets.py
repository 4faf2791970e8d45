"""Whoever loses the seat or the token hears nothing more, from the next moment on."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from ringdesk.accounts import members, tokens
from ringdesk.accounts.access import Role
from ringdesk.accounts.models import Member, User
from ringdesk.accounts.tests.conftest import House, make_house
from ringdesk.config.tests.desk import Desk

Enter = Callable[[Member | User], Browser]


@pytest.fixture
def house(transactional_db: None) -> House:
    return make_house("quay")


def listen(desk: Desk, browser: Browser) -> ClientConnection:
    """Open the live channel as the page of a signed-in member does."""
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    return connect(desk.ws_url + "?after=0", additional_headers={"Cookie": cookie, "Origin": desk.base_url})


def closed_with(web_socket: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        web_socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_a_deactivated_members_sockets_close_and_open_no_more(house: House, enter: Enter, desk: Desk) -> None:
    browser = enter(house.hostess)
    with listen(desk, browser) as first, listen(desk, enter(house.owner)) as owners:
        members.deactivate_member(house.hostess, by=house.owner)
        assert closed_with(first) == 4009
        with pytest.raises(TimeoutError):
            owners.recv(timeout=0.3)
    with listen(desk, browser) as again:
        assert closed_with(again) == 4001


def test_a_revoked_tokens_sockets_close(house: House, desk: Desk) -> None:
    token, plain = tokens.issue(house.organization, name="till", scopes=["calls:read"], by=house.owner)
    with connect(f"{desk.ws_url}?token={plain}") as web_socket:
        tokens.revoke(token, by=house.owner)
        assert closed_with(web_socket) == 4009


def test_another_role_is_heard_with_its_own_rights(house: House, enter: Enter, desk: Desk) -> None:
    with listen(desk, enter(house.hostess)) as web_socket:
        members.change_member(house.hostess, by=house.owner, role=Role.CASHIER)
        assert closed_with(web_socket) == 4009
