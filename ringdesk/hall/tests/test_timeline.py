"""Bars, marks and states of a day: any reservations, any minute."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.hall import timeline
from ringdesk.hall.timeline import Bar, Mark, Stay, TableState

COURSES = ("expected", "arrived", "seated", "finished", "no_show", "cancelled")
SPANS = st.tuples(st.integers(0, 1400), st.integers(1, 300)).map(lambda pair: (pair[0], sum(pair)))


@st.composite
def days_of_one_table(draw: st.DrawFn) -> list[Stay]:
    """Return stays of which the active ones never overlap, as the database promises."""
    stays: list[Stay] = []
    taken: list[tuple[int, int]] = []
    for number, (start, end) in enumerate(draw(st.lists(SPANS, max_size=8))):
        course = draw(st.sampled_from(COURSES))
        left = draw(st.integers(start - 10, end + 30)) if course == "finished" else None
        stay = Stay(number, start, end, course, left)
        if stay.is_active and any(start < to and from_ < end for from_, to in taken):
            continue
        taken += [(start, end)] if stay.is_active else []
        stays.append(stay)
    return stays


@given(start=st.integers(0, 600), length=st.integers(0, 900), busy=st.lists(SPANS, max_size=10))
def test_every_minute_is_either_free_or_busy(start: int, length: int, busy: list[tuple[int, int]]) -> None:
    end = start + length
    free = timeline.free_spans(start, end, busy)
    minutes = {minute for first, last in free for minute in range(first, last)}
    taken = {minute for first, last in busy for minute in range(first, last)}
    assert minutes == set(range(start, end)) - taken
    assert free == sorted(free)
    assert all(last < first for (_a, last), (first, _b) in pairwise(free))


@given(days_of_one_table())
def test_bars_never_cover_each_other_and_every_active_stay_has_one(stays: list[Stay]) -> None:
    bars = timeline.bars(stays)
    assert all(before.end <= after.start for before, after in pairwise(bars))
    assert all(bar.start < bar.end for bar in bars)
    active = {Bar(stay.id, stay.start, stay.end) for stay in stays if stay.is_active}
    assert active <= set(bars)
    shown = {bar.id for bar in bars}
    assert not shown & {stay.id for stay in stays if stay.course in ("no_show", "cancelled")}


def test_a_finished_visit_ends_where_the_guests_left() -> None:
    assert timeline.bars([Stay(1, 600, 720, "finished", 660), Stay(2, 660, 780)]) == [
        Bar(1, 600, 660),
        Bar(2, 660, 780),
    ]
    assert timeline.bars([Stay(1, 600, 720, "finished", 590)]) == []
    assert timeline.bars([Stay(1, 600, 720, "finished", None)]) == [Bar(1, 600, 720)]


@given(stays=days_of_one_table(), now=st.integers(-100, 1900))
def test_the_state_is_what_a_look_at_the_table_tells(stays: list[Stay], now: int) -> None:
    state = timeline.state(stays, now)
    active = [stay for stay in stays if stay.is_active]
    seated = [stay for stay in active if stay.course == "seated" and stay.start > now - timeline.FORGOTTEN]
    waiting = [stay for stay in active if stay.is_waiting and stay.end > now]
    if any(stay.end > now for stay in seated):
        assert state.kind == "seated"
    elif seated:
        assert (state.kind, state.until) == ("overdue", max(stay.end for stay in seated))
    elif any(stay.start <= now + timeline.SOON for stay in waiting):
        assert (state.kind, state.until) == ("soon", min(stay.start for stay in waiting))
    else:
        assert (state.kind, state.until) == ("free", min((stay.start for stay in waiting), default=None))


@pytest.mark.parametrize(
    ("stay", "now", "state"),
    [
        (Stay(1, 600, 660), 500, TableState("free", 600, 1)),
        (Stay(1, 600, 660), 540, TableState("soon", 600, 1)),
        (Stay(1, 600, 660, "arrived"), 620, TableState("soon", 600, 1)),
        (Stay(1, 600, 660), 660, TableState("free")),
        (Stay(1, 600, 660, "seated"), 590, TableState("seated", 660, 1)),
        (Stay(1, 600, 660, "seated"), 660, TableState("overdue", 660, 1)),
        (Stay(1, 600, 660, "seated"), 600 + timeline.FORGOTTEN, TableState("free")),
        (Stay(1, 600, 660, "finished"), 610, TableState("free")),
    ],
)
def test_states(stay: Stay, now: int, state: TableState) -> None:
    assert timeline.state([stay], now) == state


@given(
    opening=st.lists(SPANS, max_size=2),
    stays=days_of_one_table(),
    begins=st.integers(0, 120),
)
def test_the_window_holds_the_opening_hours_and_everybody_of_the_day(
    opening: list[tuple[int, int]], stays: list[Stay], begins: int
) -> None:
    start, end = timeline.window(opening, stays, begins=begins, usual=(600, 1320))
    assert start % 60 == end % 60 == 0
    assert end - start >= 60
    assert start > begins - 60
    for first, last in opening or [(600, 1320)]:
        assert start <= max(first, begins)
        assert last <= end
    for stay in stays:
        if stay.start >= begins:
            assert start <= stay.start
            assert stay.end <= end


def test_marks_show_the_clock_on_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring, autumn = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert list(timeline.marks(60, 240, spring, berlin)) == [
        Mark(60, "01:00"),
        Mark(120, "03:00"),
        Mark(180, "04:00"),
    ]
    assert [mark.label for mark in timeline.marks(60, 300, autumn, berlin)] == ["01:00", "02:00", "02:00", "03:00"]
    kathmandu = datetime(2026, 6, 1, 18, 15, tzinfo=UTC)
    assert [mark.minute for mark in timeline.marks(0, 180, kathmandu, ZoneInfo("Asia/Kathmandu"))] == [0, 60, 120]


@pytest.mark.parametrize(("now", "late"), [(600, False), (609, False), (610, True), (659, True), (660, False)])
def test_late_is_who_should_be_here_for_ten_minutes(now: int, late: bool) -> None:
    assert timeline.is_late(Stay(1, 600, 660), now) is late
    assert not timeline.is_late(Stay(1, 600, 660, "arrived"), now)


@given(opening=st.lists(SPANS, max_size=2), lanes=st.lists(days_of_one_table(), max_size=3))
def test_the_load_is_a_percentage(opening: list[tuple[int, int]], lanes: list[list[Stay]]) -> None:
    assert 0 <= timeline.load(opening, lanes) <= 100


def test_half_of_two_tables_is_taken() -> None:
    assert timeline.load([(600, 720)], [[Stay(1, 540, 780)], []]) == 50
