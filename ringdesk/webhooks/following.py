"""From the live log to the queue: each line becomes what an endpoint is to be told, once, in order.

The deliveries and the place up to which the log was read are written in one transaction: whatever happens between,
no line is left out, and none is taken twice.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString
from uuid import uuid4

import orjson
from psycopg import AsyncConnection

from ringdesk.core.ids import new_id
from ringdesk.webhooks import dialect
from ringdesk.webhooks.dialect import Message
from ringdesk.webhooks.requests import Recipient

BATCH = 500
_LOCK: LiteralString = "SELECT followed_to FROM webhooks_endpoint WHERE id = %s FOR NO KEY UPDATE"
_READ: LiteralString = """
SELECT id, type, at, audience, body FROM live_liveevent WHERE organization_id = %s AND id > %s ORDER BY id LIMIT %s
"""
_WRITE: LiteralString = """
INSERT INTO webhooks_delivery (organization_id, endpoint_id, message_id, key, slot, type, position, body, words,
                               state, attempts, at, tried_since, next_at, last_error, last_answer)
SELECT %(organization)s, %(endpoint)s, (one->>'message_id')::uuid, one->>'key', one->>'slot', one->>'type',
       (one->>'position')::bigint, one->>'body', one->>'words', 'waiting', 0, %(now)s, %(now)s, %(now)s, '', ''
FROM jsonb_array_elements(%(messages)s::jsonb) WITH ORDINALITY AS each(one, place) ORDER BY place
ON CONFLICT (endpoint_id, key, slot) DO NOTHING
"""
_ADVANCE: LiteralString = "UPDATE webhooks_endpoint SET followed_to = %s WHERE id = %s"
_COMPLAIN: LiteralString = "UPDATE webhooks_endpoint SET last_error = %s, last_error_at = %s WHERE id = %s"
GAP = "%(count)s lines of the event log were gone before they could be read: nothing was sent for more than a day."


async def follow(connection: AsyncConnection[Any], recipient: Recipient, now: datetime) -> bool:
    """Read the next lines of the log and queue what they say. Tell whether there may be more."""
    async with connection.transaction():
        row = await (await connection.execute(_LOCK, [recipient.id])).fetchone()
        if row is None:
            return False
        followed_to: int = row[0]
        read = [recipient.organization_id, followed_to, BATCH]
        lines = await (await connection.execute(_READ, read)).fetchall()
        if not lines:
            return False
        if lines[0][0] > followed_to + 1:
            missing = GAP % {"count": lines[0][0] - followed_to - 1}
            await connection.execute(_COMPLAIN, [missing, now, recipient.id])
        shapes = [
            _shape(message, line[0])
            for line in lines
            for message in messages(recipient, line[1], line[2], line[3], line[4])
        ]
        if shapes:
            values = {"organization": recipient.organization_id, "endpoint": recipient.id, "now": now}
            await connection.execute(_WRITE, values | {"messages": orjson.dumps(shapes).decode()})
        await connection.execute(_ADVANCE, [lines[-1][0], recipient.id])
    return len(lines) == BATCH


def messages(
    recipient: Recipient, type: str, at: datetime, audience: Mapping[str, Any], body: Mapping[str, Any]
) -> list[Message]:
    """Return what one line of the log says to this endpoint. Pure but for the id of a webhook's message."""
    if recipient.is_crm:
        if not type.startswith("call.") or "call" not in body:
            return []
        link = str(audience.get(dialect.RECORDING, ""))
        return dialect.messages(type, body["call"], at, recipient.wishes, recording_url=link)
    # What concerns one member's screen alone is nobody else's business.
    if type not in recipient.types or "member" in audience:
        return []
    return [Message(dialect.key(type, body), f"{type}:{uuid4().hex}", type, dialect.standard(type, at, body))]


def _shape(message: Message, position: int) -> dict[str, Any]:
    return {
        "message_id": str(new_id()),
        "key": message.key[:80],
        "slot": message.slot[:100],
        "type": message.type,
        "position": position,
        "body": orjson.dumps(message.body).decode(),
        "words": _words(message.body),
    }


def _words(body: Mapping[str, Any]) -> str:
    """Return the numbers and names by which people look for a message."""
    call = body.get("data", {}).get("call", {}) if "data" in body else body
    said = (call.get(name) for name in ("phone", "ext", "extension", "user", "line", "diversion"))
    return " ".join(dict.fromkeys(str(word) for word in said if word))[:200]
