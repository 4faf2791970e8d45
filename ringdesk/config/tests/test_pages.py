"""Django behind our own ASGI handler: one thread a request, streams by the loop."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils import translation

from ringdesk.config.pages import Pages
from ringdesk.core.streaming import Streamed

Message = dict[str, Any]
closed = threading.Event()


def spoken(request: HttpRequest) -> HttpResponse:
    """Say the language and the thread, in the middle of everybody else's."""
    before = translation.get_language()
    barrier.wait(10)
    return HttpResponse(f"{before} {translation.get_language()} {threading.current_thread().name}")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret")


def endless(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
        finally:
            closed.set()

    return Streamed(parts())


urlpatterns = [path("spoken/", spoken), path("broken/", broken), path("endless/", endless)]
handler500 = "ringdesk.web.views.server_error"
barrier = threading.Barrier(8)


@pytest.fixture
def pages(settings: Any) -> Pages:
    settings.ROOT_URLCONF = __name__
    return Pages()


async def ask(pages: Pages, address: str, language: str = "en", leave_after: int | None = None) -> list[Message]:
    """Return what is sent; ``leave_after``: hang up after so many messages."""
    sent: list[Message] = []
    asked, gone = asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        if not asked.is_set():
            asked.set()
            return {"type": "http.request", "body": b""}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if leave_after is not None and len(sent) >= leave_after:
            gone.set()
            await asyncio.sleep(0)

    headers = [(b"host", b"testserver"), (b"accept-language", language.encode())]
    scope = {"type": "http", "method": "GET", "path": address, "query_string": b"", "headers": headers}
    await asyncio.wait_for(pages(scope, receive, send), 30)
    return sent


def text(sent: list[Message]) -> str:
    return b"".join(message.get("body", b"") for message in sent).decode()


def test_requests_at_once_keep_their_own_language(pages: Pages) -> None:
    async def all_at_once() -> list[list[Message]]:
        return await asyncio.gather(*(ask(pages, "/spoken/", ("ru", "en")[n % 2]) for n in range(barrier.parties)))

    said = [text(sent).split() for sent in asyncio.run(all_at_once())]
    assert [each[:2] for each in said] == [[("ru", "en")[n % 2]] * 2 for n in range(barrier.parties)]
    assert len({each[2] for each in said}) == barrier.parties


def test_what_breaks_is_a_page_without_its_reason(pages: Pages, caplog: pytest.LogCaptureFixture) -> None:
    sent = asyncio.run(ask(pages, "/broken/"))
    assert sent[0]["status"] == 500
    assert "secret" not in text(sent)
    assert "secret" in caplog.text


def test_a_stream_ends_when_nobody_reads_it(pages: Pages) -> None:
    closed.clear()
    sent = asyncio.run(ask(pages, "/endless/", leave_after=5))
    assert sent[0]["status"] == 200
    assert closed.wait(10)
    assert 5 <= len(sent) < 100
