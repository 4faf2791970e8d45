"""The calendar of a hall: its address is made, read by a calendar program, remade and closed."""

from datetime import timedelta
from typing import Any

import icalendar
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from ringdesk.accounts import calendar_addresses
from ringdesk.hall import reservations
from ringdesk.hall.models import Hall, HallCalendar, Reservation
from ringdesk.hall.tests.conftest import NOON, Restaurant

HTMX = {"HX-Request": "true", "HX-Target": "drawer"}


def hall_of(ours: Restaurant) -> Hall:
    return ours.tables["1"].hall


def read(browser: Browser, path: str) -> list[Any]:
    response = browser.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    calendar: Any = icalendar.Calendar.from_ical(response.content)
    return list(calendar.walk("VEVENT"))


def test_reservations_stand_in_the_calendar_and_cancelled_ones_stay(ours: Restaurant) -> None:
    with time_machine.travel(NOON):
        first = ours.book(13, 15, "1", "2", guests=5, guest_name="Irina", phone="+79230000001", comment="secret")
        second = ours.book(16, 17, "1", guest_name="Oleg")
        ours.book(16, 17, "T", guest_name="on the terrace")
        made = calendar_addresses.make(HallCalendar, hall_of(ours), HallCalendar.Details.TABLES, by=ours.owner)
        reservations.set_course(second, Reservation.Course.CANCELLED, by=ours.owner)
        events = read(Browser(), made.path)
    assert [
        (str(one["summary"]), one["dtstart"].dt, one["dtend"].dt, str(one["status"]), "description" in one)
        for one in events
    ] == [
        ("Table 1, 2 · 5 guests", first.starts_at, first.ends_at, "CONFIRMED", False),
        ("Table 1 · 2 guests", second.starts_at, second.ends_at, "CANCELLED", False),
    ]
    assert events[1]["sequence"] > events[0]["sequence"] == 0
    assert len({str(one["uid"]) for one in events}) == 2


def test_names_and_phones_only_where_chosen(ours: Restaurant) -> None:
    with time_machine.travel(NOON):
        ours.book(13, 15, "1", guest_name="Irina", phone="+79230000001", comment="secret")
        made = calendar_addresses.make(HallCalendar, hall_of(ours), HallCalendar.Details.NAMES, by=ours.owner)
        (named,) = read(Browser(), made.path)
        calendar_addresses.show(made, HallCalendar.Details.PHONES, by=ours.owner)
        body = Browser().get(made.path).content.decode()
    assert str(named["summary"]) == "Table 1 · 2 guests · Irina" and "description" not in named
    assert "+7 923 000-00-01" in body and "secret" not in body


def test_what_lies_outside_the_window_is_left_out(ours: Restaurant) -> None:
    with time_machine.travel(NOON):
        ours.book(13, 15, "1")
        made = calendar_addresses.make(HallCalendar, hall_of(ours), HallCalendar.Details.TABLES, by=None)
    for days, count in ((29, 1), (32, 0), (-364, 1), (-367, 0)):
        with time_machine.travel(NOON + timedelta(days=days)):
            assert len(read(Browser(), made.path)) == count


def test_an_unchanged_calendar_is_answered_304(ours: Restaurant) -> None:
    with time_machine.travel(NOON):
        ours.book(13, 15, "1")
        path = calendar_addresses.make(HallCalendar, hall_of(ours), HallCalendar.Details.TABLES, by=None).path
        etag = Browser().get(path)["ETag"]
        assert Browser().get(path, headers={"if-none-match": etag}).status_code == 304
        ours.book(16, 17, "1")
        assert Browser().get(path, headers={"if-none-match": etag}).status_code == 200


def test_the_address_is_made_remade_and_closed_on_its_page(ours: Restaurant, owner: Browser) -> None:
    hall = hall_of(ours)
    page = reverse("hall:calendar", args=[hall.pk])
    assert "Make the address" in owner.get(page, headers=HTMX).content.decode()
    assert owner.post(page, {"verb": "make", "details": "names"}, headers=HTMX).status_code == 200
    stored = HallCalendar.objects.for_org(ours.organization).get()
    old = stored.path
    assert f"http://testserver{old}" in owner.get(page).content.decode()
    # What lies in the database opens nothing: neither the hash nor the sealed secret is the address.
    assert old not in str(HallCalendar.objects.values_list().get())
    assert Browser().get(old).status_code == 200
    assert owner.post(page, {"verb": "remake", "details": "names"}).status_code == 302
    new = HallCalendar.objects.get().path
    assert (Browser().get(old).status_code, Browser().get(new).status_code) == (404, 200)
    assert owner.post(page, {"verb": "show", "details": "phones"}, headers=HTMX).status_code == 200
    assert HallCalendar.objects.get().details == "phones"
    assert owner.post(page, {"verb": "remove"}, headers=HTMX).status_code == 200
    assert Browser().get(new).status_code == 404


def test_only_who_may_change_halls_sees_the_address(
    ours: Restaurant, hostess: Browser, accountant: Browser, stranger: Browser
) -> None:
    page = reverse("hall:calendar", args=[hall_of(ours).pk])
    answers = {
        name: browser.get(page).status_code
        for name, browser in {"accountant": accountant, "stranger": stranger, "nobody": Browser()}.items()
    }
    assert answers == {"accountant": 403, "stranger": 404, "nobody": 302}
    assert hostess.get(page).status_code == (200 if ours.member("hostess").may("halls.change") else 403)
    assert Browser().get("/ical/" + "h" * 44 + ".ics").status_code == 404
