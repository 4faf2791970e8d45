"""One new call in one trip to the database: the commonest report of all, and the one somebody waits for.

Most reports come alone, tell of a call nobody has heard of yet, and their number is nobody's or one client's. Such a
call is written without asking first, if all that is so; if not, nothing at all happens, and ``writing`` asks and
writes. The rule of whose number it is stays in ``crm.matching``; here stands only its plainest case.
"""

from __future__ import annotations

from typing import Any, LiteralString

import orjson
from psycopg import AsyncConnection, AsyncRawCursor

from ringdesk.crm.matching import Match, Named
from ringdesk.telephony.reports import Report

# Everything hangs on ``opened``. Locks are taken in the order of ``writing``. Every parameter comes as text, so that
# one prepared statement serves every call, whatever it leaves out.
OPEN: LiteralString = """
WITH card AS MATERIALIZED (
    SELECT count(*) AS cards, min(client_id) AS client FROM crm_phone
    WHERE organization_id = $1::bigint AND number = $8::text
),
client AS MATERIALIZED (
    SELECT id, name FROM crm_client WHERE id = (SELECT client FROM card WHERE cards = 1) FOR KEY SHARE
),
opened AS (
    INSERT INTO telephony_call (id, organization_id, connector_id, external_id, generation, version, branch_id,
        first_received_at, last_received_at, direction, state, phone, line, extension, extensions, member_id,
        started_at, recording_url, outcome_kind, outcome_id, trace, client_id)
    SELECT $2::uuid, $1::bigint, $3::bigint, $4::text, 1, 1, $5::bigint, $6::timestamptz, $6::timestamptz, $7::text,
        'ringing', $8::text, $9::text, $10::text, ARRAY(SELECT jsonb_array_elements_text($11::jsonb)), $12::bigint,
        $13::timestamptz, '', '', '', '[]', (SELECT id FROM client)
    WHERE $2::uuid IS NOT NULL
        AND NOT EXISTS (SELECT FROM telephony_call WHERE connector_id = $3::bigint AND external_id = $4::text)
        AND (SELECT cards = 0 OR cards = 1 AND client IS NOT NULL FROM card)
    RETURNING id
),
event AS (
    INSERT INTO telephony_callevent (organization_id, call_id, kind, received_at, digest, event, raw)
    SELECT $1::bigint, id, $14::text, $6::timestamptz, decode($15::text, 'hex'), $16::jsonb, $17::jsonb FROM opened
),
shown AS (
    INSERT INTO telephony_popup (organization_id, branch_id, call_id, created_at, expires_at, closed_reason)
    SELECT $1::bigint, $5::bigint, id, $6::timestamptz, $18::timestamptz, '' FROM opened
    WHERE $18::timestamptz IS NOT NULL
),
number AS (
    INSERT INTO telephony_phonebookentry (organization_id, phone, calls, first_at, last_at, last_call_id)
    SELECT $1::bigint, $8::text, 1, $6::timestamptz, $6::timestamptz, id FROM opened WHERE $19::boolean
    ON CONFLICT (organization_id, phone) DO UPDATE SET calls = telephony_phonebookentry.calls + 1,
        last_at = excluded.last_at, last_call_id = excluded.last_call_id
    RETURNING id
),
counter AS (
    INSERT INTO live_livecounter (organization_id, last_id)
    SELECT $1::bigint, 1 FROM opened WHERE (SELECT count(*) FROM number) >= 0
    ON CONFLICT (organization_id) DO UPDATE SET last_id = live_livecounter.last_id + 1
    RETURNING last_id
),
logged AS (
    INSERT INTO live_liveevent (organization_id, id, type, at, audience, body)
    SELECT $1::bigint, last_id, $20::text, $6::timestamptz, $21::jsonb, coalesce(
        (SELECT jsonb_set($22::jsonb, '{call,client}', jsonb_build_object('id', id, 'name', name)) FROM client),
        $22::jsonb)
    FROM counter
)
SELECT last_id, (SELECT id FROM client), (SELECT name FROM client) FROM counter
"""
# With these it does nothing.
NOTHING = [None] * 22


async def open_call(connection: AsyncConnection[Any], report: Report) -> list[int]:
    """Write a plain new call down, linked, in one transaction.

    Returns the ids of its frames; none, with nothing written, when it is to be asked about: it is known, or its number
    stands on more than one client's card. Raises UniqueViolation when another process was quicker to write it.
    """
    call, event, frame = report.row(), report.fact_rows()[0], report.frames[0]
    values = [
        report.link.organization_id, call["id"], call["connector"], call["external_id"], call["branch"], call["now"],
        call["direction"], call["phone"], call["line"], call["extension"], call["extensions"], call["member"],
        call["started_at"], event["kind"], event["digest"], event["event"], event["raw"], call["expires_at"],
        call["is_noted"], frame.type, frame.audience, frame.body,
    ]  # fmt: skip
    row = await (await AsyncRawCursor(connection).execute(OPEN, [_text(value) for value in values])).fetchone()
    if row is None:
        return []
    id, client_id, name = row
    if client_id is not None:
        report.link_to(Match(client=Named(client_id, name)))
    return [id]


def _text(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    if isinstance(value, dict | list | tuple):
        return orjson.dumps(value).decode()
    return str(value)
