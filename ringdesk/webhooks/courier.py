"""The part of the worker that serves all endpoints: it takes those that nobody serves yet, and leaves the others.

Who serves an endpoint holds an advisory lock of the database on one connection: when the process dies or is cut off,
the lock goes with the connection, and another process takes over.
"""

import asyncio
import contextlib
import logging
from typing import Any

import orjson
from psycopg import AsyncConnection
from psycopg.types.json import set_json_dumps, set_json_loads

from ringdesk.core import database
from ringdesk.webhooks.sending import Clock, Runner, utc_now

_POOL_SIZE = 4
# Of advisory locks, ours: "webh".
_LOCKS = 0x77656268
_STAFFED_EVERY = 5.0
# Seconds that messages under way get when the process ends.
_LAST_MOMENTS = 0.5
_ACTIVE = "SELECT id, organization_id FROM webhooks_endpoint WHERE is_active ORDER BY id"
logger = logging.getLogger(__name__)


class Courier:
    """Runs a Runner for every endpoint that is switched on and not served by another process."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self.clock = clock
        self.runners: dict[int, tuple[int, Runner, asyncio.Task[None]]] = {}
        self.changed = asyncio.Event()

    def wake(self, organization_id: int) -> None:
        """Tell that the organization's log has grown."""
        for _id, (organization, runner, _task) in self.runners.items():
            if organization == organization_id:
                runner.woken.set()

    def reconsider(self) -> None:
        """Tell that an endpoint was changed, or that something is to be sent again."""
        self.changed.set()
        for _organization, runner, _task in self.runners.values():
            runner.woken.set()

    async def run(self) -> None:
        """Serve until cancelled. Raises when the connection that holds the locks is lost."""
        pool = database.open_pool(max_size=_POOL_SIZE, configure=configure)
        async with pool, await AsyncConnection.connect(**database.conninfo(), autocommit=True) as keeper:
            try:
                while True:
                    self.changed.clear()
                    await self._staff(keeper, pool)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.changed.wait(), _STAFFED_EVERY)
            finally:
                await self._dismiss()

    async def _staff(self, keeper: AsyncConnection[Any], pool: Any) -> None:
        wanted = dict(await (await keeper.execute(_ACTIVE)).fetchall())
        for id in [id for id, (_, _, task) in self.runners.items() if id not in wanted or task.done()]:
            _organization, runner, task = self.runners.pop(id)
            await _stop(runner, task)
            await keeper.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCKS, _number(id)])
        for id, organization_id in wanted.items():
            if id in self.runners:
                continue
            row = await (await keeper.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCKS, _number(id)])).fetchone()
            if row and row[0]:
                runner = Runner(pool, id, self.clock)
                self.runners[id] = (organization_id, runner, asyncio.create_task(runner.run()))

    async def _dismiss(self) -> None:
        runners, self.runners = list(self.runners.values()), {}
        await asyncio.gather(*(_stop(runner, task) for _organization, runner, task in runners))


async def _stop(runner: Runner, task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await runner.finish(_LAST_MOMENTS)


def _number(id: int) -> int:
    """Return the endpoint as the four signed bytes that a lock is known by; a collision only shares a lock."""
    return id & 0x7FFFFFFF


async def configure(connection: AsyncConnection[Any]) -> None:
    """Prepare a connection: every statement is a transaction of its own unless told otherwise."""
    await connection.set_autocommit(True)
    set_json_loads(orjson.loads, connection)
    set_json_dumps(orjson.dumps, connection)
