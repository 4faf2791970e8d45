"""The server ends in time whatever the application does, and listens where it was told."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO

import httpx
import pytest
from websockets.sync.client import connect

from ringdesk.config import server
from ringdesk.config.refusal import Refused
from ringdesk.config.tests.process import environment


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-u", "-m", "ringdesk.config.tests.stubborn"]
    with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as it:
        yield it
        it.kill()


def output(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def end(process: subprocess.Popen[str]) -> tuple[float, int, str]:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(20)
    return time.monotonic() - began, code, output(process).read()


def test_deaf_sockets_and_slow_threads_are_left_behind(stubborn: subprocess.Popen[str]) -> None:
    address = output(stubborn).readline().strip()
    with (
        connect(address.replace("http", "ws") + "/"),
        httpx.stream("GET", address + "/thread") as answer,
    ):
        assert next(answer.iter_text()) == "begun"
        seconds, code, said = end(stubborn)
    assert (code, said, seconds < 5) == (0, "cleaned up\n", True)


def test_a_blocked_loop_is_cut_off(stubborn: subprocess.Popen[str]) -> None:
    address = output(stubborn).readline().strip()
    with httpx.stream("GET", address + "/block") as answer:
        assert next(answer.iter_text()) == "begun"
        seconds, code, said = end(stubborn)
    assert (code, said, seconds < 5) == (1, "cut off\n", True)


def test_nothing_to_wait_for_ends_at_once_but_for_the_jobs(stubborn: subprocess.Popen[str]) -> None:
    output(stubborn).readline()
    seconds, code, said = end(stubborn)
    assert (code, said, seconds < 5) == (0, "cleaned up\n", True)


def test_a_free_port_is_taken_and_its_sockets_hold_little() -> None:
    with server.bind("127.0.0.1", 0) as listener:
        assert server.address_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * server.SEND_BUFFER
        with pytest.raises(Refused, match="is taken by another program"):
            server.bind("127.0.0.1", listener.getsockname()[1])


def test_all_addresses_are_reached_as_this_machine() -> None:
    with server.bind("0.0.0.0", 0) as listener:
        assert server.address_of(listener).startswith("http://127.0.0.1:")


def test_ipv6_is_written_in_brackets() -> None:
    try:
        listener = server.bind("::1", 0)
    except Refused:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert server.address_of(listener).startswith("http://[::1]:")
