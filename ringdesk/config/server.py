"""The HTTP server inside the process: uvicorn, with our socket, our signals and an end in time."""

import asyncio
import contextlib
import errno
import gc
import os
import socket
import sys
from collections.abc import Callable, Iterator

import uvicorn

from ringdesk.config.refusal import Refused
from ringdesk.config.signals import StopSignals

APPLICATION = "ringdesk.config.asgi:application"
SEND_BUFFER = 256 * 1024  # bytes; a socket that is not read must be noticed, not fed by the kernel
LARGEST_FRAME = 64 * 1024  # bytes; clients send commands, nothing more
LONGEST_REQUEST = 3  # s that requests under way and open sockets get after a signal
USUAL_THRESHOLDS = gc.get_threshold()
LONGEST_CLOSING = 0.7  # s for jobs and pools to end after that
LONGEST_TURN = 0.0005  # s a page being made in a thread goes on while a ringing phone wants the interpreter; else 5 ms


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; calls that come while the database starts wait in its queue. Port 0 takes a free one."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address, family=family, backlog=2048)
    except OSError as error:
        raise Refused(_why_not(error, host, port)) from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    listener.setblocking(False)
    return listener


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is taken by another program. "
            "Stop that one, or choose another port with --port (0 takes a free one)."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one from 1024 on with --port."
    return f"{host} is no address of this machine that can be served: {error.strerror or error}."


def address_of(listener: socket.socket) -> str:
    """The address under which this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn that leaves the signals alone: it would send itself SIGTERM again, and no clean-up would run."""

    def __init__(self, config: uvicorn.Config, *, announce: Callable[[], None], is_well: Callable[[], bool]) -> None:
        super().__init__(config)
        self._announce = announce
        self._is_well = is_well
        self.failed = False

    def ask_to_stop(self) -> None:
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is here now stays: a full collection would look through all of it while a phone rings.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*USUAL_THRESHOLDS)
        sys.setswitchinterval(LONGEST_TURN)
        self._announce()

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0 and not self._is_well():
            self.failed = True
            return True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_REQUEST + LONGEST_CLOSING):
                await super().shutdown(sockets)


def serve(
    listeners: list[socket.socket], signals: StopSignals, announce: Callable[[], None], is_well: Callable[[], bool]
) -> int:
    """Run the application until a signal comes; without listeners only its jobs. The exit code."""
    server = Server(_config(), announce=announce, is_well=is_well)
    loop = _new_loop()
    asyncio.set_event_loop(loop)
    signals.ask = server.ask_to_stop
    try:
        loop.run_until_complete(server.serve(sockets=listeners))
        _cancel_all(loop)
    except SystemExit:
        return 1  # the application could not start; uvicorn has said why
    finally:
        signals.ask = None
    return 1 if server.failed else 0


def _config() -> uvicorn.Config:
    proxies = [place for place in os.environ.get("RINGDESK_TRUSTED_PROXIES", "").replace(",", " ").split() if place]
    return uvicorn.Config(
        APPLICATION,
        http="httptools",
        ws="websockets-sansio" if "websockets-sansio" in uvicorn.config.WS_PROTOCOLS else "websockets",
        ws_max_size=LARGEST_FRAME,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        timeout_keep_alive=65,  # longer than the minute a proxy keeps its connections to us
        timeout_graceful_shutdown=LONGEST_REQUEST,
    )


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """Give what is left a moment to notice; threads are not waited for."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=0.2))
