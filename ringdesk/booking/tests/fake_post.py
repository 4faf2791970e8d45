"""A mail server and a gateway for text messages, on loopback, each speaking its real protocol and having bad days."""

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class MailServer:
    """Keeps the letters it takes. ``refuses``: addresses it does not know; ``is_busy``: comes back later."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    is_busy: bool = False


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """Serve SMTP (RFC 5321, as much as is needed) on a free port."""
    state = MailServer()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 fake ready")
            for line in iter(self.rfile.readline, b""):
                words = line.decode().strip()
                match words[:4].upper():
                    case "EHLO" | "HELO" | "NOOP" | "RSET":
                        self.say("250 fake")
                    case "MAIL":
                        self.say("451 busy, come back later" if state.is_busy else "250 ok")
                    case "RCPT":
                        known = words.partition("<")[2].partition(">")[0] not in state.refuses
                        self.say("250 ok" if known else "550 no such user")
                    case "DATA":
                        self.say("354 go on")
                        self.take()
                    case "QUIT":
                        self.say("221 bye")
                        return
                    case _:
                        self.say("502 what")

        def take(self) -> None:
            lines = []
            for line in iter(self.rfile.readline, b".\r\n"):
                lines.append(line[1:] if line.startswith(b"..") else line)
            state.letters.append(message_from_bytes(b"".join(lines), policy=policy.default))
            self.say("250 taken")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        with _serving(server):
            yield state


@dataclass
class Gateway:
    """Keeps what it is sent. ``status``: what it answers."""

    url: str = ""
    status: int = 200
    answer: str = "{}"
    taken: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def gateway() -> Iterator[Gateway]:
    """Serve HTTP on a free port."""
    state = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.taken.append(json.loads(body))
            state.headers.append({name.lower(): value for name, value in self.headers.items()})
            answer = state.answer.encode()
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.url = f"http://127.0.0.1:{server.server_address[1]}/send"
        with _serving(server):
            yield state


@contextlib.contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(timeout=5)
