"""Asking others over HTTP: PBXes, recordings, outside CRMs, webhooks.

Whoever may type in an address, or whose report brings one, could make this machine open doors that only it can reach.
So a host is looked up once, every address it has is checked, and the connection goes to a checked address and
nowhere else (a second look-up could answer differently). ``is_trusted``: a member typed the address in, and a PBX
in the same network is what is meant. Redirects are followed only where asked for; another host is never trusted.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import orjson
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import RingdeskError, Text

# Seconds.
TIMEOUT = 10.0
CONNECT_TIMEOUT = 5.0
# Bytes that ``fetch`` reads; ``stream`` leaves the measure to its caller.
LARGEST = 10 * 1024 * 1024
AGENT = "Ringdesk"
# NAT64: the last four bytes are an IPv4 address.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What another host than the one asked is told after a redirect: no keys, no tokens.
_HARMLESS = frozenset({"accept", "accept-encoding", "connection", "host", "range", "user-agent"})

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Params = Mapping[str, str] | None
Form = Mapping[str, Any] | None


class Unreachable(RingdeskError):
    """There is no answer: no such host, no connection, too slow, too large, or an address that is not for us."""


class LeadsInside(Unreachable):
    """The address leads inside the network. Asking again will not help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of any status, read to its end."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Return the body as JSON. Raises ValueError."""
        return orjson.loads(self.body)


def check_public(url: str) -> None:
    """Raise LeadsInside where any address of the host is not public, Unreachable where it has none. Blocks."""
    target = _target(url)
    _checked(_look_up(target), is_trusted=False)


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    params: Params = None,
    content: bytes | None = None,
    json: Any = None,
    data: Form = None,
    timeout: float = TIMEOUT,
    is_trusted: bool = False,
    redirects: int = 0,
    largest: int = LARGEST,
) -> Answer:
    """Ask and return the answer, whatever its status. ``timeout``: seconds for all of it. Raises Unreachable."""
    deadline = time.monotonic() + timeout
    opened = stream(
        url, method=method, headers=headers, params=params, content=content, json=json, data=data,
        timeout=timeout, is_trusted=is_trusted, redirects=redirects,
    )  # fmt: skip
    with opened as response:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            _check_size(body, largest)
            if time.monotonic() > deadline:
                raise Unreachable(_SLOW)
        return Answer(response.status_code, response.headers, bytes(body))


async def fetch_async(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    params: Params = None,
    content: bytes | None = None,
    json: Any = None,
    data: Form = None,
    timeout: float = TIMEOUT,
    is_trusted: bool = False,
    redirects: int = 0,
    largest: int = LARGEST,
) -> Answer:
    """Ask like ``fetch`` without blocking."""
    opened = stream_async(
        url, method=method, headers=headers, params=params, content=content, json=json, data=data,
        timeout=timeout, is_trusted=is_trusted, redirects=redirects,
    )  # fmt: skip
    try:
        async with asyncio.timeout(timeout), opened as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                _check_size(body, largest)
            return Answer(response.status_code, response.headers, bytes(body))
    except TimeoutError as error:
        raise Unreachable(_SLOW) from error


@contextmanager
def stream(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    params: Params = None,
    content: bytes | Iterable[bytes] | None = None,
    json: Any = None,
    data: Form = None,
    timeout: float = TIMEOUT,
    is_trusted: bool = False,
    redirects: int = 0,
) -> Iterator[httpx.Response]:
    """Ask and give the answer to be read in parts. ``timeout``: seconds for each step. Raises Unreachable."""
    target = _target(url)
    transport = _Guarded(target, is_trusted)
    with (
        _explained(),
        httpx.Client(transport=transport, **_manners(timeout, redirects)) as client,
        client.stream(method, target, headers=headers, params=params, content=content, json=json, data=data) as answer,
    ):
        yield answer


@asynccontextmanager
async def stream_async(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    params: Params = None,
    content: bytes | AsyncIterable[bytes] | None = None,
    json: Any = None,
    data: Form = None,
    timeout: float = TIMEOUT,
    is_trusted: bool = False,
    redirects: int = 0,
) -> AsyncIterator[httpx.Response]:
    """Ask like ``stream`` without blocking."""
    target = _target(url)
    transport = _AsyncGuarded(target, is_trusted)
    with _explained():
        async with (
            httpx.AsyncClient(transport=transport, **_manners(timeout, redirects)) as client,
            client.stream(
                method, target, headers=headers, params=params, content=content, json=json, data=data
            ) as answer,
        ):
            yield answer


_SLOW = _("The other side did not answer in time.")


def _manners(timeout: float, redirects: int) -> dict[str, Any]:
    return {
        "timeout": httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
        "follow_redirects": redirects > 0,
        "max_redirects": max(redirects, 1),
        "headers": {"User-Agent": AGENT},
        # No proxies and no passwords out of the environment: they would lead past the check.
        "trust_env": False,
    }


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _target(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Unreachable(_("This is not an address that can be opened.")) from error
    if target.scheme not in ("http", "https") or not target.host:
        raise Unreachable(_("This is not an address that can be opened."))
    return target


def _port(target: httpx.URL) -> int:
    return target.port or (443 if target.scheme == "https" else 80)


def _look_up(target: httpx.URL) -> list[str]:
    try:
        found = socket.getaddrinfo(target.host, _port(target), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(_no_host(target)) from error
    return _hosts(found)


async def _look_up_async(target: httpx.URL) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(target.host, _port(target), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(_no_host(target)) from error
    return _hosts(found)


def _no_host(target: httpx.URL) -> Text:
    return _("There is no host %(host)s.") % {"host": target.host}


def _hosts(found: Iterable[tuple[Any, ...]]) -> list[str]:
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _checked(hosts: list[str], *, is_trusted: bool) -> list[str]:
    """Return the addresses if every one of them may be opened. Raises LeadsInside, Unreachable."""
    for host in hosts:
        address = _reached(ipaddress.ip_address(host.partition("%")[0]))
        # Link-local is where clouds keep their keys; nobody's PBX lives there.
        is_never = address.is_link_local or address.is_multicast or address.is_unspecified
        if is_never or not (is_trusted or address.is_global):
            raise LeadsInside(_("This address leads inside the network."))
    if not hosts:
        raise Unreachable(_("The host has no address."))
    return hosts


def _reached(address: _Address) -> _Address:
    """Return the IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _check_size(body: bytearray, largest: int) -> None:
    if len(body) > largest:
        raise Unreachable(_("The answer is too large."))


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise Unreachable(_SLOW) from error
    except httpx.TooManyRedirects as error:
        raise Unreachable(_("The other side sends us from address to address.")) from error
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
        raise Unreachable(_("The connection failed: %(reason)s") % {"reason": str(error)[:200]}) from error


def _is_same(one: httpx.URL, other: httpx.URL) -> bool:
    return (one.scheme, one.host, _port(one)) == (other.scheme, other.host, _port(other))


class _Rule:
    """What both transports do with a request before it goes out."""

    def __init__(self, first: httpx.URL, is_trusted: bool) -> None:
        self.first, self.is_trusted = first, is_trusted

    def trusts(self, request: httpx.Request) -> bool:
        return self.is_trusted and _is_same(request.url, self.first)

    def addressed(self, request: httpx.Request, host: str) -> httpx.Request:
        """Return the request to this very address; Host and the certificate's name stay the host's own."""
        keeps = _is_same(request.url, self.first)
        headers = [(name, value) for name, value in request.headers.multi_items() if keeps or name in _HARMLESS]
        return httpx.Request(
            request.method,
            request.url.copy_with(host=host),
            headers=headers,
            stream=request.stream,
            extensions=request.extensions | {"sni_hostname": request.url.host},
        )


class _Guarded(httpx.BaseTransport):
    def __init__(self, first: httpx.URL, is_trusted: bool) -> None:
        self.rule = _Rule(first, is_trusted)
        self.inner = httpx.HTTPTransport(verify=_tls(), limits=_LIMITS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        hosts = _checked(_look_up(_target(str(request.url))), is_trusted=self.rule.trusts(request))
        for host in hosts[:-1]:
            try:
                return self.inner.handle_request(self.rule.addressed(request, host))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Nothing was sent: the next address may do.
                continue
        return self.inner.handle_request(self.rule.addressed(request, hosts[-1]))

    def close(self) -> None:
        self.inner.close()


class _AsyncGuarded(httpx.AsyncBaseTransport):
    def __init__(self, first: httpx.URL, is_trusted: bool) -> None:
        self.rule = _Rule(first, is_trusted)
        self.inner = httpx.AsyncHTTPTransport(verify=_tls(), limits=_LIMITS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        hosts = _checked(await _look_up_async(_target(str(request.url))), is_trusted=self.rule.trusts(request))
        for host in hosts[:-1]:
            try:
                return await self.inner.handle_async_request(self.rule.addressed(request, host))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self.inner.handle_async_request(self.rule.addressed(request, hosts[-1]))

    async def aclose(self) -> None:
        await self.inner.aclose()


# Connections are not kept: two hosts at one address must never share one (it was made for one host's certificate).
_LIMITS = httpx.Limits(max_connections=10, max_keepalive_connections=0)
