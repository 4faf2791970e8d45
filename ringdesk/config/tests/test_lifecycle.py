"""The process as its users meet it: started, started twice, killed, stopped, refused."""

import os
import pwd
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from ringdesk.config.tests.process import LONGEST_START, PACKAGES, Ringdesk, alive, python_for, ringdesk

LONGEST_STOP = 5.0  # s, promised


TOKEN = """
from ringdesk.accounts import tokens
from ringdesk.accounts.models import Organization
print("token", tokens.issue(Organization.objects.get(), name="test", scopes=["calls:read"], by=None)[1])
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one organization in its database, used by one test after the other."""
    data = tmp_path_factory.mktemp("desk")
    who = ("--email", "anna@example.org", "--name", "Anna", "--organization", "Quay")
    assert ringdesk("createuser", "--data", str(data), *who).returncode == 0
    return data


@pytest.fixture(scope="module")
def token(filled: Path) -> str:
    done = ringdesk("manage", "--data", str(filled), "shell", "--no-imports", "--command", TOKEN)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def database_in(data: Path) -> str:
    return f"postgresql://ringdesk@{str(data / 'run').replace('/', '%2F')}/ringdesk"


@pytest.fixture
def desk(filled: Path) -> Iterator[Ringdesk]:
    with Ringdesk("run", "--data", str(filled), "--port", "0") as process:
        yield process


def test_a_signal_ends_everything_in_time(desk: Ringdesk) -> None:
    assert httpx.get(desk.address() + "/readyz").status_code == 200
    family = desk.family()
    assert len(family) > 3
    seconds = desk.stop()
    assert (desk.process.returncode, alive(family), seconds < LONGEST_STOP) == (0, [], True)


def test_ctrl_c_in_a_terminal_ends_everything(desk: Ringdesk) -> None:
    desk.address()
    family = desk.family()
    os.killpg(desk.process.pid, signal.SIGINT)  # a terminal tells the whole group
    assert (desk.process.wait(LONGEST_STOP), alive(family)) == (0, [])


def test_open_sockets_and_idle_connections_do_not_hold_the_end(desk: Ringdesk, token: str) -> None:
    address = desk.address()
    port = int(address.rpartition(":")[2])
    family = desk.family()
    with socket.create_connection(("127.0.0.1", port)) as half, httpx.Client() as idle:
        half.sendall(b"POST /pbx/none/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        idle.get(address + "/healthz")
        with connect(f"{address.replace('http', 'ws')}/ws/v1/events?token={token}") as live:
            with pytest.raises(TimeoutError):
                live.recv(0.5)
            seconds = desk.stop()
            with pytest.raises(ConnectionClosed) as closed:
                live.recv(1)
    assert (desk.process.returncode, alive(family), seconds < LONGEST_STOP) == (0, [], True)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012  # comes back soon: the browser shows that and tries again


def test_a_second_signal_ends_at_once(desk: Ringdesk) -> None:
    address = desk.address()
    family = desk.family()
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as half:
        half.sendall(b"POST /pbx/none/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        time.sleep(0.3)
        desk.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        seconds = desk.stop(signal.SIGINT)
    assert (alive(family, 1), seconds < 1) == ([], True)


def test_a_signal_during_the_start_leaves_nothing(tmp_path: Path) -> None:
    with Ringdesk("run", "--data", str(tmp_path / "new"), "--port", "0") as desk:
        desk.wait_for("Preparing the database")
        family = desk.family()
        seconds = desk.stop()
        # On a loaded machine the clean-up may be cut off (1), which must leave nothing either.
        assert desk.process.returncode == 0 or seconds > 4
        assert (alive(family, 1), seconds < LONGEST_STOP) == ([], True)
    with Ringdesk("run", "--data", str(tmp_path / "new"), "--port", "0") as desk:
        assert httpx.get(desk.address() + "/readyz").status_code == 200


def test_a_signal_in_the_middle_of_a_query_is_no_error(desk: Ringdesk, filled: Path, tmp_path: Path) -> None:
    desk.address()
    url = database_in(filled)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE django_migrations")
        with Ringdesk("web", "--data", str(tmp_path), "--port", "0", DATABASE_URL=url) as web:
            deadline = time.monotonic() + LONGEST_START
            while other.execute("SELECT true FROM pg_locks WHERE NOT granted").fetchone() is None:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert (web.stop() < LONGEST_STOP, web.process.returncode) == (True, 0)


def test_a_second_start_says_who_runs(desk: Ringdesk, filled: Path) -> None:
    address = desk.address()
    second = ringdesk("run", "--data", str(filled), "--port", "0")
    said = (
        f"Ringdesk already runs on {filled} (process {desk.process.pid}, {address}). "
        "Stop it first, or choose another --data.\n"
    )
    assert (second.returncode, second.stdout, second.stderr) == (1, "", said)
    assert httpx.get(address + "/readyz").status_code == 200


def test_a_killed_process_takes_postgresql_along_and_starts_again(desk: Ringdesk, filled: Path) -> None:
    desk.address()
    family = desk.family()
    desk.stop(signal.SIGKILL)
    assert alive(family, 5) == []
    with Ringdesk("run", "--data", str(filled), "--port", "0") as again:
        assert httpx.get(again.address() + "/readyz").status_code == 200
        assert again.stop() < LONGEST_STOP


def test_everything_killed_at_once_starts_again(desk: Ringdesk, filled: Path) -> None:
    desk.address()
    for pid in desk.family():
        with suppress(ProcessLookupError):  # PostgreSQL's workers come and go by themselves
            os.kill(pid, signal.SIGKILL)
    desk.process.wait()
    with Ringdesk("run", "--data", str(filled), "--port", "0") as again:
        assert httpx.get(again.address() + "/readyz").status_code == 200


def test_the_end_of_postgresql_ends_the_process(desk: Ringdesk) -> None:
    desk.address()
    family = desk.family()
    os.kill(family[1], signal.SIGINT)
    desk.wait_for("PostgreSQL has ended by itself")
    assert (desk.process.wait(10), alive(family, 1)) == (1, [])


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = ringdesk("run", "--data", str(tmp_path / "new"), "--port", str(port))
    said = (
        f"Port {port} of 127.0.0.1 is taken by another program. "
        "Stop that one, or choose another port with --port (0 takes a free one).\n"
    )
    assert (done.returncode, done.stderr) == (1, said)
    assert not (tmp_path / "new" / "postgres").exists()


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    done = ringdesk("run", "--data", str(tmp_path), "--host", "192.0.2.1", "--port", "0")
    assert (done.returncode, done.stderr.split(":")[0]) == (
        1,
        "192.0.2.1 is no address of this machine that can be served",
    )


def test_a_data_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = ringdesk("run", "--data", str(tmp_path / "file"), "--port", "0")
    said = f"{tmp_path}/file is a file; Ringdesk needs a folder for its data (--data).\n"
    assert (done.returncode, done.stderr) == (1, said)
    inside = ringdesk("run", "--data", str(tmp_path / "file" / "in"), "--port", "0")
    assert (inside.returncode, inside.stderr) == (1, f"{tmp_path}/file/in cannot be used: Not a directory.\n")


def test_a_data_folder_of_another_version_is_told(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("13\n")
    done = ringdesk("run", "--data", str(tmp_path), "--port", "0")
    assert (done.returncode, "was written by PostgreSQL 13; this Ringdesk brings 18" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_a_database_elsewhere_is_used_and_left_alone(desk: Ringdesk, filled: Path, tmp_path: Path) -> None:
    desk.address()
    url = database_in(filled)
    with Ringdesk("run", "--data", str(tmp_path), "--port", "0", DATABASE_URL=url) as guest:
        assert httpx.get(guest.address() + "/readyz").status_code == 200
        assert not (tmp_path / "postgres").exists()
        assert guest.stop() < LONGEST_STOP
    with Ringdesk("web", "--data", str(tmp_path), "--port", "0", DATABASE_URL=url) as web:
        assert httpx.get(web.address() + "/readyz").status_code == 200
    with Ringdesk("worker", "--data", str(tmp_path), DATABASE_URL=url) as worker:
        worker.wait_for("Ringdesk's worker is running")
        assert worker.stop() < LONGEST_STOP
    assert alive([desk.process.pid]) == [desk.process.pid]


def test_a_part_alone_needs_a_server(tmp_path: Path) -> None:
    done = ringdesk("web", "--data", str(tmp_path))
    assert (done.returncode, "set DATABASE_URL" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_a_long_path_still_has_a_socket(tmp_path: Path) -> None:
    data = tmp_path / ("a long name " * 12)
    with Ringdesk("run", "--data", str(data), "--port", "0") as desk:
        assert httpx.get(desk.address() + "/readyz").status_code == 200
        desk.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="we are an ordinary user: every test of this file is one")
def test_an_ordinary_user_runs_it() -> None:
    user = pwd.getpwnam("nobody")
    options: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    python = python_for(options)
    if not python:
        pytest.skip(f"{user.pw_name} can run neither {sys.executable} nor a Python of the system")
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, user.pw_uid, user.pw_gid)
        words = ("run", "--port", "0", "--data")
        with Ringdesk(*words, folder, python=python, options=options, PYTHONPATH=PACKAGES) as desk:
            assert httpx.get(desk.address() + "/readyz").status_code == 200
            assert {Path(f"/proc/{pid}").stat().st_uid for pid in desk.family()} == {user.pw_uid}
            assert desk.stop() < LONGEST_STOP
        locked = Path(folder, "locked")
        locked.mkdir(mode=0o700)
        with Ringdesk(*words, str(locked), python=python, options=options, PYTHONPATH=PACKAGES) as desk:
            desk.wait_for(f"{locked} cannot be written by this user ({locked} belongs to root)")
            assert desk.process.wait(10) == 1
