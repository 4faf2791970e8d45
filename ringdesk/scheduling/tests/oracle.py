"""What is free, found the slow and obvious way: minute by minute, place by place, one question after another."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from itertools import product

from ringdesk.scheduling.hours import DayHours, Week
from ringdesk.scheduling.minutes import EPOCH, MINUTE, Minutes

Working = dict[int, int]


@cache
def clock(zone: tzinfo, first_day: date, days: int) -> list[tuple[int, datetime]]:
    """Return every minute around these days with what the clock on the wall shows then."""
    start = (datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC) - EPOCH) // MINUTE
    minutes = range(start - 16 * 60, start + (days + 2) * 24 * 60 + 16 * 60)
    return [(minute, (EPOCH + minute * MINUTE).astimezone(zone).replace(tzinfo=None)) for minute in minutes]


def working(
    week: Week,
    exceptions: Mapping[date, DayHours | None],
    holidays: Collection[date],
    zone: tzinfo,
    first_day: date,
    days: int,
) -> Working:
    """Return every minute that is worked, and when the shift began to which it belongs."""

    def first(day: date, minutes: int) -> int:
        wanted = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001  # a wall's clock
        return next(minute for minute, shown in clock(zone, first_day, days) if shown >= wanted)

    found: Working = {}
    last_end = -(10**9)
    for number in range(days):
        day = first_day + timedelta(days=number)
        if day in exceptions:
            hours = exceptions[day]
        elif day in holidays:
            hours = None
        else:
            hours = week[day.weekday()]
        if hours is None:
            continue
        start, end = max(first(day, hours.start), last_end), first(day, hours.end)
        breaks = [range(first(day, one), first(day, two)) for one, two in hours.breaks]
        minutes = [minute for minute in range(start, end) if not any(minute in rest for rest in breaks)]
        if minutes:
            found.update(dict.fromkeys(minutes, start))
            last_end = end
    return found


def is_quiet(busy: Sequence[Minutes], around: range) -> bool:
    """Tell whether no minute of it is taken."""
    return not any(start <= minute < end for start, end in busy for minute in around)


def can_work(working: Working, busy: Sequence[Minutes], length: int, before: int, after: int, at: int) -> bool:
    """Tell whether somebody works all through the visit and has nothing else then and around it."""
    return all(minute in working for minute in range(at, at + length)) and is_quiet(
        busy, range(at - before, at + length + after)
    )


def has_facilities(pools: Sequence[Sequence[tuple[int, Sequence[Minutes]]]], around: range) -> bool:
    """Tell whether of each pool one can be had, no two times the same, however one chooses."""
    free = [[name for name, busy in pool if is_quiet(busy, around)] for pool in pools]
    return any(len(set(choice)) == len(choice) for choice in product(*free))
