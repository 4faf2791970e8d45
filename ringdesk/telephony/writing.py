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
from ringdesk.telephony import opening
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
# New calls. All are written or none: nobody else writes one of them unless two processes hear of one call at the same
# moment, and then whoever is second is refused (UniqueViolation) and asks again.
# Locks are taken in one order by everybody: cards, new calls and numbers as ``open_calls`` sorts them, known calls by
# id, popups, and the counter of the live log last.
# Rows are picked by ``= ANY``, not by a join: it is an index scan, however small the table was when it was planned.
_OPEN: LiteralString = """
WITH report AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS report(
        id uuid, connector bigint, external_id text, generation integer, branch bigint,
        client bigint, contract bigint, lead bigint, now timestamptz, end_received_at timestamptz,
        direction text, state text, result text, phone text, line text, extension text, extensions text[],
        member bigint, started_at timestamptz, answered_at timestamptz, ended_at timestamptz, duration integer,
        recording_url text, expires_at timestamptz, answered_by bigint, is_noted boolean)
),
{cards},
opened AS (
    INSERT INTO telephony_call (id, organization_id, connector_id, external_id, generation, version, branch_id,
        first_received_at, last_received_at, end_received_at,
        direction, state, result, phone, line, extension, extensions, member_id,
        started_at, answered_at, ended_at, duration, recording_url, outcome_kind, outcome_id, trace, {columns})
    SELECT id, $1, connector, external_id, generation, 1, branch,
        now, now, end_received_at, direction, state, result, phone, line, extension, extensions, member,
        started_at, answered_at, ended_at, duration, recording_url, '', '', '[]', {values}
    FROM report
    RETURNING id
),
event AS (
    INSERT INTO telephony_callevent (organization_id, call_id, kind, received_at, digest, event, raw)
    SELECT $1, call, kind, received_at, decode(digest, 'hex'), event, raw
    FROM jsonb_to_recordset($3::jsonb)
        AS fact(call uuid, kind text, received_at timestamptz, digest text, event jsonb, raw jsonb)
    RETURNING id
),
shown AS (
    INSERT INTO telephony_popup
        (organization_id, branch_id, call_id, created_at, expires_at, answered_by_id, closed_reason)
    SELECT $1, branch, id, now, expires_at, answered_by, '' FROM report WHERE expires_at IS NOT NULL
    RETURNING id
),
number AS (
    INSERT INTO telephony_phonebookentry (organization_id, phone, calls, first_at, last_at, last_call_id)
    SELECT $1, phone, 1, now, now, id FROM report WHERE is_noted
    ON CONFLICT (organization_id, phone) DO UPDATE SET calls = telephony_phonebookentry.calls + 1,
        last_at = excluded.last_at, last_call_id = excluded.last_call_id
    RETURNING id
),
counter AS (
    INSERT INTO live_livecounter (organization_id, last_id)
    SELECT $1, jsonb_array_length($4::jsonb)
    WHERE (SELECT count(*) FROM opened) + (SELECT count(*) FROM event) + (SELECT count(*) FROM shown)
        + (SELECT count(*) FROM number) > 0
    ON CONFLICT (organization_id) DO UPDATE SET last_id = live_livecounter.last_id + excluded.last_id
    RETURNING last_id
),
logged AS (
    INSERT INTO live_liveevent (organization_id, id, type, at, audience, body)
    SELECT $1, last_id - jsonb_array_length($4::jsonb) + position, type, at, audience, body
    FROM counter, ROWS FROM (jsonb_to_recordset($4::jsonb) AS (type text, at timestamptz, audience jsonb, body jsonb))
        WITH ORDINALITY AS frame(type, at, audience, body, position)
    RETURNING id
)
SELECT last_id FROM counter
"""


def _opening(*cards: LiteralString) -> LiteralString:
    """Return the statement for calls linked to these kinds of cards.

    The cards are locked before anything is written: one that is just being deleted is waited for, and is then none.
    """
    locks: list[LiteralString] = [
        f"{card} AS (SELECT id FROM crm_{card} WHERE id = ANY (ARRAY(SELECT {card} FROM report)) "
        "ORDER BY id FOR KEY SHARE)"
        for card in cards
    ]
    values: list[LiteralString] = [f"(SELECT {card}.id FROM {card} WHERE {card}.id = report.{card})" for card in cards]
    columns: list[LiteralString] = [f"{card}_id" for card in cards]
    return _OPEN.format(cards=", ".join(locks), columns=", ".join(columns), values=", ".join(values))


# Nearly every number is a client's or nobody's: that one does not pay for the others.
OPEN = _opening("client")
OPEN_LINKED = _opening("client", "contract", "lead")
# Calls known before. Everything hangs on ``gone_on``: of a call that another process wrote meanwhile (``version``)
# nothing at all happens, and the others are not harmed.
GO_ON: LiteralString = """
WITH report AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS report(
        id uuid, version integer, now timestamptz, end_received_at timestamptz,
        direction text, state text, result text, phone text, line text, extension text, extensions text[],
        member bigint, started_at timestamptz, answered_at timestamptz, ended_at timestamptz, duration integer,
        recording_url text, answered_by bigint, is_taken boolean)
),
gone_on AS (
    UPDATE telephony_call call SET version = call.version + 1,
        last_received_at = greatest(call.last_received_at, report.now),
        end_received_at = coalesce(call.end_received_at, report.end_received_at),
        direction = report.direction, state = report.state, result = report.result, phone = report.phone,
        line = report.line, extension = report.extension, extensions = report.extensions,
        member_id = report.member, started_at = report.started_at, answered_at = report.answered_at,
        ended_at = report.ended_at, duration = report.duration, recording_url = report.recording_url
    FROM report WHERE call.id = ANY (ARRAY(SELECT id FROM report))
        AND call.id = report.id AND call.version = report.version
    RETURNING call.id
),
event AS (
    INSERT INTO telephony_callevent (organization_id, call_id, kind, received_at, digest, event, raw)
    SELECT $1, call, kind, received_at, decode(digest, 'hex'), event, raw
    FROM jsonb_to_recordset($3::jsonb)
        AS fact(call uuid, kind text, received_at timestamptz, digest text, event jsonb, raw jsonb)
    WHERE call IN (SELECT id FROM gone_on)
    ON CONFLICT (call_id, digest) DO NOTHING RETURNING id
),
taken AS (
    UPDATE telephony_popup popup SET answered_by_id = report.answered_by
    FROM report WHERE popup.call_id = ANY (ARRAY(SELECT id FROM report WHERE is_taken))
        AND popup.call_id = report.id AND report.id IN (SELECT id FROM gone_on)
    RETURNING popup.id
),
frame AS (
    SELECT row_number() OVER (ORDER BY position) AS place, type, at, audience, body
    FROM ROWS FROM (jsonb_to_recordset($4::jsonb)
        AS (call uuid, type text, at timestamptz, audience jsonb, body jsonb))
        WITH ORDINALITY AS frame(call, type, at, audience, body, position)
    WHERE call IN (SELECT id FROM gone_on)
),
counter AS (
    INSERT INTO live_livecounter (organization_id, last_id)
    SELECT $1, count(*) FROM frame
    HAVING count(*) > 0 AND (SELECT count(*) FROM event) + (SELECT count(*) FROM taken) >= 0
    ON CONFLICT (organization_id) DO UPDATE SET last_id = live_livecounter.last_id + excluded.last_id
    RETURNING last_id
),
logged AS (
    INSERT INTO live_liveevent (organization_id, id, type, at, audience, body)
    SELECT $1, last_id - (SELECT count(*) FROM frame) + place, type, at, audience, body
    FROM counter, frame
    RETURNING id
)
SELECT ARRAY(SELECT id FROM gone_on), ARRAY(SELECT id FROM logged ORDER BY id)
"""
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
        for statement, nothing in (
            (LOOK_UP_BY_KEY, [0, "[]"]),
            (OPEN, [0, *["[]"] * 3]),
            (GO_ON, [0, *["[]"] * 3]),
            (opening.OPEN, opening.NOTHING),
        ):
            await AsyncRawCursor(connection).execute(statement, nothing)


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


async def open_calls(connection: AsyncConnection[Any], reports: Sequence[Report]) -> list[int]:
    """Write new calls of one organization down in one transaction, no two noted ones of one number.

    Returns the ids of their frames, in the order of ``reports``. Raises UniqueViolation, with nothing written, when
    another process was quicker to write one of them.
    """
    in_order = sorted(reports, key=lambda report: (report.state.phone, report.told.key))
    is_linked = any(report.match.contract or report.match.lead for report in reports)
    parameters = _parameters(in_order, reports)
    row = await (await AsyncRawCursor(connection).execute(OPEN_LINKED if is_linked else OPEN, parameters)).fetchone()
    assert row is not None
    count = sum(len(report.frames) for report in reports)
    return list(range(row[0] - count + 1, row[0] + 1))


async def go_on(connection: AsyncConnection[Any], reports: Sequence[Report]) -> tuple[set[UUID], list[int]]:
    """Write what is new of known calls of one organization down in one transaction.

    Returns which calls were written (the others were quicker written by another process) and the ids of the frames
    of those, in the order of ``reports``.
    """
    row = await (await AsyncRawCursor(connection).execute(GO_ON, _parameters(reports, reports))).fetchone()
    assert row is not None
    written, ids = row
    return set(written), ids


def _parameters(calls: Sequence[Report], frames: Sequence[Report]) -> list[Any]:
    return [
        calls[0].link.organization_id,
        _dumps([report.row() for report in calls]),
        _dumps([row for report in calls for row in report.fact_rows()]),
        _dumps([row for report in frames for row in report.frame_rows()]),
    ]


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
