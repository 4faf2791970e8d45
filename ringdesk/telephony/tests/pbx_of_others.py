"""A PBX that places calls by 5.3 of the connector protocol, on loopback, and a kind of connector that asks it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import orjson

from ringdesk.telephony.connectors.base import CannotDial, Connector, Dial, Link

PATH = "/httpapiinteg/crmapi/v1/makecall"
KEY = "key-of-the-pbx"


@dataclass
class FakePbx:
    """Answers what it is told to, and remembers what it was asked. ``gate`` holds its answers back."""

    url: str = ""
    status: int = 200
    answer: Any = field(default_factory=lambda: {"callid": "1659685427407907141"})
    asked: list[Any] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)


@contextmanager
def running() -> Iterator[FakePbx]:
    """Run one on a free port."""
    pbx = FakePbx()
    pbx.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            pbx.asked.append((self.path, self.headers["X-API-KEY"], orjson.loads(body)))
            pbx.arrived.set()
            pbx.gate.wait(20)
            answer = pbx.answer.encode() if isinstance(pbx.answer, str) else orjson.dumps(pbx.answer)
            self.send_response(pbx.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    pbx.url = f"http://127.0.0.1:{server.server_address[1]}{PATH}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield pbx
    finally:
        pbx.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Dialler(Connector):
    """Asks the PBX at its setting ``url`` plainly; hangs up after half a second."""

    kind: ClassVar[str] = "dialler"
    title: ClassVar[str] = "Dialler"
    summary: ClassVar[str] = "Places calls."
    can_dial: ClassVar[bool] = True

    def dial(self, link: Link, wish: Dial) -> str:
        try:
            answer = httpx.post(
                link.settings["url"],
                json={"user": wish.extension, "phone": wish.phone.lstrip("+")},
                headers={"X-API-KEY": KEY},
                timeout=link.settings.get("timeout", 0.5),
            )
        except httpx.HTTPError as error:
            raise CannotDial("the PBX does not answer") from error
        if answer.status_code != 200:
            raise CannotDial(answer.text)
        return str(answer.json().get("callid", ""))
