"""The hub: hands the log's frames to this process's sockets. The log is the truth, the hub only wakes.

Ids of an organization have no gaps and follow the order of commits, so a channel knows exactly what it has not
handed out yet: what arrives early waits, what never arrives (another process wrote it) is read from the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import types
from collections import Counter, deque
from collections.abc import Awaitable, Generator, Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from starlette.types import Message, Send

from ringdesk.core import metrics
from ringdesk.core.events import Event
from ringdesk.live import log
from ringdesk.live.protocol import REVOKED, TOO_SLOW, Frame, Listener, frame

# A socket that is this many frames or characters behind, or takes this many seconds for one frame, is too slow.
MOST_WAITING = 1000
MOST_BYTES = 4 * 1024 * 1024
LONGEST_WAIT = 10.0
# How long a gap may stay before it is read from the log: our own commits overtake each other by less.
GAP = 0.03
_BATCH = 500
logger = logging.getLogger(__name__)


class Socket:
    """One open WebSocket. What its reader does not take at once is left to a bounded queue and a writer of its own,
    so that nobody waits for a slow reader."""

    def __init__(self, listener: Listener, send: Send) -> None:
        self.listener = listener
        self._send = send
        self.position = 0
        self.queue: deque[str] = deque()
        self.queued = 0
        self.wake = asyncio.Event()
        self.begun: Awaitable[None] | None = None
        self.sending_since = 0.0
        self.closing = asyncio.get_running_loop().create_future()

    def offer(self, new: Frame) -> bool:
        """Send or queue a frame if it is for this listener. A full queue closes the socket."""
        if new.id <= self.position:
            return False
        self.position = new.id
        if self.closing.done() or not self.listener.hears(new):
            return False
        is_free = not (self.queue or self.begun or self.sending_since)
        if is_free and self._begin(new.text):
            return True
        if len(self.queue) >= MOST_WAITING or self.queued > MOST_BYTES:
            metrics.TOO_SLOW.inc()
            self.close(TOO_SLOW)
            return False
        self.queue.append(new.text)
        self.queued += len(new.text)
        self.wake.set()
        return True

    def close(self, code: int) -> None:
        """Ask the endpoint to close with this code."""
        if not self.closing.done():
            self.closing.set_result(code)

    def is_stuck(self, now: float) -> bool:
        return self.sending_since > 0 and now - self.sending_since > LONGEST_WAIT

    def forget_queued(self) -> None:
        """Drop what waits: it will be read from the log again."""
        self.queue.clear()
        self.queued = 0

    async def send(self, text: str) -> None:
        """Send at once; how long it takes is watched."""
        self.sending_since = time.monotonic()
        await self._send(_message(text))
        self.sending_since = 0.0

    async def write(self) -> None:
        """Finish what is begun and send what is queued, until cancelled."""
        while True:
            if self.begun:
                await self.begun
                self.begun, self.sending_since = None, 0.0
            elif self.queue:
                text = self.queue.popleft()
                self.queued -= len(text)
                await self.send(text)
            else:
                self.wake.clear()
                await self.wake.wait()

    def _begin(self, text: str) -> bool:
        """Send without a turn of the loop: most readers keep up, and a frame has fifty of them to reach.

        What the reader does not take at once, the writer finishes. False when it cannot be sent at all.
        """
        sending = self._send(_message(text)).__await__()
        try:
            waits_for = next(sending)
        except StopIteration:
            return True
        except Exception:
            # The writer will find the same and end the socket.
            return False
        self.sending_since = time.monotonic()
        self.begun = _resumed(sending, waits_for)
        self.wake.set()
        return True


def _message(text: str) -> Message:
    return {"type": "websocket.send", "text": text}


@types.coroutine
def _resumed(sending: Generator[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Go on with what was begun outside of a task and waits for this."""
    try:
        yield waits_for
    except BaseException:
        sending.close()
        raise
    yield from sending


class Channel:
    """One organization in this process, as long as somebody listens."""

    def __init__(self) -> None:
        self.last_id: int | None = None
        # The newest id anybody spoke of, also while ``last_id`` is still being read.
        self.announced = 0
        self.sockets: set[Socket] = set()
        self.early: dict[int, Frame] = {}
        self.users = 0
        self.filling: asyncio.Task[None] | None = None


class Hub:
    """Every channel of this process."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self.pool = pool
        self.channels: dict[int, Channel] = {}
        self.sockets: set[Socket] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    def publish(self, events: list[Event], ids: Sequence[int], at: datetime) -> dict[int, int]:
        """Hand out events of one organization that this process has just committed.

        Returns how many tabs of which member got them at once.
        """
        organization_id = events[0].organization_id
        channel = self.channels.get(organization_id)
        if channel is None:
            return {}
        new = [frame(id, e.type, at, e.audience, e.body) for id, e in zip(ids, events, strict=True)]
        screens = self._hand_out(organization_id, channel, new)
        metrics.RING_TO_SCREEN.observe((datetime.now(UTC) - at).total_seconds())
        return screens

    def heard(self, organization_id: int, id: int) -> None:
        """Note that the log has grown up to ``id``: some process committed."""
        channel = self.channels.get(organization_id)
        if channel is None:
            return
        channel.announced = max(channel.announced, id)
        if channel.last_id is not None and id > channel.last_id:
            self._fill(organization_id, channel, wait=0)

    def catch_up(self) -> None:
        """Read whatever was missed: after the notices were lost for a while."""
        for organization_id, channel in self.channels.items():
            self._fill(organization_id, channel, wait=0)

    def revoke(self, *, token_id: int | None = None, member_id: int | None = None) -> None:
        """Close the sockets of a revoked token or of a member who lost the seat."""
        for socket in self.sockets:
            listener = socket.listener
            if (token_id is not None and listener.token_id == token_id) or (
                member_id is not None and listener.member_id == member_id
            ):
                socket.close(REVOKED)

    def revoke_program(self, program: int, member_id: int | None) -> None:
        """Close the sockets of a program, those of one seat or all."""
        for socket in self.sockets:
            listener = socket.listener
            if listener.program == program and member_id in (None, listener.member_id):
                socket.close(REVOKED)

    def close_stuck(self) -> None:
        """Close the sockets that do not read, and those whose token has ended."""
        now = time.monotonic()
        clock = datetime.now(UTC)
        for socket in self.sockets:
            if socket.is_stuck(now):
                metrics.TOO_SLOW.inc()
                socket.close(TOO_SLOW)
            elif socket.listener.until is not None and socket.listener.until <= clock:
                socket.close(REVOKED)

    def close_all(self, code: int) -> None:
        """Close every socket: the process ends."""
        for socket in self.sockets:
            socket.close(code)

    def tabs(self, organization_id: int) -> Counter[int]:
        """Return how many sockets each member of the organization has open here."""
        channel = self.channels.get(organization_id)
        members = (socket.listener.member_id for socket in (channel.sockets if channel else ()))
        return Counter(member for member in members if member is not None)

    async def join(self, socket: Socket, after: int | None) -> None:
        """Let the socket hear what comes; with ``after`` first what it missed, with no gap and no repeat.

        Raises LookupError when what it missed is no longer kept; it then hears what comes from now on.
        """
        organization_id = socket.listener.organization_id
        channel = self.channels.setdefault(organization_id, Channel())
        channel.sockets.discard(socket)
        socket.forget_queued()
        channel.users += 1
        self.sockets.add(socket)
        metrics.SOCKETS.set(len(self.sockets))
        try:
            if channel.last_id is None:
                newest = await log.last_id(self.pool, organization_id)
                channel.last_id = max(newest, channel.last_id or 0)
                if channel.announced > channel.last_id:
                    self._fill(organization_id, channel, wait=0)
            lost = after is not None and not await log.can_resume(self.pool, organization_id, after)
            if after is not None and not lost:
                socket.position = after
                await self._replay(organization_id, channel, socket)
            else:
                socket.position = channel.last_id
            channel.sockets.add(socket)
        finally:
            channel.users -= 1
        if lost:
            raise LookupError("resync")

    def leave(self, socket: Socket) -> None:
        """Forget the socket, and the channel with its last one."""
        self.sockets.discard(socket)
        metrics.SOCKETS.set(len(self.sockets))
        organization_id = socket.listener.organization_id
        channel = self.channels.get(organization_id)
        if channel is None:
            return
        channel.sockets.discard(socket)
        if not channel.sockets and not channel.users:
            del self.channels[organization_id]

    async def _replay(self, organization_id: int, channel: Channel, socket: Socket) -> None:
        while True:
            missed = await log.after(self.pool, organization_id, socket.position, _BATCH)
            for old in missed:
                # Straight to the socket: a replay waits for its reader, the others do not wait for it.
                if socket.listener.hears(old):
                    await socket.send(old.text)
                socket.position = old.id
            if len(missed) < _BATCH and socket.position >= (channel.last_id or 0):
                return

    def _hand_out(self, organization_id: int, channel: Channel, new: list[Frame]) -> dict[int, int]:
        screens: dict[int, int] = {}
        channel.announced = max(channel.announced, new[-1].id if new else 0)
        if channel.last_id is None:
            return screens
        for one in new:
            if one.id > channel.last_id:
                channel.early[one.id] = one
        while (following := channel.early.pop(channel.last_id + 1, None)) is not None:
            channel.last_id = following.id
            for socket in channel.sockets:
                if socket.offer(following) and socket.listener.member_id is not None:
                    screens[socket.listener.member_id] = screens.get(socket.listener.member_id, 0) + 1
        if channel.early:
            self._fill(organization_id, channel)
        return screens

    def _fill(self, organization_id: int, channel: Channel, wait: float = GAP) -> None:
        if channel.filling is None or channel.filling.done():
            channel.filling = asyncio.create_task(self._read_gap(organization_id, channel, wait))
            self.tasks.add(channel.filling)
            channel.filling.add_done_callback(self.tasks.discard)

    async def _read_gap(self, organization_id: int, channel: Channel, wait: float) -> None:
        await asyncio.sleep(wait)
        more = True
        while more and channel.last_id is not None:
            try:
                missed = await log.after(self.pool, organization_id, channel.last_id, _BATCH)
            except (OperationalError, PoolTimeout):
                logger.warning("The live log could not be read; trying again")
                await asyncio.sleep(1)
                continue
            self._hand_out(organization_id, channel, missed)
            last_id = channel.last_id
            channel.early = {id: one for id, one in channel.early.items() if id > last_id}
            # Whoever spoke of a newer id meanwhile relied on this reading.
            more = len(missed) == _BATCH or channel.announced > last_id
            if more and not missed:
                await asyncio.sleep(GAP)

    async def watch(self) -> None:
        """Look after slow sockets once a second, until cancelled."""
        while True:
            await asyncio.sleep(1)
            self.close_stuck()


async def finish(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
