"""One socket: what its reader takes goes at once, what it does not take goes later, in order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from starlette.types import Message

from ringdesk.live.hub import Socket, finish
from ringdesk.live.protocol import Frame, Listener, frame


class Reader:
    """The other end of a WebSocket, which stops reading and reads again."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self.got: list[str] = []
        self.given_up = 0

    async def send(self, message: Message) -> None:
        """Take a message, as an ASGI server does: at once where the reader keeps up."""
        try:
            await self.reads.wait()
        except (asyncio.CancelledError, GeneratorExit):
            self.given_up += 1
            raise
        self.got.append(message["text"])


def call(id: int) -> Frame:
    return frame(id, "call.ringing", datetime(2026, 11, 22, tzinfo=UTC), {}, {})


@contextlib.asynccontextmanager
async def opened(reader: Reader) -> AsyncIterator[Socket]:
    socket = Socket(Listener(1, {"calls"}), reader.send)
    writer = asyncio.create_task(socket.write())
    await asyncio.sleep(0)
    try:
        yield socket
    finally:
        await finish(writer)


def played(play: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(play(), 10))


def test_a_reader_that_keeps_up_has_a_frame_before_the_offer_returns() -> None:
    async def play() -> None:
        reader = Reader()
        async with opened(reader) as socket:
            for id in (1, 2):
                assert socket.offer(call(id))
                assert reader.got[-1] == call(id).text
            assert not socket.offer(call(2)) and len(reader.got) == 2
            assert not socket.is_stuck(float("inf"))

    played(play)


@pytest.mark.parametrize("pauses", [1, 3])
def test_what_a_reader_does_not_take_at_once_comes_later_in_order(pauses: int) -> None:
    async def play() -> None:
        reader, told = Reader(), 0
        async with opened(reader) as socket:
            for _ in range(pauses):
                reader.reads.clear()
                assert all(socket.offer(call(told + more)) for more in (1, 2, 3, 4))
                await asyncio.sleep(0)
                assert socket.is_stuck(float("inf")) and len(reader.got) == told
                reader.reads.set()
                while len(reader.got) < told + 4:
                    await asyncio.sleep(0)
                assert socket.offer(call(told + 5))
                assert not socket.is_stuck(float("inf")) and not socket.queued
                told += 5
        assert reader.got == [call(one + 1).text for one in range(told)]

    played(play)


def test_a_socket_that_ends_gives_up_what_it_has_begun() -> None:
    async def play() -> None:
        reader = Reader()
        async with opened(reader) as socket:
            reader.reads.clear()
            assert socket.offer(call(1)) and socket.offer(call(2))
            await asyncio.sleep(0)
        assert (reader.got, reader.given_up) == ([], 1)

    played(play)


def test_the_writer_ends_with_a_connection_that_is_gone() -> None:
    async def gone(message: Message) -> None:
        raise OSError("gone")

    async def play() -> None:
        socket = Socket(Listener(1, {"calls"}), gone)
        writer = asyncio.create_task(socket.write())
        assert socket.offer(call(1))
        with pytest.raises(OSError, match="gone"):
            await writer

    played(play)
