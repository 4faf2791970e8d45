"""A process that asks whom to route to, at a steady rate over kept-alive connections, and prints what it saw as JSON.

Like bench/load.py it speaks HTTP/1.1 itself, as plainly as possible.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field


@dataclass
class Plan:
    """What to ask. The numbers from ``first`` on, every other one known."""

    port: int
    path: str
    first: int
    seconds: float
    rate: float
    connections: int


@dataclass
class Seen:
    delays: list[float] = field(default_factory=list)
    named: int = 0
    empty: int = 0
    refused: int = 0


class Asker(asyncio.Protocol):
    """One kept-alive HTTP connection with one question under way at a time."""

    def __init__(self, plan: Plan, seen: Seen) -> None:
        self.plan, self.seen = plan, seen
        self.answered: asyncio.Future[bytes] | None = None
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    async def ask(self, number: int) -> None:
        request = f"GET {self.plan.path}?phone=7{number:010d} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        self.answered = asyncio.get_running_loop().create_future()
        began = time.monotonic()
        self.transport.write(request)  # type: ignore[attr-defined]
        answer = await self.answered
        self.seen.delays.append(time.monotonic() - began)
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            self.seen.refused += 1
        elif body:
            self.seen.named += 1
        else:
            self.seen.empty += 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if found and length and len(body) >= int(length[1]) and self.answered:
            self.answered.set_result(self.buffer)
            self.buffer = b""

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answered and not self.answered.done():
            self.answered.set_exception(exc or ConnectionResetError("the server hung up"))


async def run(plan: Plan) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    seen = Seen()
    idle: asyncio.Queue[Asker] = asyncio.Queue()
    for _ in range(plan.connections):
        idle.put_nowait((await loop.create_connection(lambda: Asker(plan, seen), "127.0.0.1", plan.port))[1])
    under_way: set[asyncio.Task[None]] = set()

    async def one(asker: Asker, number: int) -> None:
        await asker.ask(number)
        idle.put_nowait(asker)

    began, count = time.monotonic(), 0
    while time.monotonic() - began < plan.seconds:
        await asyncio.sleep(max(0.0, began + count / plan.rate - time.monotonic()))
        task = asyncio.create_task(one(await idle.get(), plan.first + count))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        count += 1
    await asyncio.gather(*under_way)
    delays = sorted(seen.delays)
    return {
        "asked": len(delays),
        "named": seen.named,
        "empty": seen.empty,
        "refused": seen.refused,
        "p50": delays[len(delays) // 2] * 1000,
        "p99": delays[int(len(delays) * 0.99)] * 1000,
        "worst": delays[-1] * 1000,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Plan(**json.loads(sys.argv[1]))))))
