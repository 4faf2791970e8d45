"""The calendar of a specialist: its address, what it tells, and to whom."""

from datetime import timedelta
from typing import Any

import icalendar
from django.test import Client as Browser
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringdesk.accounts import calendar_addresses
from ringdesk.accounts.models import Member
from ringdesk.booking import bookings
from ringdesk.booking.models import Booking
from ringdesk.booking.public_models import CalendarFeed
from ringdesk.booking.tests.conftest import DAY, Clock, Salon
from ringdesk.scheduling.models import Claim

HTMX = {"HX-Request": "true", "HX-Target": "drawer"}
Details = CalendarFeed.Details


def read(path: str) -> list[Any]:
    response = Browser().get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    calendar: Any = icalendar.Calendar.from_ical(response.content)
    return list(calendar.walk("VEVENT"))


def browser_of(member: Member) -> Browser:
    browser = Browser()
    browser.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


def make(salon: Salon, details: str = Details.SERVICES) -> str:
    return calendar_addresses.make(CalendarFeed, salon.employees["Pavel"], details, by=salon.owner).path


def test_a_visit_keeps_its_name_and_counts_its_changes(ours: Salon) -> None:
    path = make(ours)
    booking = ours.book(10, "Haircut", "Beard", client_name="Irina", phone="+79230000001", notes="secret")
    ours.book(10, who="Victoria")
    ours.book(12, hold_for=timedelta(minutes=5))
    (first,) = read(path)
    assert (str(first["summary"]), first["dtstart"].dt, first["dtend"].dt, int(first["sequence"])) == (
        "Haircut, Beard", booking.starts_at, booking.ends_at, 0,
    )  # fmt: skip
    assert "description" not in first and str(first["location"]) == "Sadovaya 7"
    moved = bookings.move(booking, starts_at=ours.at(14))
    (second,) = read(path)
    assert (second["uid"], second["dtstart"].dt, str(second["status"])) == (first["uid"], ours.at(14), "CONFIRMED")
    bookings.cancel(moved)
    (third,) = read(path)
    assert (third["uid"], str(third["status"]), str(third["transp"])) == (first["uid"], "CANCELLED", "TRANSPARENT")
    assert int(first["sequence"]) < int(second["sequence"]) < int(third["sequence"])


def test_names_and_phones_only_where_chosen(ours: Salon) -> None:
    ours.book(10, client_name="Irina", phone="+79230000001", notes="secret")
    said = {}
    for details in Details.values:
        body = Browser().get(make(ours, details)).content.decode()
        said[details] = ("Irina" in body, "+7 923 000-00-01" in body, "secret" in body)
    assert said == {
        "services": (False, False, False),
        "names": (True, False, False),
        "phones": (True, True, False),
    }


def test_who_helps_has_the_visit_too(ours: Salon) -> None:
    ours.book(10, who="Victoria", assistants=[ours.employees["Pavel"].pk])
    assert len(read(make(ours))) == 1


def test_an_unchanged_calendar_is_answered_304_until_something_changes(ours: Salon, clock: Clock) -> None:
    path = make(ours)
    ours.book(10)
    etag = Browser().get(path)["ETag"]
    clock.advance(hours=3)
    assert Browser().get(path, headers={"if-none-match": etag}).status_code == 304
    ours.book(12)
    assert Browser().get(path, headers={"if-none-match": etag}).status_code == 200


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["book", "move", "cancel", "change"]), max_size=12), st.randoms(use_true_random=False))
def test_whatever_happens_the_calendar_is_what_is_booked(ours: Salon, steps: list[str], random: Any) -> None:
    Booking.objects.all().delete()
    Claim.objects.all().delete()  # The time that they had: every example begins with all of it free.
    path = make(ours)
    for step in steps:
        known = list(Booking.objects.exclude(status="cancelled"))
        free = ours.free(who="Pavel")
        if step == "book" and free:
            ours.book(int(random.choice(free)[:2]))
        elif step == "move" and known and free:
            bookings.move(random.choice(known), starts_at=ours.at(int(random.choice(free)[:2])))
        elif step == "cancel" and known:
            bookings.cancel(random.choice(known))
        elif step == "change" and known:
            bookings.change(random.choice(known), notes=str(random.random()))
    assert {
        (event["dtstart"].dt, event["dtend"].dt, int(event["sequence"]), str(event["status"]) == "CANCELLED")
        for event in read(path)
    } == {
        (booking.starts_at, booking.ends_at, booking.version - 1, booking.status == "cancelled")
        for booking in Booking.objects.all()
    }


def test_the_address_is_made_remade_and_closed(ours: Salon) -> None:
    owner, pavel = browser_of(ours.owner), ours.employees["Pavel"]
    page = reverse("booking:calendar", args=[pavel.pk])
    assert owner.post(page, {"verb": "make", "details": "names"}, headers=HTMX).status_code == 200
    old = CalendarFeed.objects.for_org(ours.organization).get().path
    assert f"http://testserver{old}" in owner.get(page).content.decode()
    assert old[6:-4] not in str(CalendarFeed.objects.values_list().get())
    assert owner.post(page, {"verb": "remake", "details": "names"}).status_code == 302
    new = CalendarFeed.objects.get().path
    assert (Browser().get(old).status_code, Browser().get(new).status_code) == (404, 200)
    assert owner.post(page, {"verb": "remove"}, headers=HTMX).status_code == 200
    assert Browser().get(new).status_code == 404


def test_the_specialist_and_who_is_in_charge_see_the_address(ours: Salon, theirs: Salon) -> None:
    pavel = ours.employees["Pavel"]
    page = reverse("booking:calendar", args=[pavel.pk])
    hostess = browser_of(ours.member("hostess"))
    assert hostess.get(page).status_code == 403
    pavel.member = ours.member("hostess")
    pavel.save()
    assert hostess.get(page).status_code == 200
    assert browser_of(ours.owner).get(page).status_code == 200
    assert browser_of(theirs.owner).get(page).status_code == 404
    assert Browser().get(page).status_code == 302
    assert Browser().get("/ical/s" + "x" * 43 + ".ics").status_code == 404
    # Days of the others stay theirs.
    ours.book(10, day=DAY)
    theirs.book(10, day=DAY)
    assert len(read(make(ours))) == 1
