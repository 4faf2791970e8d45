"""The settings «Услуги»: services, specialists, rooms, as owner, colleague and stranger."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ringdesk.accounts.models import OpeningHours, Organization
from ringdesk.booking import catalogue, employees
from ringdesk.booking.models import Employee, JobTitle, Pool, Service, ServiceCategory
from ringdesk.booking.setting_up import progress
from ringdesk.booking.tests.conftest import Salon, make_salon
from ringdesk.booking.tests.visiting import DRAWER, browser_of
from ringdesk.scheduling import schedule
from ringdesk.scheduling.hours import DayHours

SERVICE: dict[str, Any] = {
    "title": "Manicure", "category": "", "price": "1200", "duration": "50", "description": "", "is_online": "on",
    "is_active": "on", "buffer_before": "0", "buffer_after": "10", "capacity": "1", "employees_needed": "1",
    "notice": "2 h", "horizon": "", "version": "",
}  # fmt: skip


@pytest.fixture
def owner(ours: Salon) -> Browser:
    return browser_of(ours.member("owner"))


@pytest.fixture
def hostess(ours: Salon) -> Browser:
    """Takes bookings, may not change what is offered."""
    return browser_of(ours.member("hostess"))


@pytest.fixture
def stranger(theirs: Salon) -> Browser:
    return browser_of(theirs.member("owner"))


def titles(salon: Salon) -> list[str]:
    return [service.title for service in Service.objects.for_org(salon.organization)]


def test_a_service_is_added_changed_and_removed(ours: Salon, owner: Browser) -> None:
    answer = owner.post(reverse("booking:service_new"), SERVICE, headers=DRAWER)
    assert json.loads(answer.headers["HX-Trigger"]).keys() == {"drawer:close", "ringdesk:refresh", "toast"}
    made = Service.objects.for_org(ours.organization).get(title="Manicure")
    assert (made.price, made.duration, made.buffer_after, made.notice) == (Decimal(1200), 50, 10, 120)
    url = reverse("booking:service_edit", args=[made.pk])
    page = owner.get(url, headers=DRAWER).content.decode()
    assert 'value="2 h"' in page and "<html" not in page
    wrong = owner.post(url, SERVICE | {"price": "-1", "duration": "4", "notice": "soon"}, headers=DRAWER)
    assert wrong.status_code == 422
    assert "This is not a length of time" in wrong.content.decode()
    assert owner.post(url, SERVICE | {"price": "1300.50", "notice": ""}, headers=DRAWER).status_code == 204
    made.refresh_from_db()
    assert (made.price, made.notice, made.version) == (Decimal("1300.50"), None, 2)
    assert owner.post(reverse("booking:service_act", args=[made.pk, "remove"]), headers=DRAWER).status_code == 204
    assert "Manicure" not in titles(ours)


def test_save_and_add_another_keeps_the_category(ours: Salon, owner: Browser) -> None:
    posted = SERVICE | {"category": ours.category.pk, "another": "1"}
    answer = owner.post(reverse("booking:service_new"), posted, headers=DRAWER)
    page = answer.content.decode()
    assert (answer.status_code, "ringdesk:refresh" in answer.headers["HX-Trigger"]) == (200, True)
    assert f'<option value="{ours.category.pk}" selected>' in page
    assert "Manicure" not in page.replace("Added", "")


def test_who_was_slower_is_told_what_is_stored_and_loses_nothing(ours: Salon, owner: Browser) -> None:
    service = ours.services["Haircut"]
    catalogue.change_service(service, price=Decimal(1700))
    url = reverse("booking:service_edit", args=[service.pk])
    posted = SERVICE | {"title": "Short cut", "price": "1600", "version": service.version}
    answer = owner.post(url, posted, headers=DRAWER)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Stored now: Price — 1700" in page and 'value="Short cut"' in page and 'name="version" value="2"' in page
    assert owner.post(url, posted | {"version": 2}, headers=DRAWER).status_code == 204
    service.refresh_from_db()
    assert (service.title, service.price) == ("Short cut", Decimal(1600))


def test_a_booked_service_is_only_taken_out_of_use(ours: Salon, owner: Browser) -> None:
    ours.book(10, "Haircut")
    service = ours.services["Haircut"]
    answer = owner.post(reverse("booking:service_act", args=[service.pk, "remove"]), headers=DRAWER)
    service.refresh_from_db()
    assert (answer.status_code, service.is_active) == (204, False)


def test_services_are_sorted_within_their_category(ours: Salon, owner: Browser) -> None:
    other = ours.add_service("Massage")
    assert titles(ours) == ["Haircut", "Beard", "Colouring", "Massage"]
    for title, verb in (("Colouring", "first"), ("Haircut", "down"), ("Massage", "up")):
        url = reverse("booking:service_act", args=[ours.services[title].pk, verb])
        assert owner.post(url, headers=DRAWER).status_code == 204
    assert titles(ours) == ["Colouring", "Beard", "Haircut", "Massage"]
    other.refresh_from_db()
    assert other.version == 1


def test_the_list_is_searched_and_narrowed(ours: Salon, owner: Browser) -> None:
    ours.add_service("Ёлочка")

    def listed(**query: Any) -> list[str]:
        page = owner.get(reverse("booking:services"), query).context["rows"]
        return [service.title for service, _providers in page]

    assert listed(q="елоч") == ["Ёлочка"]
    assert listed(q="HAIR") == ["Haircut"]
    assert listed(category="none") == ["Ёлочка"]
    assert listed(category=ours.category.pk, q="b") == ["Beard"]
    assert listed(q="\x00") == listed()


def test_lists_ask_the_same_number_of_queries_however_long(ours: Salon, owner: Browser) -> None:
    names = ("services", "category_list", "employees", "job_title_list", "pools")
    ours.add_service("Needs a room", "Pavel", pools=[catalogue.add_pool(ours.branch, name="Room", facilities=["1"])])

    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert owner.get(reverse(f"booking:{name}")).status_code == 200
        # The count of missed calls in the menu is kept for some seconds.
        return len([query for query in captured if "telephony_call" not in query["sql"]])

    queries("services")
    few = [queries(name) for name in names]
    for number in range(3):
        category = catalogue.add_category(ours.branch, name=f"C{number}")
        pool = catalogue.add_pool(ours.branch, name=f"P{number}", facilities=["a", "b"])
        ours.add_service(f"S{number}", "Pavel", "Victoria", category=category, pools=[pool])
        ours.add_employee(f"E{number}", "Haircut")
        catalogue.add_job_title(ours.branch, name=f"J{number}")
    assert [queries(name) for name in names] == few


def test_categories_and_job_titles(ours: Salon, owner: Browser) -> None:
    for kind, model in (("category", ServiceCategory), ("job_title", JobTitle)):
        posted = {"name": " Nails  and skin ", "description": "Everything"}
        assert owner.post(reverse(f"booking:{kind}_new"), posted, headers=DRAWER).status_code == 204
        group = model.objects.for_org(ours.organization).get(name="Nails and skin")
        edit = reverse(f"booking:{kind}_edit", args=[group.pk])
        assert owner.post(edit, {"name": "", "version": 1}, headers=DRAWER).status_code == 422
        assert owner.post(edit, {"name": "Nails", "version": 1}, headers=DRAWER).status_code == 204
        assert owner.post(edit, {"name": "Skin", "version": 1}, headers=DRAWER).status_code == 409
        assert owner.post(reverse(f"booking:{kind}_act", args=[group.pk, "up"]), headers=DRAWER).status_code == 204
        assert next(row.name for row in model.objects.for_org(ours.organization)) == "Nails"
        assert owner.post(reverse(f"booking:{kind}_act", args=[group.pk, "remove"]), headers=DRAWER).status_code == 204
        assert not model.objects.filter(pk=group.pk).exists()


def test_a_new_specialist_has_services_a_job_title_and_the_hours_of_the_branch(ours: Salon, owner: Browser) -> None:
    for opens, closes in ((600, 780), (840, 1200)):
        OpeningHours.objects.create(
            organization=ours.organization, branch=ours.branch, weekday=0, opens=opens, closes=closes
        )
    page = owner.get(reverse("booking:employee_new"), headers=DRAWER).content.decode()
    assert "Works while the branch is open" in page
    posted = {"name": "Olga", "job_title": "hairdresser", "categories": [ours.category.pk], "has_branch_hours": "on"}
    assert owner.post(reverse("booking:employee_new"), posted, headers=DRAWER).status_code == 204
    olga = Employee.objects.for_org(ours.organization).get(name="Olga")
    assert (olga.job_title, olga.services.count()) == (ours.job_title, 3)
    monday, *others = schedule.week_of(olga.resource)
    assert monday is not None and (monday.start, monday.end, monday.breaks) == (600, 1200, ((780, 840),))
    assert others == [None] * 6


def test_a_specialist_is_changed_and_removed(ours: Salon, owner: Browser) -> None:
    pavel = ours.employees["Pavel"]
    url = reverse("booking:employee_edit", args=[pavel.pk])
    assert owner.get(url).status_code == 200
    posted = {"name": "Pavel P.", "information": "Ten years", "job_title": "", "member": ours.owner.pk,
              "is_active": "on", "version": pavel.version}  # fmt: skip
    assert owner.post(url, posted).status_code == 302
    pavel.refresh_from_db()
    assert (pavel.name, pavel.member, pavel.job_title) == ("Pavel P.", ours.owner, None)
    assert owner.post(url, posted, headers=DRAWER).status_code == 409
    ours.book(10, "Haircut", who="Pavel")
    assert owner.post(reverse("booking:employee_act", args=[pavel.pk, "remove"])).status_code == 302
    pavel.refresh_from_db()
    assert not pavel.is_active
    gone = ours.add_employee("Nobody")
    answer = owner.post(reverse("booking:employee_act", args=[gone.pk, "remove"]), headers=DRAWER)
    assert answer.headers["HX-Redirect"] == reverse("booking:employees")
    assert not Employee.objects.filter(pk=gone.pk).exists()


def test_what_a_specialist_provides_is_ticked(ours: Salon, owner: Browser) -> None:
    pavel = ours.employees["Pavel"]
    url = reverse("booking:employee_services", args=[pavel.pk])
    haircut, beard, colouring = ours.ids("Haircut", "Beard", "Colouring")
    posted: dict[str, Any] = {
        "version": pavel.version, "shown": [haircut, colouring], f"does-{colouring}": "on",
        f"price-{colouring}": "4 500,50", f"duration-{colouring}": "150",
    }  # fmt: skip
    wrong = owner.post(url, posted | {f"price-{colouring}": "much"}, headers=DRAWER)
    assert wrong.status_code == 422
    assert "This is not a price." in wrong.content.decode() and 'value="much"' in wrong.content.decode()
    assert owner.post(url, posted, headers=DRAWER).status_code == 200
    own = {skill.service_id: (skill.price, skill.duration) for skill in pavel.skills.all()}
    assert own == {beard: (None, None), colouring: (Decimal("4500.50"), 150)}
    assert owner.post(url, posted, headers=DRAWER).status_code == 409
    pavel.refresh_from_db()
    answer = owner.post(url, {"version": pavel.version, "do": "all", "q": "hair"}, headers=DRAWER)
    assert answer.status_code == 200
    assert set(pavel.skills.values_list("service_id", flat=True)) == {haircut, beard, colouring}
    pavel.refresh_from_db()
    owner.post(url, {"version": pavel.version, "do": "none"}, headers=DRAWER)
    assert pavel.skills.count() == 0


def test_rooms_and_devices(ours: Salon, owner: Browser) -> None:
    posted = {"name": "Rooms", "facilities": "Red\n\n Blue "}
    assert owner.post(reverse("booking:pool_new"), posted, headers=DRAWER).status_code == 204
    pool = Pool.objects.for_org(ours.organization).get()
    red, blue = pool.facilities.all()
    assert (red.name, blue.name) == ("Red", "Blue")
    assert (
        owner.post(reverse("booking:pool_edit", args=[pool.pk]), {"name": "Halls"}, headers=DRAWER).status_code == 204
    )
    assert (
        owner.post(reverse("booking:facility_new", args=[pool.pk]), {"name": "Green"}, headers=DRAWER).status_code
        == 204
    )
    edit = reverse("booking:facility_edit", args=[blue.pk])
    assert owner.post(edit, {"name": "Navy"}, headers=DRAWER).status_code == 204
    assert owner.post(reverse("booking:facility_act", args=[red.pk, "last"]), headers=DRAWER).status_code == 204
    assert list(pool.facilities.values_list("name", "is_active")) == [("Navy", False), ("Green", True), ("Red", True)]
    ours.add_service("Massage", "Pavel", pools=[pool])
    ours.book(10, "Massage")
    refused = owner.post(reverse("booking:pool_act", args=[pool.pk, "remove"]), headers=DRAWER)
    assert (refused.status_code, "tone" in refused.headers["HX-Trigger"]) == (409, True)
    assert owner.post(reverse("booking:facility_act", args=[blue.pk, "remove"]), headers=DRAWER).status_code == 204
    assert pool.facilities.count() == 2
    assert set(pool.facilities.values_list("is_active", flat=True)) == {True}


def test_how_bookings_are_taken(ours: Salon, owner: Browser) -> None:
    url = reverse("booking:settings")
    posted = {"policy": "in_order", "categories": "job_titles", "step": "15", "hold_minutes": "20 min",
              "notice": "1 d", "horizon": "60", "currency": "eur", "version": "1"}  # fmt: skip
    assert owner.post(url, posted, headers=DRAWER).status_code == 200
    stored = catalogue.settings_of(ours.branch)
    assert (stored.policy, stored.step, stored.hold_minutes, stored.notice, stored.currency) == (
        "in_order", 15, 20, 1440, "EUR",
    )  # fmt: skip
    assert owner.post(url, posted | {"step": "0"}, headers=DRAWER).status_code == 422
    assert owner.post(url, posted | {"step": "20"}, headers=DRAWER).status_code == 409
    assert owner.post(url, posted | {"version": str(stored.version)}).status_code == 302


def test_the_way_from_nothing_to_the_first_booking(db: None) -> None:
    salon = make_salon("new")
    for employee in list(salon.employees.values()):
        employees.remove_employee(employee)
    for service in salon.services.values():
        catalogue.remove_service(service)
    catalogue.remove_group(salon.category)

    def states() -> list[str]:
        return [step.state for step in progress.steps(salon.branch)]

    assert states() == ["next", "next", "later", "later", "later"]
    catalogue.add_category(salon.branch, name="Hair")
    assert states() == ["done", "next", "later", "later", "later"]
    cut = catalogue.add_service(salon.branch, title="Cut")
    assert states() == ["done", "done", "next", "later", "later"]
    anna = employees.add_employee(salon.branch, name="Anna")
    assert states() == ["done", "done", "done", "next", "later"]
    employees.change_employee(anna, skills=[employees.Skill(cut.pk)])
    assert states() == ["done", "done", "done", "done", "next"]
    schedule.set_week(anna.resource, [DayHours(600, 1200)] * 7)
    assert states() == []


PAGES = (
    "services", "service_new", "category_list", "category_new", "employees", "employee_new", "job_title_list",
    "job_title_new", "pools", "pool_new", "settings",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_only_who_may_change_services_opens_the_settings(owner: Browser, hostess: Browser, name: str) -> None:
    url = reverse(f"booking:{name}")
    assert (owner.get(url).status_code, owner.get(url, headers=DRAWER).status_code) == (200, 200)
    assert hostess.get(url).status_code == 403
    assert Browser().get(url).status_code == 302


def test_a_colleague_changes_nothing_and_a_stranger_finds_nothing(
    ours: Salon, owner: Browser, hostess: Browser, stranger: Browser
) -> None:
    pool = catalogue.add_pool(ours.branch, name="Rooms", facilities=["Red"])
    rows = (("service", ours.services["Haircut"]), ("category", ours.category), ("job_title", ours.job_title),
            ("employee", ours.employees["Pavel"]), ("pool", pool), ("facility", pool.facilities.get()))  # fmt: skip
    addresses = [reverse("booking:employee_services", args=[ours.employees["Pavel"].pk])]
    addresses.append(reverse("booking:facility_new", args=[pool.pk]))
    for kind, row in rows:
        addresses.append(reverse(f"booking:{kind}_edit", args=[row.pk]))
        addresses.append(reverse(f"booking:{kind}_act", args=[row.pk, "remove"]))
    before = Organization.objects.count(), titles(ours)
    assert {hostess.post(url, SERVICE, headers=DRAWER).status_code for url in addresses} == {403}
    assert {stranger.post(url, SERVICE, headers=DRAWER).status_code for url in addresses} == {404}
    assert (Organization.objects.count(), titles(ours)) == before


def test_a_strangers_rows_cannot_be_chosen(ours: Salon, theirs: Salon, owner: Browser) -> None:
    url = reverse("booking:service_edit", args=[ours.services["Haircut"].pk])
    assert owner.post(url, SERVICE | {"category": theirs.category.pk}, headers=DRAWER).status_code == 422
    pavel = ours.employees["Pavel"]
    foreign = theirs.ids("Haircut")[0]
    posted = {"version": pavel.version, "shown": [foreign], f"does-{foreign}": "on"}
    assert owner.post(reverse("booking:employee_services", args=[pavel.pk]), posted, headers=DRAWER).status_code == 200
    assert pavel.skills.count() == 2
    url = reverse("booking:employee_edit", args=[pavel.pk])
    posted = {"name": "P", "member": theirs.owner.pk, "version": pavel.version}
    assert owner.post(url, posted, headers=DRAWER).status_code == 422
