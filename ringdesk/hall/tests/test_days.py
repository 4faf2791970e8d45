"""Minutes of a branch's day, also on the nights when the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.accounts.opening_hours import OpenSpan, every_day
from ringdesk.hall import days

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Novosibirsk", "Australia/Lord_Howe", "Asia/Kathmandu")]
)
DATES = st.dates(date(2024, 1, 1), date(2028, 12, 31))
# A Friday with a night: from 18:00 to 02:00; Saturday from 10:00 to 15:00 and from 18:00 to 20:00.
WEEKEND = [OpenSpan(4, 1080, 1560), OpenSpan(5, 1080, 1200), OpenSpan(5, 600, 900)]


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 6, 1), 24)])
def test_a_day_has_as_many_minutes_as_really_pass(day: date, hours: int) -> None:
    service = days.service_day(day, BERLIN, [])
    assert (service.begins, service.ends) == (0, hours * 60)


def test_opening_hours_follow_the_clock_on_the_wall() -> None:
    assert days.service_day(SPRING, BERLIN, every_day(600, 1200)).opening == ((540, 1140),)
    assert days.service_day(AUTUMN, BERLIN, every_day(600, 1200)).opening == ((660, 1260),)


def test_an_hour_of_the_spring_night_is_not_real() -> None:
    assert not days.is_real(SPRING, time(2, 30), BERLIN)
    assert days.is_real(SPRING, time(3, 0), BERLIN)
    assert days.is_real(AUTUMN, time(2, 30), BERLIN)


def test_a_night_belongs_to_the_day_before() -> None:
    friday, saturday = (days.service_day(date(2026, 11, day), BERLIN, WEEKEND) for day in (20, 21))
    assert (friday.begins, friday.ends, friday.opening) == (0, 1560, ((1080, 1560),))
    assert (saturday.begins, saturday.ends, saturday.opening) == (120, 1440, ((600, 900), (1080, 1200)))
    assert friday.span.end == saturday.span.start


@pytest.mark.parametrize(("hour", "day"), [(1, 20), (2, 21), (12, 21)])
def test_after_midnight_it_is_still_yesterday_until_closing(hour: int, day: int) -> None:
    now = datetime(2026, 11, 21, hour, tzinfo=BERLIN)
    assert days.current(now, BERLIN, WEEKEND) == date(2026, 11, day)


@given(day=DATES, zone=ZONES, minute=st.integers(-600, 2400))
def test_minutes_and_moments_are_the_same_thing(day: date, zone: ZoneInfo, minute: int) -> None:
    service = days.service_day(day, zone, [])
    moment = service.moment(minute)
    assert service.minute(moment) == minute
    assert service.minute(moment + timedelta(seconds=59)) == minute
    assert moment - service.origin == timedelta(minutes=minute)


@given(day=DATES, zone=ZONES, closes=st.integers(601, 2040))
def test_service_days_follow_each_other_without_a_gap(day: date, zone: ZoneInfo, closes: int) -> None:
    hours = every_day(600, closes)
    today, tomorrow = (days.service_day(day + timedelta(days=n), zone, hours) for n in (0, 1))
    assert today.span.end == tomorrow.span.start
    for moment in (today.span.start, today.span.end - timedelta(minutes=1)):
        assert days.current(moment, zone, hours) == day
        assert today.contains(moment)


@given(milliseconds=st.integers(1_700_000_000_000, 1_900_000_000_000))
def test_rounding_up_loses_less_than_a_step(milliseconds: int) -> None:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    rounded = days.round_up(moment)
    assert timedelta(0) <= rounded - moment < timedelta(minutes=15)
    assert (rounded.minute % 15, rounded.second, rounded.microsecond) == (0, 0, 0)
    assert days.round_up(rounded) == rounded
