"""Answers that go out part by part."""

from collections.abc import AsyncIterator, Iterator
from typing import IO

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

CHUNK = 256 * 1024


class Streamed(StreamingHttpResponse):
    """Streams part by part under ASGI too: Django itself would read all of it into memory first."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = iter(self)
        while (part := await sync_to_async(lambda: next(parts, None), thread_sensitive=False)()) is not None:
            yield part


class FileParts:
    """The parts of an open file. Closed by the answer, even one that is never read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.close = file, file.close

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(CHUNK), b"")
