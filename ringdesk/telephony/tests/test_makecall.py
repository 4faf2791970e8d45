"""Calls placed at sources that take them over HTTP: against a server that answers as they do."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ringdesk.telephony.connectors import makecall, registry
from ringdesk.telephony.connectors.base import CannotDial, Dial, NoRecording, NotReady, Source
from ringdesk.telephony.tests import streams

WISH = Dial("100", "+79991234567", "command-1")


@dataclass
class Pbx:
    """A PBX: what it was asked, and what it answers."""

    base: str = ""
    status: int = 200
    body: bytes = b'{"callid": "5"}'
    content_type: str = "application/json"
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def says(self, status: int, body: Any, content_type: str = "application/json") -> None:
        self.status, self.content_type = status, content_type
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.fixture
def pbx() -> Iterator[Pbx]:
    pbx = Pbx()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            pbx.asked.append((self.command, self.path, headers, body))
            self.send_response(pbx.status)
            self.send_header("Content-Type", pbx.content_type)
            self.send_header("Content-Length", str(len(pbx.body)))
            self.end_headers()
            self.wfile.write(pbx.body)

        do_GET = do_POST

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pbx.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield pbx
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kind", ["http_events", "crm_json"])
def test_a_call_is_placed(pbx: Pbx, kind: str) -> None:
    link = streams.link(kind, settings={"makecall_url": pbx.base}, secrets={"makecall_key": "k"})
    assert registry()[kind].can_dial
    assert registry()[kind].dial(link, WISH) == "5"
    ((command, path, headers, body),) = pbx.asked
    assert (command, path) == ("POST", "/httpapiinteg/crmapi/v1/makecall")
    assert (headers["x-api-key"], headers["content-type"]) == ("k", "application/json")
    assert json.loads(body) == {"user": "100", "phone": "79991234567"}


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("", ""),
        ("https://pbx.example", "https://pbx.example/httpapiinteg/crmapi/v1/makecall"),
        ("https://pbx.example/", "https://pbx.example/httpapiinteg/crmapi/v1/makecall"),
        ("https://pbx.example/crmapi/v1", "https://pbx.example/crmapi/v1/makecall"),
        ("https://pbx.example/httpapiinteg/crmapi/v1/", "https://pbx.example/httpapiinteg/crmapi/v1/makecall"),
        (
            " https://pbx.example/httpapiinteg/crmapi/v1/makecall ",
            "https://pbx.example/httpapiinteg/crmapi/v1/makecall",
        ),
    ],
)
def test_the_address_is_completed(typed: str, whole: str) -> None:
    assert makecall.address(typed) == whole


@pytest.mark.parametrize(
    ("status", "body", "content_type", "text"),
    [
        (400, {"error": "No such user"}, "application/json", "No such user"),
        (403, {"message": "Bad key"}, "application/json", "Bad key"),
        (500, {"error": {"code": 1, "message": "Down"}}, "application/json", "Down"),
        (200, {"error": "Busy"}, "application/json", "Busy"),
        (400, b"  Wrong\n number ", "text/plain", "Wrong number"),
        (502, b"<html>Bad gateway</html>", "text/html", "HTTP 502"),
        (302, b"", "text/plain", "HTTP 302"),
        (401, {}, "application/json", "HTTP 401"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_source(
    pbx: Pbx, status: int, body: Any, content_type: str, text: str
) -> None:
    pbx.says(status, body, content_type)
    link = streams.link("crm_json", settings={"makecall_url": pbx.base})
    with pytest.raises(CannotDial) as refused:
        makecall.dial(link, WISH)
    assert refused.value.message == text


def test_without_an_address_and_without_an_answer() -> None:
    with pytest.raises(CannotDial):
        makecall.dial(streams.link("crm_json"), WISH)
    nobody = streams.link("crm_json", settings={"makecall_url": "http://127.0.0.1:9"})
    with pytest.raises(CannotDial):
        makecall.dial(nobody, WISH)


def test_an_answer_without_an_id_is_a_call_too(pbx: Pbx) -> None:
    pbx.says(200, b"")
    assert makecall.dial(streams.link("crm_json", settings={"makecall_url": pbx.base}), WISH) == ""


def test_binotel_places_a_call_and_tells_where_a_recording_lies(pbx: Pbx) -> None:
    binotel = registry()["binotel"]
    keys = {"api_key": "k", "api_secret": "s"}
    link = streams.link("binotel", settings={"api_url": pbx.base}, secrets=keys)
    pbx.says(200, {"status": "success", "generalCallID": "4937638623"})
    assert binotel.dial(link, WISH) == "4937638623"
    pbx.says(200, {"status": "success", "url": "https://records.example/1.mp3"})
    assert binotel.recording(link, "binotel:4937638623") == Source(url="https://records.example/1.mp3")
    assert [(path, json.loads(body)) for _, path, _, body in pbx.asked] == [
        (
            "/calls/internal-number-to-external-number.json",
            {"key": "k", "secret": "s", "internalNumber": "100", "externalNumber": "79991234567"},
        ),
        ("/stats/call-record.json", {"key": "k", "secret": "s", "generalCallID": "4937638623"}),
    ]
    pbx.says(200, {"status": "error", "code": "111", "message": "Employee is offline"})
    with pytest.raises(CannotDial, match="Employee is offline"):
        binotel.dial(link, WISH)
    with pytest.raises(NotReady):
        binotel.recording(link, "binotel:4937638623")
    with pytest.raises(NoRecording):
        binotel.recording(link, "https://elsewhere.example/1.mp3")


def test_zadarma_places_a_call_and_tells_where_a_recording_lies(pbx: Pbx) -> None:
    zadarma = registry()["zadarma"]
    keys = {"api_key": "k", "api_secret": "s"}
    link = streams.link("zadarma", settings={"api_url": pbx.base}, secrets=keys)
    pbx.says(200, {"status": "success", "from": 100, "to": 79991234567, "time": 1})
    assert zadarma.dial(link, WISH) == ""
    pbx.says(200, {"status": "success", "link": "https://records.example/1.mp3"})
    assert zadarma.recording(link, "zadarma:17.5") == Source(url="https://records.example/1.mp3")
    assert [path for _, path, _, _ in pbx.asked] == [
        "/v1/request/callback/?format=json&from=100&to=79991234567",
        "/v1/pbx/record/request/?call_id=17.5&format=json",
    ]
    assert all(headers["authorization"].startswith("k:") for _, _, headers, _ in pbx.asked)
    pbx.says(401, {"status": "error", "message": "Not authorized"})
    with pytest.raises(CannotDial, match="Not authorized"):
        zadarma.dial(link, WISH)
    with pytest.raises(NotReady):
        zadarma.recording(link, "zadarma:17.5")
    with pytest.raises(NoRecording):
        zadarma.recording(link, "https://elsewhere.example/1.mp3")
