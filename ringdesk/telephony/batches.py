"""What waits for the database goes there together: the queue ahead of the receiver.

Nothing waits on purpose. A report that finds a free worker goes at once; those that come while the workers are busy
go as one batch. A batch is one organization's, so that nobody waits for another organization's locks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from ringdesk.telephony.reports import Told

# Reports written at once.
LARGEST = 32
# Batches of one organization under way: one is asked about while the other one commits.
_OF_ONE = 2
# Batches under way. More would only wait for each other inside PostgreSQL, which is slower than waiting here.
_AT_ONCE = 4

R = TypeVar("R")


class Waiting(Generic[R]):
    """A report and who waits for its outcome, possibly no longer."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.outcome: asyncio.Future[R] = asyncio.get_running_loop().create_future()

    def settle(self, outcome: R) -> None:
        """Say what became of it."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def fail(self, error: Exception) -> None:
        """Say why it was not stored. The first word counts."""
        if not self.outcome.done():
            self.outcome.set_exception(error)


class Batches(Generic[R]):
    """Hands reports to ``store`` in batches of one organization, never two of one key at the same time."""

    def __init__(self, store: Callable[[list[Waiting[R]]], Awaitable[None]]) -> None:
        """``store`` settles or fails each of a batch; what it raises fails those it has not come to."""
        self.store = store
        self.queues: dict[int, deque[Waiting[R]]] = {}
        self.workers: dict[int, set[asyncio.Task[None]]] = {}
        self.keys: set[tuple[int, str]] = set()
        self.at_once = asyncio.Semaphore(_AT_ONCE)

    async def put(self, told: Told) -> R:
        """Have a report stored; answers when it is. Raises what storing it raised."""
        organization_id = told.link.organization_id
        waiting: Waiting[R] = Waiting(told)
        self.queues.setdefault(organization_id, deque()).append(waiting)
        workers = self.workers.setdefault(organization_id, set())
        if len(workers) < _OF_ONE:
            workers.add(asyncio.create_task(self._work(organization_id)))
        return await waiting.outcome

    async def _work(self, organization_id: int) -> None:
        """Store batches of one organization until nothing is left that could go."""
        batch: list[Waiting[R]] = []
        try:
            while True:
                async with self.at_once:
                    batch = self._take(organization_id)
                    if not batch:
                        return
                    await self._store(batch)
        finally:
            workers = self.workers[organization_id]
            workers.discard(asyncio.current_task())
            if not workers:
                del self.workers[organization_id]
                self.queues.pop(organization_id)

    def _take(self, organization_id: int) -> list[Waiting[R]]:
        """Take what came first, except what must wait for a report of the same key."""
        queue = self.queues[organization_id]
        batch: list[Waiting[R]] = []
        left: list[Waiting[R]] = []
        while queue and len(batch) < LARGEST:
            waiting = queue.popleft()
            if waiting.told.key in self.keys:
                left.append(waiting)
            else:
                self.keys.add(waiting.told.key)
                batch.append(waiting)
        queue.extendleft(reversed(left))
        return batch

    async def _store(self, batch: list[Waiting[R]]) -> None:
        try:
            await self.store(batch)
        except Exception as error:
            for waiting in batch:
                waiting.fail(error)
        finally:
            self.keys.difference_update(waiting.told.key for waiting in batch)
            for waiting in batch:
                # Left over when the process ends.
                waiting.outcome.cancel()
