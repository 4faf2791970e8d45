"""The doors for PBXes and phones: ``/pbx/<token>/…``, plain ASGI ahead of Django.

Token → connector (cached) → ``parse`` (pure) → ``calls.receive`` → answer. The answer waits for the commit and
for nothing else. A refused request changes nothing but the connector's tally of refusals. A PBX that asks whom to
route to is answered in time, whatever else is going on: with "nobody" when it cannot be found out.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import orjson
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ringdesk.core import metrics, phones
from ringdesk.core.problems import RingdeskError
from ringdesk.crm import matching
from ringdesk.crm.linking import ROWS_BY_LAST_DIGITS, ROWS_BY_NUMBER
from ringdesk.crm.matching import Match
from ringdesk.telephony import routing
from ringdesk.telephony.calls import Receiver
from ringdesk.telephony.connectors import fields, registry
from ringdesk.telephony.connectors.base import (
    NOBODY,
    Caller,
    Connector,
    Link,
    Malformed,
    Parsed,
    Refused,
    Reply,
    Request,
    RouteQuestion,
)
from ringdesk.telephony.health import Health
from ringdesk.telephony.link_cache import LinkCache

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/pbx/"
MAX_BODY = 1024 * 1024
_KEPT_BODY = 16 * 1024
_HIDDEN = "•••"
_TOKEN_LENGTH = 200
# Every kind has this address: a dialplan asks it whom to route to.
ROUTE = "route"
# Seconds; the PBX and the caller are waiting.
OWN_ANSWER_WITHIN = 1.0
STORED_WITHIN = 2.0
logger = logging.getLogger(__name__)


class TooLarge(Exception):
    """The body is over 1 MiB."""


# An outside CRM's word on whose extension a caller is to be put through to; None: it has none, ours counts.
AskOutside = Callable[[Link, RouteQuestion], Awaitable[str | None]]


class Doors:
    """The ASGI application behind ``/pbx/``."""

    def __init__(
        self,
        pool: AsyncConnectionPool[Any],
        receiver: Receiver,
        links: LinkCache,
        health: Health,
        ask_outside: AskOutside | None = None,
    ) -> None:
        self.pool, self.receiver, self.links, self.health = pool, receiver, links, health
        self.ask_outside = ask_outside
        self.following: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: Reply
        try:
            # Some texts are put together where they arise, so the language is set for the whole of it. The server
            # gives every request a context of its own.
            translation.activate(_language(scope))
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

    async def handle(self, scope: Scope, receive: Receive) -> tuple[int, Reply]:
        """Return status and answer of one request."""
        token, _, rest = scope["path"].removeprefix(PREFIX).partition("/")
        rest = rest.strip("/")
        if scope["method"] not in ("GET", "POST"):
            return 405, _refusal(scope, "Use GET or POST.")
        link = await self.links.find(token) if 0 < len(token) <= _TOKEN_LENGTH else None
        if link is None:
            return 404, _refusal(scope, "There is no connector at this address.")
        if not link.is_active:
            self.health.while_off(link.id)
            return 404, _refusal(scope, "The connector at this address is switched off.")
        if not _accepted(scope):
            # PBXes say no language, and why they were refused is read on the connector's page.
            scope["ringdesk.language"] = link.language
            translation.activate(link.language)
        connector = registry()[link.kind]
        if not connector.takes(rest) and not (rest == ROUTE and connector.has_extensions):
            return 404, _refusal(scope, "This connector has no such address.")
        now = datetime.now(UTC)
        try:
            request = await _read(scope, receive, rest)
            if rest == ROUTE:
                return 200, await self.route(link, request)
            return await self.admit(link, request, now)
        except TooLarge:
            self.health.refused(link.id, "413: over 1 MiB", now)
            return 413, _refusal(scope, "The request is larger than 1 MiB.")
        except Malformed as error:
            self.health.refused(link.id, f"400: {error.message}", now)
            return 400, _refusal(scope, error)
        except Refused as error:
            self.health.refused(link.id, f"403: {error.message}", now)
            return 403, _refusal(scope, error)

    async def route(self, link: Link, request: Request) -> str:
        """Answer a dialplan: the extension to route to, or nothing. Raises Malformed without ``phone``."""
        values = fields.read(request)
        # An empty one is a hidden caller.
        if "phone" not in values and "phone" not in request.query:
            raise Malformed(_("Parameter phone is missing."))
        line = phones.digits_of(values.get("line", ""))[: phones.MAX_LENGTH]
        known = link.lines.get(line)
        phone = phones.normalize(values.get("phone", ""), known[1] if known else link.region)
        return (await self.find_caller(link, RouteQuestion(phone, line))).responsible

    async def admit(self, link: Link, request: Request, now: datetime) -> tuple[int, Reply]:
        """Parse a request, store what it says, return status and answer. Raises Malformed, Refused."""
        connector = registry()[link.kind]
        parsed = connector.parse(request, link, now)
        if parsed.question and connector.answers_in_reply:
            return await self._answer_question(connector, link, parsed, parsed.question, request, now)
        await self._store(link, parsed, request, now)
        self._follow(connector, link, parsed)
        return 200, connector.answer(parsed, None) if parsed.reply is None else parsed.reply

    async def find_caller(self, link: Link, question: RouteQuestion) -> Caller:
        """Return who calls and where to, NOBODY when it cannot be found out in time."""
        if not question.phone:
            return NOBODY
        outside = None
        if self.ask_outside and routing.is_forwarding(link):
            outside = asyncio.create_task(self._ask_outside(self.ask_outside, link, question))
        try:
            async with asyncio.timeout(OWN_ANSWER_WITHIN):
                caller = routing.caller(await self._match(link, question.phone), link)
        except (TimeoutError, OperationalError, PoolTimeout):
            logger.warning("The database did not say in time whom to route a caller to")
            caller = NOBODY
        responsible = await outside if outside else None
        return caller if responsible is None else replace(caller, responsible=responsible)

    async def _match(self, link: Link, phone: str) -> Match:
        """The whole number wins; where it is on no card, its last digits tell."""
        async with self.pool.connection() as connection:
            parameters = {"organization": link.organization_id, "number": phone}
            rows = await (await connection.execute(ROWS_BY_NUMBER, parameters)).fetchall()
            digits = phones.reverse(phone)
            if not rows and len(digits) > link.rules.last_digits:
                last = {"organization": link.organization_id, "reversed": digits[: link.rules.last_digits]}
                rows = await (await connection.execute(ROWS_BY_LAST_DIGITS, last)).fetchall()
        return matching.match(rows)

    @staticmethod
    async def _ask_outside(ask: AskOutside, link: Link, question: RouteQuestion) -> str | None:
        try:
            return await ask(link, question)
        except Exception:
            logger.exception("An outside CRM could not be asked")
            return None

    async def _answer_question(
        self,
        connector: Connector,
        link: Link,
        parsed: Parsed,
        question: RouteQuestion,
        request: Request,
        now: datetime,
    ) -> tuple[int, Reply]:
        asked = asyncio.create_task(self.find_caller(link, question))
        # Goes on when time is up: what was reported is not lost.
        stored = self._in_background(self._store(link, parsed, request, now))
        try:
            await asyncio.wait_for(asyncio.shield(stored), STORED_WITHIN)
        except (TimeoutError, OperationalError, PoolTimeout):
            asked.cancel()
            return 503 if parsed.events else 200, connector.answer(parsed, NOBODY)
        return 200, connector.answer(parsed, await asked)

    async def _store(self, link: Link, parsed: Parsed, request: Request, now: datetime) -> None:
        raw = _raw(request, link)
        for event in parsed.events:
            await self.receiver.receive(link, event, raw, now)
        metrics.EVENTS.labels(link.kind).inc()
        self.health.received(link.id, now, parsed.agent_version)
        if parsed.problem:
            self.health.failed(link.id, parsed.problem, datetime.now(UTC))

    def _follow(self, connector: Connector, link: Link, parsed: Parsed) -> None:
        if type(connector).follow is not Connector.follow:
            self._in_background(self._do_follow(connector, link, parsed))

    async def _do_follow(self, connector: Connector, link: Link, parsed: Parsed) -> None:
        try:
            caller = await self.find_caller(link, parsed.question) if parsed.question else None
            await connector.follow(link, parsed, caller)
        except RingdeskError as error:
            self.health.failed(link.id, str(error.message), datetime.now(UTC))
        except Exception:
            logger.exception("What follows from a report of a %s connector failed", link.kind)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self.following.add(task)
        task.add_done_callback(self._is_done)
        return task

    def _is_done(self, task: asyncio.Task[None]) -> None:
        self.following.discard(task)
        if not task.cancelled() and task.exception():
            logger.warning("A report could not be stored: %s", type(task.exception()).__name__)


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
        query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise Malformed("The query string is not UTF-8 or has more than 100 parameters.") from error
    body = b"".join(parts)
    if any("\x00" in key or "\x00" in value for key, value in query.items()) or b"\x00" in body or b"\\u0000" in body:
        raise Malformed("The request holds a zero byte.")
    content_type = headers.get(b"content-type", b"").decode("latin-1").lower()
    named = {key.decode("latin-1"): value.decode("latin-1") for key, value in headers.items()}
    peer = scope["client"][0] if scope.get("client") else ""
    return Request(scope["method"], rest, query, content_type, body, named, peer)


_JSON = b"application/json"


def _dumps(answer: Mapping[str, Any]) -> bytes:
    return orjson.dumps(dict(answer))


def _raw(request: Request, link: Link) -> dict[str, Any]:
    """The request as it came, but for the connector's secrets: whoever sees a call sees what was sent of it."""
    query = {name: _without_secrets(value, link) for name, value in request.query.items()}
    raw: dict[str, Any] = {"method": request.method, "query": query}
    if request.path:
        raw["path"] = request.path
    if request.body:
        raw["body"] = _without_secrets(request.body.decode(errors="replace"), link)[:_KEPT_BODY]
    return raw


def _without_secrets(text: str, link: Link) -> str:
    for secret in link.secrets.values():
        for spelling in {secret, quote_plus(secret)} - {""}:
            text = text.replace(spelling, _HIDDEN)
    return text


def _language(scope: Scope) -> str:
    """Return Russian for who asks for Russian, the organization's for who asks for nothing, else English."""
    accepted = _accepted(scope)
    if not accepted:
        return str(scope.get("ringdesk.language", "en"))
    return "ru" if accepted.startswith("ru") else "en"


def _accepted(scope: Scope) -> str:
    return str(dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1"))


def _refusal(scope: Scope, error: str | RingdeskError) -> dict[str, Any]:
    """Return the JSON of a refusal in the sender's language."""
    with translation.override(_language(scope)):
        text = str(error.message) if isinstance(error, RingdeskError) else translation.gettext(error)
        return {"success": False, "error": text}


async def _answer(send: Send, status: int, answer: Reply) -> None:
    body, content_type = (answer.encode(), b"text/plain") if isinstance(answer, str) else (_dumps(answer), _JSON)
    headers = [(b"content-type", content_type + b"; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status == 405:
        headers.append((b"allow", b"GET, POST"))
    if status == 503:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
