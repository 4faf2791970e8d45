from collections.abc import Callable

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from ringdesk.accounts import members, tokens
from ringdesk.accounts.access import SCOPES, Role
from ringdesk.accounts.api_auth import Caller, TokenAuth
from ringdesk.accounts.models import Member, User
from ringdesk.accounts.tests.conftest import House
from ringdesk.core.problems import Forbidden

Enter = Callable[[Member | User], Browser]


@pytest.fixture(autouse=True)
def with_api(settings: Settings) -> None:
    settings.ROOT_URLCONF = "ringdesk.accounts.tests.api_urls"


def issue(house: House, *scopes: str) -> str:
    return tokens.issue(house.organization, name="till", scopes=scopes, by=house.owner)[1]


def get(browser: Browser, pk: int, token: str = "") -> tuple[int, object]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = browser.get(f"/try/members/{pk}", headers=headers)
    return answer.status_code, answer.json() if answer.status_code == 200 else None


def test_a_token_opens_what_its_scopes_say(house: House, client: Browser) -> None:
    pk = house.hostess.pk
    assert get(client, pk, issue(house, "members:read")) == (200, {"name": "hostess", "by": None, "branches": 1})
    assert get(client, pk, issue(house, "members:write", "calls:read"))[0] == 403
    assert get(client, pk)[0] == 401
    assert get(client, pk, "rd_wrong")[0] == 401
    reader = {"authorization": f"bearer {issue(house, 'members:read')}"}
    writer = {"authorization": f"Bearer {issue(house, 'members:write')}"}
    assert client.post("/try/members", headers=reader).status_code == 403
    assert client.post("/try/members", headers=writer).status_code == 200


def test_a_strangers_token_finds_nothing(house: House, stranger: House, client: Browser) -> None:
    token = issue(stranger, *SCOPES)
    assert get(client, house.hostess.pk, token)[0] == 404
    assert get(client, stranger.hostess.pk, token)[0] == 200


def test_a_revoked_token_is_over(house: House, client: Browser) -> None:
    token, plain = tokens.issue(house.organization, name="till", scopes=SCOPES, by=house.owner)
    tokens.revoke(token, by=house.owner)
    assert get(client, house.hostess.pk, plain)[0] == 401


def test_a_member_may_what_the_role_may(house: House, stranger: House, enter: Enter) -> None:
    pk = house.hostess.pk
    assert get(enter(house.owner), pk) == (200, {"name": "hostess", "by": "Olga", "branches": 1})
    assert get(enter(house.member(Role.ACCOUNTANT)), pk)[0] == 200
    assert get(enter(house.hostess), pk)[0] == 403
    assert get(enter(stranger.owner), pk)[0] == 404


def test_a_pages_writing_needs_the_csrf_token(house: House) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(house.owner.user)
    assert browser.post("/try/members").status_code == 403
    browser.get("/settings/profile/")
    secret = browser.cookies["csrftoken"].value
    assert browser.post("/try/members", headers={"x-csrftoken": secret}).status_code == 200


def test_a_wrong_token_is_not_saved_by_the_cookie(house: House, enter: Enter) -> None:
    assert get(enter(house.owner), house.hostess.pk, "rd_wrong")[0] == 401


def test_a_deactivated_member_and_a_user_without_a_seat_are_nobody(house: House, enter: Enter) -> None:
    accountant = house.member(Role.ACCOUNTANT)
    browser = enter(accountant)
    members.deactivate_member(accountant, by=house.owner)
    assert get(browser, house.hostess.pk)[0] == 401
    assert get(enter(User.objects.create_user("lonely@example.com")), house.hostess.pk)[0] == 401


def test_a_limited_member_sees_their_branches_and_a_token_all(house: House) -> None:
    second = house.add_branch("Pier")
    limited = house.add("lim", Role.MANAGER, (second,))
    token, _ = tokens.issue(house.organization, name="till", scopes=["calls:read"], by=house.owner)
    assert list(Caller(house.organization, member=limited).branches()) == [second]
    assert set(Caller(house.organization, token=token).branches()) == {house.branch, second}


def test_rights_are_asked_by_scope(house: House) -> None:
    caller = Caller(house.organization, member=house.hostess)
    assert {scope for scope in SCOPES if caller.may(scope)} == {
        "organization:read",
        "branches:read",
        "halls:read",
        "tables:read",
        "reservations:read",
        "reservations:write",
        "clients:read",
        "clients:write",
        "contracts:read",
        "contracts:write",
        "leads:read",
        "leads:write",
        "calls:read",
        "calls:write",
        "makecall:read",
        "makecall:write",
        "interactions:read",
        "interactions:write",
        "services:read",
        "service-categories:read",
        "job-titles:read",
        "employees:read",
        "schedules:read",
        "slots:read",
        "slots:write",
        "bookings:read",
        "bookings:write",
    }
    with pytest.raises(Forbidden):
        caller.require("members:write")
    with pytest.raises(KeyError):
        TokenAuth("moon:read")
