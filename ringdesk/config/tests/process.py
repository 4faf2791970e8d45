"""A whole Ringdesk as a process of its own, as its users start it."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

LONGEST_START = 240.0  # s; a loaded machine is slow, a hanging start must still fail the test

PACKAGES = os.pathsep.join(
    [str(Path(__file__).parents[3]), *(place for place in sys.path if place.endswith("-packages"))]
)


def environment(**changes: str) -> dict[str, str]:
    """The environment without anything that steers Ringdesk, but for the changes."""
    ours = ("RINGDESK_", "DATABASE_URL", "DJANGO_", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | changes


def ringdesk(*words: str, timeout: float = LONGEST_START, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "ringdesk", *words],
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def python_for(user: dict[str, Any]) -> str | None:
    """A Python of our version that another user may run: ours, else (ours may lie in a home) the system's."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/local/bin/{name}", f"/usr/bin/{name}"):
        words = [python, "-c", "import ringdesk, django, psycopg, uvloop"]
        with contextlib.suppress(OSError):
            if not subprocess.run(words, env=environment(PYTHONPATH=PACKAGES), capture_output=True, **user).returncode:
                return python
    return None


class Ringdesk:
    """``ringdesk run`` (or a part) under way. Ended at the end of the block, however it stands then."""

    def __init__(
        self, *words: str, python: str = sys.executable, options: dict[str, Any] | None = None, **changes: str
    ) -> None:
        self.process = subprocess.Popen(
            [python, "-u", "-m", "ringdesk", *words],
            env=environment(**changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **(options or {}),
        )
        self.lines: list[str] = []
        self._incoming: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, text: str, seconds: float = LONGEST_START) -> str:
        """The first line with this text."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                line = self._incoming.get(timeout=0.1)
            except queue.Empty:
                continue
            if line is None:
                raise AssertionError(f"it ended with {self.process.wait(10)}:\n" + "".join(self.lines))
            self.lines.append(line)
            if text in line:
                return line.strip()
        raise AssertionError(f"no “{text}” in {seconds:.0f} s:\n" + "".join(self.lines))

    def address(self) -> str:
        return self.wait_for("Ringdesk is serving at ").split(" at ")[1]

    def family(self) -> list[int]:
        """The pids of the process and all below it."""
        return _descendants(self.process.pid)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> float:
        """Send a signal, wait for the end, answer the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(sign)
        self.process.wait(30)
        return time.monotonic() - began

    def __enter__(self) -> "Ringdesk":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._incoming.put(line)
        self._incoming.put(None)


def alive(pids: list[int], seconds: float = 0) -> list[int]:
    """Which of these still live after so many seconds; a zombie does not."""
    deadline = time.monotonic() + seconds
    while True:
        living = [pid for pid in pids if _state(pid) not in ("", "Z", "X")]
        if not living or time.monotonic() >= deadline:
            return living
        time.sleep(0.05)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(found for child in children for found in _descendants(int(child)))]
