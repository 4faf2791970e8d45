"""What an earlier PostgreSQL left on a cluster: a server that still runs, a pid file that lies."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ringdesk.config.refusal import Refused

PID_FILE = "postmaster.pid"


def is_ready(cluster: Path, pid: int) -> bool:
    """Whether the server with this pid says that it takes connections."""
    lines = _pid_file(cluster)
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def end(cluster: Path, deadline: float, tell: Callable[[str], None]) -> None:
    """End a server that outlived its Ringdesk, and remove a pid file nobody stands behind.

    The caller holds the lock of DIR. PostgreSQL itself would refuse to start when the number in the file
    was given to another process since; that process is left alone.
    """
    pid = postmaster(cluster)
    if pid is None:
        (cluster / PID_FILE).unlink(missing_ok=True)
        return
    tell(f"An earlier PostgreSQL (process {pid}) still runs on {cluster}; waiting for it to end …")
    for sign, seconds in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        until = min(deadline, time.monotonic() + seconds)
        while time.monotonic() < until:
            if postmaster(cluster) != pid:
                (cluster / PID_FILE).unlink(missing_ok=True)
                return
            time.sleep(0.05)
    raise Refused(f"An earlier PostgreSQL (process {pid}) on {cluster} does not end. End it by hand.")


def postmaster(cluster: Path) -> int | None:
    """The pid of the server that runs on this cluster, if the pid file speaks of a living one."""
    lines = _pid_file(cluster)
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    # A zombie has no command line: it is dead, its parent has just not noticed.
    command = _command_line(pid)
    return pid if "postgres -D " in command and f" -D {cluster} " in command else None


def _pid_file(cluster: Path) -> list[str]:
    try:
        return (cluster / PID_FILE).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _command_line(pid: int) -> str:
    """The words of a process, joined by blanks; empty when there is none."""
    if Path("/proc/self/cmdline").exists():
        try:
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).replace("\0", " ")
        except OSError:
            return ""
    words = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout
