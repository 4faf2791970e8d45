"""Runs of days that say one thing each, painted over one another. Pure."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from ringdesk.scheduling.hours import ONE_DAY, days_between

What = TypeVar("What")


class Run(NamedTuple, Generic[What]):
    """The days from the first to the last, both included, and what is said of them."""

    first_day: date
    last_day: date
    what: What


def paint(runs: Iterable[Run[What]], painted: Mapping[date, What], cleared: Collection[date] = ()) -> list[Run[What]]:
    """Return the runs with these days painted and those cleared, sorted; what they covered is cut out of the others.

    Runs never overlap, before and after. Runs of before stay apart even where they say the same.
    """
    touched = painted.keys() | set(cleared)
    kept = [
        piece
        for run in runs
        for piece in as_runs({day: run.what for day in days_between(run.first_day, run.last_day) if day not in touched})
    ]
    return sorted([*kept, *as_runs(painted)], key=lambda run: run.first_day)


def as_runs(days: Mapping[date, What]) -> list[Run[What]]:
    """Return the days as runs as long as they can be."""
    runs: list[Run[What]] = []
    for day in sorted(days):
        if runs and runs[-1].last_day + ONE_DAY == day and runs[-1].what == days[day]:
            runs[-1] = runs[-1]._replace(last_day=day)
        else:
            runs.append(Run(day, day, days[day]))
    return runs
