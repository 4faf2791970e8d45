"""How a connector fares: counted in memory by the doors, written every few seconds, read by its page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg_pool import AsyncConnectionPool

_WRITE = """
UPDATE telephony_connector SET
    last_event_at = coalesce(%(last_event_at)s, last_event_at),
    events_received = events_received + %(events)s,
    requests_refused = requests_refused + %(refused)s,
    received_while_off = received_while_off + %(while_off)s,
    last_error = coalesce(%(last_error)s, last_error),
    last_error_at = coalesce(%(last_error_at)s, last_error_at),
    agent_version = coalesce(%(agent_version)s, agent_version)
WHERE id = %(id)s
"""


@dataclass(slots=True)
class _Tally:
    events: int = 0
    refused: int = 0
    while_off: int = 0
    last_event_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    agent_version: str | None = None


class Health:
    """Tallies since the last flush."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self.pool = pool
        self.tallies: dict[int, _Tally] = {}

    def received(self, connector_id: int, now: datetime, agent_version: str = "") -> None:
        tally = self.tallies.setdefault(connector_id, _Tally())
        tally.events += 1
        tally.last_event_at = now
        tally.agent_version = agent_version or tally.agent_version

    def refused(self, connector_id: int, error: str, now: datetime) -> None:
        tally = self.tallies.setdefault(connector_id, _Tally())
        tally.refused += 1
        tally.last_error, tally.last_error_at = error[:500], now

    def failed(self, connector_id: int, error: str, now: datetime) -> None:
        """Note what we could not do for the connector; nothing was refused."""
        tally = self.tallies.setdefault(connector_id, _Tally())
        tally.last_error, tally.last_error_at = error[:500], now

    def heard(self, connector_id: int, now: datetime) -> None:
        """Note that the source spoke, though not of a call."""
        self.tallies.setdefault(connector_id, _Tally()).last_event_at = now

    def while_off(self, connector_id: int) -> None:
        self.tallies.setdefault(connector_id, _Tally()).while_off += 1

    async def flush(self) -> None:
        """Write the tallies down."""
        tallies, self.tallies = self.tallies, {}
        if not tallies:
            return
        rows = [
            {
                "id": id,
                "events": tally.events,
                "refused": tally.refused,
                "while_off": tally.while_off,
                "last_event_at": tally.last_event_at,
                "last_error": tally.last_error,
                "last_error_at": tally.last_error_at,
                "agent_version": tally.agent_version,
            }
            for id, tally in sorted(tallies.items())
        ]
        async with self.pool.connection() as connection, connection.cursor() as cursor:
            await cursor.executemany(_WRITE, rows)
