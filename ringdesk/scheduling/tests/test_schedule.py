"""Who works when: weeks, days of their own, holidays, copies; and what of it reaches the slot engine."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from ringdesk.accounts.models import Branch
from ringdesk.core.problems import Invalid, NotFound, Stale
from ringdesk.scheduling import loading, schedule
from ringdesk.scheduling.hours import DayHours
from ringdesk.scheduling.models import Holiday, Resource, ScheduleException
from ringdesk.scheduling.signals import schedule_changed
from ringdesk.scheduling.tests.conftest import make_branch, make_resources

pytestmark = pytest.mark.django_db

LONG = DayHours(9 * 60, 18 * 60, ((13 * 60, 14 * 60),))
SHORT = DayHours(10 * 60, 14 * 60)
NIGHT = DayHours(22 * 60, 30 * 60)
WEEKDAYS = [LONG] * 5 + [None, None]
MONDAY = date(2026, 11, 23)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def somebody(branch: Branch) -> Resource:
    one = Resource.objects.get(pk=make_resources(branch, 1)[0])
    return schedule.set_week(one, WEEKDAYS)


def plan(resource: Resource, first: date, days: int) -> list[tuple[int, str]]:
    """Return the days worked, counted from ``first``, with their hours by the branch's clock (it keeps UTC)."""
    shifts = loading.day_shifts(resource.branch, [resource.pk], first, days)[resource.pk]
    start_of = loading.day_span(resource.branch, first).start
    return [
        (
            (shift.day - first).days,
            "+".join(
                f"{(one.start - start_of) / 60 - 24 * (shift.day - first).days:g}"
                f"-{(one.end - start_of) / 60 - 24 * (shift.day - first).days:g}"
                for one in shift.work
            ),
        )
        for shift in shifts
    ]


def rows(resource: Resource) -> list[tuple[int, int, int | None, str]]:
    """Return the exceptions as they are stored: first and last day counted from the Monday, start, note."""
    found = ScheduleException.objects.for_org(resource.organization_id).filter(resource=resource)
    return [((row.first_day - MONDAY).days, (row.last_day - MONDAY).days, row.starts, row.note) for row in found]


WORK = "9-13+14-18"


@pytest.fixture(autouse=True)
def utc(branch: Branch) -> None:
    Branch.objects.filter(pk=branch.pk).update(timezone="UTC")
    branch.refresh_from_db()


def test_a_week_is_worked_again_and_again(somebody: Resource) -> None:
    assert schedule.week_of(somebody) == WEEKDAYS
    assert plan(somebody, day(0), 9) == [(number, WORK) for number in (0, 1, 2, 3, 4, 7, 8)]


def test_another_week_replaces_the_first(somebody: Resource) -> None:
    schedule.set_week(somebody, [None, SHORT, None, None, None, NIGHT, None])
    assert plan(somebody, day(0), 7) == [(1, "10-14"), (5, "22-30")]


@pytest.mark.parametrize(
    "week",
    [
        [LONG] * 6,
        [DayHours(600, 600)] + [None] * 6,
        [DayHours(600, 540)] + [None] * 6,
        [DayHours(600, 600 + 1441)] + [None] * 6,
        [DayHours(1440, 1500)] + [None] * 6,
        [DayHours(540, 1080, ((500, 560),))] + [None] * 6,
        [DayHours(540, 1080, ((700, 800), (750, 810)))] + [None] * 6,
        [DayHours(540, 1080, ((540, 1080),))] + [None] * 6,
        [NIGHT, DayHours(5 * 60, 600)] + [None] * 5,
        [DayHours(5 * 60, 600)] + [None] * 5 + [NIGHT],
        [DayHours(0, 1440)] * 3 + [DayHours(60, 1500)] + [DayHours(0, 1440)] * 3,
    ],
)
def test_a_week_out_of_order_is_refused(somebody: Resource, week: list[DayHours | None]) -> None:
    with pytest.raises(Invalid):
        schedule.set_week(somebody, week)
    assert schedule.week_of(somebody) == WEEKDAYS


def test_round_the_clock_is_in_order(somebody: Resource) -> None:
    schedule.set_week(somebody, [DayHours(480, 480 + 1440)] * 7)
    assert plan(somebody, day(0), 2) == [(0, "8-32"), (1, "8-32")]


def test_days_of_their_own_and_days_off(somebody: Resource) -> None:
    schedule.set_days(somebody, day(1), day(1), SHORT)
    schedule.set_days(somebody, day(3), day(8), None, note="  on \n leave ")
    assert plan(somebody, day(0), 10) == [(0, WORK), (1, "10-14"), (2, WORK), (9, WORK)]
    assert rows(somebody) == [(1, 1, 600, ""), (3, 8, None, "on leave")]


def test_a_later_word_takes_its_days_from_an_earlier_one(somebody: Resource) -> None:
    schedule.set_days(somebody, day(0), day(13), None, note="leave")
    schedule.set_days(somebody, day(2), day(3), SHORT, note="came in")
    schedule.clear_days(somebody, day(7), day(7))
    assert rows(somebody) == [
        (0, 1, None, "leave"),
        (2, 3, 600, "came in"),
        (4, 6, None, "leave"),
        (8, 13, None, "leave"),
    ]
    assert plan(somebody, day(0), 15) == [(2, "10-14"), (3, "10-14"), (7, WORK), (14, WORK)]


def test_clearing_leaves_the_days_to_the_week(somebody: Resource) -> None:
    schedule.set_days(somebody, day(0), day(4), SHORT)
    schedule.clear_days(somebody, day(-5), day(20))
    assert rows(somebody) == []


@pytest.mark.parametrize(("first", "last", "worked"), [(2, 1, None), (0, 731, None), (0, 0, DayHours(600, 600))])
def test_days_out_of_order_are_refused(somebody: Resource, first: int, last: int, worked: DayHours | None) -> None:
    with pytest.raises(Invalid):
        schedule.set_days(somebody, day(first), day(last), worked)
    assert rows(somebody) == []


def test_a_holiday_rests_everybody_but_who_says_otherwise(somebody: Resource, branch: Branch) -> None:
    schedule.set_days(somebody, day(2), day(2), SHORT)
    schedule.set_holiday(branch, day(1), day(3), "New Year")
    assert plan(somebody, day(0), 5) == [(0, WORK), (2, "10-14"), (4, WORK)]
    schedule.set_holiday(branch, day(3), day(3), "Eve")
    schedule.clear_holiday(branch, day(2), day(2))
    found = Holiday.objects.for_org(branch.organization_id).values_list("first_day", "last_day", "name")
    assert list(found) == [(day(1), day(1), "New Year"), (day(3), day(3), "Eve")]


def test_a_week_is_copied_with_what_makes_it_special(somebody: Resource) -> None:
    schedule.set_days(somebody, day(1), day(1), None, note="dentist")
    schedule.set_days(somebody, day(5), day(5), SHORT)
    schedule.set_days(somebody, day(14), day(15), None)
    schedule.copy_week(somebody, day(3), day(9), weeks=2)
    assert plan(somebody, day(7), 14) == [
        *((number, WORK) for number in (0, 2, 3, 4)),
        (5, "10-14"),
        *((number, WORK) for number in (7, 9, 10, 11)),
        (12, "10-14"),
    ]
    copied = [(8, 8, None, "dentist"), (12, 12, 600, ""), (15, 15, None, "dentist"), (19, 19, 600, "")]
    assert rows(somebody)[2:] == copied


def test_a_note_is_copied_even_where_the_hours_are_the_usual_ones(somebody: Resource) -> None:
    schedule.set_days(somebody, day(2), day(2), LONG, note="training")
    schedule.copy_week(somebody, day(0), day(7))
    assert rows(somebody) == [(2, 2, 540, "training"), (9, 9, 540, "training")]
    schedule.copy_month(somebody, date(2026, 11, 1), date(2026, 12, 1))
    # The fourth Wednesday to the fourth, and to the fifth, of which November has none.
    assert rows(somebody) == [(number, number, 540, "training") for number in (2, 30, 37)]


def test_a_copy_leaves_holidays_alone(somebody: Resource, branch: Branch) -> None:
    schedule.set_days(somebody, day(0), day(0), SHORT)
    schedule.set_holiday(branch, day(7), day(7))
    schedule.copy_week(somebody, day(0), day(7), weeks=2)
    assert plan(somebody, day(7), 8) == [(1, WORK), (2, WORK), (3, WORK), (4, WORK), (7, "10-14")]


@pytest.mark.parametrize("year", [1, 1999, 2101, 9999])
def test_years_nobody_plans_for_are_refused(somebody: Resource, branch: Branch, year: int) -> None:
    there = date(year, 1, 1)
    for refused in (
        lambda: schedule.set_days(somebody, there, there, None),
        lambda: schedule.set_each(somebody, [there], SHORT),
        lambda: schedule.set_holiday(branch, there, there),
        lambda: schedule.repeat_days(somebody, MONDAY, 7, there, there),
    ):
        with pytest.raises(Invalid) as error:
            refused()
        assert (str(error.value), error.value.field) == ("There are no schedules for that year.", "first_day")
    # What was planned before they were refused can be taken away.
    schedule.clear_days(somebody, there, there)


def test_a_rota_of_two_on_two_off(somebody: Resource) -> None:
    schedule.set_days(somebody, day(0), day(1), SHORT)
    schedule.set_days(somebody, day(2), day(3), None)
    schedule.repeat_days(somebody, day(0), 4, day(4), day(13))
    assert plan(somebody, day(0), 14) == [(number, "10-14") for number in (0, 1, 4, 5, 8, 9, 12, 13)]


def test_a_month_is_copied_by_the_place_of_its_weekdays(somebody: Resource) -> None:
    first_saturday, fourth_tuesday = date(2026, 11, 7), date(2026, 11, 24)
    schedule.set_days(somebody, first_saturday, first_saturday, SHORT)
    schedule.set_days(somebody, fourth_tuesday, fourth_tuesday, None)
    schedule.copy_month(somebody, MONDAY, date(2026, 12, 31))
    december = dict(plan(somebody, date(2026, 12, 1), 31))
    # The first Saturday; of the Tuesdays neither the fourth (22nd) nor, for want of a fifth, the 29th.
    assert december[4] == "10-14"
    assert 11 not in december
    assert [number + 1 for number in (0, 7, 14, 21, 28) if number in december] == [1, 8, 15]


def test_the_week_of_one_becomes_that_of_others(somebody: Resource, branch: Branch) -> None:
    others = list(Resource.objects.filter(pk__in=make_resources(branch, 2)))
    schedule.copy_week_hours(somebody, others)
    assert [schedule.week_of(one) for one in others] == [WEEKDAYS, WEEKDAYS]
    stranger = Resource.objects.get(pk=make_resources(make_branch("theirs"), 1)[0])
    with pytest.raises(NotFound):
        schedule.copy_week_hours(somebody, [stranger])


def test_who_saw_an_older_schedule_is_told(somebody: Resource) -> None:
    seen = somebody.schedule_version
    assert schedule.set_days(somebody, day(0), day(0), None, version=seen).schedule_version == seen + 1
    with pytest.raises(Stale):
        schedule.set_week(somebody, WEEKDAYS, version=seen)
    with pytest.raises(Stale):
        schedule.copy_week(somebody, day(0), day(7), version=seen)


def test_a_schedule_that_is_gone(branch: Branch) -> None:
    gone = Resource(pk=999_999, organization=branch.organization, branch=branch)
    with pytest.raises(NotFound):
        schedule.set_week(gone, WEEKDAYS)


def test_every_change_is_told_to_other_rooms(somebody: Resource, branch: Branch) -> None:
    heard: list[tuple[int, list[int] | None]] = []

    def hear(branch_id: int, resources: list[int] | None, **_more: Any) -> None:
        heard.append((branch_id, resources))

    schedule_changed.connect(hear)
    try:
        schedule.set_week(somebody, WEEKDAYS)
        schedule.set_days(somebody, day(0), day(0), None)
        schedule.clear_days(somebody, day(0), day(0))
        schedule.copy_month(somebody, day(0), day(30))
        schedule.set_holiday(branch, day(0), day(0))
        schedule.clear_holiday(branch, day(0), day(0))
    finally:
        schedule_changed.disconnect(hear)
    assert heard == [(branch.pk, [somebody.pk])] * 4 + [(branch.pk, None)] * 2


def test_the_night_shift_of_the_day_before_is_loaded_too(somebody: Resource) -> None:
    schedule.set_week(somebody, [NIGHT] + [None] * 6)
    [worker] = loading.workers(somebody.branch, [somebody.pk], day(1), 1)
    midnight = loading.day_span(somebody.branch, day(1)).start
    assert [(one.start - midnight, one.end - midnight) for one in worker.shifts] == [(-120, 360)]


@pytest.mark.parametrize("count", [1, 3])
def test_workers_are_loaded_with_four_queries(branch: Branch, count: int, django_assert_num_queries: Any) -> None:
    resources = make_resources(branch, count)
    for one in Resource.objects.filter(pk__in=resources):
        schedule.set_week(one, WEEKDAYS)
        schedule.set_days(one, day(1), day(1), SHORT)
    with django_assert_num_queries(4):
        assert [len(worker.shifts) for worker in loading.workers(branch, resources, day(0), 7)] == [9] * count
