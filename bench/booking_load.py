"""A process that books one free time after the other over kept-alive connections, and prints what it saw as JSON.

Like bench/load.py it speaks HTTP/1.1 itself, as plainly as possible.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

# Every other one has a card already.
CLIENTS = 1000
HOURS = (9, 10, 11, 12, 14, 15, 16, 17)


def phone(number: int) -> str:
    """Return the number of a client."""
    return f"+7913{number:07}"


@dataclass
class Plan:
    """What to book: every hour of every specialist, day after day."""

    port: int
    path: str
    token: str
    branch: int
    service: int
    resources: list[int]
    employees: list[int]
    first_day: str
    seconds: float
    connections: int

    def body(self, number: int) -> bytes:
        """Return the request that books the time of this number: neighbours in turn are different specialists."""
        rest, place = divmod(number, len(self.employees))
        days, hour = divmod(rest, len(HOURS))
        day = date.fromisoformat(self.first_day) + timedelta(days=days)
        body = {
            "args": [self.branch, self.service, f"{day:%d.%m.%Y}", f"{HOURS[hour]:02}:00", self.employees[place]],
            "client": {"phone": phone(number % CLIENTS), "name": f"Client {number % CLIENTS}"},
            "resource": self.resources[place],
            "at": f"{day.isoformat()}T{HOURS[hour]:02}:00:00+03:00",
        }
        return json.dumps(body).encode()


@dataclass
class Seen:
    delays: list[float] = field(default_factory=list)
    accepted: int = 0
    failed: int = 0
    refusal: str = ""


class Booker(asyncio.Protocol):
    """One kept-alive HTTP connection with one booking under way at a time."""

    def __init__(self, plan: Plan, seen: Seen) -> None:
        self.plan, self.seen = plan, seen
        self.answered: asyncio.Future[bytes] | None = None
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    async def book(self, number: int) -> None:
        body = self.plan.body(number)
        head = (
            f"POST {self.plan.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.plan.port}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.plan.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.answered = asyncio.get_running_loop().create_future()
        began = time.monotonic()
        self.transport.write(head.encode() + body)
        answer = await self.answered
        self.seen.delays.append(time.monotonic() - began)
        if answer.startswith(b"HTTP/1.1 200") and b'"status":true' in answer.replace(b" ", b""):
            self.seen.accepted += 1
        else:
            self.seen.failed += 1
            self.seen.refusal = answer.decode()[-500:]

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
    numbers = iter(range(10**9))
    bookers = [
        (await loop.create_connection(lambda: Booker(plan, seen), "127.0.0.1", plan.port))[1]
        for _ in range(plan.connections)
    ]
    began = time.monotonic()

    async def go(booker: Booker) -> None:
        while time.monotonic() - began < plan.seconds:
            await booker.book(next(numbers))

    await asyncio.gather(*(go(booker) for booker in bookers))
    took = time.monotonic() - began
    delays = sorted(seen.delays)
    return {
        "accepted": seen.accepted,
        "failed": seen.failed,
        "refusal": seen.refusal,
        "per_second": seen.accepted / took,
        "p50": delays[len(delays) // 2] * 1000,
        "p95": delays[int(len(delays) * 0.95)] * 1000,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Plan(**json.loads(sys.argv[1]))))))
