"""The parts of the process: what the ASGI shell starts and stops around its routes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from procrastinate.contrib.django import app as jobs
from psycopg_pool import AsyncConnectionPool

from ringdesk.core import database, events
from ringdesk.live.endpoint import Endpoint
from ringdesk.live.hub import Hub, finish
from ringdesk.live.protocol import Listener, Said
from ringdesk.telephony import calls, link_cache
from ringdesk.telephony.calls import Receiver
from ringdesk.telephony.documents import Documents
from ringdesk.telephony.doors import Doors
from ringdesk.telephony.health import Health
from ringdesk.telephony.link_cache import LinkCache
from ringdesk.telephony.listening import Listening
from ringdesk.webhooks import recipients
from ringdesk.webhooks.contacts import Contacts
from ringdesk.webhooks.courier import Courier

REVOKED = "ringdesk_revoked"
POOL_SIZE = 10
PARTS = frozenset({"web", "worker", "listen"})
FLUSHED_EVERY = 1.0
logger = logging.getLogger(__name__)


class Parts:
    """The doors, the live channel and the worker of this process, on one pool."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self.pool = pool
        self.hub = Hub(pool)
        self.documents = Documents()
        self.receiver = Receiver(pool, self._publish, announces=not PARTS <= settings.PARTS)
        self.links = LinkCache(pool)
        self.health = Health(pool)
        self.listening = Listening(pool, self.receiver, self.health)
        self.contacts = Contacts(pool)
        self.courier = Courier()
        self.doors = Doors(pool, self.receiver, self.links, self.health, ask_outside=self.contacts.ask)
        self.channel = Endpoint(self.hub, self._hear)

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls) -> AsyncIterator[Parts]:
        """Start everything; stop it in the opposite order."""
        async with database.open_pool(max_size=POOL_SIZE, configure=calls.configure) as pool:
            parts = cls(pool)
            calls.set_running(parts.receiver)
            loops: list[Callable[[], Awaitable[None]]] = [
                parts._listen, parts._flush, parts.hub.watch, parts.documents.work,
            ]  # fmt: skip
            if "worker" in settings.PARTS:
                loops += [work, parts.courier.run]
            if "listen" in settings.PARTS:
                loops.append(parts.listening.run)
            tasks = [asyncio.create_task(_for_ever(loop)) for loop in loops]
            try:
                yield parts
            finally:
                calls.set_running(None)
                await asyncio.gather(*(finish(task) for task in tasks))
                await parts._flush_once()

    def _publish(self, told: list[events.Event], ids: Sequence[int], at: datetime) -> dict[int, int]:
        self.documents.hear(told)
        for organization_id in {event.organization_id for event in told}:
            self.courier.wake(organization_id)
        return self.hub.publish(told, ids, at)

    def _hear(self, listener: Listener, said: Said) -> None:
        popup_id = said.values.get("popup")
        if said.type == "shown" and listener.member_id is not None and isinstance(popup_id, int):
            self.receiver.note_shown(listener.organization_id, popup_id, listener.member_id, datetime.now(UTC))

    async def _listen(self) -> None:
        channels = (events.CHANNEL, link_cache.CHANNEL, recipients.CHANNEL, REVOKED)
        await database.listen(channels, self._heard, ready=self._catch_up)

    def _catch_up(self) -> None:
        self.links.forget()
        self.listening.reconsider()
        self.contacts.forget()
        self.courier.reconsider()
        self.hub.catch_up()

    def _heard(self, channel: str, payload: str) -> None:
        if channel == link_cache.CHANNEL:
            self.links.forget()
            self.listening.reconsider()
        elif channel == recipients.CHANNEL:
            self.contacts.forget()
            self.courier.reconsider()
        elif channel == REVOKED:
            self._revoked(payload)
        else:
            organization_id, _, id = payload.partition(":")
            self.courier.wake(int(organization_id))
            self.hub.heard(int(organization_id), int(id))

    def _revoked(self, payload: str) -> None:
        kind, _, id = payload.rpartition(":")
        if kind == "program":
            member_id, _, application_id = id.partition(".")
            self.hub.revoke_program(int(application_id), int(member_id) if member_id else None)
        else:
            self.hub.revoke(**{"member_id" if kind == "member" else "token_id": int(id)})

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSHED_EVERY)
            await self._flush_once()

    async def _flush_once(self) -> None:
        await self.health.flush()
        await self.receiver.flush()


async def work() -> None:
    """Run background jobs until cancelled."""
    worker_app = jobs.with_connector(jobs.connector.get_worker_connector())  # type: ignore[attr-defined]
    async with worker_app.open_async():
        await worker_app.run_worker_async(
            install_signal_handlers=False, delete_jobs="successful", shutdown_graceful_timeout=2, concurrency=2
        )


async def _for_ever(loop: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await loop()
        except asyncio.CancelledError:
            raise
        except Exception:
            # The database went away or a job runner fell: the rest of the process goes on, this part starts anew.
            logger.exception("%s stopped; starting it again", getattr(loop, "__qualname__", loop))
        await asyncio.sleep(1)
