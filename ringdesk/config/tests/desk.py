"""A whole Ringdesk in a thread of the test: real HTTP, real WebSockets, the test's own database."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
import uvicorn


@dataclass(frozen=True)
class Desk:
    """A serving Ringdesk."""

    base_url: str

    @property
    def ws_url(self) -> str:
        return self.base_url.replace("http", "ws", 1) + "/ws/v1/events"

    def get(self, path: str, **options: object) -> httpx.Response:
        return httpx.get(self.base_url + path, timeout=15, **options)  # type: ignore[arg-type]

    def post(self, path: str, **options: object) -> httpx.Response:
        return httpx.post(self.base_url + path, timeout=15, **options)  # type: ignore[arg-type]


@pytest.fixture
def desk(transactional_db: None, settings: object) -> Iterator[Desk]:
    """Serve on a free port of loopback for one test. No background jobs: the test runs those it is about."""
    settings.PARTS = frozenset({"web"})  # type: ignore[attr-defined]
    from ringdesk.config.asgi import Shell

    config = uvicorn.Config(
        Shell(),
        host="127.0.0.1",
        port=0,
        log_level="error",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        threading.Event().wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Desk(f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join(timeout=10)
    from django.db import connections

    for connection in connections.all():
        connection.close_pool()  # type: ignore[attr-defined]  # only PostgreSQL has it
