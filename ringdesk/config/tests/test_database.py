"""The tests' own ground, a real PostgreSQL, and how its tables are made."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connection

from ringdesk.config.tests.process import PACKAGES, environment
from ringdesk.core.database import conninfo

SHAPE = (
    "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, "
    "generation_expression, is_identity FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "SELECT sequencename, start_value, increment_by FROM pg_sequences",
    "SELECT app, name FROM django_migrations",
    "SELECT codename, name FROM auth_permission",
)


@pytest.mark.django_db
def test_tests_run_on_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int >= 150000")
        assert cursor.fetchone() == (True,)


def seen_by_tests(environ: dict[str, str]) -> dict[str, str]:
    """The environment as a test process that starts in this one makes it, for itself and its workers."""
    code = "import json, os; import ringdesk.config.tests.database; print(json.dumps(dict(os.environ)))"
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    seen: dict[str, str] = json.loads(done.stdout)
    return seen


def test_every_worker_uses_the_server_that_was_given(tmp_path: Path) -> None:
    given = "postgres://somebody@192.0.2.1/ringdesk"
    first = seen_by_tests(environment(TMPDIR=str(tmp_path), PYTHONPATH=PACKAGES, DATABASE_URL=given))
    worker = seen_by_tests(first)
    assert (first["DATABASE_URL"], worker["DATABASE_URL"]) == (given, given)
    assert worker["RINGDESK_DATA"] != first["RINGDESK_DATA"]


def test_every_worker_has_a_server_of_its_own_otherwise(tmp_path: Path) -> None:
    first = seen_by_tests(environment(TMPDIR=str(tmp_path), PYTHONPATH=PACKAGES))
    worker = seen_by_tests(first)
    assert worker["DATABASE_URL"] != first["DATABASE_URL"]


@pytest.fixture
def empty() -> Iterator[str]:
    """The address of a database with nothing in it."""
    name = f"{connection.settings_dict['NAME']}_empty"
    with psycopg.connect(**conninfo(), autocommit=True) as link:
        link.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    with psycopg.connect(**conninfo(), autocommit=True) as link:
        link.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.django_db
def test_an_empty_database_becomes_what_django_alone_makes_of_it(empty: str) -> None:
    command = "from ringdesk.config import database; database.set_up(); database.migrate(print)"
    subprocess.run([sys.executable, "-c", command], env={**os.environ, "DATABASE_URL": empty}, check=True, timeout=240)
    with psycopg.connect(empty) as ours, connection.cursor() as djangos:
        for question in SHAPE:
            djangos.execute(question)
            wanted = sorted(map(repr, djangos.fetchall()))
            assert len(wanted) > 0
            assert sorted(map(repr, ours.execute(question).fetchall())) == wanted
