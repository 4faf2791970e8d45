"""Receiving: the only writer of a call's course.

Two statements per report: what is known, then, in one transaction, what is new: the raw event, the call folded
anew from all its events and linked, its popup and phone book entry, and the frames of the live log. The second one
does nothing when another report of the same call was quicker (``version``), and both are done again. It runs on an
async psycopg pool ahead of Django, because a ringing phone must not wait for an ORM.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID
from weakref import WeakValueDictionary

import orjson
from psycopg import AsyncConnection, OperationalError
from psycopg.errors import DeadlockDetected, ForeignKeyViolation
from psycopg.types.json import Jsonb, set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from ringdesk.core import events as log
from ringdesk.core.events import Event
from ringdesk.core.ids import new_id
from ringdesk.crm import matching
from ringdesk.crm.linking import ROWS_BY_NUMBER
from ringdesk.crm.matching import Match, Named
from ringdesk.telephony import frames
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result, from_json, to_json
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.fold import CallState, Known, Received, State, fold, is_same_call

# Told after the commit: the events just written, in the order of their ids. Answers which members' screens got them.
Publish = Callable[[list[Event], Sequence[int], datetime], dict[int, int]]

LOOK_UP: LiteralString = f"""
SELECT (
    SELECT jsonb_agg(jsonb_build_array(known.id, generation, version, last_received_at, branch_id,
        client_id, client_name, contract_id, contract_number, lead_id, lead_name,
        (SELECT jsonb_agg(jsonb_build_array(event.event, event.received_at))
         FROM telephony_callevent event WHERE event.call_id = known.id)) ORDER BY generation DESC)
    FROM (
        SELECT call.*, client.name AS client_name, contract.number AS contract_number, lead.name AS lead_name
        FROM telephony_call call
        LEFT JOIN crm_client client ON client.id = call.client_id
        LEFT JOIN crm_contract contract ON contract.id = call.contract_id
        LEFT JOIN crm_lead lead ON lead.id = call.lead_id
        WHERE {{which}}
        ORDER BY call.generation DESC LIMIT 3
    ) known
), (
    SELECT jsonb_agg(jsonb_build_array(kind, id, name, responsible, owner, owner_name, owner_responsible))
    FROM ({ROWS_BY_NUMBER}) AS card(kind, id, name, responsible, owner, owner_name, owner_responsible)
)
"""
LOOK_UP_BY_KEY = LOOK_UP.format(which="call.connector_id = %(connector)s AND call.external_id = %(external_id)s")
LOOK_UP_BY_ID = LOOK_UP.format(which="call.id = %(call)s")
# The cards are locked before anything is written: a card that is just being deleted is waited for, and is then none.
INSERT_CALL: LiteralString = """
INSERT INTO telephony_call (id, organization_id, connector_id, external_id, generation, version, branch_id,
    client_id, contract_id, lead_id, first_received_at, last_received_at, end_received_at,
    direction, state, result, phone, line, extension, extensions, member_id,
    started_at, answered_at, ended_at, duration, recording_url, outcome_kind, outcome_id, trace)
VALUES (%(id)s, %(organization)s, %(connector)s, %(external_id)s, %(generation)s, 1, %(branch)s,
    (SELECT id FROM card), (SELECT id FROM agreement), (SELECT id FROM prospect),
    %(now)s, %(now)s, %(end_received_at)s, %(direction)s, %(state)s, %(result)s,
    %(phone)s, %(line)s, %(extension)s, %(extensions)s, %(member)s,
    %(started_at)s, %(answered_at)s, %(ended_at)s, %(duration)s, %(recording_url)s, '', '', '[]')
ON CONFLICT (connector_id, external_id, generation) DO NOTHING
RETURNING id
"""
UPDATE_CALL: LiteralString = """
UPDATE telephony_call SET version = version + 1, last_received_at = greatest(last_received_at, %(now)s),
    end_received_at = coalesce(end_received_at, %(end_received_at)s),
    direction = %(direction)s, state = %(state)s, result = %(result)s, phone = %(phone)s, line = %(line)s,
    extension = %(extension)s, extensions = %(extensions)s, member_id = %(member)s, started_at = %(started_at)s,
    answered_at = %(answered_at)s, ended_at = %(ended_at)s, duration = %(duration)s,
    recording_url = %(recording_url)s
WHERE id = %(id)s AND version = %(version)s
RETURNING id
"""
# Everything hangs on ``written``: when another report was quicker it is empty, and nothing at all happens.
# The counter of the live log comes last, after every other row is locked: pages lock in that order too.
_WRITE: LiteralString = """
WITH card AS (SELECT id FROM crm_client WHERE id = %(client)s FOR KEY SHARE),
agreement AS (SELECT id FROM crm_contract WHERE id = %(contract)s FOR KEY SHARE),
prospect AS (SELECT id FROM crm_lead WHERE id = %(lead)s FOR KEY SHARE),
written AS ({call}),
events AS (
    INSERT INTO telephony_callevent (organization_id, call_id, kind, received_at, digest, event, raw)
    SELECT %(organization)s, written.id, fact->>'kind', %(now)s, decode(fact->>'digest', 'hex'), fact->'event',
           fact->'raw'
    FROM written, jsonb_array_elements(%(facts)s::jsonb) AS fact
    ON CONFLICT (call_id, digest) DO NOTHING RETURNING id
),
popup AS ({popup}),
number AS ({number}),
counter AS (
    INSERT INTO live_livecounter (organization_id, last_id)
    SELECT %(organization)s, %(count)s FROM written
    WHERE %(count)s > 0 AND (SELECT count(*) FROM events) + (SELECT count(*) FROM popup)
        + (SELECT count(*) FROM number) >= 0
    ON CONFLICT (organization_id) DO UPDATE SET last_id = live_livecounter.last_id + %(count)s
    RETURNING last_id - %(count)s AS base
),
told AS (
    INSERT INTO live_liveevent (organization_id, id, type, at, audience, body)
    SELECT %(organization)s, base + position, event->>'type', %(now)s, event->'audience', event->'body'
    FROM counter, jsonb_array_elements(%(told)s::jsonb) WITH ORDINALITY AS one(event, position)
    RETURNING id
)
SELECT (SELECT count(*) FROM written), ARRAY(SELECT id FROM told ORDER BY id)
"""
_NO_POPUP: LiteralString = "SELECT 1 WHERE false"
_OPEN_POPUP: LiteralString = """
    INSERT INTO telephony_popup
        (organization_id, branch_id, call_id, created_at, expires_at, answered_by_id, closed_reason)
    SELECT %(organization)s, %(branch)s, id, %(now)s, %(expires_at)s, %(answered_by)s, '' FROM written
    RETURNING id
"""
_ANSWER_POPUP: LiteralString = """
    UPDATE telephony_popup SET answered_by_id = %(answered_by)s FROM written WHERE call_id = written.id
    RETURNING telephony_popup.id
"""
_NOTE_NUMBER: LiteralString = """
    INSERT INTO telephony_phonebookentry (organization_id, phone, calls, first_at, last_at, last_call_id)
    SELECT %(organization)s, %(phone)s, 1, %(now)s, %(now)s, id FROM written
    ON CONFLICT (organization_id, phone) DO UPDATE
    SET calls = telephony_phonebookentry.calls + 1, last_at = excluded.last_at, last_call_id = excluded.last_call_id
    RETURNING id
"""
OPEN = _WRITE.format(call=INSERT_CALL, popup=_OPEN_POPUP, number=_NOTE_NUMBER)
OPEN_HIDDEN = _WRITE.format(call=INSERT_CALL, popup=_OPEN_POPUP, number=_NO_POPUP)
OPEN_QUIETLY = _WRITE.format(call=INSERT_CALL, popup=_NO_POPUP, number=_NO_POPUP)
OPEN_LATE = _WRITE.format(call=INSERT_CALL, popup=_NO_POPUP, number=_NOTE_NUMBER)
GO_ON = _WRITE.format(call=UPDATE_CALL, popup=_NO_POPUP, number=_NO_POPUP)
GO_ON_ANSWERED = _WRITE.format(call=UPDATE_CALL, popup=_ANSWER_POPUP, number=_NO_POPUP)
TOUCH: LiteralString = """
UPDATE telephony_call SET last_received_at = greatest(last_received_at, %(now)s) WHERE id = %(id)s
"""
# How often a report is folded anew because another one of the same call was quicker.
_ATTEMPTS = 50
_AT_ONCE = 4
_TRACE_CALL: LiteralString = "UPDATE telephony_call SET trace = trace || %s WHERE id = %s"
_TRACE_POPUP: LiteralString = """
UPDATE telephony_call SET trace = trace || %s
WHERE id = (SELECT call_id FROM telephony_popup WHERE id = %s AND organization_id = %s)
"""
_MOST_TRACES = 20_000
# Every statement finds its rows by an index. A plan made while a table was empty must not read the table whole for
# as long as the connection lives (checks of foreign keys keep such plans too).
_PLANS: LiteralString = "SET enable_seqscan = off"


@dataclass(frozen=True, slots=True)
class Stored:
    """A call as the database knows it before this report."""

    id: UUID
    generation: int
    version: int
    branch_id: int | None
    match: Match
    known: Known


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a report came to: the call, and whether anything changed."""

    call_id: UUID
    is_new: bool
    changed: bool


async def configure(connection: AsyncConnection[Any]) -> None:
    """Prepare a connection of the doors' pool: every statement is a transaction of its own, and reads by index."""
    await connection.set_autocommit(True)
    connection.prepare_threshold = 1
    await connection.execute(_PLANS)
    set_json_loads(orjson.loads, connection)
    set_json_dumps(orjson.dumps, connection)


class Receiver:
    """Receives reports on one pool and tells ``publish`` what was committed."""

    def __init__(self, pool: AsyncConnectionPool[Any], publish: Publish, *, announces: bool = False) -> None:
        """``announces``: other processes have sockets of their own, so they are told by NOTIFY as well."""
        self.pool = pool
        self.publish = publish
        self.announces = announces
        self.traces: list[tuple[LiteralString, Jsonb, Any]] = []
        self.noted: set[tuple[int, int]] = set()
        # Reports of one call in this process wait for each other; other processes are kept off by ``version``.
        self.locks: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()
        # More at once only wait for each other inside PostgreSQL, which is slower than waiting here.
        self.at_once = asyncio.Semaphore(_AT_ONCE)

    async def receive(
        self, link: Link, event: CallEvent, raw: dict[str, Any], now: datetime, call_id: UUID | None = None
    ) -> Outcome:
        """Store one event of a connector at ``now`` (aware) and everything that follows from it.

        With ``call_id`` the event is that call's, whatever its source's id says; LookupError when there is none.
        """
        facts = [Received(event, now)]
        if event.is_late and event.kind is Kind.RINGING:
            # Nobody is on the line any more: into the phone book, not onto the screen.
            facts.append(Received(_late_end(event), now))
        lock = self.locks.setdefault((link.id, _key(event)), asyncio.Lock())
        async with lock, self.at_once, self.pool.connection() as connection:
            for _ in range(_ATTEMPTS):
                stored, match = await _look_up(connection, link, event, call_id)
                current = next((call for call in stored if call_id or is_same_call(call.known, event, now)), None)
                if call_id and current is None:
                    raise LookupError(call_id)
                report = _Report(link, event, facts, raw, now, stored, current, match)
                try:
                    ids = await _write(connection, report)
                except (ForeignKeyViolation, DeadlockDetected):
                    # A card or a member went away between asking and writing: ask again.
                    continue
                if ids is not None:
                    break
            else:
                raise OperationalError("too many reports of one call at the same moment")
            if ids and self.announces:
                await connection.execute(
                    "SELECT pg_notify(%s, %s)", [log.CHANNEL, f"{link.organization_id}:{ids[-1]}"]
                )
        if ids:
            screens = self.publish(report.frames, ids, now)
            if screens and report.is_shown:
                self.traces.append(
                    (_TRACE_CALL, Jsonb([_trace(now, "delivered", *screen) for screen in screens.items()]), report.id)
                )
        return Outcome(report.id, current is None, bool(ids))

    def note_shown(self, organization_id: int, popup_id: int, member_id: int, now: datetime) -> None:
        """Note that a member's screen really shows a popup; ``flush`` writes it down."""
        if (popup_id, member_id) in self.noted:
            return
        if len(self.noted) >= _MOST_TRACES:
            self.noted.clear()
        self.noted.add((popup_id, member_id))
        if len(self.traces) < _MOST_TRACES:
            self.traces.append(
                (_TRACE_POPUP, Jsonb([_trace(now, "shown", member_id, 1)]), (popup_id, organization_id))
            )

    async def flush(self) -> None:
        """Write down whose screens got and showed the calls since the last flush."""
        traces, self.traces = self.traces, []
        if not traces:
            return
        async with self.pool.connection() as connection:
            for sql, entries, key in traces:
                keys = key if isinstance(key, tuple) else (key,)
                await connection.execute(sql, [entries, *keys])


class _Report:
    """One event beside what was known: what to write and what to tell."""

    def __init__(
        self,
        link: Link,
        event: CallEvent,
        facts: list[Received],
        raw: dict[str, Any],
        now: datetime,
        stored: list[Stored],
        current: Stored | None,
        match: Match,
    ) -> None:
        self.link, self.event, self.raw, self.now, self.current = link, event, raw, now, current
        known = {fact.event for fact in current.known.facts} if current else set()
        self.new_facts = [fact for fact in facts if fact.event not in known]
        self.state = fold([*(current.known.facts if current else ()), *self.new_facts])
        self.before = fold(current.known.facts) if current else None
        self.id = current.id if current else new_id()
        self.generation = current.generation if current else max((call.generation for call in stored), default=0) + 1
        self.match = current.match if current else match
        self.branch_id = current.branch_id if current else self._branch_id()
        self.member_id = link.extensions.get(self.state.extension or "")
        self.frames = self._frames()

    @property
    def is_shown(self) -> bool:
        """Tell whether this report opens a popup."""
        return (
            self.current is None
            and self.state.direction is Direction.IN
            and self.link.popup_seconds > 0
            and not self.event.is_late
            and not (self.state.state is State.ENDED and self.state.result is Result.ANSWERED)
        )

    @property
    def statement(self) -> LiteralString:
        """Return how it is to be written."""
        if self.current:
            answered = self._answered_by() != self._answered_by_before()
            return GO_ON_ANSWERED if answered else GO_ON
        is_noted = self.state.direction is Direction.IN and bool(self.state.phone)
        if self.is_shown:
            return OPEN if is_noted else OPEN_HIDDEN
        return OPEN_LATE if is_noted else OPEN_QUIETLY

    def _frames(self) -> list[Event]:
        """Return what to tell the world: nothing for a repetition."""
        if not self.new_facts:
            return []
        types = _frame_types(self.before, self.state)
        source = self.link.kind
        body = {
            "call": frames.call(
                self.id, self.state, self.match, member_id=self.member_id, branch_id=self.branch_id, source=source
            )
        }
        audience: dict[str, Any] = {"extensions": list(self.state.extensions)}
        if self.branch_id is not None:
            audience["branch"] = self.branch_id
        return [Event(self.link.organization_id, type, body, audience) for type in types]

    def _answered_by(self) -> int | None:
        return self.member_id if self.state.answered_at else None

    def _answered_by_before(self) -> int | None:
        if self.before is None or not self.before.answered_at:
            return None
        return self.link.extensions.get(self.before.extension or "")

    def _branch_id(self) -> int | None:
        line = self.link.lines.get(self.state.line)
        return line[0] if line else self.link.branch_id

    def _shape(self, fact: Received) -> dict[str, Any]:
        event = to_json(fact.event)
        return {"kind": fact.event.kind, "digest": _digest(event), "event": event, "raw": self.raw}

    def values(self) -> dict[str, Any]:
        """Return the parameters of ``statement``."""
        state, match = self.state, self.match
        return {
            "count": len(self.frames),
            "told": log.dumps(self.frames),
            "facts": orjson.dumps([self._shape(fact) for fact in self.new_facts]).decode(),
            "version": self.current.version if self.current else 0,
            "expires_at": self.now + timedelta(seconds=self.link.popup_seconds),
            "answered_by": self._answered_by(),
            "id": self.id,
            "organization": self.link.organization_id,
            "connector": self.link.id,
            "external_id": _key(self.event),
            "generation": self.generation,
            "branch": self.branch_id,
            "client": match.client.id if match.client else None,
            "contract": match.contract.id if match.contract else None,
            "lead": match.lead.id if match.lead else None,
            "now": self.now,
            "end_received_at": self.now if state.state is State.ENDED else None,
            "direction": str(state.direction),
            "state": str(state.state),
            "result": str(state.result) if state.result else None,
            "phone": state.phone,
            "line": state.line,
            "extension": state.extension,
            "extensions": list(state.extensions),
            "member": self.member_id,
            "started_at": state.started_at,
            "answered_at": state.answered_at,
            "ended_at": state.ended_at,
            "duration": state.duration,
            "recording_url": state.recording_url,
        }


def _digest(shape: dict[str, Any]) -> str:
    return hashlib.blake2b(orjson.dumps(shape, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


async def _look_up(
    connection: AsyncConnection[Any], link: Link, event: CallEvent, call_id: UUID | None
) -> tuple[list[Stored], Match]:
    """Return the last calls under this event's id, the latest first (or that one call), and whose number it is."""
    parameters = {
        "connector": link.id,
        "external_id": _key(event),
        "organization": link.organization_id,
        "number": event.phone or "",
        "call": call_id,
    }
    look_up = LOOK_UP_BY_ID if call_id else LOOK_UP_BY_KEY
    row = await (await connection.execute(look_up, parameters)).fetchone()
    assert row is not None
    calls, cards = row
    return [_stored(call, is_latest=position == 0) for position, call in enumerate(calls or ())], matching.match(
        cards or ()
    )


async def _write(connection: AsyncConnection[Any], report: _Report) -> list[int] | None:
    """Write a report down in one statement. Returns the ids of its frames; None when another report was quicker."""
    if report.current and not report.new_facts:
        await connection.execute(TOUCH, {"id": report.id, "now": report.now})
        return []
    row = await (await connection.execute(report.statement, report.values())).fetchone()
    assert row is not None
    written, ids = row
    return ids if written else None


def _frame_types(before: CallState | None, after: CallState) -> list[str]:
    types = []
    if after.state is State.ENDED:
        if before is None or before.state is not State.ENDED or before.result != after.result:
            types.append("call.ended")
    elif before is None or before.state is not after.state:
        types.append(f"call.{after.state}")
    elif before.extension != after.extension and after.state is not State.RINGING:
        types.append("call.transferred")
    elif before.extensions != after.extensions and after.state is State.RINGING:
        types.append("call.ringing")
    if after.recording_url and (before is None or before.recording_url != after.recording_url):
        types.append("call.recording")
    return types


def _key(event: CallEvent) -> str:
    """What the call is found by: the source's id, else the number itself (a tilde keeps the two apart)."""
    return event.external_id if event.external_id is not None else f"~{event.phone or ''}"


def _late_end(event: CallEvent) -> CallEvent:
    return CallEvent(Kind.ENDED, event.external_id, event.direction, event.phone, at=event.at, is_presumed=True)


def _stored(row: Sequence[Any], *, is_latest: bool) -> Stored:
    id, generation, version, last_received_at, branch_id = row[:5]
    client, contract, lead = (Named(*row[at : at + 2]) if row[at] else None for at in (5, 7, 9))
    facts = tuple(Received(from_json(shape), datetime.fromisoformat(at)) for shape, at in row[11] or ())
    known = Known(facts, datetime.fromisoformat(last_received_at), is_latest)
    match = Match(client=client, contract=contract, lead=lead)
    return Stored(UUID(id), generation, version, branch_id, match, known)


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
