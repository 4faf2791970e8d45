from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.accounts import opening_hours
from ringdesk.accounts.opening_hours import DAY, WEEK, OpenSpan
from ringdesk.core.problems import Invalid

SPANS = st.builds(
    lambda weekday, opens, length: OpenSpan(weekday, opens, opens + length),
    st.integers(0, 6),
    st.integers(0, DAY - 1),
    st.integers(1, DAY),
)


def minutes_of_week(span: OpenSpan) -> list[int]:
    start = span.weekday * DAY + span.opens
    return [minute % WEEK for minute in range(start, start + span.closes - span.opens)]


@given(st.lists(SPANS, max_size=6))
def test_check_refuses_exactly_the_weeks_with_a_minute_taken_twice(spans: list[OpenSpan]) -> None:
    taken = [minute for span in spans for minute in minutes_of_week(span)]
    overlaps = len(taken) != len(set(taken))
    try:
        opening_hours.check(spans)
    except Invalid as problem:
        assert (overlaps, problem.field) == (True, "hours")
    else:
        assert not overlaps


@given(st.integers(0, 6), st.times(), st.times())
def test_a_span_from_the_clock_is_in_order_and_reads_as_it_was_written(weekday: int, opens: time, closes: time) -> None:
    span = opening_hours.from_clock(weekday, opens, closes)
    opening_hours.check([span])
    assert opening_hours.clock(span.opens) == opens.replace(second=0, microsecond=0)
    assert opening_hours.clock(span.closes) == closes.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    "span",
    [OpenSpan(7, 0, 60), OpenSpan(-1, 0, 60), OpenSpan(0, 60, 60), OpenSpan(0, 0, 1441), OpenSpan(0, 1440, 1500)],
)
def test_a_span_out_of_order_is_refused(span: OpenSpan) -> None:
    with pytest.raises(Invalid):
        opening_hours.check([span])


def test_the_week_is_told_in_few_lines() -> None:
    week = [OpenSpan(day, 600, 1320) for day in range(5)] + [OpenSpan(5, 720, 840), OpenSpan(5, 900, 1560)]
    assert opening_hours.summary(week) == ["Пн–Пт 10:00–22:00", "Сб 12:00–14:00, 15:00–02:00"]
    assert opening_hours.summary([]) == []
