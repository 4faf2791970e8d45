"""The configured connectors in memory: what a door must know of its token without asking the database each time.

Triggers of the database (migration ``link_changes``) send NOTIFY when a connector, extension, line, branch,
member, popup setting, rule of calls or ignored number changes, whoever changed it; the cache is then emptied.
"""

import asyncio
import time
from typing import Any

import orjson
from django.db import connection as database
from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ringdesk.core import sealing
from ringdesk.telephony import rules
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.models import Connector

CHANNEL = "ringdesk_links"
# A lost notice must not outlive this many seconds.
KEPT = 30.0
_MOST = 10_000
# Seconds until the database is taken to be out of reach.
LONGEST_WAIT = 1.0

_SELECT = """
SELECT connector.id, connector.organization_id, connector.kind, connector.is_active, connector.branch_id,
       coalesce(branch.region, (SELECT min(region) FROM accounts_branch b
                                WHERE b.organization_id = connector.organization_id), 'RU'),
       organization.popup_seconds, connector.settings, connector.secrets_sealed,
       (SELECT jsonb_object_agg(extension.number, extension.member_id) FROM telephony_extension extension
        JOIN accounts_member member ON member.id = extension.member_id AND member.is_active
        WHERE extension.connector_id = connector.id),
       (SELECT jsonb_object_agg(line.number, jsonb_build_array(line.branch_id, b.region)) FROM telephony_line line
        JOIN accounts_branch b ON b.id = line.branch_id WHERE line.connector_id = connector.id),
       (SELECT to_jsonb(rules) FROM telephony_callsettings rules
        WHERE rules.organization_id = connector.organization_id),
       ARRAY(SELECT ignored.phone FROM telephony_ignorednumber ignored
             WHERE ignored.organization_id = connector.organization_id),
       organization.language
FROM telephony_connector connector
JOIN accounts_organization organization ON organization.id = connector.organization_id
LEFT JOIN accounts_branch branch ON branch.id = connector.branch_id
"""
BY_TOKEN = _SELECT + " WHERE connector.token_hash = %s"
BY_ID = _SELECT + " WHERE connector.id = %s"
ACTIVE_OF_KINDS = _SELECT + " WHERE connector.is_active AND connector.kind = ANY(%s)"


class LinkCache:
    """Links by the fingerprint of their token."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self.pool = pool
        self.links: dict[str, tuple[float, Link]] = {}
        self.generation = 0

    async def find(self, token: str) -> Link | None:
        """Return the link whose address holds this token, None when there is none."""
        fingerprint = sealing.fingerprint(token)
        cached = self.links.get(fingerprint)
        if cached and cached[0] > time.monotonic():
            return cached[1]
        generation = self.generation
        try:
            async with asyncio.timeout(LONGEST_WAIT), self.pool.connection() as connection:
                row = await (await connection.execute(BY_TOKEN, [fingerprint])).fetchone()
        except (TimeoutError, OperationalError, PoolTimeout):
            # A PBX that asks whom to route to is answered from what was known last.
            if cached:
                return cached[1]
            raise
        if row is None:
            return None
        link = link_of(row)
        # What was read before a change was announced must not be kept.
        if len(self.links) >= _MOST:
            self.links.clear()
        if generation == self.generation:
            self.links[fingerprint] = (time.monotonic() + KEPT, link)
        return link

    def forget(self) -> None:
        """Forget everything: something changed."""
        self.generation += 1
        self.links.clear()


def link(connector: Connector) -> Link:
    """Return the link of a stored connector, over Django's own connection."""
    with database.cursor() as cursor:
        cursor.execute(BY_ID, [connector.pk])
        return link_of(cursor.fetchone())


def link_of(row: Any) -> Link:
    """Return the Link of a row of BY_TOKEN or BY_ID."""
    settings, extensions, lines = (_json(row[position]) for position in (7, 9, 10))
    return Link(
        id=row[0],
        organization_id=row[1],
        kind=row[2],
        is_active=row[3],
        branch_id=row[4],
        region=row[5],
        popup_seconds=row[6],
        settings=settings,
        secrets=sealing.unseal(row[8]) if row[8] else {},
        extensions=extensions,
        lines={number: (branch_id, region) for number, (branch_id, region) in lines.items()},
        rules=rules.from_row(_json(row[11])),
        ignored=frozenset(row[12]),
        language=row[13],
    )


def _json(value: Any) -> dict[str, Any]:
    # Django's cursors hand JSON out as text, psycopg's own as what it says.
    return (orjson.loads(value) if isinstance(value, str) else value) or {}
