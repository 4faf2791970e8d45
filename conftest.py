"""What every test may ask for."""

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is; the first one also makes hypothesis' table of characters.
settings.register_profile("ringdesk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ringdesk")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, postgres_server: None) -> None:
    """Before pytest-django makes the test database, the server must run."""


pytest_plugins = ["ringdesk.config.tests.desk"]
