"""The data folder DIR: where it is, who may use it now."""

import errno
import fcntl
import json
import os
import pwd
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from ringdesk.config.refusal import Refused

LOCK_NAME = "ringdesk.lock"


def default_data_folder() -> Path:
    """$RINGDESK_DATA, else ./var in a source checkout, else the place the system has for such data."""
    if chosen := os.environ.get("RINGDESK_DATA"):
        return Path(chosen).expanduser().absolute()
    if _is_checkout(Path.cwd()):
        return Path.cwd() / "var"
    if os.geteuid() == 0:
        return Path("/var/lib/ringdesk")
    shared = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(shared).expanduser().absolute() / "ringdesk"


def _is_checkout(folder: Path) -> bool:
    return (folder / "ringdesk" / "config" / "cli.py").is_file() and (folder / "pyproject.toml").is_file()


@dataclass(frozen=True)
class Holder:
    """The process that works on a data folder; what the lock file says."""

    pid: int
    address: str
    database_url: str = ""


class DataFolder:
    """DIR with its lock: one process works on it at a time. The kernel drops the lock with the process."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None

    def acquire(self, address: str) -> None:
        """Make DIR and lock it. Refused names the process that has it."""
        self._create()
        if not self._try_lock():
            raise Refused(self._taken())
        self.announce(address)

    def acquire_or_find_holder(self, address: str) -> Holder | None:
        """Lock DIR (None), or tell which process has it."""
        self._create()
        if self._try_lock():
            self.announce(address)
            return None
        return self.holder() or Holder(0, "")

    def announce(self, address: str, database_url: str = "") -> None:
        """Write into the lock file who we are, for those who come later."""
        assert self._lock is not None
        text = json.dumps(asdict(Holder(os.getpid(), address, database_url))).encode()
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, text, 0)

    def holder(self) -> Holder | None:
        """What the lock file says; true only while somebody holds the lock."""
        try:
            return Holder(**json.loads((self.path / LOCK_NAME).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def release(self) -> None:
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _create(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except FileExistsError:
            raise Refused(f"{self.path} is a file; Ringdesk needs a folder for its data (--data).") from None
        except OSError as error:
            raise Refused(explain(error, self.path)) from error

    def _try_lock(self) -> bool:
        try:
            # O_CLOEXEC is Python's default: PostgreSQL must not inherit the lock and keep it after us.
            lock = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Refused(explain(error, self.path)) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        except OSError as error:
            os.close(lock)
            raise Refused(
                f"The file system of {self.path} has no file locks ({error.strerror}). "
                "Choose a folder on a local disk with --data."
            ) from error
        self._lock = lock
        return True

    def _taken(self) -> str:
        holder = self.holder()
        who = f"process {holder.pid}, {holder.address}" if holder else "another process"
        return f"Ringdesk already runs on {self.path} ({who}). Stop it first, or choose another --data."


def explain(error: OSError, path: Path) -> str:
    """An operating system error about a file or folder of DIR, as a sentence that says what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {path} is full. Free some space and start again."
    if error.errno == errno.EROFS:
        return f"{path} is on a read-only disk. Choose another folder with --data."
    if error.errno in (errno.EACCES, errno.EPERM):
        whose = _whose(path)
        return f"{path} cannot be written by this user{whose}. Start as its owner, or choose another --data."
    return f"{path} cannot be used: {error.strerror or error}."


def _whose(path: Path) -> str:
    for place in (path, *path.parents):
        try:
            owner = place.stat().st_uid
        except OSError:
            continue
        return f" ({place} belongs to {user_name(owner)})"
    return ""


def user_name(uid: int) -> str:
    """The name of a user, or the number of one without a name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
