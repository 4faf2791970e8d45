"""The load generator, a process of its own: sends events, listens on sockets, and prints what it saw as JSON.

It speaks HTTP/1.1 and WebSocket frames itself, as plainly as possible, so that it is not what is measured.
"""

import asyncio
import base64
import json
import os
import sys
import time
from dataclasses import dataclass, field

PHONE = b'"phone":"'


@dataclass
class Plan:
    """What to do. ``rate`` 0 sends as fast as ``connections`` get their answers."""

    port: int
    path: str
    ws_path: str
    first: int
    seconds: float
    rate: float
    sockets: int
    connections: int


@dataclass
class Seen:
    """What was seen so far; times in seconds of the monotonic clock."""

    sent: dict[bytes, float] = field(default_factory=dict)
    accepted: int = 0
    refused: int = 0
    frames: int = 0
    delays: list[float] = field(default_factory=list)


class Listener(asyncio.Protocol):
    """One WebSocket that only listens."""

    def __init__(self, plan: Plan, seen: Seen) -> None:
        self.plan, self.seen = plan, seen
        self.buffer = b""
        self.open = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(  # type: ignore[attr-defined]
            (
                f"GET {self.plan.ws_path} HTTP/1.1\r\nHost: 127.0.0.1:{self.plan.port}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self.buffer += data
        if not self.open.done():
            head, found, self.buffer = self.buffer.partition(b"\r\n\r\n")
            if not found:
                self.buffer = head
                return
            self.open.set_result(head.startswith(b"HTTP/1.1 101"))
        self._frames(now)

    def _frames(self, now: float) -> None:
        buffer, at, seen = self.buffer, 0, self.seen
        while len(buffer) - at >= 2:
            length, start = buffer[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < start + length:
                break
            if buffer[at] == 0x81:
                found = buffer.find(PHONE, start, start + length) + len(PHONE)
                sent = seen.sent.get(buffer[found : found + 12])
                if sent is not None:
                    seen.frames += 1
                    seen.delays.append(now - sent)
            at = start + length
        self.buffer = buffer[at:]


class Sender(asyncio.Protocol):
    """One kept-alive HTTP connection with one request under way at a time."""

    def __init__(self, plan: Plan, seen: Seen) -> None:
        self.plan, self.seen = plan, seen
        self.answered: asyncio.Future[bool] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    async def send(self, number: int) -> None:
        phone = f"7{number:010d}"
        query = f"event=1&src_type=1&call_id=b{number}&line=3333333&dst_num=100&src_num={phone}"
        request = f"GET {self.plan.path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        self.answered = asyncio.get_running_loop().create_future()
        self.seen.sent[b"+" + phone.encode()] = time.monotonic()
        self.transport.write(request)  # type: ignore[attr-defined]
        if await self.answered:
            self.seen.accepted += 1
        else:
            self.seen.refused += 1

    def data_received(self, data: bytes) -> None:
        if self.answered and not self.answered.done() and data.startswith(b"HTTP/1.1 "):
            self.answered.set_result(data[9:12] == b"200")


async def run(plan: Plan) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    seen = Seen()
    listeners = [
        (await loop.create_connection(lambda: Listener(plan, seen), "127.0.0.1", plan.port))[1]
        for _ in range(plan.sockets)
    ]
    assert all([await listener.open for listener in listeners]), "a WebSocket was refused"
    await asyncio.sleep(0.5)
    idle: asyncio.Queue[Sender] = asyncio.Queue()
    for _ in range(plan.connections):
        idle.put_nowait((await loop.create_connection(lambda: Sender(plan, seen), "127.0.0.1", plan.port))[1])
    began = time.monotonic()
    number, under_way = plan.first, set()

    async def one(sender: Sender, number: int) -> None:
        await sender.send(number)
        idle.put_nowait(sender)

    while time.monotonic() - began < plan.seconds:
        if plan.rate:
            due = began + (number - plan.first) / plan.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        task = asyncio.create_task(one(await idle.get(), number))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        number += 1
    await asyncio.gather(*under_way)
    took = time.monotonic() - began
    for _ in range(100):
        if seen.frames >= seen.accepted * plan.sockets:
            break
        await asyncio.sleep(0.05)
    delays = sorted(seen.delays)
    return {
        "accepted": seen.accepted,
        "refused": seen.refused,
        "per_second": seen.accepted / took,
        "frames": seen.frames,
        "frames_expected": seen.accepted * plan.sockets,
        "p50": delays[len(delays) // 2] * 1000 if delays else None,
        "p99": delays[int(len(delays) * 0.99)] * 1000 if delays else None,
        "next": number,
    }


if __name__ == "__main__":
    try:
        import uvloop

        uvloop.install()
    except ImportError:
        pass
    print(json.dumps(asyncio.run(run(Plan(**json.loads(sys.argv[1]))))))
