"""The doors for PBXes and phones: ``/pbx/<token>/…``, plain ASGI ahead of Django.

Token → connector (cached) → ``parse`` (pure) → ``calls.receive`` → answer. The answer waits for the commit and
for nothing else. A refused request changes nothing but the connector's tally of refusals.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
from django.utils import translation
from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ringdesk.core import metrics
from ringdesk.core.problems import RingdeskError
from ringdesk.crm import matching
from ringdesk.crm.linking import ROWS_BY_NUMBER
from ringdesk.telephony import routing
from ringdesk.telephony.calls import Receiver
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Link, Malformed, Parsed, Refused, Request, RouteQuestion
from ringdesk.telephony.health import Health
from ringdesk.telephony.link_cache import LinkCache

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/pbx/"
MAX_BODY = 1024 * 1024
_KEPT_BODY = 16 * 1024
_TOKEN_LENGTH = 200
logger = logging.getLogger(__name__)


class TooLarge(Exception):
    """The body is over 1 MiB."""


class Doors:
    """The ASGI application behind ``/pbx/``."""

    def __init__(self, pool: AsyncConnectionPool[Any], receiver: Receiver, links: LinkCache, health: Health) -> None:
        self.pool, self.receiver, self.links, self.health = pool, receiver, links, health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            # Some texts are put together where they arise, so the language is set for the whole of it.
            with translation.override(_language(scope)):
                status, answer = await self.handle(scope, receive)
        except (OperationalError, PoolTimeout):
            logger.warning("The database did not answer a door in time")
            status, answer = 503, _refusal(scope, "The database is not reachable. Send the event again.")
        except Exception:
            logger.exception("A door failed")
            status, answer = 500, _refusal(scope, "Something went wrong here. Send the event again.")
        if status != 200:
            metrics.REFUSED.labels(status).inc()
        await _answer(send, status, answer)

    async def handle(self, scope: Scope, receive: Receive) -> tuple[int, dict[str, Any]]:
        """Return status and JSON answer of one request."""
        token, _, rest = scope["path"].removeprefix(PREFIX).partition("/")
        if scope["method"] not in ("GET", "POST"):
            return 405, _refusal(scope, "Use GET or POST.")
        link = await self.links.find(token) if 0 < len(token) <= _TOKEN_LENGTH else None
        if link is None:
            return 404, _refusal(scope, "There is no connector at this address.")
        if not link.is_active:
            self.health.while_off(link.id)
            return 404, _refusal(scope, "The connector at this address is switched off.")
        if rest.strip("/") not in registry()[link.kind].paths:
            return 404, _refusal(scope, "This connector has no such address.")
        now = datetime.now(UTC)
        try:
            request = await _read(scope, receive, rest.strip("/"))
            return 200, await self.admit(link, request, now)
        except TooLarge:
            self.health.refused(link.id, "413: over 1 MiB", now)
            return 413, _refusal(scope, "The request is larger than 1 MiB.")
        except Malformed as error:
            self.health.refused(link.id, f"400: {error.message}", now)
            return 400, _refusal(scope, error)
        except Refused as error:
            self.health.refused(link.id, f"403: {error.message}", now)
            return 403, _refusal(scope, error)

    async def admit(self, link: Link, request: Request, now: datetime) -> dict[str, Any]:
        """Parse a request, store what it says, and return the connector's answer. Raises Malformed, Refused."""
        connector = registry()[link.kind]
        parsed = connector.parse(request, link, now)
        await self._store(link, parsed, request, now)
        responsible = await self._route(link, parsed.question) if parsed.question else None
        return connector.answer(responsible)

    async def _store(self, link: Link, parsed: Parsed, request: Request, now: datetime) -> None:
        raw = _raw(request)
        for event in parsed.events:
            await self.receiver.receive(link, event, raw, now)
        metrics.EVENTS.labels(link.kind).inc()
        self.health.received(link.id, now, parsed.agent_version)

    async def _route(self, link: Link, question: RouteQuestion) -> str:
        if not link.settings.get("smart_transfer") or not question.phone:
            return ""
        async with self.pool.connection() as connection:
            parameters = {"organization": link.organization_id, "number": question.phone}
            rows = await (await connection.execute(ROWS_BY_NUMBER, parameters)).fetchall()
        return routing.responsible_extension(matching.match(rows), link.extensions)


async def _read(scope: Scope, receive: Receive, rest: str) -> Request:
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > MAX_BODY:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("The sender hung up before the end of its request.")
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise TooLarge
        parts.append(part)
        if not message.get("more_body"):
            break
    try:
        query = dict(parse_qsl(scope["query_string"].decode(), max_num_fields=100))
    except ValueError as error:
        raise Malformed("The query string is not UTF-8 or has more than 100 parameters.") from error
    body = b"".join(parts)
    if any("\x00" in key or "\x00" in value for key, value in query.items()) or b"\x00" in body or b"\\u0000" in body:
        raise Malformed("The request holds a zero byte.")
    content_type = headers.get(b"content-type", b"").decode("latin-1").lower()
    return Request(scope["method"], rest, query, content_type, body)


def _raw(request: Request) -> dict[str, Any]:
    raw: dict[str, Any] = {"method": request.method, "query": dict(request.query)}
    if request.path:
        raw["path"] = request.path
    if request.body:
        raw["body"] = request.body[:_KEPT_BODY].decode(errors="replace")
    return raw


def _language(scope: Scope) -> str:
    """Return Russian for who asks for Russian, English for everybody else."""
    accepted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    return "ru" if accepted.startswith("ru") else "en"


def _refusal(scope: Scope, error: str | RingdeskError) -> dict[str, Any]:
    """Return the JSON of a refusal in the sender's language."""
    with translation.override(_language(scope)):
        text = str(error.message) if isinstance(error, RingdeskError) else translation.gettext(error)
        return {"success": False, "error": text}


async def _answer(send: Send, status: int, answer: dict[str, Any]) -> None:
    body = orjson.dumps(answer)
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status == 503:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
