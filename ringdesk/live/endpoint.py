"""The live channel: ``/ws/v1/events``."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from ringdesk.live import visitors
from ringdesk.live.hub import Hub, Socket, finish
from ringdesk.live.protocol import RESYNC, Listener, Resume, Said, position, understand

# How long a slow socket gets to take the closing frame: whoever reads again later (a tab that slept) must hear why.
# Nothing is queued for it meanwhile.
CLOSING = 30.0
Hear = Callable[[Listener, Said], None]


class Endpoint:
    """The ASGI application of the channel. ``hear`` is told what listeners say beside "resume"."""

    def __init__(self, hub: Hub, hear: Hear) -> None:
        self.hub, self.hear = hub, hear

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        web_socket = WebSocket(scope, receive, send)
        try:
            listener = await visitors.admit(web_socket.headers, web_socket.query_params)
        except visitors.Turned as turned:
            await web_socket.accept()
            await web_socket.close(turned.code)
            return
        await web_socket.accept()
        socket = Socket(listener, send)
        tasks = [asyncio.create_task(socket.write()), asyncio.create_task(self._attend(web_socket, socket))]
        try:
            await asyncio.wait([*tasks, socket.closing], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                await finish(task)
            self.hub.leave(socket)
            if socket.closing.done():
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(web_socket.close(socket.closing.result()), CLOSING)

    async def _attend(self, web_socket: WebSocket, socket: Socket) -> None:
        """Let the socket join, then listen to what it says until it goes."""
        await self._join(socket, position(web_socket.query_params.get("after")))
        while True:
            try:
                message: Any = await web_socket.receive()
            except WebSocketDisconnect:
                return
            if message["type"] == "websocket.disconnect":
                return
            said = understand(message.get("text") or "")
            if isinstance(said, Resume):
                await self._join(socket, said.after)
            elif isinstance(said, Said):
                self.hear(socket.listener, said)

    async def _join(self, socket: Socket, after: int | None) -> None:
        try:
            await self.hub.join(socket, after)
        except LookupError:
            # Before anything that came meanwhile.
            socket.queue.appendleft(RESYNC)
            socket.wake.set()
