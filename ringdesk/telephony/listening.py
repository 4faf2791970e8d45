"""Sources that are listened to: every active connector whose kind ``listens`` is heard by one process, always.

An advisory lock per connector, held by one connection of the process, keeps two processes from hearing the same
source; when a process dies, its locks are free and another one takes over. While the database is away what is heard
waits in a queue; when that is full the source itself is made to wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, LiteralString
from zlib import crc32

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from psycopg import AsyncConnection, Error, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ringdesk.core import database, metrics
from ringdesk.core.problems import RingdeskError, Text
from ringdesk.telephony.call_events import CallEvent, Kind, Result
from ringdesk.telephony.calls import Receiver
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.health import Health
from ringdesk.telephony.link_cache import ACTIVE_OF_KINDS, link_of
from ringdesk.telephony.trace import TEST_PREFIX

# Seconds.
LOOKS_EVERY = 5.0
NOTED_EVERY = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
# A connection that stood this long was a good one: the next pause is short again.
STOOD_LONG = 30.0
STORED_BEFORE_LEAVING = 3.0
LANES, IN_LANE = 4, 5000
# The first half of the lock's key; the second is the connector.
_LOCK = 0x52444C
_TRY_LOCK = "SELECT pg_try_advisory_lock(%s::bigint << 40 | %s)"
_UNLOCK = "SELECT pg_advisory_unlock(%s::bigint << 40 | %s)"
_OPEN_CALLS: LiteralString = """
SELECT DISTINCT ON (external_id) external_id, extensions, answered_at IS NOT NULL FROM telephony_call
WHERE connector_id = %s AND state <> 'ended' AND NOT starts_with(external_id, %s)
ORDER BY external_id, generation DESC
"""
_NOTE: LiteralString = """
UPDATE telephony_connector SET connected_at = %(since)s, connection_seen_at = %(now)s WHERE id = %(id)s
"""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Heard:
    event: CallEvent
    raw: dict[str, Any]
    at: datetime


class ListeningPost:
    """The Station of one connector: what is heard waits in lanes, in order per call, until the database has it."""

    def __init__(
        self, pool: AsyncConnectionPool[Any], receiver: Receiver, health: Health, link: Link, noted: asyncio.Event
    ) -> None:
        """``noted`` is set when the connection is made or lost."""
        self.pool, self.receiver, self.health, self.link = pool, receiver, health, link
        self.lanes: list[asyncio.Queue[_Heard]] = [asyncio.Queue(IN_LANE) for _lane in range(LANES)]
        self.since: datetime | None = None
        self.ringing: set[str] = set()
        self.noted = noted
        self.workers = [asyncio.create_task(self._store(lane)) for lane in self.lanes]

    async def receive(self, event: CallEvent, raw: dict[str, Any]) -> None:
        """Take an event; it is stored as soon as the database takes it. Waits while very many are waiting."""
        lane = self.lanes[crc32((event.external_id or event.phone or "").encode()) % LANES]
        await lane.put(_Heard(event, raw, datetime.now(UTC)))
        metrics.HEARD_WAITING.labels(self.link.kind).inc()

    async def open_calls(self) -> dict[str, tuple[str, ...]]:
        """Return the connector's calls that are not over. Waits until all that was heard before is stored."""
        await asyncio.gather(*(lane.join() for lane in self.lanes))
        rows = await self._rows(_OPEN_CALLS, [self.link.id, TEST_PREFIX])
        self.ringing = {id for id, _extensions, was_answered in rows if not was_answered}
        return {id: tuple(extensions) for id, extensions, _was_answered in rows}

    def connected(self) -> None:
        self.since = self.since or datetime.now(UTC)
        self.noted.set()

    def disconnected(self) -> None:
        """Note that the connection does not stand any more."""
        self.since = None
        self.noted.set()

    def failed(self, text: Text) -> None:
        # Kept in English; the page translates it.
        with translation.override("en"):
            self.health.failed(self.link.id, str(text), datetime.now(UTC))

    async def close(self) -> None:
        """Store what waits, if that can be done soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STORED_BEFORE_LEAVING):
                await asyncio.gather(*(lane.join() for lane in self.lanes))
        left = sum(lane.qsize() for lane in self.lanes)
        if left:
            logger.error("%s events of connector %s could not be stored before leaving", left, self.link.id)
        for worker in self.workers:
            worker.cancel()
        await asyncio.gather(*self.workers, return_exceptions=True)

    async def _rows(self, query: LiteralString, parameters: list[Any]) -> list[tuple[Any, ...]]:
        for attempt in _pauses():
            try:
                async with self.pool.connection() as connection:
                    return list(await (await connection.execute(query, parameters)).fetchall())
            except (OperationalError, PoolTimeout):
                await asyncio.sleep(attempt)
        raise AssertionError("pauses do not end")

    async def _store(self, lane: asyncio.Queue[_Heard]) -> None:
        while True:
            heard = await lane.get()
            try:
                await self._store_one(heard)
            finally:
                metrics.HEARD_WAITING.labels(self.link.kind).dec()
                lane.task_done()

    async def _store_one(self, heard: _Heard) -> None:
        event = self._concluded(heard.event)
        for pause in _pauses():
            try:
                await self.receiver.receive(self.link, event, heard.raw, heard.at)
            except (OperationalError, PoolTimeout):
                logger.warning("The database does not take what connector %s tells; trying again", self.link.id)
                await asyncio.sleep(pause)
            except Exception:
                # It would fail again and keep everything behind it waiting.
                logger.exception("An event of connector %s could not be stored", self.link.id)
                self.failed(_("An event could not be stored."))
                return
            else:
                metrics.EVENTS.labels(self.link.kind).inc()
                self.health.received(self.link.id, heard.at)
                return

    def _concluded(self, event: CallEvent) -> CallEvent:
        """A call that vanished while it rang was missed, as far as anybody can tell: better called back twice."""
        vanished = event.kind is Kind.ENDED and event.is_presumed and event.result is None
        if vanished and event.external_id in self.ringing:
            return replace(event, result=Result.MISSED)
        return event


class Listening:
    """All listening of this process."""

    def __init__(self, pool: AsyncConnectionPool[Any], receiver: Receiver, health: Health) -> None:
        self.pool, self.receiver, self.health = pool, receiver, health
        self.running: dict[int, tuple[asyncio.Task[None], ListeningPost]] = {}
        self.changed, self.noted = asyncio.Event(), asyncio.Event()
        self.locks: AsyncConnection[Any] | None = None

    def reconsider(self) -> None:
        """Look at the connectors again now: something about them changed."""
        self.changed.set()

    async def run(self) -> None:
        """Keep every source heard until cancelled."""
        noting = asyncio.create_task(self._note_for_ever())
        try:
            while True:
                self.changed.clear()
                try:
                    await self._look()
                except (Error, OSError, PoolTimeout):
                    logger.warning("The database does not say whom to listen to; trying again")
                await _wait(self.changed, LOOKS_EVERY)
        finally:
            noting.cancel()
            await asyncio.gather(*(self._stop(id) for id in list(self.running)))
            if self.locks is not None:
                await self.locks.close()

    async def _look(self) -> None:
        """Start, stop and restart as the connectors are set now."""
        wanted = await self._wanted()
        if not wanted and not self.running:
            return
        had_locks = self.locks is not None
        locks, is_new = await self._lock_connection()
        for id in list(self.running):
            if id not in wanted:
                await self._stop(id)
                await locks.execute(_UNLOCK, [_LOCK, id])
            elif is_new and not await _is_ours(locks, id):
                # The locks went with the database's connection, and another process was quicker.
                await self._stop(id)
        if is_new and had_locks:
            # Whoever listened before the database went away goes first: the others look again a little later.
            return
        for id, link in sorted(wanted.items()):
            current = self.running.get(id)
            if current is None:
                if await _is_ours(locks, id):
                    self._start(link)
            elif _is_other(current[1].link, link):
                await self._stop(id)
                self._start(link)
            else:
                current[1].link = link

    async def _wanted(self) -> dict[int, Link]:
        kinds = [kind.kind for kind in registry().values() if kind.listens]
        async with self.pool.connection() as connection:
            rows = await (await connection.execute(ACTIVE_OF_KINDS, [kinds])).fetchall()
        links = []
        for row in rows:
            try:
                links.append(link_of(row))
            except RingdeskError:
                logger.exception("Connector %s cannot be listened to", row[0])
        return {link.id: link for link in links}

    async def _lock_connection(self) -> tuple[AsyncConnection[Any], bool]:
        """Return the connection that holds our locks, and whether it is a new one."""
        if self.locks is not None:
            try:
                await self.locks.execute("SELECT 1")
                return self.locks, False
            except Error:
                await self.locks.close()
        self.locks = await AsyncConnection.connect(**database.conninfo(), autocommit=True)
        return self.locks, True

    def _start(self, link: Link) -> None:
        post = ListeningPost(self.pool, self.receiver, self.health, link, self.noted)
        self.running[link.id] = (asyncio.create_task(_hear(link, post)), post)

    async def _stop(self, id: int) -> None:
        task, post = self.running.pop(id)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await post.close()
        post.since = None
        with contextlib.suppress(Error, PoolTimeout):
            await self._note([post])

    async def _note_for_ever(self) -> None:
        while True:
            self.noted.clear()
            posts = [post for _task, post in self.running.values()]
            try:
                await self._note(posts)
            except (Error, PoolTimeout):
                logger.warning("The database does not take who is listened to; trying again")
            for kind in registry().values():
                if kind.listens:
                    standing = [post for post in posts if post.since and post.link.kind == kind.kind]
                    metrics.LISTENING.labels(kind.kind).set(len(standing))
            await _wait(self.noted, NOTED_EVERY)

    async def _note(self, posts: list[ListeningPost]) -> None:
        now = datetime.now(UTC)
        rows = [{"id": post.link.id, "since": post.since, "now": now} for post in posts]
        if rows:
            async with self.pool.connection() as connection, connection.cursor() as cursor:
                await cursor.executemany(_NOTE, rows)


async def _hear(link: Link, post: ListeningPost) -> None:
    """Listen for ever: after a failure again, with longer and longer pauses."""
    pause = FIRST_PAUSE
    clock = asyncio.get_running_loop().time
    while True:
        began, wait = clock(), 0.0
        try:
            await registry()[link.kind].listen(link, post)
            post.failed(_("The connection was closed."))
        except RingdeskError as error:
            post.failed(error.message)
            wait = float(error.details.get("retry_after", 0))
        except (OSError, EOFError) as error:
            logger.warning("Connector %s is not heard: %r", link.id, error)
            post.failed(_("The connection was lost."))
        except Exception:
            logger.exception("Listening to connector %s failed", link.id)
            post.failed(_("Something went wrong while listening."))
        finally:
            post.disconnected()
        metrics.CONNECTIONS_LOST.labels(link.kind).inc()
        pause = FIRST_PAUSE if clock() - began > STOOD_LONG else pause
        await asyncio.sleep(max(pause, wait) * random.uniform(0.5, 1))
        pause = min(pause * 2, LONGEST_PAUSE)


async def _is_ours(locks: AsyncConnection[Any], id: int) -> bool:
    row = await (await locks.execute(_TRY_LOCK, [_LOCK, id])).fetchone()
    return bool(row and row[0])


def _is_other(before: Link, now: Link) -> bool:
    """Tell whether the source must be listened to anew; what else changed is followed on the way."""
    return (before.settings, before.secrets, before.region, before.extensions, before.lines) != (
        now.settings, now.secrets, now.region, now.extensions, now.lines,
    )  # fmt: skip


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def _pauses() -> Iterator[float]:
    """Yield seconds to wait before the next attempt, for ever."""
    pause = 0.1
    while True:
        yield pause
        pause = min(pause * 2, 5.0)
