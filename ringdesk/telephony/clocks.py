"""Clocks of PBXes that show twelve hours where twenty-four are meant. Pure."""

from datetime import datetime, timedelta

HALF_A_DAY = timedelta(hours=12)
TOLERANCE = timedelta(minutes=15)


def correction(ended_at: datetime | None, arrived_at: datetime) -> timedelta:
    """Return what to add to the times of a report whose call ended at ``ended_at`` by the source's clock.

    Twelve hours when the report arrives twelve hours (± 15 minutes) after the end it tells of: the source printed
    01:56 for 13:56. Otherwise nothing: a report may well be late.
    """
    if ended_at is None:
        return timedelta(0)
    return HALF_A_DAY if abs(arrived_at - ended_at - HALF_A_DAY) <= TOLERANCE else timedelta(0)
