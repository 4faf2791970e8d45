"""Django as ASGI: a request goes through middleware and view in one thread, in one go.

Django itself runs whichever middleware can in the event loop and hops to a thread, a new one for every request, and
back around each that cannot. Our views ask the database, so all of it is for threads; and while a phone rings the
loop has better things to do.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http.response import FileResponse
from django.urls import set_script_prefix
from starlette.types import Scope

# Requests at once; a slow one (a PBX that is asked something) keeps its thread. The database's pool is smaller.
MOST_AT_ONCE = 64
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Pages(ASGIHandler):
    """All that is no door, no live channel and no assistant's tool."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="page")

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain of middleware as one for threads."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()
        # A context of its own: language, time zone and prefix of this request are no other's.
        response = await loop.run_in_executor(self.threads, copy_context().run, self.answer, scope, body)
        if response.streaming:
            await self._stream(response, receive, send)
        else:
            await self.send_response(response, send)

    def answer(self, scope: Scope, body: IO[bytes]) -> Any:
        """Return the answer; one that is not streamed is closed already and has given its connection back."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        # Its type cannot tell that there is always one of the two.
        response: Any = refusal if request is None else self.get_response(request)
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        response._handler_class = self.__class__
        if not response.streaming:
            response.close()
            body.close()
        return response

    async def _stream(self, response: Any, receive: Receive, send: Send) -> None:
        """Send part by part until the end, or until nobody is there any more."""
        async with ThreadSensitiveContext():
            sending = asyncio.ensure_future(self.send_response(response, send))
            leaving = asyncio.ensure_future(receive())
            try:
                await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sending, leaving):
                    task.cancel()
                await asyncio.wait((sending, leaving))
                await asyncio.get_running_loop().run_in_executor(self.threads, response.close)
            if not sending.cancelled():
                sending.result()
