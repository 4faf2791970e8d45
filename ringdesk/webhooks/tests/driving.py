"""Log lines written by hand, and a runner whose clock the test holds."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from ringdesk.accounts.models import Organization
from ringdesk.core import database, events
from ringdesk.core.events import Event
from ringdesk.webhooks.courier import configure
from ringdesk.webhooks.sending import Runner

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
T = TypeVar("T")


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)


def call_id(number: int) -> str:
    return str(UUID(int=number))


def call(number: int = 1, **more: Any) -> dict[str, Any]:
    """Return the ``call`` object of a frame."""
    return {
        "id": call_id(number), "direction": "in", "state": "ringing", "phone": "+79991234567", "line": "3333333",
        "extension": "100", "member_id": None, "branch_id": None, "source": "http_events",
        "started_at": "2023-09-08T13:56:40.000Z", "answered_at": None, "ended_at": None, "extensions": ["100"],
        "client": None, "contract": None, "lead": None, "result": None,
    } | more  # fmt: skip


TALK: dict[str, Any] = {
    "state": "ended", "answered_at": "2023-09-08T13:56:45.000Z", "ended_at": "2023-09-08T13:57:30.000Z",
    "result": "answered",
}  # fmt: skip


def tell(organization: Organization, type: str, call: dict[str, Any], **audience: Any) -> None:
    """Write one line into the live log, as the receiver of calls does."""
    with events.atomic():
        events._pending.events.append(Event(organization.pk, type, {"call": call}, audience))


def tell_whole_call(organization: Organization, number: int) -> None:
    """Write a call that rings, is answered and ends."""
    tell(organization, "call.ringing", call(number))
    tell(organization, "call.answered", call(number, state="answered"))
    tell(organization, "call.ended", call(number, **TALK))


def drive(endpoint_id: int, act: Callable[[Runner, Clock], Coroutine[Any, Any, T]], clock: Clock | None = None) -> T:
    """Let a test act with a runner of this endpoint on a pool of its own."""
    clock = clock or Clock()

    async def driven() -> T:
        async with database.open_pool(max_size=4, configure=configure) as pool:
            return await act(Runner(pool, endpoint_id, clock), clock)

    return asyncio.run(driven())


def settle(endpoint_id: int, clock: Clock | None = None) -> None:
    """Follow the log and send until nothing is due."""
    drive(endpoint_id, lambda runner, _clock: runner.settle(), clock)
