"""The database at DATABASE_URL: reached, new enough, migrated."""

import os
import time
from collections.abc import Callable

import django
import psycopg
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from ringdesk.config.refusal import Refused
from ringdesk.core.database import conninfo

OLDEST = 150000  # PostgreSQL 15, as the server itself numbers its versions
LONGEST_WAIT = 30.0  # s; where everything starts together, the database server may be the slower one
MIGRATION_LOCK = 0x52696E6764  # any number that all our processes share


def set_up() -> None:
    """Load Django's settings and applications."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ringdesk.config.settings")
    django.setup()


def reach(tell: Callable[[str], None], seconds: float = LONGEST_WAIT) -> None:
    """Wait for the database. Refused: it cannot be reached, or is too old."""
    began = time.monotonic()
    told = False
    while True:
        try:
            with psycopg.connect(**{"connect_timeout": 5} | conninfo()) as link:
                version = link.info.server_version
            break
        except psycopg.OperationalError as error:
            if time.monotonic() - began > seconds:
                raise Refused(f"The database cannot be reached: {_first_line(error)}. Check DATABASE_URL.") from error
            if not told:
                tell(f"Waiting for the database: {_first_line(error)} …")
                told = True
            time.sleep(0.5)
    if version < OLDEST:
        raise Refused(f"The database server is PostgreSQL {version // 10000}; Ringdesk needs 15 or newer.")


def migrate(tell: Callable[[str], None]) -> None:
    """Bring the tables up to date; of several processes that start together one does it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            if pending_migrations():
                tell("Preparing the database …")
                call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    connection.close()


def pending_migrations() -> list[str]:
    """The migrations that the code has and the database has not."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
