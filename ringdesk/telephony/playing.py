"""Handing out the sound of a call, whole or in part, from our storage or through us from where the PBX keeps it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.http import http_date
from django.utils.translation import gettext as _

from ringdesk.core import http
from ringdesk.core.problems import NotFound, RingdeskError
from ringdesk.core.streaming import CHUNK, Streamed
from ringdesk.telephony import link_cache, recordings, sounds
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Source
from ringdesk.telephony.models import Recording

_REDIRECTS = 3
_EXTENSIONS = {
    kind.content_type: kind.extension for kind in (sounds.MP3, sounds.WAV, sounds.OGG, sounds.MP4, sounds.FLAC)
}


def answer(request: HttpRequest, recording: Recording, *, is_download: bool = False) -> HttpResponseBase:
    """Return the sound that a request asks for (RFC 9110: Range, If-Range). Raises NotFound where there is none."""
    if recording.state == Recording.State.STORED:
        response = _stored(request, recording)
    elif recording.state == Recording.State.PROXIED:
        response = _proxied(request, recording)
    else:
        raise NotFound(_("There is no recording to listen to."))
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    how = "attachment" if is_download else "inline"
    response["Content-Disposition"] = f'{how}; filename="{_name(recording, response["Content-Type"])}"'
    return response


def _stored(request: HttpRequest, recording: Recording) -> HttpResponseBase:
    try:
        file = recordings.storage().open(recording.file)
    except FileNotFoundError as error:
        raise NotFound(_("The file of this recording is gone.")) from error
    tag = f'"{recording.pk}-{recording.size}"'
    response = _part(request, file, recording.content_type, file.size, tag)
    response["ETag"] = tag
    if recording.stored_at:
        response["Last-Modified"] = http_date(recording.stored_at.timestamp())
    return response


def _part(request: HttpRequest, file: IO[bytes], content_type: str, size: int, tag: str) -> HttpResponseBase:
    """Return the part of an open file that is asked for; the answer closes the file."""
    # A part of another state of the file is of no use: who has another tag gets all of it.
    wish = request.headers.get("Range", "") if request.headers.get("If-Range", tag) == tag else ""
    try:
        part = sounds.part_of(wish, size)
    except sounds.Unsatisfiable:
        file.close()
        return _unsatisfiable(size)
    first, length = (part.first, part.length) if part else (0, size)
    file.seek(first)
    response = _streamed(_Chunks(file.read, length, file.close), content_type, 206 if part else 200, length)
    if part:
        response["Content-Range"] = part.header
    return response


def _proxied(request: HttpRequest, recording: Recording) -> HttpResponseBase:
    connector = registry().get(recording.call.connector.kind)
    if connector is None:
        raise NotFound(_("There is no recording to listen to."))
    try:
        source = connector.recording(link_cache.link(recording.call.connector), recording.reference)
        if source.file is not None:
            return _from_folder(request, source.file)
        return _through(request, source)
    except RingdeskError as error:
        return HttpResponse(str(error), status=502, content_type="text/plain; charset=utf-8")


def _from_folder(request: HttpRequest, path: Path) -> HttpResponseBase:
    if not path.is_file():
        raise NotFound(_("The file of this recording is gone."))
    file = open(path, "rb")  # noqa: SIM115 - the answer closes it
    kind = sounds.kind_of(file.read(sounds.HEAD)) or sounds.UNKNOWN
    known = path.stat()
    return _part(request, file, kind.content_type, known.st_size, f'"{known.st_mtime_ns:x}-{known.st_size:x}"')


def _through(request: HttpRequest, source: Source) -> HttpResponseBase:
    """Ask the source for the part, and hand on what comes. A source that knows no parts is read up to the part."""
    wish = request.headers.get("Range", "")
    headers = {"Accept-Encoding": "identity"} | dict(source.headers) | ({"Range": wish} if wish else {})
    with ExitStack() as stack:
        answer = stack.enter_context(
            http.stream(source.url, headers=headers, is_trusted=source.is_trusted, redirects=_REDIRECTS)
        )
        length = answer.headers.get("content-length", "")
        size = int(length) if length.isdecimal() else None
        content_type = sounds.safe_type(answer.headers.get("content-type", ""))
        if answer.status_code == 416:
            return _unsatisfiable(None, answer.headers.get("content-range", ""))
        if answer.status_code not in (200, 206):
            text = _("The PBX answered with status %(status)s.") % {"status": answer.status_code}
            return HttpResponse(text, status=502, content_type="text/plain; charset=utf-8")
        try:
            part = sounds.part_of(wish, size) if answer.status_code == 200 and size is not None else None
        except sounds.Unsatisfiable:
            return _unsatisfiable(size)
        reader = _Reader(answer.iter_bytes(CHUNK))
        if part:
            reader.skip(part.first)
            size = part.length
        # From here on the answer closes the connection.
        chunks = _Chunks(reader.read, size, stack.pop_all().close)
    response = _streamed(chunks, content_type, 206 if part else answer.status_code, size)
    if part:
        response["Content-Range"] = part.header
    elif "content-range" in answer.headers:
        response["Content-Range"] = answer.headers["content-range"]
    return response


class _Reader:
    """Reads a stream of chunks like a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.rest = chunks, b""

    def read(self, size: int) -> bytes:
        part = self.rest or next(self.chunks, b"")
        self.rest = part[size:]
        return part[:size]

    def skip(self, size: int) -> None:
        while size > 0 and (part := self.read(min(size, CHUNK))):
            size -= len(part)


class _Chunks:
    """Reads ``length`` bytes (None: to the end) part by part. Closed by the answer, even one that is never read."""

    def __init__(self, read: Callable[[int], bytes], length: int | None, close: Callable[[], object]) -> None:
        self.read, self.length, self.close = read, length, close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        part = self.read(CHUNK if self.length is None else min(CHUNK, self.length)) if self.length != 0 else b""
        if not part:
            raise StopIteration
        if self.length is not None:
            self.length -= len(part)
        return part


def _streamed(chunks: _Chunks, content_type: str, status: int, length: int | None) -> Streamed:
    response = Streamed(chunks, status=status, content_type=content_type)
    response["Accept-Ranges"] = "bytes"
    if length is not None:
        response["Content-Length"] = str(length)
    return response


def _unsatisfiable(size: int | None, said: str = "") -> HttpResponse:
    response = HttpResponse(status=416, content_type="text/plain")
    response["Content-Range"] = said or f"bytes */{size}"
    response["Accept-Ranges"] = "bytes"
    return response


def _name(recording: Recording, content_type: str) -> str:
    at = timezone.localtime(recording.call.started_at)
    extension = _EXTENSIONS.get(content_type, Path(recording.file).suffix.lstrip(".") or "bin")
    return "_".join(filter(None, [f"{at:%Y-%m-%d_%H-%M-%S}", recording.call.phone.lstrip("+")])) + f".{extension}"
