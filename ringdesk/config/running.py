"""``ringdesk run`` and its parts as processes of their own."""

import gc
import json
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from ringdesk.config.data_folder import DataFolder
from ringdesk.config.postgres import Cluster, to_stderr
from ringdesk.config.refusal import Refused, Stopped
from ringdesk.config.server import address_of, bind, serve
from ringdesk.config.signals import StopSignals


def run(data: Path, host: str, port: int, *, demo: bool) -> int:
    """Everything in one process. The exit code."""
    signals = StopSignals()
    signals.install()
    try:
        with DataFolder(data) as folder:
            return _run(folder, host, port, demo, signals)
    except (Stopped, Exception) as error:
        if not _is_of_a_stop(error):
            raise
        return 0


def run_part(part: str, data: Path, host: str = "", port: int = 0) -> int:
    """One part ("web", "worker" or "listen") on the database server at DATABASE_URL. The exit code."""
    if not os.environ.get("DATABASE_URL"):
        raise Refused(
            f"`ringdesk {part}` is one of several processes on one PostgreSQL server: "
            "set DATABASE_URL to its address. For everything in one process there is `ringdesk run`."
        )
    signals = StopSignals()
    signals.install()
    os.environ["RINGDESK_PARTS"] = part
    os.environ["RINGDESK_DATA"] = str(data)
    try:
        listeners = [bind(host, port)] if part == "web" else []
        _prepare_database()
        said = f"Ringdesk is serving at {address_of(listeners[0])}" if listeners else f"Ringdesk's {part} is running"
        return serve(listeners, signals, announce=partial(_say, said), is_well=_always)
    except (Stopped, Exception) as error:
        if not _is_of_a_stop(error):
            raise
        return 0


def _run(folder: DataFolder, host: str, port: int, demo: bool, signals: StopSignals) -> int:
    folder.acquire(f"http://{host}:{port}")
    listener = bind(host, port)
    folder.announce(address_of(listener))
    os.environ["RINGDESK_DATA"] = str(folder.path)
    if os.environ.get("DATABASE_URL"):
        return _serve(folder.path, listener, demo, signals, is_well=_always)
    cluster = Cluster(folder.path)
    signals.cut_off = cluster.cut_off
    try:
        os.environ["DATABASE_URL"] = cluster.start()
        folder.announce(address_of(listener), cluster.url)
        return _serve(folder.path, listener, demo, signals, is_well=partial(_is_well, cluster))
    finally:
        cluster.stop(signals.seconds_left(otherwise=30))


def _serve(data: Path, listener: socket.socket, demo: bool, signals: StopSignals, is_well: Callable[[], bool]) -> int:
    # What is loaded until the server serves stays: collecting garbage in it meanwhile takes seconds.
    gc.set_threshold(200_000, 50, 50)
    base_url = os.environ.get("RINGDESK_PUBLIC_URL", "").rstrip("/") or address_of(listener)
    _prepare_database()
    if demo:
        from ringdesk.config.demo import prepare

        prepare(data, base_url)
    said = _announcement(base_url, data if demo else None)
    return serve([listener], signals, announce=partial(_say, said), is_well=is_well)


def _prepare_database() -> None:
    from ringdesk.config import database  # Django is loaded only now that the address is known

    database.set_up()
    database.reach(to_stderr)
    database.migrate(to_stderr)


def _is_of_a_stop(error: BaseException | None) -> bool:
    """Whether a signal is the reason: in the middle of a query it comes out as a complaint about the connection."""
    while error and not isinstance(error, Stopped):
        error = error.__context__
    return error is not None


def _announcement(base_url: str, demo: Path | None) -> str:
    lines = [f"Ringdesk is serving at {base_url}"]
    if demo:
        lines += _logins(demo)
    elif find_spec("ringdesk.accounts.setup"):
        from ringdesk.accounts.setup import link

        if address := link(base_url):
            lines.append(f"There is no user yet. Make the first one at {address}")
    return "\n".join(lines)


def _logins(data: Path) -> list[str]:
    """What the demo's visitors sign in with. Empty when its file was taken away."""
    try:
        demo = json.loads((data / "demo.json").read_text())
    except (OSError, ValueError):
        return []
    return [f"  {role}: {demo[role]['email']}  {demo[role]['password']}" for role in ("owner", "operator")]


def _is_well(cluster: Cluster) -> bool:
    if cluster.is_running:
        return True
    print(f"PostgreSQL has ended by itself; its log is {cluster.log}.", file=sys.stderr, flush=True)
    return False


def _always() -> bool:
    return True


def _say(text: str) -> None:
    print(text, flush=True)
