"""Receiving: the only writer of a call's course.

Reports go to the database in batches of what waits (``batches``): one statement (``writing``) asks what is known, one
writes the calls that are new, one those that go on, each in a transaction of its own: the raw events, the calls folded
anew from all their events and linked (``reports``), their popups and phone book entries, and the frames of the live
log. A call that another process was quicker to write is asked about and folded again. A plain new call that comes alone
is tried without asking (``opening``). All runs on an async psycopg pool ahead of Django, because a ringing phone must
not wait for an ORM.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg import AsyncConnection, OperationalError
from psycopg.errors import DeadlockDetected, ForeignKeyViolation, UniqueViolation
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from ringdesk.core import events as log
from ringdesk.core.events import Event
from ringdesk.crm.matching import NOBODY
from ringdesk.telephony import frames, opening, writing
from ringdesk.telephony.batches import Batches, Waiting
from ringdesk.telephony.call_events import CallEvent
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.reports import Report, Told

# Told after the commit: the events just written, in the order of their ids. Answers which members' screens got them.
Publish = Callable[[list[Event], Sequence[int], datetime], dict[int, int]]

# How often a report is folded anew because another one of the same call was quicker.
_ATTEMPTS = 50
# So many new calls are sooner written one by one than asked about and written together.
_FEW = 2
# Another process was quicker with one of these calls, or a card or a member went away between asking and writing: ask
# again.
_TOO_SLOW = (UniqueViolation, ForeignKeyViolation, DeadlockDetected)
_MOST_TRACES = 20_000
_MOST_HEARD = 20_000
_TRACES_AT_ONCE = 500
# Every statement finds its rows by an index. A plan made while a table was empty must not read the table whole for
# as long as the connection lives (checks of foreign keys keep such plans too).
# One plan serves every batch; by itself PostgreSQL would plan the first five of each connection anew.
_PLANS: LiteralString = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a report came to: the call, and whether anything changed."""

    call_id: UUID
    is_new: bool
    changed: bool


async def configure(connection: AsyncConnection[Any]) -> None:
    """Prepare a connection of the doors' pool: every statement is a transaction of its own, reads by index, and is
    planned before the first phone rings."""
    await connection.set_autocommit(True)
    await connection.execute(_PLANS)
    connection.prepare_threshold = 0
    set_json_loads(orjson.loads, connection)
    set_json_dumps(orjson.dumps, connection)
    await writing.rehearse(connection)


class _Heard:
    """The keys of the calls last heard of: a hint whether a call is new, and no more."""

    def __init__(self) -> None:
        self.keys: dict[tuple[int, str], None] = {}

    def note(self, key: tuple[int, str]) -> bool:
        """Note a key, and tell whether it was noted before."""
        if key in self.keys:
            return True
        self.keys[key] = None
        if len(self.keys) > _MOST_HEARD:
            del self.keys[next(iter(self.keys))]
        return False


class Receiver:
    """Receives reports on one pool and tells ``publish`` what was committed."""

    def __init__(self, pool: AsyncConnectionPool[Any], publish: Publish, *, announces: bool = False) -> None:
        """``announces``: other processes have sockets of their own, so they are told by NOTIFY as well."""
        self.pool = pool
        self.publish = publish
        self.announces = announces
        # What the calls' traces are to say, by our own id of the call or by its popup.
        self.traces: list[dict[str, Any]] = []
        self.noted: set[tuple[int, int]] = set()
        self.heard = _Heard()
        self.batches = Batches[Outcome](self._store)

    async def receive(
        self, link: Link, event: CallEvent, raw: dict[str, Any], now: datetime, call_id: UUID | None = None
    ) -> Outcome:
        """Store one event of a connector at ``now`` (aware) and everything that follows from it.

        With ``call_id`` the event is that call's, whatever its source's id says; LookupError when there is none.
        """
        return await self.batches.put(Told(link, event, raw, now, call_id))

    async def _store(self, batch: list[Waiting[Outcome]]) -> None:
        async with self.pool.connection() as connection:
            try:
                await self._store_together(connection, batch)
            except Exception:
                if len(batch) == 1 or connection.closed:
                    raise
                # One of them cannot be stored as it is: that must be no harm to the others.
                for waiting in batch:
                    await self._store_alone(connection, waiting)

    async def _store_alone(self, connection: AsyncConnection[Any], waiting: Waiting[Outcome]) -> None:
        if waiting.outcome.done():
            return
        try:
            await self._store_together(connection, [waiting])
        except Exception as error:
            waiting.fail(error)

    async def _store_together(self, connection: AsyncConnection[Any], batch: list[Waiting[Outcome]]) -> None:
        left = []
        for waiting in batch:
            is_heard_of = self.heard.note(waiting.told.key)
            if is_heard_of or len(batch) > _FEW or not await self._store_at_once(connection, waiting):
                left.append(waiting)
        if left:
            await self._ask_and_store(connection, left)

    async def _ask_and_store(self, connection: AsyncConnection[Any], batch: list[Waiting[Outcome]]) -> None:
        """Ask, fold and write until all are stored: whoever was too slow is folded anew."""
        left = batch
        for _ in range(_ATTEMPTS):
            known = await writing.look_up(connection, [waiting.told for waiting in left])
            reports = {Report(waiting.told, *one): waiting for waiting, one in zip(left, known, strict=True)}
            try:
                await self._write(connection, reports)
            except _TOO_SLOW:
                if len(batch) > 1:
                    raise
            left = list(reports.values())
            if not left:
                return
        raise OperationalError("too many reports of one call at the same moment")

    async def _store_at_once(self, connection: AsyncConnection[Any], waiting: Waiting[Outcome]) -> bool:
        """Store what seems to be a plain new call without asking first. False: it is to be asked about."""
        if waiting.told.call_id:
            return False
        report = Report(waiting.told, (), NOBODY)
        ids: list[int] = []
        if report.is_plain:
            with contextlib.suppress(*_TOO_SLOW):
                ids = await opening.open_call(connection, report)
        if not ids:
            return False
        await self._tell(connection, [report], ids)
        _settle({report: waiting}, [report])
        return True

    async def _write(self, connection: AsyncConnection[Any], reports: dict[Report, Waiting[Outcome]]) -> None:
        """Write and tell what can go now, and take it out of ``reports``.

        The second new call of one number, the second report of one call (a sweep knows it by our id) and what another
        process was quicker to write stay in: they are to be folded anew.
        """
        if repetitions := [report for report in reports if report.is_repetition]:
            await writing.touch(connection, repetitions)
            _settle(reports, repetitions)
        opened: dict[str | UUID, Report] = {}
        known: dict[UUID, Report] = {}
        for report in reports:
            if report.current:
                known.setdefault(report.id, report)
            else:
                opened.setdefault(report.state.phone if report.is_noted else report.id, report)
        if opened:
            ids = await writing.open_calls(connection, [*opened.values()])
            await self._tell(connection, [*opened.values()], ids)
            _settle(reports, opened.values())
        if known:
            written, ids = await writing.go_on(connection, [*known.values()])
            gone_on = [report for report in known.values() if report.id in written]
            await self._tell(connection, gone_on, ids)
            _settle(reports, gone_on)

    async def _tell(self, connection: AsyncConnection[Any], reports: list[Report], ids: list[int]) -> None:
        """Publish what was committed: the frames of ``reports`` have these ids."""
        if ids and self.announces:
            channel = [log.CHANNEL, f"{reports[0].link.organization_id}:{ids[-1]}"]
            await connection.execute("SELECT pg_notify(%s, %s)", channel)
        position = 0
        for report in reports:
            own = ids[position : position + len(report.frames)]
            position += len(own)
            screens = self.publish(report.frames, own, report.now) if own else {}
            if screens and report.is_shown:
                entries = [_trace(report.now, "delivered", *screen) for screen in screens.items()]
                self.traces.append({"call": report.id, "entries": entries})

    def note_shown(self, organization_id: int, popup_id: int, member_id: int, now: datetime) -> None:
        """Note that a member's screen really shows a popup; ``flush`` writes it down."""
        if (popup_id, member_id) in self.noted:
            return
        if len(self.noted) >= _MOST_TRACES:
            self.noted.clear()
        self.noted.add((popup_id, member_id))
        if len(self.traces) < _MOST_TRACES:
            entries = [_trace(now, "shown", member_id, 1)]
            self.traces.append({"popup": popup_id, "organization": organization_id, "entries": entries})

    async def flush(self) -> None:
        """Write down whose screens got and showed the calls since the last flush."""
        traces, self.traces = self.traces, []
        if not traces:
            return
        async with self.pool.connection() as connection:
            for start in range(0, len(traces), _TRACES_AT_ONCE):
                await writing.trace(connection, traces[start : start + _TRACES_AT_ONCE])


def _settle(reports: dict[Report, Waiting[Outcome]], stored: Iterable[Report]) -> None:
    for report in stored:
        reports.pop(report).settle(Outcome(report.id, report.current is None, bool(report.frames)))


def _trace(at: datetime, kind: str, member_id: int, tabs: int) -> dict[str, Any]:
    return {"at": frames.moment(at), "kind": kind, "member_id": member_id, "tabs": tabs}


_running: tuple[Receiver, asyncio.AbstractEventLoop] | None = None


def set_running(receiver: Receiver | None) -> None:
    """Tell this process's receiver, so that pages and jobs report through it too."""
    global _running
    _running = (receiver, asyncio.get_running_loop()) if receiver else None


def receive_sync(
    link: Link, event: CallEvent, raw: dict[str, Any], now: datetime, call_id: UUID | None = None
) -> Outcome:
    """Receive from a thread: through this process's receiver, or, where none runs, over a connection of its own."""
    if _running is not None:
        receiver, loop = _running
        return asyncio.run_coroutine_threadsafe(receiver.receive(link, event, raw, now, call_id), loop).result(
            timeout=15
        )
    return asyncio.run(_receive_alone(link, event, raw, now, call_id))


async def _receive_alone(
    link: Link, event: CallEvent, raw: dict[str, Any], now: datetime, call_id: UUID | None
) -> Outcome:
    from ringdesk.core.database import open_pool

    async with open_pool(max_size=1, configure=configure) as pool:
        receiver = Receiver(pool, lambda events, ids, at: {}, announces=True)
        return await receiver.receive(link, event, raw, now, call_id)
