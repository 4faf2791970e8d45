"""A link to what belongs to one branch works whichever branch is chosen in the header."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from ringdesk.accounts import seats
from ringdesk.accounts.models import Branch, Member, User
from ringdesk.booking import catalogue
from ringdesk.booking.models import Service
from ringdesk.booking.public_models import WaitingClient
from ringdesk.booking.tests.conftest import DAY, Salon
from ringdesk.booking.tests.test_settings_pages import SERVICE
from ringdesk.booking.tests.visiting import DRAWER, browser_of
from ringdesk.scheduling import schedule
from ringdesk.scheduling.models import Holiday

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(ours: Salon) -> Branch:
    """Another branch of ours, in another zone."""
    return Branch.objects.create(organization=ours.organization, name="Other", timezone="Europe/Moscow")


@pytest.fixture
def owner(ours: Salon, other: Branch) -> Browser:
    """Looks at the other branch."""
    seats.choose_branch(ours.owner, other)
    return browser_of(ours.owner)


def addresses(ours: Salon) -> list[str]:
    """Return the pages about something of the salon."""
    pavel = ours.employees["Pavel"].pk
    pool = catalogue.add_pool(ours.branch, name="Rooms", facilities=["Red"])
    pages: list[tuple[str, list[Any]]] = [
        ("week", [pavel]), ("service_edit", ours.ids("Haircut")), ("category_edit", [ours.category.pk]),
        ("job_title_edit", [ours.job_title.pk]), ("employee_edit", [pavel]), ("employee_services", [pavel]),
        ("schedule_week", [pavel]), ("schedule_day", [pavel, DAY.isoformat()]), ("pool_edit", [pool.pk]),
        ("facility_new", [pool.pk]), ("facility_edit", [pool.facilities.get().pk]), ("card", [ours.book(10).pk]),
    ]  # fmt: skip
    return [reverse(f"booking:{name}", args=args) for name, args in pages]


def header(page: str) -> list[str]:
    """Return the branch the header shows, and where choosing another one leads."""
    shown = re.search(r'<summary class="chip"><b>(\w+)</b>', page)
    leads = re.search(r'name="next" value="([^"]*)"', page)
    return [shown[1] if shown else "", leads[1] if leads else ""]


def test_it_is_found_in_any_branch_of_the_seat(ours: Salon, other: Branch, owner: Browser) -> None:
    for url in addresses(ours):
        assert owner.get(url).status_code == 200, url
        assert owner.get(url, headers=DRAWER).status_code == 200, url
    assert ours.owner.current_branch == other


def test_the_page_is_about_that_branch_and_so_is_its_header(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10, client_name="Anna")
    page = owner.get(f"/bookings/week/{ours.employees['Pavel'].pk}/?date={DAY}").content.decode()
    assert header(page) == ["Salon", "/bookings/"]
    assert f"res-{booking.pk}" in page and "10:00" in page
    assert f"/bookings/card/?employee={ours.employees['Pavel'].pk}&amp;branch={ours.branch.pk}" in page
    day = owner.get(f"/bookings/?date={DAY}&branch={ours.branch.pk}").content.decode()
    assert header(day) == ["Salon", "/bookings/"]
    assert f"res-{booking.pk}" in day
    service = owner.get(reverse("booking:service_edit", args=ours.ids("Haircut"))).content.decode()
    assert header(service) == ["Salon", "/booking/services/"]
    assert f'value="{ours.category.pk}"' in service
    assert header(owner.get("/bookings/").content.decode()) == ["Other", "/bookings/"]


def test_what_is_posted_is_done_there(ours: Salon, owner: Browser) -> None:
    pavel = ours.employees["Pavel"]
    haircut = ours.ids("Haircut")
    sent = SERVICE | {"title": "Trim", "category": ours.category.pk, "version": "1"}
    assert owner.post(reverse("booking:service_edit", args=haircut), sent, headers=DRAWER).status_code == 204
    assert owner.post(reverse("booking:service_act", args=[*haircut, "last"]), headers=DRAWER).status_code == 204
    assert [row.title for row in Service.objects.filter(category=ours.category).order_by("position")][-1] == "Trim"
    short = {"works": "yes", "starts": "10:00", "ends": "12:00", "scope": "day"}
    url = reverse("booking:schedule_day", args=[pavel.pk, DAY.isoformat()])
    assert owner.post(url, short, headers=DRAWER).status_code == 204
    assert ours.free(who="Pavel") == ["10:00", "11:00"]
    schedule.set_holiday(ours.branch, DAY + timedelta(days=9), DAY + timedelta(days=9), "Party")
    holiday = Holiday.objects.get()
    assert owner.post(reverse("booking:holiday_remove", args=[holiday.pk]), headers=DRAWER).status_code == 204
    assert not Holiday.objects.exists()


def test_who_waits_waits_in_the_branch_the_form_was_opened_for(ours: Salon, other: Branch) -> None:
    browser, url = browser_of(ours.owner), reverse("booking:waiting_new")
    action = f'action="{url}?branch={ours.branch.pk}"'
    seats.choose_branch(ours.owner, ours.branch)
    assert action in browser.get(url).content.decode()
    seats.choose_branch(ours.owner, other)
    fields = {"services": ours.ids("Haircut"), "first_day": DAY, "last_day": DAY, "phone": "+79230000001"}
    answer = browser.post(f"{url}?branch={ours.branch.pk}", {**fields, "services": 0}, headers=DRAWER)
    assert answer.status_code == 422 and action in answer.content.decode()
    assert browser.post(f"{url}?branch={ours.branch.pk}", fields, headers=DRAWER).status_code == 204
    assert WaitingClient.objects.get().branch == ours.branch


def test_a_stranger_and_who_is_limited_to_another_branch_find_nothing(
    ours: Salon, theirs: Salon, other: Branch
) -> None:
    user = User.objects.create_user("limited@ours.example")
    limited = Member.objects.create(
        organization=ours.organization, user=user, name="Limited", role="manager", language="en"
    )
    limited.branches.add(other)
    pages = addresses(ours)
    for member in (limited, theirs.owner):
        browser = browser_of(member)
        assert {browser.get(url).status_code for url in pages} == {404}
        assert {browser.post(url, {}).status_code for url in pages if "/bookings/week" not in url} == {404}
