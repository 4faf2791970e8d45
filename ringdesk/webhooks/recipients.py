"""Endpoints as the sender and the contact questions know them, read over psycopg."""

from datetime import datetime
from typing import Any, LiteralString

import orjson
from django.db import connection as database
from psycopg import AsyncConnection

from ringdesk.core import sealing
from ringdesk.webhooks.dialect import Wishes
from ringdesk.webhooks.requests import Recipient

# A change of an endpoint, and a wish to send again, are announced here.
CHANNEL = "ringdesk_webhooks"

_SELECT: LiteralString = """
SELECT endpoint.id, endpoint.organization_id, endpoint.address, endpoint.is_inside, organization.language,
       crm.token_sealed, crm.wants_events, crm.wants_history, crm.has_trunk_prefix,
       (SELECT jsonb_object_agg(extension, "user") FROM webhooks_crmuser row WHERE row.crm_id = endpoint.id),
       webhook.secret_sealed, webhook.old_secret_sealed, webhook.old_secret_until, webhook.types
FROM webhooks_endpoint endpoint
JOIN accounts_organization organization ON organization.id = endpoint.organization_id
LEFT JOIN webhooks_outsidecrm crm ON crm.endpoint_ptr_id = endpoint.id
LEFT JOIN webhooks_webhook webhook ON webhook.endpoint_ptr_id = endpoint.id
"""
_ANY: LiteralString = _SELECT + " WHERE endpoint.id = %s"
BY_ID: LiteralString = _ANY + " AND endpoint.is_active"
OF_CONTACTS: LiteralString = (
    _SELECT + " WHERE endpoint.organization_id = %s AND endpoint.is_active AND crm.answers_contact"
    " AND (endpoint.open_until IS NULL OR endpoint.open_until < %s) ORDER BY endpoint.id"
)


async def find(connection: AsyncConnection[Any], id: int, now: datetime) -> Recipient | None:
    """Return an endpoint that is switched on, None when it is not. Raises sealing.SealBroken."""
    row = await (await connection.execute(BY_ID, [id])).fetchone()
    return recipient(row, now) if row else None


def load(id: int, now: datetime) -> Recipient:
    """Return an endpoint, switched on or not, over Django's own connection."""
    with database.cursor() as cursor:
        cursor.execute(_ANY, [id])
        return recipient(cursor.fetchone(), now)


def recipient(row: Any, now: datetime) -> Recipient:
    """Return the Recipient of a row."""
    (id, organization_id, address, is_inside, language, token, events, history, trunk, users,
     secret, old_secret, old_until, types) = row  # fmt: skip
    # Django's cursors hand JSON out as text, psycopg's own as what it says.
    users = orjson.loads(users) if isinstance(users, str) else users
    keys = [secret, old_secret] if old_secret and old_until and now < old_until else [secret]
    return Recipient(
        id=id,
        organization_id=organization_id,
        address=address,
        is_inside=is_inside,
        language=language,
        token=str(sealing.unseal(token)) if token is not None else None,
        keys=tuple(str(sealing.unseal(key)) for key in keys) if secret is not None else (),
        types=frozenset(types or ()),
        wishes=Wishes(bool(events), bool(history), users or {}, bool(trunk)),
    )
