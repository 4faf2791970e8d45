"""Bookings where rooms meet: popups, search, the client's card."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.test import Client as Browser

from ringdesk.accounts.models import Module
from ringdesk.booking.models import Booking
from ringdesk.booking.tests.conftest import NOON, Salon, make_salon
from ringdesk.crm import clients
from ringdesk.hall import halls
from ringdesk.web import new_cards, search, upcoming
from ringdesk.web.client_history import moments


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def ours(db: None) -> Salon:
    salon = make_salon("ours")
    salon.organization.modules = list(Module.values)
    salon.organization.save(update_fields=["modules"])
    return salon


def now() -> datetime:
    return NOON


def kinds(salon: Salon, role: str = "owner") -> tuple[str, ...]:
    return new_cards.kinds(salon.member(role), salon.branch)


def test_what_a_call_can_become(ours: Salon) -> None:
    assert kinds(ours) == ("booking",)
    halls.add_hall(ours.branch, name="Bar")
    assert kinds(ours) == ("reservation", "booking")
    assert kinds(ours, "accountant") == ()
    ours.organization.modules = [Module.CALLS, Module.HALL]
    ours.organization.save(update_fields=["modules"])
    assert kinds(ours) == ("reservation",)


def test_what_a_caller_is_expected_for(ours: Salon) -> None:
    anna = clients.create(ours.organization, name="Anna", phones=["+79130000001"])
    ours.book(15, "Beard", client=anna)
    ours.book(10, "Haircut", client=anna)
    ours.book(12, "Haircut", client_name="", phone="+79130000002")
    ours.book(17, client_name="Boris", phone="+79130000003")
    found = upcoming.visits(ours.owner, [anna.pk], ["+79130000001", "+79130000002"], now())
    assert {whom: [(visit.text, f"{visit.at:%H:%M}") for visit in visits] for whom, visits in found.items()} == {
        anna.pk: [("Haircut, Pavel", "10:00"), ("Beard, Pavel", "15:00")],
        "+79130000002": [("Haircut, Pavel", "12:00")],
    }
    assert upcoming.visits(ours.member("cashier"), [anna.pk], [], now()) == {}


def test_search_finds_bookings_by_name_and_number(ours: Salon) -> None:
    theirs = make_salon("theirs")
    booking = ours.book(10, client_name="Svetlana Petrova", phone="+79135550077")
    theirs.book(10, client_name="Svetlana Petrova", phone="+79135550077")

    def found(text: str, role: str = "owner") -> list[Booking]:
        return search.find(ours.member(role), text, now(), limit=5, region="RU").bookings

    assert found("petrova") == [booking]
    assert found("0077") == [booking]
    assert found("petrova", "cashier") == []


def test_the_client_card_has_them_all(ours: Salon) -> None:
    anna = clients.create(ours.organization, name="Anna", phones=["+79130000001"])
    booking = ours.book(10, client=anna)
    assert [(each.booking, each.is_coming) for each in moments(anna, ours.owner)] == [(booking, True)]
    assert moments(anna, ours.member("cashier")) == []
    browser = Browser()
    browser.force_login(ours.owner.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    html = browser.get(f"/clients/{anna.pk}/history/").content.decode()
    assert "Haircut" in html and "to come" in html
    assert f"/bookings/card/?client={anna.pk}" in browser.get(f"/clients/{anna.pk}/").content.decode()
