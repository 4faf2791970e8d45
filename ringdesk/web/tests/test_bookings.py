"""Bookings where rooms meet: popups, search, the client's card."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from ringdesk.accounts.models import Module
from ringdesk.booking.models import Booking
from ringdesk.booking.tests.conftest import NOON, Salon, make_salon
from ringdesk.crm import clients
from ringdesk.hall import halls
from ringdesk.hall.models import Reservation
from ringdesk.scheduling.models import Claim
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


def test_a_visit_is_found_by_any_part_of_its_own_name_or_of_the_card(ours: Salon) -> None:
    pyotr = clients.create(ours.organization, name="Пётр Семёнов", phones=["+79130000001"])
    child = ours.book(10, client=pyotr, client_name="Яна")
    nobody = ours.book(12, client_name="Фёдор Ян")

    def found(text: str) -> list[Booking]:
        return search.find(ours.owner, text, now(), limit=5, region="RU").bookings

    for text, expected in (
        ("семенов петр", [child]), ("яна", [child]), ("ЯН", [child, nobody]), ("Ян ФЕДОР", [nobody]),
        ("едор", [nobody]), ("Фёдор Пётр", []), ("100%", []),
    ):  # fmt: skip
        assert found(text) == expected, text


@pytest.mark.parametrize("kind", ["bookings", "reservations"])
def test_among_many_visits_names_are_looked_up_by_an_index(ours: Salon, kind: str) -> None:
    names = [f"Гость {number:06}" for number in range(5_000)]
    same: dict[str, Any] = {
        "organization": ours.organization, "branch": ours.branch, "starts_at": ours.at(10), "ends_at": ours.at(11),
    }  # fmt: skip
    claims = Claim.objects.bulk_create([Claim(organization=ours.organization, kind=kind) for _name in names])
    if kind == "bookings":
        same["employee"] = ours.employees["Pavel"]
        Booking.objects.bulk_create(
            Booking(client_name=name, claim=claim, **same) for name, claim in zip(names, claims, strict=True)
        )
    else:
        same |= {"status": halls.add_status(ours.organization, name="Any", colour="blue"), "guests": 2}
        Reservation.objects.bulk_create(
            Reservation(guest_name=name, claim=claim, **same) for name, claim in zip(names, claims, strict=True)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE booking_booking, hall_reservation")
    with CaptureQueriesContext(connection) as captured:
        assert len(getattr(search, kind)(ours.owner, "ость 001999", now(), 5)) == 1
    [looked_up] = [each["sql"] for each in captured.captured_queries if "UNION" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + looked_up)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert {"bookings": "booking_name_grams", "reservations": "reservation_name_grams"}[kind] in plan


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
