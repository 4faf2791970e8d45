"""Working hours told by the clock on the wall, turned into minutes that pass. Pure.

A day's hours are minutes from its midnight, past midnight over 1440; a shift belongs to the day it begins on, also
with what lies after midnight: a day off on Tuesday leaves Monday's night shift alone.

On the days the clocks change, a time on the wall means the first moment at which the clock shows it or a later one:
02:30 that does not exist is the moment of the change, 02:30 that comes twice is the first. So hours never overlap
that did not overlap on the wall, and a night shift is an hour shorter or longer, as it is in life.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from django.utils.translation import gettext as _

from ringdesk.core.problems import Invalid
from ringdesk.scheduling.minutes import EPOCH, MINUTE, Minutes
from ringdesk.scheduling.slots import NEVER, Shift

DAY = 24 * 60
ONE_DAY = timedelta(days=1)
# Those in which anything is booked or planned: beyond is a slip of the pen, and dates have a first and a last.
YEARS = range(2000, 2101)


class NoSuchTime(Invalid):
    """That day the clock jumps over this time. ``minutes`` after midnight."""

    def __init__(self, minutes: int, *, field: str | None = None) -> None:
        clock = f"{minutes // 60 % 24:02}:{minutes % 60:02}"
        text = _("That day the clock jumps over %(time)s: there is no such time.")
        super().__init__(text % {"time": clock}, field=field)


@dataclass(frozen=True, slots=True)
class DayHours:
    """What somebody works on a day: minutes from midnight, a day at most; breaks sorted and within."""

    start: int
    end: int
    breaks: tuple[Minutes, ...] = ()

    @property
    def pieces(self) -> tuple[Minutes, ...]:
        """The hours without their breaks."""
        edges = self._edges
        return tuple((one, two) for one, two in zip(edges[::2], edges[1::2], strict=True) if one < two)

    @property
    def is_valid(self) -> bool:
        """Tell whether everything is in order: begins on its day, lasts a day at most, breaks apart and within."""
        if not (0 <= self.start < DAY and self.start < self.end <= self.start + DAY):
            return False
        in_order = all(one <= two for one, two in pairwise(self._edges))
        return in_order and all(start < end for start, end in self.breaks) and bool(self.pieces)

    @property
    def _edges(self) -> list[int]:
        return [self.start, *(edge for rest in self.breaks for edge in rest), self.end]


# Monday first; None is a day off.
Week = Sequence[DayHours | None]
NO_WEEK: Week = (None,) * 7


class DayShift(NamedTuple):
    """A day's shift in minutes since the epoch; ``work`` is what remains of it without breaks."""

    day: date
    start: int
    end: int
    work: tuple[Shift, ...]


def hours_on(
    day: date, week: Week, exceptions: Mapping[date, DayHours | None], holidays: Collection[date]
) -> DayHours | None:
    """Return what is worked on that day: one's own exception outweighs a holiday, a holiday the week."""
    if day in exceptions:
        return exceptions[day]
    return None if day in holidays else week[day.weekday()]


def shifts(
    week: Week,
    exceptions: Mapping[date, DayHours | None],
    holidays: Collection[date],
    zone: tzinfo,
    first_day: date,
    days: int,
) -> list[DayShift]:
    """Return the shifts that begin on these days, sorted; days off and shifts the clock swallows are left out.

    Where a day's hours run into those of the next (an exception may), the later ones begin when the earlier end.
    """
    found: list[DayShift] = []
    cursor = -NEVER
    usual = [(hours, hours.pieces if hours else ()) for hours in week]
    for wall_day in _calendar(zone, first_day, days):
        day, weekday, midnight, is_plain, _zone = wall_day
        if day in exceptions:
            hours = exceptions[day]
            pieces = hours.pieces if hours else ()
        elif day in holidays:
            continue
        else:
            hours, pieces = usual[weekday]
        if hours is None:
            continue
        if is_plain and midnight + hours.start >= cursor:
            # Nearly every day: nothing to ask, nothing to cut.
            start, end = midnight + hours.start, midnight + hours.end
            work = tuple([Shift(midnight + one, midnight + two, start) for one, two in pieces])
        else:
            start, end = max(wall_day.minute(hours.start), cursor), wall_day.minute(hours.end)
            cut = [(max(wall_day.minute(one), start), wall_day.minute(two)) for one, two in pieces]
            work = tuple(Shift(one, two, start) for one, two in cut if one < two)
        if work:
            found.append(DayShift(day, start, end, work))
            cursor = end
    return found


def working_time(day_shifts: Sequence[DayShift]) -> list[Shift]:
    """Return the shifts as the slot engine wants them."""
    return [shift for day_shift in day_shifts for shift in day_shift.work]


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every day from the first to the last, both included."""
    for number in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(number)


def moment_on_wall(day: date, minutes: int, zone: tzinfo) -> int:
    """Return the first minute since the epoch at which the clock shows so many minutes after midnight, or more."""
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    early, late = (_utc(wall, fold, zone) for fold in (0, 1))
    if early <= late:
        return early
    # The clock skips this time. Read with the offset of before it is too late, with the one of after too early.
    low, high = late, early
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _wall(middle, zone) >= wall else (middle, high)
    return high


def moments_on_wall(day: date, minutes: int, zone: tzinfo) -> tuple[int, ...]:
    """Return the minute at which the clock shows this; both of them for a time that comes twice.

    Raises NoSuchTime: opening hours may lie where the clock jumps, what somebody asks for may not.
    """
    first = moment_on_wall(day, minutes, zone)
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    if _wall(first, zone) != wall:
        raise NoSuchTime(minutes)
    second = _utc(wall, 1, zone)
    return (first, second) if first < second else (first,)


class _WallDay(NamedTuple):
    """A day with its midnight; ``is_plain``: the clock is left alone today and tomorrow."""

    day: date
    weekday: int
    midnight: int
    is_plain: bool
    zone: tzinfo

    def minute(self, minutes: int) -> int:
        return self.midnight + minutes if self.is_plain else moment_on_wall(self.day, minutes, self.zone)


@lru_cache(maxsize=256)
def _calendar(zone: tzinfo, first_day: date, days: int) -> tuple[_WallDay, ...]:
    """Return the days with their midnights: one calendar serves all people of a branch."""
    dates = [first_day + ONE_DAY * number for number in range(days + 2)]
    midnights = [moment_on_wall(day, 0, zone) for day in dates]
    return tuple(
        _WallDay(day, day.weekday(), midnights[i], midnights[i + 2] - midnights[i] == 2 * DAY, zone)
        for i, day in enumerate(dates[:days])
    )


def _utc(wall: datetime, fold: int, zone: tzinfo) -> int:
    return (wall.replace(tzinfo=zone, fold=fold) - EPOCH) // MINUTE


def _wall(minute: int, zone: tzinfo) -> datetime:
    return (EPOCH + minute * MINUTE).astimezone(zone).replace(tzinfo=None)
