"""How fast a ringing phone reaches the screens, and how many can ring at once.

Beside a bare ASGI application (``bench/bare.py``) on the same database with a million phone numbers in it. Asserts
nothing about time; checks that committed rows equal accepted requests and that no frame is lost.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median
from time import monotonic, sleep
from typing import Any

import psycopg

NUMBERS = 1_000_000
SECONDS = 4.0
WARM_UP = 1.5
ROUNDS = 5
MIXES = ((50.0, 50), (200.0, 50), (50.0, 200), (50.0, 500))
FLOOD = (0.0, 1)  # as many as it takes
CONNECTIONS = 32
FIRST = 9_000_000_000


def main() -> None:
    """Set up a database, load both applications turn about, print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringdesk-bench-")))
        url = database(stack, folder)
        os.environ.update(DATABASE_URL=url, RINGDESK_DATA=str(folder / "data"), RINGDESK_LOG_LEVEL="WARNING")
        place = populate(url)
        commands = {"bare": (bare, "/", "/ws/v1/events")}
        commands["ringdesk"] = (ours, place["path"], "/ws/v1/events?token=" + place["token"])
        sides = [Side(name, stack, *command) for name, command in commands.items()]
        for side in sides:
            side.load(50.0, 1, WARM_UP)
        # Turn about, so that what else the machine and its disk do meets both; the flood last, as it takes time to
        # write the documents of ten thousand calls.
        figures = {mix: [[side.load(*mix, SECONDS) for side in sides] for _ in range(ROUNDS)] for mix in MIXES}
        figures[FLOOD] = [[side.load(*FLOOD, SECONDS) for side in sides] for _ in range(ROUNDS)]
        for side in sides:
            _check(url, side.name, side.accepted)
        _print(figures)


class Side:
    """One of the two applications, served from now on until the stack ends."""

    def __init__(self, name: str, stack: ExitStack, command: Callable[[int], list[str]], path: str, ws: str) -> None:
        self.name, self.path, self.ws = name, path, ws
        self.port, self.number, self.accepted = free_port(), FIRST, 0
        process = subprocess.Popen(command(self.port), stdout=subprocess.DEVNULL)
        stack.callback(process.wait, timeout=20)
        stack.callback(process.terminate)
        await_port(self.port, process)

    def load(self, rate: float, sockets: int, seconds: float) -> dict[str, Any]:
        """Send so many events a second (0: as many as it takes) to so many sockets, and return what was seen."""
        plan = {
            "port": self.port,
            "path": self.path,
            "ws_path": self.ws,
            "first": self.number,
            "seconds": seconds,
            "rate": rate,
            "sockets": sockets,
            "connections": CONNECTIONS,
        }
        command = [sys.executable, "-m", "bench.load", json.dumps(plan)]
        figure: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        assert figure["refused"] == 0, f"{figure['refused']} requests were refused"
        assert figure["frames"] == figure["frames_expected"], f"frames lost: {figure}"
        self.number = figure["next"]
        self.accepted += figure["accepted"]
        return figure


def bare(port: int) -> list[str]:
    """Return the command that serves the floor."""
    return [sys.executable, "-m", "uvicorn", "bench.bare:application", "--port", str(port), "--log-level", "error",
            "--no-access-log", "--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio",
            "--ws-per-message-deflate", "false"]  # fmt: skip


def ours(port: int) -> list[str]:
    """Return the command that serves Ringdesk."""
    return [sys.executable, "-m", "ringdesk", "run", "--port", str(port)]


def _print(figures: dict[tuple[float, int], list[list[dict[str, Any]]]]) -> None:
    print(f"\nringing: {NUMBERS:,} phone numbers in the database, medians of {ROUNDS} rounds of {SECONDS:.0f} s each")
    print(f"{'':38}{'bare':>10}{'ringdesk':>10}{'ratio':>8}   aim")

    def line(label: str, mix: tuple[float, int], figure: str, aim: str) -> None:
        floor, found = (median(each[side][figure] for each in figures[mix]) for side in (0, 1))
        print(f"{label:38}{floor:10.1f}{found:10.1f}{found / floor:8.2f}   {aim}".rstrip())

    line("greatest rate, events/s", FLOOD, "per_second", "≥ 0.35")
    for rate, sockets in MIXES:
        for percentile, aim in (("p50", ""), ("p99", "≤ 2")):
            line(f"{percentile} ms, {rate:.0f} events/s × {sockets} sockets", (rate, sockets), percentile, aim)
    print("every accepted request is a committed row; no frame was lost", flush=True)


def _check(url: str, name: str, accepted: int) -> None:
    table = {"bare": "bench_bare", "ringdesk": "telephony_call"}[name]
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row and row[0] == accepted, f"{name}: {accepted} accepted, {row and row[0]} committed"


def database(stack: ExitStack, folder: Path) -> str:
    from ringdesk.config.postgres import Cluster

    cluster = Cluster(folder)
    cluster.start()
    stack.callback(cluster.stop, 10)
    return cluster.url


def populate(url: str) -> dict[str, str]:
    """Migrate, make an organization with a connector and a token, and a million clients' numbers."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ringdesk.config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from ringdesk.accounts.models import Branch, Organization
    from ringdesk.telephony import links

    call_command("migrate", verbosity=0)
    organization = Organization.objects.create(name="Bench", slug="bench")
    branch = Branch.objects.create(organization=organization, name="Bench")
    connector = links.create(organization, "http_events", "PBX", branch)
    from ringdesk.accounts.models import ApiToken
    from ringdesk.core import sealing

    ApiToken.objects.create(
        organization=organization, name="bench", prefix="rd", token_hash=sealing.fingerprint("rd_bench"),
        scopes=["calls:read"],
    )  # fmt: skip
    _numbers(url, organization.pk)
    return {"path": f"/pbx/{links.token(connector)}/", "token": "rd_bench"}


def _numbers(url: str, organization_id: int) -> None:
    began = monotonic()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE bench_bare (id bigserial PRIMARY KEY, phone text, query text)")
        columns = "organization_id, kind, name, about, email, tags, is_partner, version, created_at, updated_at"
        connection.execute(
            f"INSERT INTO crm_client ({columns}) SELECT %s, 'person', 'Client ' || n, '', '', '{{}}', false, 1, "
            "now(), now() FROM generate_series(1, %s) n",
            [organization_id, NUMBERS],
        )
        # Every other number that will ring is known.
        connection.execute(
            "INSERT INTO crm_phone (organization_id, client_id, number, reversed, label, position) "
            "SELECT organization_id, id, '+7' || n, reverse('7' || n), '', 0 FROM "
            "(SELECT *, %s + 2 * row_number() OVER () AS n FROM crm_client) client",
            [FIRST],
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    print(f"{NUMBERS:,} phone numbers stored in {monotonic() - began:.0f} s", flush=True)


def free_port() -> int:
    import socket

    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the application did not start"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            sleep(0.1)
    raise AssertionError("the application did not answer within 30 s")
