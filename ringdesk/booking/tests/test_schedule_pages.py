"""The schedule's pages: the week grid, its editors, and the bookings a change of hours would leave outside."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client as Browser

from ringdesk.booking.schedules.forms import day_hours
from ringdesk.booking.tests.conftest import DAY, Salon
from ringdesk.booking.tests.visiting import DRAWER, browser_of
from ringdesk.scheduling import loading, schedule
from ringdesk.scheduling.hours import DayHours
from ringdesk.scheduling.models import Holiday, ScheduleException

pytestmark = pytest.mark.django_db

PAGE = "/booking/schedule/"
WORKED = DayHours(540, 1080)


@pytest.fixture
def owner(ours: Salon) -> Browser:
    return browser_of(ours.owner)


def day_url(ours: Salon, name: str = "Pavel", day: date = DAY) -> str:
    return f"{PAGE}{ours.employees[name].pk}/days/{day.isoformat()}/"


def week_url(ours: Salon, name: str = "Pavel") -> str:
    return f"{PAGE}{ours.employees[name].pk}/week/"


def post(browser: Browser, url: str, **fields: Any) -> Any:
    return browser.post(url, fields, headers=DRAWER)


def works(ours: Salon, name: str, first: date, days: int) -> list[int]:
    """Return on which of the days (counted from the first) somebody works."""
    resource = ours.employees[name].resource_id
    shifts = loading.day_shifts(ours.branch, [resource], first, days)[resource]
    return [(shift.day - first).days for shift in shifts]


def hours(ours: Salon, name: str, day: date) -> DayHours | None:
    """Return what is worked on a day, as the schedule tells it."""
    resource = ours.employees[name].resource
    own = loading.exceptions(ours.organization.pk, [resource.pk], day, day)[resource.pk]
    return own[day] if day in own else schedule.week_of(resource)[day.weekday()]


SHORT = {"works": "yes", "starts": "10:00", "ends": "14:30", "scope": "day"}


def test_who_may_see_and_change(ours: Salon, theirs: Salon) -> None:
    changing = [day_url(ours), week_url(ours), PAGE + "leave/", PAGE + "copy/", PAGE + "holidays/"]
    owner, stranger = browser_of(ours.owner), browser_of(theirs.owner)
    hostess, cashier = browser_of(ours.member("hostess")), browser_of(ours.member("cashier"))
    assert [owner.get(url).status_code for url in [PAGE, *changing]] == [200] * 6
    assert [hostess.get(url).status_code for url in [PAGE, *changing]] == [200, 403, 403, 403, 403, 403]
    assert [hostess.post(url).status_code for url in changing] == [403] * 5
    assert [cashier.get(url).status_code for url in [PAGE, *changing]] == [403] * 6
    assert [stranger.get(url).status_code for url in changing[:2]] == [404] * 2
    assert [stranger.post(url, SHORT).status_code for url in changing[:2]] == [404] * 2
    assert Browser().get(PAGE).status_code == 302
    assert week_url(ours) not in stranger.get(PAGE).content.decode()


def test_who_only_sees_gets_no_editors(ours: Salon) -> None:
    page = browser_of(ours.member("hostess")).get(PAGE).content.decode()
    assert "Pavel" in page
    assert "/days/" not in page
    assert "/leave/" not in page


def test_a_week_is_drawn_with_hours_breaks_and_days_off(ours: Salon, owner: Browser) -> None:
    pavel = ours.employees["Pavel"].resource
    schedule.set_week(pavel, [DayHours(540, 1080, ((780, 840),)), *[None] * 6])
    schedule.set_days(pavel, DAY + timedelta(days=1), DAY + timedelta(days=1), None, note="Training")
    schedule.set_holiday(ours.branch, DAY + timedelta(days=2), DAY + timedelta(days=2), "Harvest Day")
    grid = owner.get(PAGE + f"?date={DAY}").context["grid"]
    cells = {row.employee.name: row.cells for row in grid.rows}["Pavel"]
    assert [cell.hours for cell in cells] == ["09:00–18:00", "", "", "", "", "", ""]
    assert cells[0].breaks == ["13:00–14:00"]
    assert [(cell.is_own, cell.note) for cell in cells[:2]] == [(False, ""), (True, "Training")]
    assert [cell.rests_with_branch for cell in cells[:4]] == [False, False, True, False]
    assert [row.total for row in grid.rows] == ["8", "54"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_grid_takes_the_same_queries_for_any_staff(
    ours: Salon, owner: Browser, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        ours.add_employee(f"Anna {number}", "Haircut")
        ours.book(11, who=f"Anna {number}")
    owner.get(PAGE)
    with django_assert_max_num_queries(25):
        assert owner.get(PAGE + f"?date={DAY}").status_code == 200


def test_a_day_gets_hours_of_its_own(ours: Salon, owner: Browser) -> None:
    fields = SHORT | {"break_0_starts": "1200", "break_0_ends": "12:30", "note": "School"}
    assert post(owner, day_url(ours), **fields).status_code == 204
    assert hours(ours, "Pavel", DAY) == DayHours(600, 870, ((720, 750),))
    assert hours(ours, "Pavel", DAY + timedelta(days=7)) == WORKED
    assert ScheduleException.objects.get().note == "School"
    form = owner.get(day_url(ours), headers=DRAWER).context["form"]
    assert (form["starts"].value(), form["note"].value(), len(form.breaks)) == ("10:00", "School", 2)


def test_a_day_goes_back_to_the_ordinary_week(ours: Salon, owner: Browser) -> None:
    post(owner, day_url(ours), **SHORT)
    assert post(owner, day_url(ours), usual="1").status_code == 204
    assert hours(ours, "Pavel", DAY) == WORKED


def test_such_days_until_a_date(ours: Salon, owner: Browser) -> None:
    fields = {"works": "", "scope": "such", "until": (DAY + timedelta(days=15)).isoformat()}
    assert post(owner, day_url(ours), **fields).status_code == 204
    assert works(ours, "Pavel", DAY, 22) == [number for number in range(22) if number not in (0, 7, 14)]


def test_every_day_until_a_date(ours: Salon, owner: Browser) -> None:
    fields = {"works": "", "scope": "all", "until": (DAY + timedelta(days=3)).isoformat(), "note": "Ill"}
    assert post(owner, day_url(ours), **fields).status_code == 204
    assert works(ours, "Pavel", DAY, 6) == [4, 5]


def test_every_such_weekday_changes_the_ordinary_week(ours: Salon, owner: Browser) -> None:
    schedule.set_days(ours.employees["Pavel"].resource, DAY, DAY, None)
    assert post(owner, day_url(ours), **SHORT | {"scope": "week"}).status_code == 204
    week = schedule.week_of(ours.employees["Pavel"].resource)
    assert week == [DayHours(600, 870), *[WORKED] * 6]
    assert not ScheduleException.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"starts": ""}, "starts"),
        ({"starts": "25:00"}, "starts"),
        ({"ends": "x"}, "ends"),
        ({"break_0_starts": "12:00"}, "break_0_starts"),
        ({"break_0_starts": "08:00", "break_0_ends": "09:00"}, "break_0_starts"),
        ({"scope": "all"}, "until"),
        ({"scope": "such", "until": "2026-11-01"}, "until"),
        ({"scope": "all", "until": "2099-01-01"}, "until"),
        ({"scope": "never"}, "scope"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(ours: Salon, owner: Browser, wrong: dict[str, str], field: str) -> None:
    response = post(owner, day_url(ours), **SHORT | wrong)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert not ScheduleException.objects.exists()


def test_a_day_that_is_none(ours: Salon, owner: Browser) -> None:
    for day in ("2026-13-01", "tomorrow", "0001-01-01"):
        assert owner.get(f"{PAGE}{ours.employees['Pavel'].pk}/days/{day}/").status_code == 404
    assert owner.get(PAGE + "?date=nonsense").status_code == 200


def week_fields(**more: str) -> dict[str, str]:
    days = {f"works_{number}": "on" for number in range(5)}
    times = {f"{edge}_{number}": text for number in range(5) for edge, text in (("starts", "9"), ("ends", "18:00"))}
    return days | times | more


def test_an_ordinary_week_is_saved_and_given_to_others(ours: Salon, owner: Browser) -> None:
    fields = week_fields(breaks_0="13-14, 16:00–16:15", others=str(ours.employees["Victoria"].pk))
    assert post(owner, week_url(ours), **fields).status_code == 204
    expected = [DayHours(540, 1080, ((780, 840), (960, 975))), *[WORKED] * 4, None, None]
    assert [schedule.week_of(ours.employees[name].resource) for name in ("Pavel", "Victoria")] == [expected] * 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"breaks_0": "lunch"}, "breaks_0"),
        ({"breaks_1": "08:00–09:00"}, "breaks_1"),
        ({"starts_2": ""}, "starts_2"),
        ({"starts_0": "22:00", "ends_0": "12:00"}, "__all__"),
    ],
)
def test_a_week_out_of_order_is_told(ours: Salon, owner: Browser, wrong: dict[str, str], field: str) -> None:
    response = post(owner, week_url(ours), **week_fields() | wrong)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])


def test_who_was_slower_is_told_and_saves_again(ours: Salon, owner: Browser) -> None:
    seen = owner.get(day_url(ours), headers=DRAWER).context["form"]["version"].value()
    schedule.set_week(ours.employees["Pavel"].resource, [WORKED] * 7)
    response = post(owner, day_url(ours), **SHORT | {"version": seen})
    assert response.status_code == 409
    again = response.context["form"]["version"].value()
    assert post(owner, day_url(ours), **SHORT | {"version": again}).status_code == 204


def test_bookings_are_shown_before_their_hours_are_taken_away(ours: Salon, owner: Browser) -> None:
    early, late = ours.book(11), ours.book(16)
    ours.book(16, who="Victoria")
    response = post(owner, day_url(ours), **SHORT)
    assert (response.status_code, response.context["displaced"]) == (409, [late])
    assert hours(ours, "Pavel", DAY) == WORKED
    assert post(owner, day_url(ours), **SHORT | {"anyway": "1"}).status_code == 204
    for booking in (early, late):
        booking.refresh_from_db()
        assert booking.status == "booked"
    grid = owner.get(PAGE + f"?date={DAY}").context["grid"]
    assert [[cell.outside for cell in row.cells] for row in grid.rows] == [[1, 0, 0, 0, 0, 0, 0], [0] * 7]
    # What lies outside already is no news.
    assert post(owner, day_url(ours), **SHORT | {"ends": "14:00"}).status_code == 204


def test_no_change_takes_hours_of_bookings_silently(ours: Salon, owner: Browser) -> None:
    booking = ours.book(16)
    employee, off = str(ours.employees["Pavel"].pk), DAY.isoformat()
    sunday = (DAY - timedelta(days=7)).isoformat()
    schedule.set_days(ours.employees["Pavel"].resource, DAY - timedelta(days=7), DAY - timedelta(days=7), None)
    attempts = [
        (week_url(ours), week_fields(works_0="")),
        (PAGE + "leave/", {"employees": employee, "first_day": off, "last_day": off}),
        (PAGE + "holidays/", {"first_day": off, "last_day": off, "name": "Feast"}),
        (PAGE + f"copy/?date={sunday}", {"employees": employee, "what": "week", "weeks": "1"}),
        (day_url(ours), {"works": "", "scope": "week"}),
        (day_url(ours), {"works": "", "scope": "all", "until": off}),
    ]
    for url, fields in attempts:
        response = post(owner, url, **fields)
        assert (url, response.status_code, response.context["displaced"]) == (url, 409, [booking])
    assert works(ours, "Pavel", DAY, 1) == [0]


def test_an_assistant_s_hours_are_watched_too(ours: Salon, owner: Browser) -> None:
    booking = ours.book(16)
    booking.assistants.add(ours.employees["Victoria"])
    response = post(owner, day_url(ours, "Victoria"), **SHORT)
    assert (response.status_code, response.context["displaced"]) == (409, [booking])


def test_several_days_off(ours: Salon, owner: Browser) -> None:
    ids = [ours.employees[name].pk for name in ("Pavel", "Victoria")]
    fields = {"first_day": DAY.isoformat(), "last_day": (DAY + timedelta(days=13)).isoformat(), "note": "Spain"}
    assert post(owner, PAGE + "leave/", employees=ids, **fields).status_code == 204
    assert [works(ours, name, DAY, 15) for name in ("Pavel", "Victoria")] == [[14], [14]]
    response = post(owner, PAGE + "leave/", employees=ids, first_day="2026-12-02", last_day="2026-12-01")
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["last_day"])
    assert post(owner, PAGE + "leave/", first_day="", last_day="1900-01-01").status_code == 422


def test_a_week_and_a_month_are_copied(ours: Salon, owner: Browser) -> None:
    post(owner, day_url(ours), works="", scope="day")
    pavel = str(ours.employees["Pavel"].pk)
    copy = PAGE + f"copy/?date={DAY}"
    assert post(owner, copy, employees=pavel, what="week", weeks="2").status_code == 204
    assert works(ours, "Pavel", DAY, 22) == [number for number in range(22) if number not in (0, 7, 14)]
    victoria = ours.employees["Victoria"]
    first_sunday = date(2026, 11, 1)
    schedule.set_days(victoria.resource, first_sunday, first_sunday, None)
    assert post(owner, copy, employees=str(victoria.pk), what="month").status_code == 204
    assert 5 not in works(ours, "Victoria", date(2026, 12, 1), 31)
    assert post(owner, copy, employees=pavel, what="week", weeks="").status_code == 422


def test_holidays_of_the_branch(ours: Salon, theirs: Salon, owner: Browser) -> None:
    fields = {"first_day": DAY.isoformat(), "last_day": DAY.isoformat(), "name": "Feast"}
    assert post(owner, PAGE + "holidays/", **fields).status_code == 204
    assert [works(ours, name, DAY, 2) for name in ours.employees] == [[1], [1]]
    row = Holiday.objects.get()
    assert browser_of(theirs.owner).post(f"{PAGE}holidays/{row.pk}/remove/").status_code == 404
    assert browser_of(ours.member("hostess")).post(f"{PAGE}holidays/{row.pk}/remove/").status_code == 403
    assert owner.post(f"{PAGE}holidays/{row.pk}/remove/", headers=DRAWER).status_code == 204
    assert works(ours, "Pavel", DAY, 2) == [0, 1]


def test_without_scripts_everything_is_a_page(ours: Salon, owner: Browser) -> None:
    assert b"<html" in owner.get(day_url(ours)).content
    assert owner.post(day_url(ours), SHORT).headers["Location"] == PAGE


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ((1320, 360, [(60, 120)]), DayHours(1320, 1800, ((1500, 1560),))),
        ((540, 540, []), DayHours(540, 1980)),
        ((0, 1440, []), DayHours(0, 1440)),
        ((1320, 360, [(60, 75), (1380, 1395)]), DayHours(1320, 1800, ((1380, 1395), (1500, 1515)))),
    ],
)
def test_what_ends_before_it_begins_goes_past_midnight(
    typed: tuple[int, int, list[tuple[int, int]]], expected: DayHours
) -> None:
    assert day_hours(*typed) == expected


def test_a_change_of_hours_is_seen_by_what_is_offered_at_once(ours: Salon, owner: Browser) -> None:
    assert ours.free(who="Pavel")[0] == "09:00"
    post(owner, day_url(ours), **SHORT)
    assert ours.free(who="Pavel") == ["10:00", "11:00", "12:00", "13:00"]
