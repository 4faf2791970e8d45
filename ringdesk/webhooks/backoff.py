"""When a delivery that failed is tried again. Pure."""

from datetime import datetime, timedelta

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
_FACTOR = 3


def delay(attempts: int, chance: float) -> timedelta:
    """Return how long to wait after this many failed attempts (1 and more).

    ``chance`` (0 to 1) spreads the waits over half of their length, so that what failed together does not come
    back together.
    """
    # More attempts than these are at the longest wait anyway, and the power would only grow.
    factor: int = _FACTOR ** (min(attempts, 20) - 1)
    longest = min(FIRST * factor, LONGEST)
    return longest * (0.5 + chance / 2)


def is_over(created_at: datetime, now: datetime) -> bool:
    """Tell whether trying has come to its end."""
    return now - created_at >= GIVEN_UP_AFTER
