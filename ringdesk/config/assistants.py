"""/mcp: the tools of all rooms for AI assistants, by the Model Context Protocol (stateless streamable HTTP).

Who calls is known by the same tokens as in the HTTP API. Tools that the token may not use are not listed. Everything
that asks the database runs in a thread of its own, in the language of the organization.
"""

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import mcp_types as types
import orjson
from django.conf import settings
from django.utils import translation
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

import ringdesk
from ringdesk.accounts import idempotency
from ringdesk.accounts.api_auth import Caller, by_token
from ringdesk.accounts.oauth.scopes import ASSISTANT
from ringdesk.accounts.tools import Refused, Tool, Wish
from ringdesk.booking import customers
from ringdesk.booking.bots.tools import TOOLS as BOOKING
from ringdesk.booking.customers import Customer
from ringdesk.core.database import in_thread
from ringdesk.core.problems import RingdeskError
from ringdesk.hall.tools import TOOLS as HALL

PATH = "/mcp"
LARGEST = 256 * 1024  # bytes of a request
TOOLS: dict[str, Tool] = {tool.name: tool for tool in (*BOOKING, *HALL)}
_NAMES_OF_HALL = frozenset(tool.name for tool in HALL)
INSTRUCTIONS = """\
Ringdesk keeps the bookings of a business: appointments with specialists, tables of a restaurant.

Find first, then tell the terms, then book: get_info_for_booking or get_slots_for_booking, quote_booking, and only after
the client's clear yes create_booking; for a table find_tables, then create_reservation. Never invent services, prices
or times: take them from the answers. Send `client` (phone or external_id, and name) with every call that concerns a
person, and `idempotency_key` with every call that changes something. A refusal says what to do and what else is free.
Dates are dd.mm.yyyy, times hh:mm, both in the branch's time zone.\
"""


class Assistants:
    """The ASGI application of /mcp. ``running`` once, around everything it serves."""

    def __init__(self) -> None:
        server: Server[Any] = Server(
            "ringdesk",
            title="Ringdesk",
            version=ringdesk.__version__,
            instructions=INSTRUCTIONS,
            on_list_tools=_list_tools,
            on_call_tool=_call_tool,
        )
        self._manager = StreamableHTTPSessionManager(
            server, stateless=True, json_response=True, max_request_body_size=LARGEST
        )
        self._door: ASGIApp = CORSMiddleware(
            self._admit,
            allow_origins=["*"],
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=["WWW-Authenticate", "Mcp-Session-Id"],
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Assistants"]:
        async with self._manager.run():
            yield self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._door(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        scheme, _, plain = headers.get("authorization", "").partition(" ")
        plain = plain.strip() if scheme.lower() == "bearer" else ""
        caller = await in_thread(by_token, plain, PATH) if plain else None
        if caller is None:
            answer = JSONResponse(
                {"error": "invalid_token" if plain else "unauthorized", "error_description": "Send a valid token."},
                status_code=401,
                headers={"WWW-Authenticate": _challenge(headers, scope, is_wrong=bool(plain))},
            )
            await answer(scope, receive, send)
            return
        scope["ringdesk.caller"] = caller
        await self._manager.handle_request(scope, receive, send)


def _challenge(headers: Headers, scope: Scope, *, is_wrong: bool) -> str:
    """Return how an assistant finds out where to get a token (RFC 9728)."""
    base = settings.PUBLIC_URL or f"{scope['scheme']}://{headers.get('host', '')}"
    wrong = 'error="invalid_token", ' if is_wrong else ""
    metadata = f"{base}/.well-known/oauth-protected-resource{PATH}".replace('"', "")
    return f'Bearer {wrong}resource_metadata="{metadata}", scope="{" ".join(ASSISTANT)}"'


async def _list_tools(context: Any, params: Any) -> types.ListToolsResult:
    caller: Caller = context.request.scope["ringdesk.caller"]
    return types.ListToolsResult(tools=[_described(tool) for tool in await in_thread(_offered, caller)])


async def _call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
    caller: Caller = context.request.scope["ringdesk.caller"]
    return await in_thread(_answer, caller, params.name, dict(params.arguments or {}))


def _offered(caller: Caller) -> list[Tool]:
    return [tool for tool in TOOLS.values() if caller.may(tool.scope) and tool.is_offered(caller)]


def _described(tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(
        title=tool.title,
        read_only_hint=not tool.is_writing,
        destructive_hint=tool.is_destructive if tool.is_writing else None,
        # A key makes a repetition harmless; calling off twice is calling off once in any case.
        idempotent_hint=tool.is_destructive if tool.is_writing else None,
        open_world_hint=False,
    )
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        annotations=hints,
    )


def _answer(caller: Caller, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    with translation.override(caller.organization.language):
        tool = TOOLS.get(name)
        if tool is None:
            return _refusal(f"There is no tool {name[:60]}.", "Look at the list of tools.")
        if not caller.may(tool.scope):
            advice = f"The token lacks {tool.scope}: ask the user to connect again and allow it."
            return _refusal("This is not allowed.", advice)
        try:
            # What the assistant sends for "nothing" is nothing.
            wish = tool.arguments.model_validate({key: value for key, value in arguments.items() if value is not None})
        except ValidationError as error:
            return _malformed(error)
        try:
            return _said(orjson.loads(_run(tool, caller, wish.model_dump(exclude_unset=True))))
        except Refused as error:
            return _refusal(str(error), error.advice, **error.details)
        except RingdeskError as error:
            return _refusal(str(error), "Nothing was changed. Correct the arguments, then call again.")


def _run(tool: Tool, caller: Caller, values: dict[str, Any]) -> bytes:
    # Not orjson, which refuses a number of more than 64 bits: the tool says in words what is wrong with it.
    body = json.dumps([tool.name, values], sort_keys=True).encode()
    key = values.pop("idempotency_key", None)
    client = values.pop("client", None)
    if tool.name in _NAMES_OF_HALL:
        client = _with_card(caller, client)

    def act() -> bytes:
        return orjson.dumps(tool.run(Wish(caller, client, values)))

    return idempotency.once(caller, key and f"mcp:{key}", hashlib.sha256(body).digest(), act)


def _with_card(caller: Caller, client: dict[str, Any] | None) -> dict[str, Any] | None:
    """Name the card of a client who is told by the assistant's own id: only the room of bookings knows these."""
    if not client or client.get("id") or not client.get("external_id"):
        return client
    first = caller.branches().first()
    customer = Customer.read(client)
    card = customers.find(caller.organization, customer, first.region) if first and customer else None
    return client | {"id": card.pk} if card else client


def _said(answer: Any) -> types.CallToolResult:
    content = types.TextContent(type="text", text=orjson.dumps(answer).decode())
    structured = answer if isinstance(answer, dict) else {"result": answer}
    return types.CallToolResult(content=[content], structured_content=structured)


def _refusal(message: str, advice: str, **details: Any) -> types.CallToolResult:
    said = {"status": False, "message": message, "advice": advice} | details
    content = types.TextContent(type="text", text=orjson.dumps(said).decode())
    return types.CallToolResult(content=[content], structured_content=said, is_error=True)


def _malformed(error: ValidationError) -> types.CallToolResult:
    problems = [
        {"argument": ".".join(str(part) for part in each["loc"]), "problem": each["msg"]} for each in error.errors()
    ]
    return _refusal("The arguments are not as described.", "Correct them, then call again.", problems=problems[:10])
