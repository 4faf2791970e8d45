"""The slot engine against the oracle: it offers what can be booked, and nothing else. Random everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ringdesk.scheduling import facilities, hours, reasons, slots
from ringdesk.scheduling.facilities import Facility
from ringdesk.scheduling.hours import DayHours, DayShift, Week
from ringdesk.scheduling.minutes import Minutes, Visit
from ringdesk.scheduling.slots import Session, Shift, Worker
from ringdesk.scheduling.tests import oracle

DAYS = 3
# A zone, and the first of three days; on most of these the clock changes, by an hour, half an hour or a whole day.
PLACES = [
    ("Asia/Novosibirsk", date(2026, 11, 21)),
    ("UTC", date(2026, 2, 27)),
    ("Europe/Berlin", date(2026, 3, 28)),
    ("Europe/Berlin", date(2026, 10, 24)),
    ("America/New_York", date(2026, 3, 7)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Sao_Paulo", date(2018, 11, 3)),
    ("America/Havana", date(2026, 10, 31)),
    ("Africa/Cairo", date(2026, 10, 28)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 3)),
    ("Pacific/Apia", date(2011, 12, 29)),
]


@st.composite
def day_hours(draw: st.DrawFn) -> DayHours | None:
    if draw(st.integers(0, 4)) == 0:
        return None
    start = draw(st.one_of(st.sampled_from([0, 60, 120, 540, 600, 1320]), st.integers(0, 1439)))
    end = start + draw(st.one_of(st.sampled_from([540, 1440]), st.integers(1, 1440)))
    edges = sorted(draw(st.sets(st.integers(start, end), max_size=4)))
    breaks = tuple(zip(edges[::2], edges[1::2], strict=False))
    made = DayHours(start, end, breaks)
    return made if made.is_valid else DayHours(start, end)


@dataclass(frozen=True)
class Person:
    week: Week
    exceptions: dict[date, DayHours | None]
    busy: list[Minutes]
    length: int | None


@dataclass(frozen=True)
class Case:
    """A branch, its people and rooms, and what somebody asks for."""

    zone: ZoneInfo
    first_day: date
    holidays: set[date]
    people: list[Person]
    pools: list[list[Facility]]
    visit: Visit
    step: int
    needed: int
    limits: tuple[int, int]
    sessions: list[Session]
    seats: int

    @property
    def day_shifts(self) -> list[list[DayShift]]:
        return [
            hours.shifts(each.week, each.exceptions, self.holidays, self.zone, self.first_day, DAYS)
            for each in self.people
        ]

    @property
    def workers(self) -> list[Worker]:
        return [
            Worker(number, hours.working_time(shifts), self.people[number].busy)
            for number, shifts in enumerate(self.day_shifts)
        ]

    @property
    def working(self) -> list[oracle.Working]:
        return [
            oracle.working(each.week, each.exceptions, self.holidays, self.zone, self.first_day, DAYS)
            for each in self.people
        ]

    def length_of(self, number: int) -> int:
        own = self.people[number].length
        return own if own is not None and self.needed == 1 else self.visit.length

    def offered(self) -> dict[int, list[int]]:
        return slots.free_starts(self.workers, self.visit, **self.asked())

    def asked(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "not_before": self.limits[0],
            "not_after": self.limits[1],
            "pools": self.pools,
            "lengths": {number: each.length for number, each in enumerate(self.people) if each.length is not None},
            "needed": self.needed,
            "sessions": self.sessions,
            "seats": self.seats,
        }

    def expected(self) -> dict[int, list[int]]:
        everybodys = self.working
        found: dict[int, set[int]] = {number: set() for number in range(len(self.people))}
        for number, working in enumerate(everybodys):
            for at, shift_start in working.items():
                on_grid = (at - shift_start) % self.step == 0
                if on_grid and self.is_bookable(everybodys, number, at):
                    found[number].add(at)
        for session in self.sessions:
            if session.seats >= self.seats and self.limits[0] <= session.start <= self.limits[1]:
                found[session.worker].add(session.start)
        return {number: sorted(starts) for number, starts in found.items()}

    def is_bookable(self, everybodys: Sequence[oracle.Working], number: int, at: int) -> bool:
        def can(other: int, length: int) -> bool:
            busy = self.people[other].busy
            return oracle.can_work(everybodys[other], busy, length, self.visit.before, self.visit.after, at)

        length = self.length_of(number)
        around = range(at - self.visit.before, at + length + self.visit.after)
        rooms = [[(one.id, one.busy) for one in pool] for pool in self.pools]
        return (
            self.limits[0] <= at <= self.limits[1]
            and can(number, length)
            and sum(can(other, length) for other in range(len(self.people))) >= self.needed
            and oracle.has_facilities(rooms, around)
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    name, first_day = draw(st.sampled_from(PLACES))
    zone = ZoneInfo(name)
    days = [first_day + timedelta(days=number) for number in range(DAYS)]
    begins = hours.moment_on_wall(first_day, 0, zone)
    ends = hours.moment_on_wall(first_day + timedelta(days=DAYS + 1), 0, zone)
    # Few round numbers meet each other more often than any.
    around = st.one_of(
        st.integers(begins - 200, ends + 200),
        st.integers(0, (ends - begins) // 30).map(lambda half_hour: begins + half_hour * 30),
    )

    def spans(most: int) -> st.SearchStrategy[list[Minutes]]:
        one = st.tuples(around, st.sampled_from([1, 10, 30, 45, 60, 200, 900]))
        return st.lists(one.map(lambda given: (given[0], given[0] + given[1])), max_size=most).map(sorted)

    lengths = st.sampled_from([1, 5, 15, 20, 30, 45, 60, 95, 240, 600])
    people = draw(
        st.lists(
            st.builds(
                Person,
                st.lists(day_hours(), min_size=7, max_size=7),
                st.dictionaries(st.sampled_from(days), day_hours(), max_size=2),
                spans(8),
                st.one_of(st.none(), lengths),
            ),
            min_size=1,
            max_size=3,
        )
    )
    rooms = draw(st.lists(spans(6), max_size=3))
    stock = [Facility(100 + number, busy) for number, busy in enumerate(rooms)]
    pools = draw(st.lists(st.lists(st.sampled_from(stock), unique_by=id), max_size=3)) if stock else []
    buffers = st.sampled_from([0, 0, 0, 5, 10, 30, 70])
    limits = sorted(draw(st.tuples(around, around))) if draw(st.booleans()) else [begins - 5000, ends + 5000]
    seats = st.integers(1, 3)
    return Case(
        zone,
        first_day,
        set(draw(st.lists(st.sampled_from(days), max_size=1))),
        people,
        pools,
        Visit(draw(lengths), draw(buffers), draw(buffers)),
        draw(st.sampled_from([5, 7, 10, 15, 30, 60, 90, 1440])),
        draw(st.sampled_from([1, 1, 1, 2, 3])),
        (limits[0], limits[1]),
        draw(st.lists(st.builds(Session, st.integers(0, len(people) - 1), around, seats), max_size=3)),
        draw(seats),
    )


thorough = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(cases())
@thorough
def test_what_is_offered_is_what_can_be_booked(case: Case) -> None:
    expected = case.expected()
    event("something is free" if any(expected.values()) else "nothing is free")
    assert case.offered() == expected
    everybody = sorted({start for starts in expected.values() for start in starts})
    assert slots.branch_starts(case.workers, case.visit, **case.asked()) == everybody


@given(cases())
@thorough
def test_a_reason_is_given_exactly_where_nothing_can_be_booked(case: Case) -> None:
    working = case.working
    not_before, not_after = case.limits
    for worker in case.workers:
        visit = case.visit._replace(length=case.length_of(worker.id))
        for at in range(min(working[worker.id], default=0) - 60, max(working[worker.id], default=0) + 60, 37):
            reason = reasons.why_not(worker, visit, at, not_before=not_before, not_after=not_after, pools=case.pools)
            bookable = oracle.can_work(working[worker.id], worker.busy, visit.length, visit.before, visit.after, at)
            rooms = [[(one.id, one.busy) for one in pool] for pool in case.pools]
            span = visit.span(at)
            possible = (
                bookable and not_before <= at <= not_after and oracle.has_facilities(rooms, range(span.start, span.end))
            )
            assert (reason is None) == possible
            if reason is None and case.pools:
                chosen = facilities.choose(case.pools, visit, at)
                assert chosen is not None
                assert len(set(chosen)) == len(case.pools)
                assert all(one in [each.id for each in pool] for one, pool in zip(chosen, case.pools, strict=True))


@given(cases())
@thorough
def test_a_team_is_found_exactly_where_enough_are_free(case: Case) -> None:
    working = case.working
    offered = sorted({at for starts in case.offered().values() for at in starts})
    for at in [*offered[:: max(1, len(offered) // 20)], *range(case.limits[0], case.limits[0] + 4000, 333)]:
        free = [
            number
            for number, each in enumerate(case.people)
            if oracle.can_work(working[number], each.busy, *case.visit, at)
        ]
        expected = tuple(free[: case.needed]) if len(free) >= case.needed else None
        assert slots.team(case.workers, case.visit, at, needed=case.needed) == expected


@pytest.mark.parametrize(
    ("place", "day", "worked", "length"),
    [
        ("Europe/Berlin", date(2026, 3, 29), DayHours(0, 1440), 23),
        ("Europe/Berlin", date(2026, 10, 25), DayHours(0, 1440), 25),
        ("Europe/Berlin", date(2026, 3, 29), DayHours(60, 150), 1),
        ("Europe/Berlin", date(2026, 10, 25), DayHours(60, 180), 3),
        ("Australia/Lord_Howe", date(2026, 10, 4), DayHours(0, 1440), 23.5),
        ("Asia/Novosibirsk", date(2026, 11, 21), DayHours(0, 1440), 24),
    ],
)
def test_days_when_the_clock_changes(place: str, day: date, worked: DayHours, length: float) -> None:
    [shift] = hours.shifts([worked] * 7, {}, (), ZoneInfo(place), day, 1)
    assert (shift.end - shift.start) / 60 == length


def test_a_day_that_does_not_exist_has_no_shift() -> None:
    found = hours.shifts([DayHours(540, 1080)] * 7, {}, (), ZoneInfo("Pacific/Apia"), date(2011, 12, 29), 3)
    assert [shift.day.day for shift in found] == [29, 31]


def test_the_worked_example() -> None:
    """Pavel works from 9 to 18 and has somebody at 16; haircut and beard take 105 minutes."""

    def offered(*busy: Minutes) -> list[str]:
        pavel = Worker(1, [Shift(540, 1080, 540)], list(busy))
        starts = slots.free_starts([pavel], Visit(105), step=60, not_before=0, not_after=1440)[1]
        return [f"{start // 60:02}:00" for start in starts]

    assert offered((960, 1065)) == ["09:00", "10:00", "11:00", "12:00", "13:00", "14:00"]
    assert offered((540, 645)) == ["11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]


@pytest.mark.parametrize("wrong", [{"step": 0}, {"needed": 0}, {"visit": Visit(0)}])
def test_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"visit": Visit(30), "step": 30, "needed": 1, "not_before": 0, "not_after": 1, **wrong}
    with pytest.raises(ValueError, match="at least 1"):
        slots.free_starts([], **asked)


@pytest.mark.parametrize(
    ("at", "expected"), [(0, [10, 20, 30]), (21, [10, 20, 30]), (25, [20, 30, 40]), (99, [30, 40, 50])]
)
def test_the_nearest_starts(at: int, expected: list[int]) -> None:
    assert slots.nearest([10, 20, 30, 40, 50], at) == expected
