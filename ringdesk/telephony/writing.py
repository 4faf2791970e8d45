"""The statements of receiving: what is known of a batch of reports, and everything that follows from them.

A batch is one organization's. It travels as JSON, so that one prepared statement serves every batch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.errors import UndefinedColumn, UndefinedTable

from ringdesk.crm import matching
from ringdesk.crm.linking import ROWS
from ringdesk.crm.matching import Match, Named
from ringdesk.telephony.call_events import from_json
from ringdesk.telephony.fold import Known, Received
from ringdesk.telephony.reports import Report, Stored, Told

# Both statements have their parameters by number: psycopg would look through several kilobytes for their names each
# time. $1 is the organization; $2 what is asked, or the reports, $3 their facts, $4 their frames, as JSON.
_CARDS = ROWS.format(condition="p.number = asked.number").replace("%(organization)s", "$1")
_LOOK_UP: LiteralString = f"""
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
    FROM ({_CARDS}) AS card(kind, id, name, responsible, owner, owner_name, owner_responsible)
)
FROM ROWS FROM (jsonb_to_recordset($2::jsonb) AS (connector bigint, external_id text, number text, call uuid))
    WITH ORDINALITY AS asked(connector, external_id, number, call, position)
ORDER BY position
"""
LOOK_UP_BY_KEY = _LOOK_UP.format(which="call.connector_id = asked.connector AND call.external_id = asked.external_id")
LOOK_UP_BY_ID = _LOOK_UP.format(which="call.id = asked.call")
# Everything hangs on ``written``: of a call that another process wrote meanwhile (``version``, or the same
# generation) nothing at all happens, and the others are not harmed.
# Locks are taken in one order by everybody: cards, new calls by their key, known calls by id (``write`` sorts the
# first, the index the second), popups, numbers, and the counter of the live log last.
# Rows are picked by ``= ANY``, not by a join: it is an index scan, however small the table was when it was planned.
_WRITE: LiteralString = """
WITH report AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS report(
        id uuid, version integer, connector bigint, external_id text, generation integer, branch bigint,
        client bigint, contract bigint, lead bigint, now timestamptz, end_received_at timestamptz,
        direction text, state text, result text, phone text, line text, extension text, extensions text[],
        member bigint, started_at timestamptz, answered_at timestamptz, ended_at timestamptz, duration integer,
        recording_url text, expires_at timestamptz, answered_by bigint, is_taken boolean, is_noted boolean)
),
{calls},
event AS (
    INSERT INTO telephony_callevent (organization_id, call_id, kind, received_at, digest, event, raw)
    SELECT $1, call, kind, received_at, decode(digest, 'hex'), event, raw
    FROM jsonb_to_recordset($3::jsonb)
        AS fact(call uuid, kind text, received_at timestamptz, digest text, event jsonb, raw jsonb)
    WHERE call IN (SELECT id FROM written)
    ON CONFLICT (call_id, digest) DO NOTHING RETURNING id
),
{followers},
frame AS (
    SELECT row_number() OVER (ORDER BY position) AS place, type, at, audience, body
    FROM ROWS FROM (jsonb_to_recordset($4::jsonb)
        AS (call uuid, type text, at timestamptz, audience jsonb, body jsonb))
        WITH ORDINALITY AS frame(call, type, at, audience, body, position)
    WHERE call IN (SELECT id FROM written)
),
counter AS (
    INSERT INTO live_livecounter (organization_id, last_id)
    SELECT $1, count(*) FROM frame
    HAVING count(*) > 0 AND (SELECT count(*) FROM event) + {counted} >= 0
    ON CONFLICT (organization_id) DO UPDATE SET last_id = live_livecounter.last_id + excluded.last_id
    RETURNING last_id
),
logged AS (
    INSERT INTO live_liveevent (organization_id, id, type, at, audience, body)
    SELECT $1, last_id - (SELECT count(*) FROM frame) + place, type, at, audience, body
    FROM counter, frame
    RETURNING id
)
SELECT ARRAY(SELECT id FROM written), ARRAY(SELECT id FROM logged ORDER BY id)
"""
# The cards are locked before anything is written: one that is just being deleted is waited for, and is then none.
_OPENED: LiteralString = """
client AS (
    SELECT id FROM crm_client WHERE id = ANY (ARRAY(SELECT client FROM report WHERE version = 0))
    ORDER BY id FOR KEY SHARE
),
contract AS (
    SELECT id FROM crm_contract WHERE id = ANY (ARRAY(SELECT contract FROM report WHERE version = 0))
    ORDER BY id FOR KEY SHARE
),
lead AS (
    SELECT id FROM crm_lead WHERE id = ANY (ARRAY(SELECT lead FROM report WHERE version = 0))
    ORDER BY id FOR KEY SHARE
),
opened AS (
    INSERT INTO telephony_call (id, organization_id, connector_id, external_id, generation, version, branch_id,
        client_id, contract_id, lead_id, first_received_at, last_received_at, end_received_at,
        direction, state, result, phone, line, extension, extensions, member_id,
        started_at, answered_at, ended_at, duration, recording_url, outcome_kind, outcome_id, trace)
    SELECT id, $1, connector, external_id, generation, 1, branch,
        (SELECT client.id FROM client WHERE client.id = report.client),
        (SELECT contract.id FROM contract WHERE contract.id = report.contract),
        (SELECT lead.id FROM lead WHERE lead.id = report.lead),
        now, now, end_received_at, direction, state, result, phone, line, extension, extensions, member,
        started_at, answered_at, ended_at, duration, recording_url, '', '', '[]'
    FROM report WHERE version = 0
    ON CONFLICT (connector_id, external_id, generation) DO NOTHING
    RETURNING id
)"""
_GONE_ON: LiteralString = """
gone_on AS (
    UPDATE telephony_call call SET version = call.version + 1,
        last_received_at = greatest(call.last_received_at, report.now),
        end_received_at = coalesce(call.end_received_at, report.end_received_at),
        direction = report.direction, state = report.state, result = report.result, phone = report.phone,
        line = report.line, extension = report.extension, extensions = report.extensions,
        member_id = report.member, started_at = report.started_at, answered_at = report.answered_at,
        ended_at = report.ended_at, duration = report.duration, recording_url = report.recording_url
    FROM report WHERE call.id = ANY (ARRAY(SELECT id FROM report WHERE version > 0))
        AND call.id = report.id AND call.version = report.version
    RETURNING call.id
)"""
_OF_OPENED: LiteralString = """
shown AS (
    INSERT INTO telephony_popup
        (organization_id, branch_id, call_id, created_at, expires_at, answered_by_id, closed_reason)
    SELECT $1, branch, id, now, expires_at, answered_by, ''
    FROM report WHERE expires_at IS NOT NULL AND id IN (SELECT id FROM written)
    RETURNING id
),
number AS (
    INSERT INTO telephony_phonebookentry (organization_id, phone, calls, first_at, last_at, last_call_id)
    SELECT $1, phone, count(*), min(now), max(now), (array_agg(id ORDER BY now DESC))[1]
    FROM report WHERE is_noted AND id IN (SELECT id FROM written)
    GROUP BY phone ORDER BY phone
    ON CONFLICT (organization_id, phone) DO UPDATE SET calls = telephony_phonebookentry.calls + excluded.calls,
        last_at = excluded.last_at, last_call_id = excluded.last_call_id
    RETURNING id
)"""
_OF_GONE_ON: LiteralString = """
taken AS (
    UPDATE telephony_popup popup SET answered_by_id = report.answered_by
    FROM report WHERE popup.call_id = ANY (ARRAY(SELECT id FROM report WHERE is_taken))
        AND popup.call_id = report.id AND report.id IN (SELECT id FROM written)
    RETURNING popup.id
)"""
_COUNT_OPENED: LiteralString = "(SELECT count(*) FROM shown) + (SELECT count(*) FROM number)"
_COUNT_GONE_ON: LiteralString = "(SELECT count(*) FROM taken)"
# A report alone is most of a quiet day: it does not pay for what only the others need.
OPEN = _WRITE.format(
    calls=f"{_OPENED}, written AS (SELECT id FROM opened)", followers=_OF_OPENED, counted=_COUNT_OPENED
)
GO_ON = _WRITE.format(
    calls=f"{_GONE_ON}, written AS (SELECT id FROM gone_on)", followers=_OF_GONE_ON, counted=_COUNT_GONE_ON
)
BOTH = _WRITE.format(
    calls=f"{_OPENED}, {_GONE_ON}, written AS (SELECT id FROM opened UNION ALL SELECT id FROM gone_on)",
    followers=f"{_OF_GONE_ON}, {_OF_OPENED}",
    counted=f"{_COUNT_GONE_ON} + {_COUNT_OPENED}",
)
_TOUCH: LiteralString = """
UPDATE telephony_call call SET last_received_at = greatest(call.last_received_at, report.now)
FROM jsonb_to_recordset(%(reports)s::jsonb) AS report(id uuid, now timestamptz)
WHERE call.id = ANY (%(ids)s) AND call.id = report.id
"""
_TRACE: LiteralString = """
WITH said AS MATERIALIZED (
    SELECT coalesce(call, (
        SELECT popup.call_id FROM telephony_popup popup
        WHERE popup.id = said.popup AND popup.organization_id = said.organization
    )) AS call, entries, position
    FROM ROWS FROM (jsonb_to_recordset(%(traces)s::jsonb)
        AS (call uuid, popup bigint, organization bigint, entries jsonb))
        WITH ORDINALITY AS said(call, popup, organization, entries, position)
),
entry AS (
    SELECT call, jsonb_agg(entry ORDER BY said.position, one.position) AS entries
    FROM said, jsonb_array_elements(entries) WITH ORDINALITY AS one(entry, position)
    GROUP BY call
)
UPDATE telephony_call call SET trace = call.trace || entry.entries
FROM entry WHERE call.id = ANY (ARRAY(SELECT call FROM entry)) AND call.id = entry.call
"""


async def rehearse(connection: AsyncConnection[Any]) -> None:
    """Let a connection do everything once with nothing: its first report finds the statements planned.

    On a database without our tables nothing is rehearsed.
    """
    with contextlib.suppress(UndefinedTable, UndefinedColumn):
        for statement, nothing in ((LOOK_UP_BY_KEY, ["[]"]), (OPEN, ["[]"] * 3), (GO_ON, ["[]"] * 3)):
            await AsyncRawCursor(connection).execute(statement, [0, *nothing])


async def look_up(connection: AsyncConnection[Any], batch: Sequence[Told]) -> list[tuple[list[Stored], Match]]:
    """Return, for each, the last calls under its id, the latest first (or that one call), and whose number it is."""
    by_key = [told for told in batch if not told.call_id]
    by_id = [told for told in batch if told.call_id]
    answers: dict[int, tuple[list[Stored], Match]] = {}
    for statement, some in ((LOOK_UP_BY_KEY, by_key), (LOOK_UP_BY_ID, by_id)):
        if some:
            asked = [
                {
                    "connector": t.link.id,
                    "external_id": t.external_id,
                    "number": t.event.phone or "",
                    "call": t.call_id,
                }
                for t in some
            ]
            parameters = [some[0].link.organization_id, _dumps(asked)]
            rows = await (await AsyncRawCursor(connection).execute(statement, parameters)).fetchall()
            for told, (calls, cards) in zip(some, rows, strict=True):
                stored = [_stored(call, is_latest=position == 0) for position, call in enumerate(calls or ())]
                answers[id(told)] = stored, matching.match(cards or ())
    return [answers[id(told)] for told in batch]


async def write(connection: AsyncConnection[Any], reports: Sequence[Report]) -> tuple[set[UUID], list[int]]:
    """Write different calls of one organization down in one transaction.

    Returns which calls were written (the others were quicker written by another process) and the ids of the frames
    of those, in the order of ``reports``.
    """
    in_order = sorted(reports, key=lambda report: report.told.key)
    parameters = [
        reports[0].link.organization_id,
        _dumps([report.row() for report in in_order]),
        _dumps([row for report in in_order for row in report.fact_rows()]),
        _dumps([row for report in reports for row in report.frame_rows()]),
    ]
    known = sum(report.current is not None for report in reports)
    statement = OPEN if not known else GO_ON if known == len(reports) else BOTH
    row = await (await AsyncRawCursor(connection).execute(statement, parameters)).fetchone()
    assert row is not None
    written, ids = row
    return set(written), ids


async def touch(connection: AsyncConnection[Any], reports: Sequence[Report]) -> None:
    """Note that the sources spoke of these calls again."""
    rows = [{"id": report.id, "now": report.now} for report in reports]
    await connection.execute(_TOUCH, {"reports": _dumps(rows), "ids": [report.id for report in reports]})


async def trace(connection: AsyncConnection[Any], traces: Sequence[dict[str, Any]]) -> None:
    """Add ``entries`` to the traces of calls, named by ``call``, or by ``popup`` and its ``organization``."""
    await connection.execute(_TRACE, {"traces": orjson.dumps(traces).decode()})


def _dumps(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


def _stored(row: Sequence[Any], *, is_latest: bool) -> Stored:
    id, generation, version, last_received_at, branch_id = row[:5]
    client, contract, lead = (Named(*row[at : at + 2]) if row[at] else None for at in (5, 7, 9))
    facts = tuple(Received(from_json(shape), datetime.fromisoformat(at)) for shape, at in row[11] or ())
    known = Known(facts, datetime.fromisoformat(last_received_at), is_latest)
    match = Match(client=client, contract=contract, lead=lead)
    return Stored(UUID(id), generation, version, branch_id, match, known)
