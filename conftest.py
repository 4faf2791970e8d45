"""What every test may ask for."""

import pytest


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, postgres_server: None) -> None:
    """Before pytest-django makes the test database, the server must run."""


pytest_plugins = ["ringdesk.config.tests.desk"]
