"""The floor: a bare ASGI application that does one INSERT and one broadcast per request, and nothing else.

Same server, same event loop, same pool, same database as Ringdesk beside it.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import orjson
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

INSERT = "INSERT INTO bench_bare (phone, query) VALUES (%s, %s) RETURNING id"
SELECT = "SELECT client_id FROM crm_phone WHERE number = %s"
LOCK = "SELECT pg_advisory_xact_lock(%s)"
TAKE = (
    "INSERT INTO bench_occupancy (resource_id, during) "
    "VALUES (%s, tstzrange(%s::timestamptz, %s::timestamptz + interval '1 hour'))"
)
BOOK = "INSERT INTO bench_booking (resource_id, body) VALUES (%s, %s) RETURNING id"
sockets: dict[WebSocket, asyncio.Queue[str]] = {}
pool = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=1, max_size=10, open=False)


async def insert(scope: Any, receive: Any, send: Any) -> None:
    """Store the query and tell every socket."""
    if scope["path"] == "/route":
        await route(scope, receive, send)
        return
    await receive()
    query = scope["query_string"].decode()
    phone = "+7" + parse_qs(query)["src_num"][0][1:]
    async with pool.connection() as connection:
        row = await (await connection.execute(INSERT, [phone, query])).fetchone()
    frame = orjson.dumps({"id": row and row[0], "type": "call.ringing", "call": {"phone": phone}}).decode()
    for queue in sockets.values():
        queue.put_nowait(frame)
    body = b'{"success":true}'
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def route(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the card on which a number stands."""
    await receive()
    phone = "+" + parse_qs(scope["query_string"].decode())["phone"][0]
    async with pool.connection() as connection:
        row = await (await connection.execute(SELECT, [phone])).fetchone()
    body = str(row[0]).encode() if row else b""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def book(request: Request) -> JSONResponse:
    """Take an hour of a resource if it is free."""
    said = orjson.loads(await request.body())
    async with pool.connection() as connection:
        await connection.execute(LOCK, [said["resource"]])
        await connection.execute(TAKE, [said["resource"], said["at"], said["at"]])
        row = await (await connection.execute(BOOK, [said["resource"], orjson.dumps(said).decode()])).fetchone()
    return JSONResponse({"status": True, "booking": {"id": row and row[0]}})


async def alive(request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


async def listen(socket: WebSocket) -> None:
    """Send every frame to one socket."""
    await socket.accept()
    queue = sockets.setdefault(socket, asyncio.Queue())
    writer = asyncio.create_task(write(socket, queue))
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()
    writer.cancel()
    del sockets[socket]


async def write(socket: WebSocket, queue: asyncio.Queue[str]) -> None:
    while True:
        await socket.send_text(await queue.get())


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with pool:
        yield


application = Starlette(
    routes=[
        Route("/healthz", alive),
        Route("/book", book, methods=["POST"]),
        WebSocketRoute("/ws/v1/events", listen),
        Mount("/", insert),
    ],
    lifespan=lifespan,
)
