"""The shell: what rings goes ahead of Django, everything else into it."""

import contextlib
import os
from collections.abc import AsyncIterator

import django
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ringdesk.config.settings")
django.setup(set_prefix=False)

from ringdesk.config import assistants, watchers  # noqa: E402 - needs the settings above
from ringdesk.config.assistants import Assistants  # noqa: E402 - likewise
from ringdesk.config.pages import Pages  # noqa: E402 - likewise
from ringdesk.config.parts import Parts  # noqa: E402 - likewise
from ringdesk.config.static import Static  # noqa: E402 - likewise
from ringdesk.telephony.doors import PREFIX  # noqa: E402 - likewise

CHANNEL = "/ws/v1/events"
WATCHED = ("/healthz", "/readyz", "/metrics")
pages = Pages()


class Shell:
    """The ways in: doors, live channel, assistants' tools, watchers' pages, Django. It owns the parts' life."""

    def __init__(self) -> None:
        self.parts: Parts | None = None
        self.assistants: Assistants | None = None
        self.starlette = Starlette(
            routes=[
                Route("/healthz", watchers.healthz),
                Route("/readyz", watchers.readyz),
                Route("/metrics", watchers.metrics),
                Mount("/static", GZipMiddleware(Static(), minimum_size=1024)),
            ],
            lifespan=self._lifespan,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._way_in(scope["path"])(scope, receive, send)
        elif self.parts and scope["type"] == "websocket" and scope["path"] == CHANNEL:
            await self.parts.channel(scope, receive, send)
        elif scope["type"] == "websocket":
            # Nothing else speaks it. Closed before it is accepted: the server answers 403.
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            await self.starlette(scope, receive, send)

    def _way_in(self, path: str) -> ASGIApp:
        if self.parts and path.startswith(PREFIX):
            return self.parts.doors
        if self.assistants and path.rstrip("/") == assistants.PATH:
            return self.assistants
        return self.starlette if path in WATCHED or path.startswith("/static/") else pages

    @contextlib.asynccontextmanager
    async def _lifespan(self, starlette: Starlette) -> AsyncIterator[None]:
        async with Parts.running() as parts, Assistants().running() as self.assistants:
            self.parts = starlette.state.parts = parts
            try:
                yield
            finally:
                self.parts = self.assistants = None


application = Shell()
