"""How many bookings a second Ringdesk takes over HTTP, and how long the functions of bots take to answer.

Beside the bare application of bench/bare.py, which takes the same time under the same constraint in one transaction
and does nothing else. Asserts nothing about time; checks that every booking that was answered is committed, and that
nothing overlaps.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

import psycopg

from bench import ringing
from bench.booking_load import CLIENTS, phone

if TYPE_CHECKING:
    from ringdesk.accounts.models import Branch

SECONDS = 10.0
CONNECTIONS = 16
FEW, MANY = 20, 200
DAYS = 60
BOOKED_A_DAY = 5  # 20 × 60 × 5 = 6,000 bookings
LENGTH = 60
ROUNDS = 60


def main() -> None:
    """Set up a database with a small and a big branch, run both applications, then ask for free times."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringdesk-bench-")))
        url = ringing.database(stack, folder)
        os.environ.update(DATABASE_URL=url, RINGDESK_DATA=str(folder / "data"), RINGDESK_LOG_LEVEL="WARNING")
        place = _populate(url)
        port = ringing.free_port()
        figures = {}
        for name, command, path in (
            ("bare", ringing.bare(port), "/book"),
            ("ringdesk", ringing.ours(port), "/api/v1/functions/create_booking"),
        ):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            try:
                ringing.await_port(port, process)
                sleep(3)
                figures[name] = _book(port, path, place)
                if name == "ringdesk":
                    calls = {size: _ask(port, place, branch) for size, branch in place["branches"].items()}
            finally:
                process.terminate()
                process.wait(timeout=20)
            _check(url, name, figures[name]["accepted"])
        _print(figures, calls)


def _book(port: int, path: str, place: dict[str, Any]) -> dict[str, Any]:
    plan = {
        "port": port,
        "path": path,
        "token": place["token"],
        "branch": place["booking_branch"],
        "service": place["booking_service"],
        "resources": place["booking_resources"],
        "employees": place["booking_employees"],
        "first_day": place["first_day"],
        "seconds": SECONDS,
        "connections": CONNECTIONS,
    }
    command = [sys.executable, "-m", "bench.booking_load", json.dumps(plan)]
    seen: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert seen["failed"] == 0, f"{seen['failed']} bookings were refused: {seen['refusal']}"
    return seen


def _ask(port: int, place: dict[str, Any], branch: dict[str, Any]) -> dict[str, float]:
    """Return the 95th percentile of whole calls over HTTP, ms; the same connection, one after the other."""
    import httpx

    day = datetime.fromisoformat(place["first_day"]) + timedelta(days=20)
    args = [branch["id"], branch["service"]]
    calls = {
        "get_slots_for_booking": [*args, f"{day:%d.%m.%Y}"],
        "get_dates_for_booking, 60 days": [*args, "", DAYS],
        "get_info_for_booking, changed": [],
        "get_info_for_booking, the same": [],
    }
    found = {}
    headers = {"Authorization": f"Bearer {branch['token']}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1/functions/", headers=headers, timeout=60) as http:
        for name, said in calls.items():
            function = name.partition(",")[0]
            body = {"args": said}
            is_changing = name.endswith("changed")
            times = []
            for _round in range(ROUNDS):
                if is_changing:
                    _touch(branch["id"])
                began = perf_counter()
                answer = http.post(function, json=body)
                times.append((perf_counter() - began) * 1000)
                assert answer.status_code == 200, answer.text
                assert isinstance(answer.json(), list) or "companies" in answer.json(), answer.text[:300]
            found[name] = sorted(times[3:])[int((ROUNDS - 3) * 0.95)]
    return found


def _touch(branch_id: int) -> None:
    """Say that the branch's bookings are others now."""
    from ringdesk.accounts.models import Branch
    from ringdesk.booking import versions

    versions.bookings_changed(Branch.objects.get(pk=branch_id))


def _check(url: str, name: str, accepted: int) -> None:
    table = {"bare": "bench_booking", "ringdesk": "booking_booking WHERE client_id IS NOT NULL"}[name]
    overlapping = """
        SELECT count(*) FROM scheduling_occupancy a JOIN scheduling_occupancy b
        ON a.resource_id = b.resource_id AND a.id < b.id AND a.active AND b.active AND a.during && b.during"""
    with psycopg.connect(url) as connection:
        rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        overlaps = connection.execute(overlapping).fetchone()
    assert rows and rows[0] == accepted, f"{name}: {accepted} answered, {rows and rows[0]} committed"
    assert overlaps == (0,), f"{overlaps} overlap"


def _print(figures: dict[str, dict[str, Any]], calls: dict[str, dict[str, float]]) -> None:
    bare, ours = figures["bare"], figures["ringdesk"]
    print(f"\nbooking: create_booking over {CONNECTIONS} connections, {SECONDS:.0f} s each")
    print(f"{'':40}{'bare':>10}{'ringdesk':>10}{'ratio':>8}   aim")
    rates = bare["per_second"], ours["per_second"]
    print(f"{'bookings/s':40}{rates[0]:10.0f}{rates[1]:10.0f}{rates[1] / rates[0]:8.2f}   ≥ 150/s")
    for key in ("p50", "p95"):
        print(f"{key + ' ms':40}{bare[key]:10.1f}{ours[key]:10.1f}{ours[key] / bare[key]:8.2f}")
    print(
        f"\nbooking: whole calls over HTTP, p95 ms\n{'':40}"
        + "".join(f"{size + ' × 60':>12}" for size in calls)
        + "   aim"
    )
    for name in next(iter(calls.values())):
        aim = "" if name.endswith("the same") else "< 50 / < 250"
        print(f"{name:40}" + "".join(f"{figures[name]:12.1f}" for figures in calls.values()) + f"   {aim}")
    print("every booking answered is committed; nothing overlaps", flush=True)


def _populate(url: str) -> dict[str, Any]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ringdesk.config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from ringdesk.accounts import tokens
    from ringdesk.accounts.models import Organization

    call_command("migrate", verbosity=0)
    first_day = datetime.now(UTC).date() + timedelta(days=1)
    organization = Organization.objects.create(name="Bench", slug="bench")
    _token, plain = tokens.issue(organization, name="bench", scopes=["bookings:read", "bookings:write"], by=None)
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE bench_booking (id bigserial PRIMARY KEY, resource_id bigint, body jsonb);"
            "CREATE TABLE bench_occupancy (id bigserial PRIMARY KEY, resource_id bigint, during tstzrange, "
            "EXCLUDE USING gist (int8range(resource_id, resource_id, '[]') WITH &&, during WITH &&))"
        )
    from ringdesk.crm import clients

    for number in range(0, CLIENTS, 2):
        clients.create(organization, name=f"Client {number}", phones=[phone(number)])
    branches = {}
    for size in (FEW, MANY):
        own = Organization.objects.create(name=f"Bench {size}", slug=f"bench-{size}")
        branch, service, _people = _branch(own, f"{size} specialists", size)
        _fill(url, branch, first_day)
        _token, own_plain = tokens.issue(own, name="bench", scopes=["bookings:read"], by=None)
        branches[str(size)] = {"id": branch.pk, "service": service, "token": own_plain}
    branch, service, people = _branch(organization, "Busy", FEW)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return {
        "token": plain,
        "branches": branches,
        "booking_branch": branch.pk,
        "booking_service": service,
        "booking_employees": [each.pk for each in people],
        "booking_resources": [each.resource_id for each in people],
        "first_day": first_day.isoformat(),
    }


def _branch(organization: Any, name: str, size: int) -> tuple["Branch", int, list[Any]]:
    from ringdesk.accounts.models import Branch
    from ringdesk.booking import catalogue, employees
    from ringdesk.booking.employees import Skill
    from ringdesk.scheduling import schedule
    from ringdesk.scheduling.hours import DayHours

    branch = Branch.objects.create(organization=organization, name=name, timezone="Europe/Moscow")
    services = [
        catalogue.add_service(branch, title=f"Service {number}", duration=LENGTH, price=1000) for number in range(10)
    ]
    people = [
        employees.add_employee(branch, name=f"Specialist {number}", skills=[Skill(each.pk) for each in services])
        for number in range(size)
    ]
    week = [DayHours(9 * 60, 18 * 60, ((13 * 60, 14 * 60),))] * 7
    schedule.set_week(people[0].resource, week)
    schedule.copy_week_hours(people[0].resource, [each.resource for each in people[1:]])
    return branch, services[0].pk, people


def _fill(url: str, branch: "Branch", first_day: Any) -> None:
    """Book everybody half the day for two months: the occupancy alone, as that is what is read."""
    from ringdesk.booking import versions

    dice = random.Random(20)
    organization = branch.organization_id
    with psycopg.connect(url) as connection:
        people = connection.execute(
            "SELECT resource_id FROM booking_employee WHERE branch_id = %s ORDER BY id", [branch.pk]
        ).fetchall()
        claim = connection.execute(
            "INSERT INTO scheduling_claim (organization_id, kind, created_at) VALUES (%s, 'booking', now()) "
            "RETURNING id",
            [organization],
        ).fetchone()
        assert claim
        rows = []
        for (resource,) in people:
            for day in range(DAYS):
                midnight = datetime.combine(first_day + timedelta(days=day), datetime.min.time(), UTC)
                for hour in dice.sample((6, 7, 8, 9, 11, 12, 13, 14), BOOKED_A_DAY):
                    rows.append((organization, resource, claim[0], midnight + timedelta(hours=hour)))
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO scheduling_occupancy (organization_id, resource_id, claim_id, during, active) "
                "VALUES (%s, %s, %s, tstzrange(%s, %s), true)",
                [(*row, row[3] + timedelta(minutes=LENGTH)) for row in rows],
            )
    versions.schedule_changed(branch.pk)
