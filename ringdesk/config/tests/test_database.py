"""The tests' own ground: a real PostgreSQL."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_tests_run_on_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int >= 150000")
        assert cursor.fetchone() == (True,)
