"""Asking outside CRMs whose caller it is: the one question that a ringing phone waits for."""

import asyncio
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from django.utils import translation
from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ringdesk.core import http, metrics
from ringdesk.core.sealing import SealBroken
from ringdesk.webhooks import dialect, recipients
from ringdesk.webhooks.circuit import Circuit, State
from ringdesk.webhooks.requests import JSON, Recipient
from ringdesk.webhooks.sending import Clock, utc_now

# Seconds; then Ringdesk's own answer counts.
DEADLINE = 2.0
# A lost notice of a change must not outlive this many seconds.
KEPT = 15.0
_LARGEST_ANSWER = 64 * 1024
# Each failure has kept a caller waiting: fewer of them open the circuit than of deliveries.
_THRESHOLD = 3
logger = logging.getLogger(__name__)


class Link(Protocol):
    """What of the connector that asks matters here."""

    @property
    def organization_id(self) -> int: ...
    @property
    def extensions(self) -> Mapping[str, int]: ...


class Question(Protocol):
    """What is asked."""

    @property
    def phone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Known:
    until: float
    recipients: tuple[Recipient, ...]


class Contacts:
    """Asks the CRMs of an organization. Which ones there are is kept in memory."""

    def __init__(self, pool: AsyncConnectionPool[Any], clock: Clock = utc_now, deadline: float = DEADLINE) -> None:
        self.pool, self.clock, self.deadline = pool, clock, deadline
        self.known: dict[int, _Known] = {}
        self.generation = 0
        self.circuits: dict[int, Circuit] = {}

    def forget(self) -> None:
        """Forget which CRMs there are: something changed."""
        self.generation += 1
        self.known.clear()

    async def ask(self, link: Link, question: Question) -> str | None:
        """Return the extension that an outside CRM names, "" for nobody; None when none has an answer in time."""
        try:
            async with asyncio.timeout(self.deadline):
                asked = await self._recipients(link.organization_id)
                if not asked:
                    return None
                answers = await asyncio.gather(*(self._ask_one(one, link, question) for one in asked))
        except (TimeoutError, OperationalError, PoolTimeout):
            return None
        said = [answer for answer in answers if answer is not None]
        # Of several CRMs the first that knows somebody counts.
        return next((answer for answer in said if answer), "" if said else None)

    async def _recipients(self, organization_id: int) -> tuple[Recipient, ...]:
        known = self.known.get(organization_id)
        if known and known.until > time.monotonic():
            return known.recipients
        generation, now = self.generation, self.clock()
        try:
            async with self.pool.connection() as connection:
                query = await connection.execute(recipients.OF_CONTACTS, [organization_id, now])
                rows = await query.fetchall()
            found = tuple(recipients.recipient(row, now) for row in rows)
        except SealBroken:
            logger.warning("Organization %s: the token of an outside CRM cannot be read", organization_id)
            found = ()
        if generation == self.generation:
            self.known[organization_id] = _Known(time.monotonic() + KEPT, found)
        return found

    async def _ask_one(self, crm: Recipient, link: Link, question: Question) -> str | None:
        circuit = self.circuits.get(crm.id, Circuit())
        state = circuit.state(self.clock())
        if state is State.OPEN:
            metrics.QUESTIONS.labels("not asked").inc()
            return None
        if state is State.HALF_OPEN:
            # One question tries; the others do not wait for what it finds out.
            self.circuits[crm.id] = circuit.failed(self.clock(), random.random(), _THRESHOLD)
        try:
            answer = await self._request(crm, question.phone)
        except (http.Unreachable, TimeoutError, ValueError, asyncio.CancelledError) as error:
            self._failed(crm)
            if isinstance(error, asyncio.CancelledError):
                raise
            return None
        self.circuits.pop(crm.id, None)
        said = dialect.responsible(answer, crm.wishes.users, link.extensions)
        metrics.QUESTIONS.labels("answered" if said is not None else "unknown").inc()
        return said

    async def _request(self, crm: Recipient, phone: str) -> Any:
        body = dialect.question(phone, has_trunk_prefix=crm.wishes.has_trunk_prefix) | {"crm_token": crm.token}
        with translation.override("en"):
            answer = await http.fetch_async(
                crm.address,
                method="POST",
                headers=JSON,
                content=orjson.dumps(body),
                # A little less than the deadline of all: one slow CRM takes no other's answer along.
                timeout=self.deadline * 0.95,
                is_trusted=crm.is_inside,
                largest=_LARGEST_ANSWER,
            )
        if not answer.is_success:
            raise ValueError(answer.status)
        return answer.json()

    def _failed(self, crm: Recipient) -> None:
        metrics.QUESTIONS.labels("failed").inc()
        circuit = self.circuits.get(crm.id, Circuit())
        self.circuits[crm.id] = circuit.failed(self.clock(), random.random(), _THRESHOLD)
