from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
import time_machine
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from ringdesk.accounts import members, revocation, tokens
from ringdesk.accounts.access import SCOPES, Role
from ringdesk.accounts.models import ApiToken, AuditEntry
from ringdesk.accounts.tests.conftest import House, make_house
from ringdesk.core.problems import Forbidden, Invalid, NotFound
from ringdesk.core.sealing import fingerprint


def test_a_token_is_shown_once_and_kept_as_its_hash(house: House) -> None:
    token, plain = tokens.issue(house.organization, name="till", scopes=["calls:read", "clients:read"], by=house.owner)
    assert plain.startswith("rd_") and len(plain) == 46
    assert (token.token_hash, plain[:9]) == (fingerprint(plain), token.prefix)
    assert plain not in str(list(ApiToken.objects.values()))
    assert tokens.authenticate(plain) == token
    assert token.scopes == ["clients:read", "calls:read"]


@pytest.mark.parametrize("wrong", ["", "rd_", "rd_wrong", "x" * 46, "rd_" + "x" * 10_000, "rd_\x00", "rd_ключ"])
def test_a_wrong_token_is_nobody(house: House, wrong: str) -> None:
    assert tokens.authenticate(wrong) is None


def test_a_revoked_token_is_nobody(house: House) -> None:
    token, plain = tokens.issue(house.organization, name="till", scopes=["calls:read"], by=house.owner)
    tokens.revoke(token, by=house.owner)
    tokens.revoke(token, by=house.owner)
    assert tokens.authenticate(plain) is None
    actions = AuditEntry.objects.for_org(house.organization).values_list("action", flat=True)
    assert list(actions[:3]) == ["token.revoked", "token.issued", "member.added"]


def test_use_is_noted_once_a_minute(house: House) -> None:
    _, plain = tokens.issue(house.organization, name="till", scopes=["calls:read"], by=house.owner)
    seen = []
    for second in (0, 30, 59, 61, 100):
        with time_machine.travel(datetime(2026, 11, 21, 9, second // 60, second % 60, tzinfo=UTC), tick=False):
            tokens.authenticate(plain)
        seen.append(ApiToken.objects.values_list("last_used_at", flat=True).get())
    minute = [moment.minute * 60 + moment.second for moment in seen if moment]
    assert minute == [0, 0, 0, 61, 61]


def test_asking_costs_one_query_within_the_minute(
    house: House, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _, plain = tokens.issue(house.organization, name="till", scopes=["calls:read"], by=house.owner)
    tokens.authenticate(plain)
    with django_assert_num_queries(1):
        found = tokens.authenticate(plain)
        assert found is not None and found.organization == house.organization


def test_scopes_are_known_ones_and_at_least_one(house: House) -> None:
    for scopes in ([], ["moon:read"], ["calls:read", "*"]):
        with pytest.raises(Invalid) as caught:
            tokens.issue(house.organization, name="till", scopes=scopes, by=house.owner)
        assert caught.value.field == "scopes"
    with pytest.raises(Invalid) as caught:
        tokens.issue(house.organization, name=" ", scopes=SCOPES, by=house.owner)
    assert caught.value.field == "name"


def test_who_may(house: House, stranger: House) -> None:
    token, _ = tokens.issue(house.organization, name="till", scopes=SCOPES, by=house.administrator)
    with pytest.raises(Forbidden):
        tokens.revoke(token, by=house.member(Role.MANAGER))
    with pytest.raises(Forbidden):
        tokens.issue(house.organization, name="x", scopes=SCOPES, by=house.hostess)
    with pytest.raises(NotFound):
        tokens.revoke(token, by=stranger.owner)


def test_a_seat_limited_to_branches_has_no_hand_in_tokens(house: House) -> None:
    limited = house.add("lena", Role.ADMINISTRATOR, (house.branch,))
    token, plain = tokens.issue(house.organization, name="till", scopes=SCOPES, by=house.owner)
    with pytest.raises(Forbidden):
        tokens.issue(house.organization, name="x", scopes=["calls:read"], by=limited)
    with pytest.raises(Forbidden):
        tokens.revoke(token, by=limited)
    assert tokens.authenticate(plain) == token


@pytest.fixture
def heard() -> Iterator[psycopg.Connection]:
    """A connection that hears what the live sockets hear."""
    parameters = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    known = {name: parameters[name] for name in names if parameters.get(name)}
    with psycopg.connect(**known, autocommit=True) as ear:
        ear.execute(f"LISTEN {revocation.CHANNEL}")
        yield ear


@pytest.mark.django_db(transaction=True)
def test_live_sockets_are_told_when_it_is_committed(transactional_db: None, heard: psycopg.Connection) -> None:
    house = make_house("quay")
    token, _ = tokens.issue(house.organization, name="till", scopes=SCOPES, by=house.owner)
    hostess = house.hostess
    tokens.revoke(token, by=house.owner)
    members.deactivate_member(hostess, by=house.owner)
    said = [notice.payload for notice in heard.notifies(timeout=2, stop_after=2)]
    assert said == [str(token.pk), f"member:{hostess.pk}"]
