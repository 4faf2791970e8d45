"""The embedded PostgreSQL alone: what an earlier one left, whose the files are, what is said when it cannot be."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ringdesk.config import postgres_user
from ringdesk.config.postgres import Cluster, programs, running
from ringdesk.config.refusal import Refused
from ringdesk.config.tests.process import PACKAGES, alive, environment, python_for

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start programs as another user")


def answer(url: str) -> object:
    with psycopg.connect(url) as link:
        row = link.execute("SELECT 1").fetchone()
    return row and row[0]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path, durable=False)
    yield made
    made.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder in which every user may pass, as pytest's own is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def without(program: str, folder: Path) -> str:
    """A PATH on which everything is found but one program."""
    links = folder / f"without-{program}"
    links.mkdir()
    for name in ("sh", "unshare", "setpriv"):
        if name != program and (found := shutil.which(name)):
            (links / name).symlink_to(found)
    return str(links)


def test_it_speaks_utf_8_and_listens_to_nobody_else(cluster: Cluster) -> None:
    with psycopg.connect(cluster.start()) as link:
        settings = {
            name: link.execute(f"SHOW {name}").fetchone()
            for name in ("server_encoding", "listen_addresses", "max_connections", "jit", "timezone")
        }
    assert settings == {
        "server_encoding": ("UTF8",),
        "listen_addresses": ("",),
        "max_connections": ("80",),
        "jit": ("off",),
        "timezone": ("UTC",),
    }
    assert (cluster.folder / "run").stat().st_mode & 0o777 == 0o700


def test_what_was_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    with running(tmp_path) as url, psycopg.connect(url) as link:
        link.execute("CREATE TABLE guest AS SELECT 'Иван' AS name")
    with running(tmp_path) as url, psycopg.connect(url) as link:
        assert link.execute("SELECT name FROM guest").fetchall() == [("Иван",)]


def test_a_first_start_cut_short_is_begun_anew(cluster: Cluster) -> None:
    (cluster.folder / "postgres.new").mkdir()
    (cluster.folder / "postgres.new" / "PG_VERSION").write_text("half")
    assert answer(cluster.start()) == 1


def test_a_number_given_to_another_process_is_left_alone(cluster: Cluster) -> None:
    cluster.start()
    pid_file = cluster.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    cluster.stop()
    with subprocess.Popen(["sleep", "60"]) as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        assert answer(cluster.start()) == 1
        assert other.poll() is None
        other.kill()


def test_a_server_that_outlived_its_ringdesk_is_ended(tmp_path: Path) -> None:
    code = "\n".join(
        [
            "import sys, time; from pathlib import Path; from ringdesk.config.postgres import Cluster",
            f"made = Cluster(Path({str(tmp_path)!r}), durable=False); made.start()",
            "print(made._process.pid, flush=True); time.sleep(60)",
        ]
    )
    # Without setpriv, as on macOS, nobody tells PostgreSQL that its parent has died.
    path = without("setpriv", tmp_path)
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, env=environment(PATH=path), stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        survivor = int(holder.stdout.readline())
        holder.kill()
    assert alive([survivor]) == [survivor]
    told: list[str] = []
    cluster = Cluster(tmp_path, durable=False, tell=told.append)
    try:
        assert answer(cluster.start()) == 1
    finally:
        cluster.stop()
    assert alive([survivor]) == []
    assert told == [f"An earlier PostgreSQL (process {survivor}) still runs on {cluster.data}; waiting for it to end …"]


def test_a_server_that_cannot_start_says_why(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster.data / "postgresql.conf").write_text("shared_buffers = nonsense\n")
    with pytest.raises(Refused, match=r'did not start \(its log is .*\): configuration file ".*" contains errors'):
        cluster.start()


def test_damaged_data_says_so(cluster: Cluster) -> None:
    cluster.data.mkdir()
    with pytest.raises(Refused, match="holds no readable PostgreSQL data"):
        cluster.start()


def test_cut_off_leaves_nothing_and_recovers(cluster: Cluster) -> None:
    cluster.start()
    assert cluster._process is not None
    pid = cluster._process.pid
    cluster.cut_off()
    assert alive([pid]) == []
    cluster.stop()
    assert answer(cluster.start()) == 1


def test_a_large_log_is_put_aside(cluster: Cluster) -> None:
    cluster.log.write_bytes(b"x" * 5_000_001)
    cluster.start()
    assert (cluster.log.with_suffix(".log.1").stat().st_size, cluster.log.stat().st_size < 10_000) == (
        5_000_001,
        True,
    )


@as_root
def test_without_namespaces_root_gives_the_cluster_to_another_user(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = open_folder / "data"
    data.mkdir(mode=0o700)
    with running(data, durable=False) as url:  # first as ourselves, to see the files handed over
        assert answer(url) == 1
    monkeypatch.setenv("PATH", without("unshare", open_folder))
    try:
        with running(data, durable=False) as url:
            assert answer(url) == 1
            owners = {path.stat().st_uid for path in (data / "postgres").rglob("*")}
    except Refused as refused:
        pytest.skip(f"this checkout is in a folder that only root may enter: {refused}")
    user = pwd.getpwuid(owners.pop())
    assert (user.pw_name in postgres_user.NAMES, owners) == (True, set())
    monkeypatch.undo()
    with running(data, durable=False) as url:
        assert answer(url) == 1


@as_root
def test_a_folder_the_other_user_cannot_enter_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", without("unshare", tmp_path))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "data").mkdir()
    with pytest.raises(Refused, match=r"PostgreSQL does not run as root, and the user .* cannot enter") as refused:
        Cluster(closed / "data").start()
    assert "DATABASE_URL" in str(refused.value)


@as_root
def test_a_cluster_of_somebody_else_is_not_taken(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    os.chown(cluster.data, 54321, 54321)
    with pytest.raises(Refused, match=r"belongs to user 54321\. Start as that user"):
        cluster.start()


@as_root
def test_a_user_without_a_name_is_helped_or_told(open_folder: Path) -> None:
    user: dict[str, Any] = {"user": 54321, "group": 54321, "extra_groups": []}
    os.chown(open_folder, 54321, 54321)
    python = python_for(user)
    if not python:
        pytest.skip(f"another user can run neither {sys.executable} nor a Python of the system")
    code = "import sys; from pathlib import Path; from ringdesk.config.postgres import running\n"
    code += "with running(Path(sys.argv[1])): print('runs')"
    words = [python, "-c", code, str(open_folder)]
    done = subprocess.run(
        words, env=environment(PYTHONPATH=PACKAGES), capture_output=True, text=True, check=False, **user
    )
    assert done.stdout == "runs\n" or "has no name in /etc/passwd" in done.stderr


def test_the_newest_of_the_bundled_versions_is_taken() -> None:
    done = subprocess.run([programs() / "postgres", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("postgres (PostgreSQL) 18.")


def test_an_interrupted_start_leaves_no_server(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "_create_database", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cluster.start()
    assert not cluster.is_running
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
