"""How long a PBX waits for "whom shall I route to", with a million numbers stored while 200 events a second come in.

Beside the bare application of bench/bare.py, which answers with one SELECT by number. Asserts nothing about time;
checks that every known caller was routed and nobody else.
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from bench import ringing

ASKED = 50.0  # questions a second
EVENTS = 200.0  # events a second meanwhile
SECONDS = 10.0
ASK_FROM = ringing.FIRST + 100_000


def main() -> None:
    """Set up a database, ask both applications one after the other, print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringdesk-bench-")))
        url = ringing.database(stack, folder)
        os.environ.update(DATABASE_URL=url, RINGDESK_DATA=str(folder / "data"), RINGDESK_LOG_LEVEL="WARNING")
        place = ringing.populate(url)
        _make_responsible(url)
        port = ringing.free_port()
        figures = {}
        for name, command, paths in (
            ("bare", ringing.bare(port), ("/", "/route")),
            ("ringdesk", ringing.ours(port), (place["path"], place["path"] + "route")),
        ):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            try:
                ringing.await_port(port, process)
                figures[name] = _measure(port, *paths)
            finally:
                process.terminate()
                process.wait(timeout=20)
        _print(figures["bare"], figures["ringdesk"])


def _measure(port: int, events_path: str, route_path: str) -> dict[str, Any]:
    load = {"port": port, "path": events_path, "ws_path": "/", "first": ringing.FIRST, "seconds": SECONDS + 2,
            "rate": EVENTS, "sockets": 0, "connections": 16}  # fmt: skip
    asking = {
        "port": port,
        "path": route_path,
        "first": ASK_FROM,
        "seconds": SECONDS,
        "rate": ASKED,
        "connections": 8,
    }
    events = subprocess.Popen([sys.executable, "-m", "bench.load", json.dumps(load)], stdout=subprocess.PIPE)
    command = [sys.executable, "-m", "bench.asking", json.dumps(asking)]
    seen: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    output, _ = events.communicate(timeout=60)
    assert json.loads(output)["refused"] == 0, "events were refused"
    assert seen["refused"] == 0, f"{seen['refused']} questions were refused"
    assert abs(seen["named"] - seen["empty"]) <= 1, f"every other number is known: {seen}"
    return seen


def _print(bare: dict[str, Any], ours: dict[str, Any]) -> None:
    print(f"\nrouting: {ASKED:.0f} questions/s beside {EVENTS:.0f} events/s, {ringing.NUMBERS:,} phone numbers")
    print(f"{'':34}{'bare':>10}{'ringdesk':>10}{'ratio':>8}   aim")
    for key, aim in (("p50", ""), ("p99", "< 20 ms"), ("worst", "")):
        print(f"{key + ' ms':34}{bare[key]:10.1f}{ours[key]:10.1f}{ours[key] / bare[key]:8.2f}   {aim}")
    print(f"{ours['named']} of {ours['asked']} callers routed: every other number is a client's", flush=True)


def _make_responsible(url: str) -> None:
    """Give the clients whose numbers are asked for a responsible member with an extension; forwarding on."""
    with psycopg.connect(url) as connection:
        from ringdesk.accounts.models import Member, Organization, User
        from ringdesk.telephony.models import CallSettings, Connector, Extension

        organization = Organization.objects.get()
        user = User.objects.create_user("anna@bench.example")
        member = Member.objects.create(organization=organization, user=user, name="Anna", role="operator")
        connector = Connector.objects.get()
        Extension.objects.create(organization=organization, connector=connector, member=member, number="100")
        CallSettings.objects.create(organization=organization, forwarding=True)
        asked = int(ASKED * SECONDS * 2)
        connection.execute(
            "UPDATE crm_client SET responsible_id = %s WHERE id IN "
            "(SELECT client_id FROM crm_phone WHERE number BETWEEN %s AND %s)",
            [member.pk, f"+7{ASK_FROM}", f"+7{ASK_FROM + asked}"],
        )
