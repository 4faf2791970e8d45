"""A virtual PBX on loopback that speaks the vendor's protocol: it checks every signature, and its own limits."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from ringdesk.telephony.connectors.base import Malformed, Refused
from ringdesk.telephony.connectors.mango import signing

AUDIO = b"ID3" + b"\x00" * 200


@dataclass
class FakeMango:
    """What it knows, what it is to answer, and what it was asked and when."""

    url: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    times: list[tuple[str, float]] = field(default_factory=list)
    refused: int = 0
    # command → code to answer instead of 1000
    codes: dict[str, int] = field(default_factory=dict)
    status: int = 0
    users: list[dict[str, Any]] = field(default_factory=list)
    recordings: dict[str, str] = field(default_factory=dict)
    csv: str = ""
    not_ready: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)

    def commands(self, name: str) -> list[dict[str, Any]]:
        return [shape for command, shape in self.asked if command == name]


@contextmanager
def running(secrets: dict[str, str]) -> Iterator[FakeMango]:
    """Run one on a free port."""
    pbx = FakeMango(secrets=secrets)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            command = self.path.removeprefix("/vpbx/")
            try:
                shape = signing.read(body, pbx.secrets)
            except (Malformed, Refused):
                pbx.refused += 1
                return self.say(200, {"result": 3102})
            pbx.times.append((command, time.monotonic()))
            pbx.asked.append((command, shape))
            if pbx.status:
                return self.say(pbx.status, {})
            self.carry_out(command, shape)
            pbx.arrived.set()

        def carry_out(self, command: str, shape: dict[str, Any]) -> None:
            if command == "config/users/request":
                self.say(200, {"users": pbx.users})
            elif command == "queries/recording/post":
                place = pbx.recordings.get(shape["recording_id"])
                self.say(302 if place else 404, {}, {"Location": place} if place else {})
            elif command == "stats/request":
                self.say(200, {"key": "B+DvIt8hPJReV8v4MYspQQA=="})
            elif command == "stats/result" and pbx.not_ready:
                pbx.not_ready -= 1
                self.say(204, None)
            elif command == "stats/result":
                self.say(200, pbx.csv.encode(), {"Content-Type": "text/csv"})
            else:
                self.say(200, {"result": pbx.codes.get(command, 1000)})

        def do_GET(self) -> None:
            self.say(200, AUDIO, {"Content-Type": "audio/mp3"})

        def say(self, status: int, shape: Any, headers: dict[str, str] | None = None) -> None:
            body = b"" if shape is None else shape if isinstance(shape, bytes) else orjson.dumps(shape)
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    pbx.url = f"http://127.0.0.1:{server.server_address[1]}/vpbx/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield pbx
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
