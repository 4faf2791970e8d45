"""PostgreSQL ahead of Django: the async pool of the doors, the live channel and the listeners."""

from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connection, connections
from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool

P = ParamSpec("P")
R = TypeVar("R")
Configure = Callable[[AsyncConnection[Any]], Awaitable[None]]


def conninfo() -> dict[str, Any]:
    """Return the connection parameters of the default database, as psycopg takes them."""
    parameters = connection.get_connection_params()
    return {name: value for name, value in parameters.items() if name not in _DJANGO_ONLY}


_DJANGO_ONLY = {"cursor_factory", "context", "prepare_threshold", "pool", "server_side_binding", "isolation_level"}


def open_pool(*, max_size: int, configure: Configure | None = None) -> AsyncConnectionPool[Any]:
    """Return a pool to be opened by ``async with``. Waiting longer than 10 s for a connection is an error."""
    return AsyncConnectionPool(
        kwargs=conninfo() | {"application_name": "ringdesk"},
        min_size=1,
        max_size=max_size,
        timeout=10,
        open=False,
        configure=configure,
    )


async def listen(channels: tuple[str, ...], heard: Callable[[str, str], None], *, ready: Callable[[], None]) -> None:
    """Hear NOTIFY on these channels until cancelled: ``heard(channel, payload)``. Raises on a lost connection.

    ``ready`` is called once nothing more can be missed.
    """
    async with await AsyncConnection.connect(**conninfo(), autocommit=True) as link:
        for channel in channels:
            await link.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        ready()
        async for notice in link.notifies():
            heard(notice.channel, notice.payload)


async def in_thread(ask: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call something that uses Django's database from async code outside of a request; give the connection back."""

    def call() -> R:
        try:
            return ask(*args, **kwargs)
        finally:
            connections.close_all()

    return await sync_to_async(call, thread_sensitive=False)()
