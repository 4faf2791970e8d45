"""How often the PBX may be asked, by product key. Pure: time is an argument, in seconds of any one clock.

Source: Mango Office VPBX API, "API VPBX" under limits. Over them it stops answering for a while (429), so a command
waits for its turn here, and one whose turn would come too late is not sent at all.
"""

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``amount`` within any ``seconds``."""

    amount: int
    seconds: float


OVERALL = Limit(10, 1.0)
BY_COMMAND: Mapping[str, Limit] = {
    "commands/callback": Limit(4, 1.0),
    "commands/call/hangup": Limit(4, 1.0),
    "commands/route": Limit(1, 2.0),
    "commands/transfer": Limit(1, 2.0),
    "config/users/request": Limit(1, 2.0),
    "stats/request": Limit(1, 2.0),
    # "Not more often than once in five seconds" while it is being prepared.
    "stats/result": Limit(1, 5.0),
}
LONGEST = max(limit.seconds for limit in (OVERALL, *BY_COMMAND.values()))
# Seconds; two commands may travel unequally fast, and a little more keeps the promise at the other end.
_MARGIN = 0.05


class Turns:
    """The turns given out for one product key."""

    def __init__(self) -> None:
        self.given: dict[str, list[float]] = {}

    def take(self, command: str, now: float, until: float) -> float | None:
        """Give the first turn from ``now`` on and return when it is; None when it would be after ``until``."""
        self._forget(now)
        everything = sorted(at for times in self.given.values() for at in times)
        rules = [(OVERALL, everything)]
        if command in BY_COMMAND:
            rules.append((BY_COMMAND[command], self.given.get(command, [])))
        at = min(
            (moment for moment in _moments(now, rules) if all(_fits(moment, limit, times) for limit, times in rules)),
        )
        if at > until:
            return None
        insort(self.given.setdefault(command, []), at)
        return at

    def _forget(self, now: float) -> None:
        kept = {name: [at for at in times if at > now - LONGEST - 1] for name, times in self.given.items()}
        self.given = {name: times for name, times in kept.items() if times}


def _moments(now: float, rules: Iterable[tuple[Limit, list[float]]]) -> set[float]:
    """Every moment that can be the first free one: now, or when an earlier turn goes out of a limit's sight."""
    after = {at + limit.seconds + _MARGIN for limit, times in rules for at in times}
    return {now, *(at for at in after if at > now)}


def _fits(moment: float, limit: Limit, times: list[float]) -> bool:
    """Tell whether one more at ``moment`` leaves no window with too many, before it or after it."""
    near = sorted([*(at for at in times if abs(at - moment) < limit.seconds), moment])
    # Whatever window is too full holds this moment, so it lies within these.
    return all(near[start + limit.amount] - near[start] >= limit.seconds for start in range(len(near) - limit.amount))
