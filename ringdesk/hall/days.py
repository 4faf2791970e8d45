"""A branch's day as minutes from its midnight, and back. Pure.

Minutes are real, elapsed ones: on the night the clocks change a day has 1380 or 1500 of them. Opening hours are
told by the clock on the wall, so they are turned into moments first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from ringdesk.accounts.opening_hours import OpenSpan
from ringdesk.core.intervals import Span

WHOLE_DAY = 24 * 60
USUAL_HOURS = (10 * 60, 22 * 60)
STEP = 15


@dataclass(frozen=True, slots=True)
class ServiceDay:
    """A day as a restaurant lives it: from its midnight, or last night's closing, to its own closing."""

    date: date
    origin: datetime
    begins: int
    ends: int
    opening: tuple[tuple[int, int], ...]

    @property
    def span(self) -> Span:
        return Span(self.moment(self.begins), self.moment(self.ends))

    def moment(self, minute: int) -> datetime:
        """Return the moment so many minutes after midnight, in UTC."""
        return self.origin + timedelta(minutes=minute)

    def minute(self, moment: datetime) -> int:
        """Return how many whole minutes after midnight that is; negative before it."""
        return (moment - self.origin) // timedelta(minutes=1)

    def contains(self, moment: datetime) -> bool:
        return self.span.start <= moment < self.span.end


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return when the day begins in this zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def wall(day: date, minutes: int, zone: tzinfo) -> datetime:
    """Return when the clock on the wall shows so many minutes after midnight; past 1440 it is the next day's."""
    days, rest = divmod(minutes, WHOLE_DAY)
    clock = time(rest // 60, rest % 60)
    return datetime.combine(day + timedelta(days=days), clock, tzinfo=zone).astimezone(UTC)


def is_real(day: date, clock: time, zone: tzinfo) -> bool:
    """Tell whether the clock shows this time on that day: one hour of a spring night does not exist."""
    there = datetime.combine(day, clock, tzinfo=zone)
    return there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == there.replace(tzinfo=None)


def round_up(moment: datetime, step: int = STEP) -> datetime:
    """Return the next moment whose minutes divide by ``step``, or this one if it does."""
    seconds = step * 60
    return datetime.fromtimestamp(-(-moment.timestamp() // seconds) * seconds, tz=UTC)


def service_day(day: date, zone: tzinfo, hours: Sequence[OpenSpan]) -> ServiceDay:
    """Return that day with its opening hours (none: closed) in real minutes."""
    origin = midnight(day, zone)

    def minute(moment: datetime) -> int:
        return (moment - origin) // timedelta(minutes=1)

    opening = tuple(
        (minute(wall(day, span.opens, zone)), minute(wall(day, span.closes, zone)))
        for span in sorted(hours)
        if span.weekday == day.weekday()
    )
    next_midnight = minute(midnight(day + timedelta(days=1), zone))
    begins = minute(_night_ends(day - timedelta(days=1), zone, hours))
    ends = minute(_night_ends(day, zone, hours))
    return ServiceDay(day, origin, max(0, begins), max(next_midnight, ends), opening)


def current(now: datetime, zone: tzinfo, hours: Sequence[OpenSpan]) -> date:
    """Return the day the restaurant lives in: after midnight, until closing, it is still yesterday."""
    today = now.astimezone(zone).date()
    return today - timedelta(days=1) if now < _night_ends(today - timedelta(days=1), zone, hours) else today


def _night_ends(day: date, zone: tzinfo, hours: Sequence[OpenSpan]) -> datetime:
    """Return when that day's last guests leave: its closing after midnight, else midnight."""
    closes = max((span.closes for span in hours if span.weekday == day.weekday()), default=0)
    return wall(day, max(closes, WHOLE_DAY), zone)
