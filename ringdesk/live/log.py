"""Reading the event log."""

from typing import Any

from psycopg_pool import AsyncConnectionPool

from ringdesk.live.protocol import Frame, frame

_LAST = "SELECT last_id FROM live_livecounter WHERE organization_id = %s"
_FIRST = "SELECT min(id) FROM live_liveevent WHERE organization_id = %s"
_AFTER = """
SELECT id, type, at, audience, body FROM live_liveevent
WHERE organization_id = %s AND id > %s ORDER BY id LIMIT %s
"""


async def last_id(pool: AsyncConnectionPool[Any], organization_id: int) -> int:
    """Return the id of the organization's newest event, 0 when there is none yet."""
    async with pool.connection() as connection:
        row = await (await connection.execute(_LAST, [organization_id])).fetchone()
    return row[0] if row else 0


async def can_resume(pool: AsyncConnectionPool[Any], organization_id: int, after: int) -> bool:
    """Tell whether everything after this id is still kept."""
    async with pool.connection() as connection:
        last = await (await connection.execute(_LAST, [organization_id])).fetchone()
        first = await (await connection.execute(_FIRST, [organization_id])).fetchone()
    newest = last[0] if last else 0
    if after >= newest:
        # Beyond the newest: an id of another database, or of before a restored backup.
        return after == newest
    oldest = first[0] if first else None
    return oldest is not None and oldest <= after + 1


async def after(pool: AsyncConnectionPool[Any], organization_id: int, id: int, limit: int) -> list[Frame]:
    """Return the frames that follow this id, at most ``limit``."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(_AFTER, [organization_id, id, limit])).fetchall()
    return [frame(*row) for row in rows]
