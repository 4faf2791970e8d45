"""When a branch is open: minutes from midnight of a weekday, past midnight over 1440. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from itertools import groupby

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ringdesk.core.problems import Invalid

DAY = 24 * 60
WEEK = 7 * DAY
SHORT = (
    gettext_lazy("Mon"),
    gettext_lazy("Tue"),
    gettext_lazy("Wed"),
    gettext_lazy("Thu"),
    gettext_lazy("Fri"),
    gettext_lazy("Sat"),
    gettext_lazy("Sun"),
)


@dataclass(frozen=True, order=True, slots=True)
class OpenSpan:
    """One stretch of opening time. ``weekday`` 0 is Monday; ``opens`` and ``closes`` in minutes from its midnight."""

    weekday: int
    opens: int
    closes: int


def from_clock(weekday: int, opens: time, closes: time) -> OpenSpan:
    """Return the span between two times on the clock: closing at or before opening means the next day."""
    start, end = minutes(opens), minutes(closes)
    return OpenSpan(weekday, start, end if end > start else end + DAY)


def minutes(clock: time) -> int:
    """Return minutes since midnight."""
    return clock.hour * 60 + clock.minute


def clock(minute: int) -> time:
    """Return the time a clock on the wall shows: 1500 is 01:00."""
    return time(minute // 60 % 24, minute % 60)


def every_day(opens: int, closes: int) -> list[OpenSpan]:
    """Return the same hours for all seven days."""
    return [OpenSpan(weekday, opens, closes) for weekday in range(7)]


def summary(spans: Sequence[OpenSpan]) -> list[str]:
    """Return the week in as few lines as it takes: ``Mon–Fri 10:00–22:00``."""
    by_day = {day: [span for span in sorted(spans) if span.weekday == day] for day in range(7)}
    hours = [", ".join(f"{clock(s.opens):%H:%M}–{clock(s.closes):%H:%M}" for s in by_day[day]) for day in range(7)]
    lines = []
    for text, run in groupby(range(7), key=hours.__getitem__):
        days = list(run)
        if text:
            names = str(SHORT[days[0]]) if len(days) == 1 else f"{SHORT[days[0]]}–{SHORT[days[-1]]}"
            lines.append(f"{names} {text}")
    return lines


def check(spans: Sequence[OpenSpan]) -> None:
    """Raise Invalid when a span is out of order, or two overlap (Sunday's night runs into Monday)."""
    for span in spans:
        if not (0 <= span.weekday <= 6 and 0 <= span.opens < DAY and span.opens < span.closes <= span.opens + DAY):
            raise Invalid(_("Opening hours must begin before they end, and last a day at most."), field="hours")
    week = sorted(spans, key=_start)
    if len(week) < 2:
        return
    for before, after in zip(week, week[1:] + week[:1], strict=True):
        if before.closes - before.opens > (_start(after) - _start(before)) % WEEK:
            raise Invalid(
                _("The hours of %(before)s run into those of %(after)s.")
                % {"before": WEEKDAYS[before.weekday], "after": WEEKDAYS[after.weekday]},
                field="hours",
            )


def _start(span: OpenSpan) -> int:
    return span.weekday * DAY + span.opens
