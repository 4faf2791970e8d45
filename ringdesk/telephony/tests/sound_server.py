"""A source of recordings on loopback, with the moods that real ones have."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ringdesk.telephony.demo_sounds import tones

SOUND = tones(3)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        mood = self.path.strip("/")
        self.server.asked.append((mood, self.headers.get("Range")))  # type: ignore[attr-defined]
        if mood.startswith("to="):
            self.send_response(302)
            self.send_header("Location", mood.removeprefix("to="))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if mood == "page":
            return self._say(200, b"<!DOCTYPE html>Sign in", "text/html")
        if mood == "broken":
            return self._say(500, b"", "text/plain")
        if mood == "huge":
            return self._say(200, SOUND * 200, "audio/wav")
        wish = self.headers.get("Range", "")
        if mood == "parts" and wish.startswith("bytes="):
            first, _, last = wish.removeprefix("bytes=").partition("-")
            end = min(int(last or len(SOUND) - 1), len(SOUND) - 1)
            part = SOUND[int(first) : end + 1]
            return self._say(206, part, "audio/x-wav", f"bytes {first}-{end}/{len(SOUND)}")
        self._say(200, SOUND, "audio/x-wav")

    def _say(self, status: int, body: bytes, kind: str, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


class Sounds:
    """A running source."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.asked: list[tuple[str, str | None]] = server.asked  # type: ignore[attr-defined]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def url(self, mood: str) -> str:
        return f"http://{self.host}/{mood}"


@contextmanager
def serving() -> Iterator[Sounds]:
    """Serve until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Sounds(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
