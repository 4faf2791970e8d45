"""From the queue to the endpoint: one runner per endpoint, one process at a time.

The next message of a call waits until the one before is delivered or given up; different calls go out side by side.
A message is leased before it is sent (``next_at`` moves on), so that a process that dies in the middle leaves it to
be sent again a minute later: only then, between the endpoint's answer and our note of it, can one arrive twice. Its
``webhook-id`` is the same both times.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from django.utils import translation
from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ringdesk.core import http, metrics
from ringdesk.webhooks import backoff, following, recipients
from ringdesk.webhooks.circuit import Circuit, State
from ringdesk.webhooks.requests import Recipient, Verdict, judge, request, unreachable

PARALLEL = 8
TIMEOUT = 10.0
LEASE = timedelta(seconds=60)
LARGEST_ANSWER = 256 * 1024
# Seconds without anything to do until it is looked again.
LOOKED_EVERY = 2.0
_NOTED_FOR = 60
_TIDIED_EVERY = timedelta(minutes=1)
logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]

_CIRCUIT: LiteralString = "SELECT failures, openings, open_until FROM webhooks_endpoint WHERE id = %s"
_LOCK_CIRCUIT: LiteralString = _CIRCUIT + " FOR NO KEY UPDATE"
_SET_FAILURES: LiteralString = "UPDATE webhooks_endpoint SET failures = %s WHERE id = %s"
_SET_CIRCUIT: LiteralString = """
UPDATE webhooks_endpoint SET failures = %s, openings = %s, open_until = %s WHERE id = %s
"""
_SET_DELIVERED: LiteralString = """
UPDATE webhooks_endpoint SET last_delivered_at = %(now)s
WHERE id = %(id)s AND (last_delivered_at IS NULL OR last_delivered_at < %(now)s - interval '2 seconds')
"""
_SET_ERROR: LiteralString = "UPDATE webhooks_endpoint SET last_error = %s, last_error_at = %s WHERE id = %s"
# The first of a call is looked up row by row: as a join it would be planned by statistics that a burst makes wrong.
_PICK: LiteralString = """
WITH head AS (
    SELECT one.id FROM webhooks_delivery one
    WHERE one.endpoint_id = %(endpoint)s AND one.state IN ('waiting', 'failed') AND one.next_at <= %(now)s
    AND one.id = (
        SELECT first.id FROM webhooks_delivery first
        WHERE first.endpoint_id = one.endpoint_id AND first.key = one.key AND first.state IN ('waiting', 'failed')
        ORDER BY first.position, first.id LIMIT 1
    )
    ORDER BY one.next_at, one.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE webhooks_delivery picked SET attempts = attempts + 1, last_at = %(now)s, next_at = %(lease)s
FROM head WHERE picked.id = head.id
RETURNING picked.id, picked.message_id, picked.key, picked.type, picked.body, picked.attempts, picked.tried_since
"""
_NOTE: LiteralString = """
UPDATE webhooks_delivery SET state = %(state)s, next_at = %(next_at)s, last_status = %(status)s,
    last_error = %(error)s, last_answer = %(answer)s
WHERE id = %(id)s AND state IN ('waiting', 'failed')
"""
# Those behind a failed one cannot go earlier: they are not looked at until then.
_HOLD: LiteralString = """
UPDATE webhooks_delivery SET next_at = greatest(next_at, %(next_at)s)
WHERE endpoint_id = %(endpoint)s AND key = %(key)s AND state IN ('waiting', 'failed')
"""
# Those behind a delivered one, which waited for it, go now.
_RELEASE: LiteralString = """
UPDATE webhooks_delivery SET next_at = %(now)s
WHERE endpoint_id = %(endpoint)s AND key = %(key)s AND state IN ('waiting', 'failed') AND attempts = 0
"""
_GIVE_UP: LiteralString = """
UPDATE webhooks_delivery SET state = 'given_up'
WHERE endpoint_id = %s AND state IN ('waiting', 'failed') AND tried_since <= %s
"""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Runner:
    """Follows the log for one endpoint and sends to it."""

    def __init__(self, pool: AsyncConnectionPool[Any], endpoint_id: int, clock: Clock = utc_now) -> None:
        self.pool, self.endpoint_id, self.clock = pool, endpoint_id, clock
        self.woken = asyncio.Event()
        self.under_way: set[asyncio.Task[None]] = set()
        self.tidied_at: datetime | None = None

    async def run(self) -> None:
        """Follow and send until cancelled or switched off."""
        while True:
            self.woken.clear()
            try:
                if not await self.step():
                    return
            except (OperationalError, PoolTimeout) as error:
                logger.warning("Endpoint %s: the database is not there (%s)", self.endpoint_id, error)
                await asyncio.sleep(1)
            except Exception:
                # One endpoint that cannot be served stops no other.
                logger.exception("Endpoint %s could not be served", self.endpoint_id)
                await asyncio.sleep(10)
            try:
                await asyncio.wait_for(self.woken.wait(), LOOKED_EVERY)
            except TimeoutError:
                continue

    async def step(self) -> bool:
        """Queue what is new in the log, begin to send what is due. False when the endpoint is not there any more."""
        now = self.clock()
        async with self.pool.connection() as connection:
            recipient = await recipients.find(connection, self.endpoint_id, now)
            if recipient is None:
                return False
            while await following.follow(connection, recipient, now):
                continue
            await self._tidy(connection, now)
            row = await (await connection.execute(_CIRCUIT, [self.endpoint_id])).fetchone()
            assert row is not None
            places = self._places(Circuit(*row).state(now))
            if places <= 0:
                return True
            parameters = {"endpoint": self.endpoint_id, "now": now, "lease": now + LEASE, "limit": places}
            picked = await (await connection.execute(_PICK, parameters)).fetchall()
        for row in picked:
            task = asyncio.create_task(self._deliver(recipient, *row))
            self.under_way.add(task)
            task.add_done_callback(self._is_done)
        return True

    async def settle(self) -> None:
        """Step until nothing is due any more. For tests and for a last effort."""
        while True:
            await self.step()
            if not self.under_way:
                return
            await asyncio.gather(*self.under_way)

    async def finish(self, patience: float) -> None:
        """Let what is under way end, for so many seconds."""
        if self.under_way:
            _done, late = await asyncio.wait(self.under_way, timeout=patience)
            for task in late:
                task.cancel()

    def _places(self, state: State) -> int:
        most = {State.CLOSED: PARALLEL, State.HALF_OPEN: 1, State.OPEN: 0}[state]
        return most - len(self.under_way)

    def _is_done(self, task: asyncio.Task[None]) -> None:
        self.under_way.discard(task)
        self.woken.set()
        if not task.cancelled() and (error := task.exception()):
            logger.error("A delivery to endpoint %s failed here: %r", self.endpoint_id, error)

    async def _tidy(self, connection: Any, now: datetime) -> None:
        if self.tidied_at is None or now - self.tidied_at >= _TIDIED_EVERY:
            self.tidied_at = now
            await connection.execute(_GIVE_UP, [self.endpoint_id, now - backoff.GIVEN_UP_AFTER])

    async def _deliver(
        self,
        recipient: Recipient,
        id: int,
        message_id: Any,
        key: str,
        type: str,
        body: str,
        attempts: int,
        tried_since: datetime,
    ) -> None:
        verdict = await send(recipient, str(message_id), type, body, self.clock())
        now = self.clock()
        outcome = "delivered" if verdict.is_delivered else "failed"
        metrics.DELIVERIES.labels("crm" if recipient.is_crm else "webhook", outcome).inc()
        next_at, state = now, "delivered"
        if not verdict.is_delivered:
            next_at = now + backoff.delay(attempts, random.random())
            state = "given_up" if backoff.is_over(tried_since, now) else "failed"
        values = {
            "id": id, "endpoint": self.endpoint_id, "key": key, "state": state, "next_at": next_at, "now": now,
            "status": verdict.status, "error": verdict.error, "answer": verdict.answer,
        }  # fmt: skip
        # What the endpoint has taken must be noted, or it is sent again: the database gets a minute to come back.
        for attempt in range(_NOTED_FOR):
            try:
                await asyncio.shield(self._note(values, verdict, now))
                return
            except (OperationalError, PoolTimeout):
                if attempt == _NOTED_FOR - 1:
                    raise
                await asyncio.sleep(1)

    async def _note(self, values: dict[str, Any], verdict: Verdict, now: datetime) -> None:
        async with self.pool.connection() as connection, connection.transaction():
            # The endpoint first, as the follower does: the other way round each would wait for the other.
            await set_circuit(connection, self.endpoint_id, verdict, now)
            await connection.execute(_NOTE, values)
            await connection.execute(_HOLD if values["state"] == "failed" else _RELEASE, values)
            if verdict.is_delivered:
                await connection.execute(_SET_DELIVERED, {"id": self.endpoint_id, "now": now})
            else:
                await connection.execute(_SET_ERROR, [verdict.error, now, self.endpoint_id])


async def send(recipient: Recipient, message_id: str, type: str, body: str, now: datetime) -> Verdict:
    """Send one message and return what came of it. Never raises for what the other side does."""
    with translation.override(recipient.language):
        headers, content = request(recipient, message_id, body, now)
        try:
            answer = await http.fetch_async(
                recipient.address,
                method="POST",
                headers=headers,
                content=content,
                timeout=TIMEOUT,
                is_trusted=recipient.is_inside,
                largest=LARGEST_ANSWER,
            )
        except http.Unreachable as error:
            return unreachable(str(error.message))
        return judge(recipient, type, answer.status, answer.body)


async def set_circuit(connection: Any, endpoint_id: int, verdict: Verdict, now: datetime) -> None:
    """Note for the endpoint's circuit what came of a request. Inside a transaction."""
    row = await (await connection.execute(_LOCK_CIRCUIT, [endpoint_id])).fetchone()
    if row is None:
        return
    before = Circuit(*row)
    after = before.succeeded() if verdict.is_alive else before.failed(now, random.random())
    if (after.openings, after.open_until) != (before.openings, before.open_until):
        await connection.execute(_SET_CIRCUIT, [after.failures, after.openings, after.open_until, endpoint_id])
    elif after.failures != before.failures:
        await connection.execute(_SET_FAILURES, [after.failures, endpoint_id])
