"""How long it takes to find every free start of many specialists over two months, most of them booked half the day.

Beside django-appointment from PyPI, installed into a temporary folder for this run, with the same hours and the same
bookings (its own SQLite in memory, ours in PostgreSQL). Asserts nothing about time; checks that both offer as many.
"""

import gc
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import psycopg

from bench import ringing

if TYPE_CHECKING:
    from ringdesk.accounts.models import Branch

PEER = "django-appointment==3.12.0"
DAYS = 60
STEP, LENGTH = 30, 60
OPENS, CLOSES = 9 * 60, 18 * 60
BREAK = (13 * 60, 14 * 60)
BOOKED_A_DAY = 5
FEW, MANY = 20, 200
ROUNDS = 25


def main() -> None:
    """Set up a database with a small and a big branch, measure ours and the peer, print the table."""
    first_day = datetime.now(UTC).date() + timedelta(days=1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringdesk-bench-")))
        url = ringing.database(stack, folder)
        os.environ.update(DATABASE_URL=url, RINGDESK_DATA=str(folder / "data"), RINGDESK_LOG_LEVEL="WARNING")
        _migrate()
        bookings = _bookings(FEW, first_day, pause=False)
        rows = [
            ("20 × 60, with breaks", *_ours(url, FEW, first_day, _bookings(FEW, first_day, pause=True), pause=True)),
            ("200 × 60, with breaks", *_ours(url, MANY, first_day, _bookings(MANY, first_day, pause=True), pause=True)),
        ]
        ours = _ours(url, FEW, first_day, bookings, pause=False)
        _print(rows, ours, _peer(folder, first_day, bookings))


Booking = tuple[int, str, int, int]


def _bookings(people: int, first_day: date, *, pause: bool) -> list[Booking]:
    """Return who is booked on which day from when to when (minutes): the same in every run."""
    dice = random.Random(20)
    hours = [start for start in range(OPENS, CLOSES, LENGTH) if not (pause and start == BREAK[0])]
    return [
        (person, (first_day + timedelta(days=day)).isoformat(), start, start + LENGTH)
        for person in range(people)
        for day in range(DAYS)
        for start in sorted(dice.sample(hours, BOOKED_A_DAY))
    ]


def _migrate() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ringdesk.config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _ours(
    url: str, people: int, first_day: date, bookings: list[Booking], *, pause: bool
) -> tuple[int, float, float, int]:
    """Return how many bookings there are, milliseconds of the engine, of loading and engine, and the free starts."""
    from ringdesk.scheduling import loading, slots
    from ringdesk.scheduling.minutes import Visit

    branch, resources = _populate(url, people, bookings, pause=pause)
    span = loading.day_span(branch, first_day, DAYS)
    asked: dict[str, Any] = {"step": STEP, "not_before": span.start, "not_after": span.end - 1}
    visit = Visit(LENGTH)
    workers = loading.workers(branch, resources, first_day, DAYS)
    engine = _milliseconds(lambda: slots.free_starts(workers, visit, **asked))
    whole = _milliseconds(
        lambda: slots.free_starts(loading.workers(branch, resources, first_day, DAYS), visit, **asked)
    )
    found = slots.free_starts(workers, visit, **asked)
    assert slots.branch_starts(workers, visit, **asked) == sorted({one for starts in found.values() for one in starts})
    return len(bookings), engine, whole, sum(map(len, found.values()))


def _populate(url: str, people: int, bookings: list[Booking], *, pause: bool) -> "tuple[Branch, list[int]]":
    from ringdesk.accounts.models import Branch, Organization
    from ringdesk.scheduling import schedule
    from ringdesk.scheduling.hours import DayHours
    from ringdesk.scheduling.models import Resource

    slug = f"bench-{people}-{pause}".lower()
    organization = Organization.objects.create(name=slug, slug=slug)
    branch = Branch.objects.create(organization=organization, name=slug, timezone="UTC")
    made = [Resource.objects.create(organization=organization, branch=branch, kind="employee") for _ in range(people)]
    worked = DayHours(OPENS, CLOSES, (BREAK,) if pause else ())
    for resource in made:
        schedule.set_week(resource, [worked] * 7)
    ids = [resource.pk for resource in made]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE booked (resource bigint, at timestamptz, until timestamptz)")
        with cursor.copy("COPY booked FROM STDIN") as copy:
            for person, day, start, end in bookings:
                midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
                copy.write_row((ids[person], midnight + timedelta(minutes=start), midnight + timedelta(minutes=end)))
        cursor.execute(
            "WITH claim AS (INSERT INTO scheduling_claim (organization_id, kind, created_at) "
            "VALUES (%s, 'booking', now()) RETURNING id) "
            "INSERT INTO scheduling_occupancy (organization_id, resource_id, claim_id, during, active) "
            "SELECT %s, resource, claim.id, tstzrange(at, until), true FROM booked, claim",
            [organization.pk, organization.pk],
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return branch, ids


def _milliseconds(act: Callable[[], object]) -> float:
    """Return the median."""
    act()
    gc.collect()
    took = []
    for _round in range(ROUNDS):
        began = perf_counter()
        act()
        took.append(perf_counter() - began)
    return sorted(took)[ROUNDS // 2] * 1000


def _peer(folder: Path, first_day: date, bookings: list[Booking]) -> dict[str, Any] | str:
    """Return what bench/appointment_peer.py measured, or why it could not."""
    home = folder / "peer"
    python = home / "bin" / "python"
    plan = folder / "plan.json"
    question = {
        "first_day": first_day.isoformat(),
        "days": DAYS,
        "people": FEW,
        "step": STEP,
        "length": LENGTH,
        "opens": OPENS,
        "closes": CLOSES,
        "bookings": bookings,
    }
    plan.write_text(json.dumps(question))
    try:
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, capture_output=True, timeout=120)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        script = Path(__file__).parent / "appointment_peer.py"
        answer = subprocess.run(
            [str(python), str(script), str(plan)], check=True, capture_output=True, timeout=300, cwd=folder
        )
    except (subprocess.SubprocessError, OSError) as error:
        said = getattr(error, "stderr", None) or b""
        return f"{error}\n{said.decode(errors='replace').strip()[-500:]}".strip()
    # It logs to the same place.
    measured: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return measured


def _print(
    rows: list[tuple[str, int, float, float, int]],
    ours: tuple[int, float, float, int],
    peer: dict[str, Any] | str,
) -> None:
    print(f"\nslots: every free start over {DAYS} days, visits of {LENGTH} min, steps of {STEP}, median of {ROUNDS}")
    print(f"{'specialists × days':30}{'bookings':>10}{'engine ms':>12}{'whole ms':>12}{'free':>9}   aim")
    for (name, bookings, engine, whole, free), aim in zip(rows, ("engine < 2 ms", "whole < 250 ms"), strict=True):
        print(f"{name:30}{bookings:10,}{engine:12.2f}{whole:12.2f}{free:9,}   {aim}")
    bookings, engine, whole, free = ours
    print(f"{'20 × 60, without breaks':30}{bookings:10,}{engine:12.2f}{whole:12.2f}{free:9,}")
    if isinstance(peer, str):
        print(f"the peer ({PEER}) could not be tried, so there is no ratio: {peer}", flush=True)
        return
    assert peer["free"] == free, f"the peer offers {peer['free']} starts, we {free}"
    print(f"{PEER:30}{bookings:10,}{peer['engine']:12.2f}{peer['whole']:12.2f}{peer['free']:9,}")
    print(f"{'the peer takes so many times':30}{'':10}{peer['engine'] / engine:12.0f}{peer['whole'] / whole:12.0f}")
    print("ours and the peer offer the same number of starts", flush=True)
