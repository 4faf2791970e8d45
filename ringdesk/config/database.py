"""The database at DATABASE_URL: reached, new enough, migrated."""

import gc
import os
import time
from collections.abc import Callable

import django
import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState

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
                _apply_migrations()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    connection.close()


def _apply_migrations() -> None:
    """Apply what is pending, the libraries' tables first.

    For each change Django draws the models anew that are related to the changed one, and all of ours are related to a
    library's by the user: the fewer of them are there, the sooner it is done. Most of what is left is collecting
    garbage among those models.
    """
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    ours = {app.label for app in apps.get_app_configs() if app.name.startswith("ringdesk.")}
    thresholds = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        state: ProjectState | None = None
        if not executor.loader.applied_migrations:
            state = GrowingState(real_apps=executor.loader.unmigrated_apps)
        libraries = executor.migrate([leaf for leaf in leaves if leaf[0] not in ours], state=state)
        MigrationExecutor(connection).migrate(leaves, state=state and libraries)
        # Nothing is left to apply; it tells the applications, which write their permissions.
        call_command("migrate", interactive=False, verbosity=0)
    finally:
        gc.set_threshold(*thresholds)


class GrowingState(ProjectState):
    """The models as migrations make them in an empty database: a new one joins, and the others stay as they are.

    Django draws all that are related to it anew. They need not know of it: what is made of a model speaks only of
    those that it speaks of itself, and these are there.
    """

    def add_model(self, model_state: ModelState) -> None:
        """Add a model, drawing it alone."""
        drawn = self.__dict__.pop("apps", None)
        super().add_model(model_state)
        if drawn is not None:
            self.apps = drawn
            drawn.render_multiple([model_state])


def pending_migrations() -> list[str]:
    """The migrations that the code has and the database has not."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
