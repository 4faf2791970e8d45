"""Spans of time. Pure."""

from datetime import datetime
from typing import NamedTuple


class Span(NamedTuple):
    """From ``start`` up to, but not including, ``end``. Aware datetimes."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Span") -> bool:
        """Tell whether the two have a moment in common; spans that touch have none."""
        return self.start < other.end and other.start < self.end
