"""Asking others: what is refused, what is told to whom. Against a real server on this machine."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from ringdesk.core import http


class Handler(BaseHTTPRequestHandler):
    seen: list[tuple[str, str, dict[str, str], bytes]]

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers, body))  # type: ignore[attr-defined]
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to?"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(403 if self.path == "/no" else 200)
        self.send_header("Content-Length", "20")
        self.end_headers()
        for _part in range(10):
            with contextlib.suppress(OSError):
                self.wfile.write(b"ok")
            if self.path == "/slow":
                time.sleep(0.1)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def at(server: ThreadingHTTPServer, path: str, host: str = "localhost") -> str:
    return f"http://{host}:{server.server_port}{path}"


def test_a_trusted_address_may_lead_inside_and_keeps_its_host(server: ThreadingHTTPServer) -> None:
    url = at(server, "/yes?a=1")
    answer = http.fetch(url, method="POST", json={"a": 1}, headers={"X-API-KEY": "k"}, is_trusted=True)
    assert (answer.status, answer.is_success, answer.text) == (200, True, "ok" * 10)
    command, path, headers, body = server.seen[0]  # type: ignore[attr-defined]
    assert (command, path, body) == ("POST", "/yes?a=1", b'{"a":1}')
    assert (headers["host"], headers["x-api-key"]) == (f"localhost:{server.server_port}", "k")
    again = asyncio.run(http.fetch_async(at(server, "/no"), is_trusted=True))
    assert (again.status, again.is_success) == (403, False)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "2130706433", "0x7f.1", "0.0.0.0",
     "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
     "[fe80::1]", "[fd00::1]", "224.0.0.1"],
)  # fmt: skip
def test_an_address_inside_the_network_is_not_opened(server: ThreadingHTTPServer, host: str) -> None:
    with pytest.raises(http.LeadsInside):
        http.check_public(at(server, "/", host))
    with pytest.raises(http.LeadsInside):
        http.fetch(at(server, "/", host))
    with pytest.raises(http.LeadsInside):
        asyncio.run(http.fetch_async(at(server, "/", host)))
    assert server.seen == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "0.0.0.0", "224.0.0.1", "[::ffff:169.254.169.254]"])
def test_where_clouds_keep_their_keys_is_opened_for_nobody(host: str) -> None:
    with pytest.raises(http.LeadsInside):
        http.fetch(f"http://{host}/", is_trusted=True)


def test_a_redirect_is_followed_only_when_asked_and_never_inside_on_anothers_word(
    server: ThreadingHTTPServer,
) -> None:
    there = at(server, "/yes")
    assert http.fetch(at(server, "/to?" + there), is_trusted=True).status == 302
    assert http.fetch(at(server, "/to?" + there), is_trusted=True, redirects=1).status == 200
    with pytest.raises(http.LeadsInside):
        http.fetch(at(server, "/to?" + at(server, "/yes", "127.0.0.1")), is_trusted=True, redirects=1)
    with pytest.raises(http.Unreachable):
        http.fetch(at(server, "/to?file:///etc/hostname"), is_trusted=True, redirects=1)
    loop = at(server, "/to?" + at(server, "/to?" + there))
    with pytest.raises(http.Unreachable):
        http.fetch(loop, is_trusted=True, redirects=1)


def test_keys_are_not_told_to_the_host_one_is_sent_on_to() -> None:
    first = httpx.URL("https://pbx.example/record")
    rule = http._Rule(first, is_trusted=True)
    request = httpx.Request("GET", "https://store.example/1", headers={"X-API-KEY": "k", "Range": "bytes=0-"})
    told = rule.addressed(request, "203.0.113.7")
    assert dict(told.headers) == {"host": "store.example", "range": "bytes=0-"}
    assert (str(told.url), told.extensions) == ("https://203.0.113.7/1", {"sni_hostname": "store.example"})


def test_what_is_slow_large_or_not_there_is_one_error(server: ThreadingHTTPServer) -> None:
    with pytest.raises(http.Unreachable):
        http.fetch(at(server, "/slow"), is_trusted=True, timeout=0.3)
    with pytest.raises(http.Unreachable):
        asyncio.run(http.fetch_async(at(server, "/slow"), is_trusted=True, timeout=0.3))
    with pytest.raises(http.Unreachable):
        http.fetch(at(server, "/yes"), is_trusted=True, largest=19)
    for url in (
        "http://127.0.0.1:9/",
        "http://no-such-host.invalid/",
        "ftp://a/",
        "nonsense",
        "http://",
        "http://a:b/",
    ):
        with pytest.raises(http.Unreachable):
            http.fetch(url, is_trusted=True)


def test_an_answer_is_read_in_parts(server: ThreadingHTTPServer) -> None:
    with http.stream(at(server, "/yes"), is_trusted=True) as answer:
        assert b"".join(answer.iter_raw()) == b"ok" * 10
