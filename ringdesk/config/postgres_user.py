"""As whom PostgreSQL runs. It refuses to run as root, and as a user that has no name."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringdesk.config.data_folder import user_name
from ringdesk.config.refusal import Refused

# Tried in this order: a user made for it, then those every system has.
NAMES = ("postgres", "nobody", "daemon")


@dataclass(frozen=True)
class Launcher:
    """How a program of PostgreSQL is started: with which words before it, and as which user."""

    owner: int  # uid that owns the files of the cluster, as seen from outside
    group: int
    prefix: tuple[str, ...] = ()
    switches_user: bool = False

    def command(self, *words: str, ends_with_us: bool = False) -> list[str]:
        """The command line. With ends_with_us the kernel interrupts the program when our main thread dies."""
        # The signal is asked for last: a change of user or namespace would clear it.
        setpriv = shutil.which("setpriv") if ends_with_us else None
        return [*self.prefix, *([setpriv, "--pdeathsig", "INT"] if setpriv else []), *words]

    def options(self) -> dict[str, Any]:
        """Keyword arguments for subprocess."""
        if not self.switches_user:
            return {}
        return {"user": self.owner, "group": self.group, "extra_groups": []}

    def can_use(self, folder: Path, program: Path) -> bool:
        """Try for real: enter the folder and run the program."""
        script = 'cd "$1" && exec "$2" --version'
        words = self.command("sh", "-c", script, "sh", str(folder), str(program), ends_with_us=True)
        return _succeeds(words, **self.options())

    def can_run(self, program: Path) -> bool:
        return _succeeds(self.command(str(program), "--version"), **self.options())


def choose_launcher(cluster: Path, program: Path) -> Launcher:
    """The first way that works for a cluster folder that exists and is ours. Refused says what to do."""
    uid, gid = os.geteuid(), os.getegid()
    plain = Launcher(uid, gid)
    if uid != 0 and _has_name(uid):
        return plain
    inside = _in_namespace(uid, gid)
    if inside and cluster.stat().st_uid == uid and inside.can_use(cluster, program):
        return inside
    if uid != 0:
        raise Refused(
            f"PostgreSQL does not run as user {uid}, who has no name in /etc/passwd. "
            "Add one, start as a named user, or set DATABASE_URL to a PostgreSQL server."
        )
    return _as_another_user(cluster, program)


def _in_namespace(uid: int, gid: int) -> Launcher | None:
    """A user namespace with one entry: files stay ours, but PostgreSQL sees an ordinary, named user."""
    unshare = shutil.which("unshare")
    seen_as = _ordinary_user()
    if not unshare or not seen_as:
        return None
    words = (unshare, "--user", f"--map-user={seen_as.pw_uid}", f"--map-group={seen_as.pw_gid}")
    return Launcher(uid, gid, words)


def _as_another_user(cluster: Path, program: Path) -> Launcher:
    """Where namespaces are forbidden (as in many containers): give the cluster to an ordinary user."""
    user = _ordinary_user()
    if not user:
        raise Refused("PostgreSQL does not run as root. Start as an ordinary user, or set DATABASE_URL.")
    launcher = Launcher(user.pw_uid, user.pw_gid, switches_user=True)
    if not launcher.can_run(program):
        advice = "Install Ringdesk where every user can read it"
        raise Refused(_unreachable(user.pw_name, program.parent, advice))
    _let_pass(cluster.parent)
    give_to(launcher, cluster)
    if not launcher.can_use(cluster, program):
        advice = "Choose a folder that every user may enter with --data (for example /var/lib/ringdesk)"
        raise Refused(_unreachable(user.pw_name, cluster.parent, advice))
    return launcher


def _unreachable(name: str, folder: Path, advice: str) -> str:
    return (
        f"PostgreSQL does not run as root, and the user {name} cannot enter {folder}. "
        f"{advice}, start as an ordinary user, or set DATABASE_URL to a PostgreSQL server."
    )


def _let_pass(folder: Path) -> None:
    """Others may pass through DIR (not list it); every file in it has a mode of its own."""
    mode = folder.stat().st_mode & 0o777
    if folder.stat().st_uid == 0 and not mode & 0o001:
        folder.chmod(mode | 0o011)


def give_to(launcher: Launcher, folder: Path) -> None:
    """Make a folder and all in it the launcher's; root may, others are told whose it is."""
    owner = folder.stat().st_uid
    if owner == launcher.owner:
        return
    user = _ordinary_user()
    if os.geteuid() != 0 or owner not in (0, user.pw_uid if user else 0):
        name = user_name(owner)
        raise Refused(f"{folder} belongs to {name}. Start as that user, or choose another --data.")
    # The folder itself comes last, so that a walk cut short is walked again.
    for place, _, files in os.walk(folder, topdown=False):
        for path in (place, *(os.path.join(place, name) for name in files)):
            os.chown(path, launcher.owner, launcher.group, follow_symlinks=False)


def _ordinary_user() -> pwd.struct_passwd | None:
    for name in NAMES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return next((user for user in pwd.getpwall() if user.pw_uid), None)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _succeeds(words: list[str], **options: Any) -> bool:
    try:
        done = subprocess.run(words, capture_output=True, timeout=20, check=False, **options)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
