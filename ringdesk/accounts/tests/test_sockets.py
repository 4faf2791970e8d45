"""Whoever loses the seat or the token hears nothing more, from the next moment on."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.test import Client as Browser
from django.utils import timezone
from oauth2_provider.models import set_token_value
from oauthlib.common import Request
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from ringdesk.accounts import members, tokens
from ringdesk.accounts.access import Role
from ringdesk.accounts.models import Member, User
from ringdesk.accounts.oauth import applications, programs, secrets
from ringdesk.accounts.oauth_models import AccessToken, Application
from ringdesk.accounts.tests.conftest import PASSWORD, House, make_house
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


def token_of(member: Member) -> tuple[Application, str]:
    """Return a program that the member has let in, and what it sends."""
    program, _ = applications.register_itself(name="Bot", redirect_uris=["https://bot.example/"], is_public=True)
    plain = secrets.access_token(Request("/"))
    ends = timezone.now() + timedelta(hours=1)
    token = AccessToken(user=member.user, member=member, application=program, scope="calls:read", expires=ends)
    set_token_value(token, plain)
    token.save()
    return program, plain


def test_a_programs_sockets_close_when_it_is_put_out(house: House, desk: Desk) -> None:
    program, plain = token_of(house.hostess)
    address = f"{desk.ws_url}?token={plain}"
    with connect(address) as web_socket, connect(f"{desk.ws_url}?token={token_of(house.owner)[1]}") as owners:
        programs.put_out(house.hostess, program, by=house.hostess)
        assert closed_with(web_socket) == 4009
        with pytest.raises(TimeoutError):
            owners.recv(timeout=0.3)
    with connect(address) as again:
        assert closed_with(again) == 4001


def test_a_program_loses_its_sockets_with_the_member(house: House, desk: Desk) -> None:
    with connect(f"{desk.ws_url}?token={token_of(house.hostess)[1]}") as web_socket:
        members.deactivate_member(house.hostess, by=house.owner)
        assert closed_with(web_socket) == 4009


def test_a_programs_socket_ends_with_its_token(house: House, desk: Desk) -> None:
    _program, plain = token_of(house.hostess)
    AccessToken.objects.update(expires=timezone.now() + timedelta(seconds=1))
    with connect(f"{desk.ws_url}?token={plain}") as web_socket:
        assert closed_with(web_socket) == 4009


def test_another_role_is_heard_with_its_own_rights(house: House, enter: Enter, desk: Desk) -> None:
    with listen(desk, enter(house.hostess)) as web_socket:
        members.change_member(house.hostess, by=house.owner, role=Role.CASHIER)
        assert closed_with(web_socket) == 4009


def test_signing_out_closes_the_sockets_of_all_tabs(house: House, enter: Enter, desk: Desk) -> None:
    browser = enter(house.hostess)
    cookie = browser.cookies["sessionid"].value
    with listen(desk, browser) as web_socket, listen(desk, enter(house.owner)) as owners:
        assert browser.post("/account/logout/").status_code == 302
        assert closed_with(web_socket) == 4009
        with pytest.raises(TimeoutError):
            owners.recv(timeout=0.3)
    browser.cookies["sessionid"] = cookie
    with listen(desk, browser) as again:
        assert closed_with(again) == 4001


def test_a_new_password_closes_the_sockets_of_the_sessions_it_ends(house: House, enter: Enter, desk: Desk) -> None:
    user = house.hostess.user
    user.set_password(PASSWORD)
    user.save()
    here, elsewhere = enter(user), enter(user)
    wish = {"oldpassword": PASSWORD, "password1": "another long secret", "password2": "another long secret"}
    with listen(desk, elsewhere) as web_socket:
        assert here.post("/account/password/change/", wish).status_code == 302
        assert closed_with(web_socket) == 4009
    with listen(desk, elsewhere) as again:
        assert closed_with(again) == 4001


def test_a_reset_password_closes_the_sockets(house: House, enter: Enter, desk: Desk) -> None:
    user = house.hostess.user
    user.set_password(PASSWORD)
    user.save()
    with listen(desk, enter(user)) as web_socket:
        stranger = Browser()
        stranger.post("/account/password/reset/", {"email": user.email})
        link = re.search(r"/account/password/reset/key/\S+", str(outbox.outbox[0].body))
        assert link is not None
        form = stranger.get(link[0], follow=True).redirect_chain[-1][0]
        wish = {"password1": "another long secret", "password2": "another long secret"}
        assert stranger.post(form, wish).status_code == 302
        assert closed_with(web_socket) == 4009
