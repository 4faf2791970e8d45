"""Receiving: the only writer of a call's course.

One transaction per report: the raw event is stored, the call folded anew from all its events, linked, its popup
and phone book entry written, and the frames appended to the live log. Two round trips to PostgreSQL: what is
known, then what is new. It runs on an async psycopg pool ahead of Django, because a ringing phone must not wait
for an ORM.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from ringdesk.core import events as log
from ringdesk.core.events import Event
from ringdesk.core.ids import new_id
from ringdesk.crm import matching
from ringdesk.crm.linking import ROWS_BY_NUMBER
from ringdesk.crm.matching import Match, Named
from ringdesk.telephony import frames
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, from_json, to_json
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.fold import CallState, Known, Received, State, fold, is_same_call

# Told after the commit: the events just written, in the order of their ids. Answers which members' screens got them.
Publish = Callable[[list[Event], Sequence[int], datetime], dict[int, int]]

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(external_id)s, %(connector)s))"
KNOWN = """
SELECT call.id, call.generation, call.last_received_at, call.branch_id, call.state, call.recording_url,
       call.client_id, client.name, call.contract_id, contract.number, call.lead_id, lead.name,
       (SELECT jsonb_agg(jsonb_build_array(event.event, event.received_at))
        FROM telephony_callevent event WHERE event.call_id = call.id)
FROM telephony_call call
LEFT JOIN crm_client client ON client.id = call.client_id
LEFT JOIN crm_contract contract ON contract.id = call.contract_id
LEFT JOIN crm_lead lead ON lead.id = call.lead_id
WHERE call.connector_id = %(connector)s AND call.external_id = %(external_id)s
ORDER BY call.generation DESC LIMIT 3
"""
INSERT_CALL = """
INSERT INTO telephony_call (id, organization_id, connector_id, external_id, generation, branch_id,
    client_id, contract_id, lead_id, first_received_at, last_received_at, end_received_at,
    direction, state, result, phone, line, extension, extensions, member_id,
    started_at, answered_at, ended_at, duration, recording_url, outcome_kind, outcome_id, trace)
VALUES (%(id)s, %(organization)s, %(connector)s, %(external_id)s, %(generation)s, %(branch)s,
    %(client)s, %(contract)s, %(lead)s, %(now)s, %(now)s, %(end_received_at)s,
    %(direction)s, %(state)s, %(result)s, %(phone)s, %(line)s, %(extension)s, %(extensions)s, %(member)s,
    %(started_at)s, %(answered_at)s, %(ended_at)s, %(duration)s, %(recording_url)s, '', '', '[]')
"""
UPDATE_CALL = """
UPDATE telephony_call SET last_received_at = greatest(last_received_at, %(now)s),
    end_received_at = coalesce(end_received_at, %(end_received_at)s),
    direction = %(direction)s, state = %(state)s, result = %(result)s, phone = %(phone)s, line = %(line)s,
    extension = %(extension)s, extensions = %(extensions)s, member_id = %(member)s, started_at = %(started_at)s,
    answered_at = %(answered_at)s, ended_at = %(ended_at)s, duration = %(duration)s,
    recording_url = %(recording_url)s
WHERE id = %(id)s
"""
TOUCH_CALL = """
UPDATE telephony_call SET last_received_at = greatest(last_received_at, %(now)s) WHERE id = %(id)s
"""
INSERT_EVENT = """
INSERT INTO telephony_callevent (organization_id, call_id, kind, received_at, digest, event, raw)
VALUES (%(organization)s, %(id)s, %(kind)s, %(now)s, %(digest)s, %(event)s, %(raw)s)
ON CONFLICT (call_id, digest) DO NOTHING
"""
INSERT_POPUP = """
INSERT INTO telephony_popup (organization_id, branch_id, call_id, created_at, expires_at, answered_by_id, closed_reason)
VALUES (%(organization)s, %(branch)s, %(id)s, %(now)s, %(expires_at)s, %(member)s, '')
"""
ANSWER_POPUP = "UPDATE telephony_popup SET answered_by_id = %(member)s WHERE call_id = %(id)s"
NOTE_NUMBER = """
INSERT INTO telephony_phonebookentry (organization_id, phone, calls, first_at, last_at, last_call_id)
VALUES (%(organization)s, %(phone)s, 1, %(now)s, %(now)s, %(id)s)
ON CONFLICT (organization_id, phone) DO UPDATE
SET calls = telephony_phonebookentry.calls + 1, last_at = excluded.last_at, last_call_id = excluded.last_call_id
"""

_TRACE_CALL: LiteralString = "UPDATE telephony_call SET trace = trace || %s WHERE id = %s"
_TRACE_POPUP: LiteralString = """
UPDATE telephony_call SET trace = trace || %s
WHERE id = (SELECT call_id FROM telephony_popup WHERE id = %s AND organization_id = %s)
"""
_MOST_TRACES = 20_000

Statement = tuple[LiteralString, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Stored:
    """A call as the database knows it before this report."""

    id: UUID
    generation: int
    branch_id: int | None
    state: str
    recording_url: str
    match: Match
    known: Known


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a report came to: the call, and whether anything changed."""

    call_id: UUID
    is_new: bool
    changed: bool


async def configure(connection: AsyncConnection[Any]) -> None:
    """Prepare a connection of the doors' pool."""
    connection.prepare_threshold = 2


class Receiver:
    """Receives reports on one pool and tells ``publish`` what was committed."""

    def __init__(self, pool: AsyncConnectionPool[Any], publish: Publish) -> None:
        self.pool = pool
        self.publish = publish
        self.traces: list[tuple[LiteralString, Jsonb, Any]] = []

    async def receive(self, link: Link, event: CallEvent, raw: dict[str, Any], now: datetime) -> Outcome:
        """Store one event of a connector at ``now`` (aware) and everything that follows from it."""
        facts = [Received(event, now)]
        if event.is_late and event.kind is Kind.RINGING:
            # Nobody is on the line any more: into the phone book, not onto the screen.
            facts.append(Received(_late_end(event), now))
        async with self.pool.connection() as connection:
            stored, match = await self._look_up(connection, link, event)
            current = next((call for call in stored if is_same_call(call.known, event, now)), None)
            report = _Report(link, event, facts, raw, now, stored, current, match)
            written = report.frames()
            async with connection.pipeline():
                for sql, parameters in report.statements():
                    await connection.execute(sql, parameters)
                appended = None
                if written:
                    appended = await connection.execute(log.APPEND, log.rows(link.organization_id, written, now))
                await connection.commit()
            ids = [row[0] for row in await appended.fetchall()] if appended else []
        if written:
            screens = self.publish(written, ids, now)
            if screens and report.is_shown:
                self.traces.append(
                    (_TRACE_CALL, Jsonb([_trace(now, "delivered", *screen) for screen in screens.items()]), report.id)
                )
        return Outcome(report.id, current is None, bool(written))

    async def _look_up(
        self, connection: AsyncConnection[Any], link: Link, event: CallEvent
    ) -> tuple[list[Stored], Match]:
        parameters = {"external_id": _key(event), "connector": link.id}
        cards = None
        async with connection.pipeline():
            await connection.execute(LOCK, parameters)
            calls = await connection.execute(KNOWN, parameters)
            if event.phone:
                number = {"organization": link.organization_id, "number": event.phone}
                cards = await connection.execute(ROWS_BY_NUMBER, number)
        rows = await calls.fetchall()
        match = matching.match(await cards.fetchall()) if cards else matching.NOBODY
        return [_stored(row, is_latest=position == 0) for position, row in enumerate(rows)], match

    def note_shown(self, organization_id: int, popup_id: int, member_id: int, now: datetime) -> None:
        """Note that a member's screen really shows a popup; ``flush`` writes it down."""
        if len(self.traces) < _MOST_TRACES:
            self.traces.append(
                (_TRACE_POPUP, Jsonb([_trace(now, "shown", member_id, 1)]), (popup_id, organization_id))
            )

    async def flush(self) -> None:
        """Write down whose screens got and showed the calls since the last flush."""
        traces, self.traces = self.traces, []
        if not traces:
            return
        async with self.pool.connection() as connection, connection.pipeline():
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

    @property
    def is_shown(self) -> bool:
        """Tell whether this report opens a popup."""
        return (
            self.current is None
            and self.state.direction is Direction.IN
            and self.link.popup_seconds > 0
            and not self.event.is_late
        )

    def statements(self) -> list[Statement]:
        """Return what to write, in order."""
        values = self._values()
        if self.current and not self.new_facts:
            return [(TOUCH_CALL, values)]
        statements: list[Statement] = [(UPDATE_CALL if self.current else INSERT_CALL, values)]
        statements += [(INSERT_EVENT, values | self._event_values(fact)) for fact in self.new_facts]
        if self.is_shown:
            expires_at = self.now + timedelta(seconds=self.link.popup_seconds)
            statements.append((INSERT_POPUP, values | {"expires_at": expires_at, "member": self._answered_by()}))
        elif self.current and self._answered_by() != self._answered_by_before():
            statements.append((ANSWER_POPUP, values | {"member": self._answered_by()}))
        if self.current is None and self.state.direction is Direction.IN and self.state.phone:
            statements.append((NOTE_NUMBER, values))
        return statements

    def frames(self) -> list[Event]:
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

    def _values(self) -> dict[str, Any]:
        state, match = self.state, self.match
        return {
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

    def _event_values(self, fact: Received) -> dict[str, Any]:
        shape = to_json(fact.event)
        digest = hashlib.blake2b(orjson.dumps(shape, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
        return {"kind": str(fact.event.kind), "digest": digest, "event": Jsonb(shape), "raw": Jsonb(self.raw)}


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
    facts = tuple(Received(from_json(shape), datetime.fromisoformat(at)) for shape, at in row[12] or ())
    match = Match(
        client=Named(row[6], row[7]) if row[6] else None,
        contract=Named(row[8], row[9]) if row[8] else None,
        lead=Named(row[10], row[11]) if row[10] else None,
    )
    known = Known(facts, last_received_at=row[2], is_latest=is_latest)
    return Stored(row[0], row[1], row[3], row[4], row[5], match, known)


def _trace(at: datetime, kind: str, member_id: int, tabs: int) -> dict[str, Any]:
    return {"at": frames.moment(at), "kind": kind, "member_id": member_id, "tabs": tabs}


_running: tuple[Receiver, asyncio.AbstractEventLoop] | None = None


def set_running(receiver: Receiver | None) -> None:
    """Tell this process's receiver, so that pages and jobs report through it too."""
    global _running
    _running = (receiver, asyncio.get_running_loop()) if receiver else None


def receive_sync(link: Link, event: CallEvent, raw: dict[str, Any], now: datetime) -> Outcome:
    """Receive from a thread: through this process's receiver, or, where none runs, over a connection of its own."""
    if _running is not None:
        receiver, loop = _running
        return asyncio.run_coroutine_threadsafe(receiver.receive(link, event, raw, now), loop).result(timeout=15)
    return asyncio.run(_receive_alone(link, event, raw, now))


async def _receive_alone(link: Link, event: CallEvent, raw: dict[str, Any], now: datetime) -> Outcome:
    from ringdesk.core.database import open_pool

    async with open_pool(max_size=1, configure=configure) as pool:
        return await Receiver(pool, lambda events, ids, at: {}).receive(link, event, raw, now)
