"""The circuit of an endpoint: one that is down is left in peace, and asked now and then whether it is back. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

# So many failures in a row open it.
THRESHOLD = 5
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)


class State(StrEnum):
    """Closed: everything is sent. Open: nothing is. Half open: one delivery is, to see."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Circuit:
    """``failures`` in a row; how often it opened in a row (``openings``); until when it is open."""

    failures: int = 0
    openings: int = 0
    open_until: datetime | None = None

    def state(self, now: datetime) -> State:
        """Return what may be sent now."""
        if self.open_until is None:
            return State.CLOSED
        return State.OPEN if now < self.open_until else State.HALF_OPEN

    def succeeded(self) -> "Circuit":
        """Return the circuit after the endpoint has answered: closed."""
        return Circuit()

    def failed(self, now: datetime, chance: float, threshold: int = THRESHOLD) -> "Circuit":
        """Return the circuit after a failure. ``chance`` (0 to 1) spreads the pause over half of its length."""
        failures = self.failures + 1
        state = self.state(now)
        if state is State.OPEN:
            # Was under way when it opened: tells nothing new.
            return replace(self, failures=failures)
        if state is State.CLOSED and failures < threshold:
            return replace(self, failures=failures)
        pause = min(FIRST_PAUSE * 2 ** min(self.openings, 20), LONGEST_PAUSE) * (0.5 + chance / 2)
        return Circuit(failures, self.openings + 1, now + pause)
