"""Whole minutes since the epoch: spans of them, sets of spans, and what a visit asks for. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

# What the loops eat: a Span, or the bare pair that comes from the database.
Minutes = tuple[int, int]


class Span(NamedTuple):
    """From ``start`` up to, but not including, ``end``."""

    start: int
    end: int


class Visit(NamedTuple):
    """What is to be booked, in minutes: the work, and what must be free around it (to prepare, to tidy up)."""

    length: int
    before: int = 0
    after: int = 0

    def span(self, at: int) -> Span:
        """Return all that the visit takes when the work begins at that time."""
        return Span(at - self.before, at + self.length + self.after)

    def work(self, at: int) -> Span:
        """Return the work alone."""
        return Span(at, at + self.length)


def together(visits: Sequence[Visit]) -> Visit:
    """Return several services as one visit: work adds up, of the buffers the longest counts, whatever the order."""

    def join(one: Visit, other: Visit) -> Visit:
        return Visit(one.length + other.length, max(one.before, other.before), max(one.after, other.after))

    return reduce(join, visits)


def from_moment(moment: datetime) -> int:
    """Return the minute in which the moment lies."""
    return (moment - EPOCH) // MINUTE


def to_moment(minute: int) -> datetime:
    """Return when the minute begins, in UTC."""
    return EPOCH + minute * MINUTE


def merge(spans: Iterable[Minutes]) -> list[Span]:
    """Return the same time as spans that neither overlap nor touch, sorted."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1].end:
            if end > merged[-1].end:
                merged[-1] = Span(merged[-1].start, end)
        elif start < end:
            merged.append(Span(start, end))
    return merged


def complement(spans: Iterable[Minutes], within: Span) -> list[Span]:
    """Return the rest of ``within``."""
    gaps = []
    cursor = within.start
    for start, end in merge(spans):
        if start > cursor:
            gaps.append(Span(cursor, min(start, within.end)))
        cursor = max(cursor, end)
    gaps.append(Span(cursor, within.end))
    return [gap for gap in gaps if gap.start < gap.end]


def where_at_least(count: int, lists: Iterable[Iterable[Minutes]]) -> list[Span]:
    """Return when at least so many of the lists have a span."""
    changes = sorted(change for spans in lists for span in merge(spans) for change in ((span.start, 1), (span.end, -1)))
    found = []
    depth = since = 0
    for at, change in changes:
        before, depth = depth, depth + change
        if before < count <= depth:
            since = at
        elif depth < count <= before:
            found.append((since, at))
    return merge(found)
