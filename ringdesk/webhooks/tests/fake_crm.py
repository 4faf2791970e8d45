"""A CRM that speaks the connector protocol (file 5, 5.2) on loopback, and has its bad days."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "token123"


@dataclass
class FakeCrm:
    """Records what it takes, in order. ``status``, ``delay`` and ``is_down`` are its moods."""

    address: str = ""
    token: str = TOKEN
    status: int = 200
    delay: float = 0.0
    is_down: bool = False
    # The answer to ``contact``; None: what is no answer at all.
    responsible: Any = ""
    reply: bytes | None = None
    asked: int = 0
    taken: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        with self.lock:
            self.asked += 1
        if self.delay:
            time.sleep(self.delay)
        if self.status != 200:
            return self.status, b"out of order"
        said = json.loads(body)
        if "cmd" in said and said.get("crm_token") != self.token:
            return 403, b'{"error": "Invalid token"}'
        with self.lock:
            self.taken.append({key: value for key, value in said.items() if key != "crm_token"})
            self.headers.append(headers)
            self.raw.append(body)
        if self.reply is not None:
            return 200, self.reply
        if said.get("cmd") == "contact":
            return 200, json.dumps({"responsible": self.responsible}).encode()
        return 200, b'{"success": true}'

    def said(self, *names: str) -> list[tuple[Any, ...]]:
        """Return these fields of everything taken, in order."""
        return [tuple(message.get(name) for name in names) for message in self.taken]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up on a slow CRM is no error of it."""


@contextlib.contextmanager
def running() -> Iterator[FakeCrm]:
    """Serve a fake CRM on a free port of loopback."""
    crm = FakeCrm()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if crm.is_down:
                with crm.lock:
                    crm.asked += 1
                # Hangs up without a word.
                self.close_connection = True
                return
            status, answer = crm.answer(body, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    crm.address = f"http://127.0.0.1:{server.server_port}/crm"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield crm
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
