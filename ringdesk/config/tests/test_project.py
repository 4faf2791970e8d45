"""The project as Django sees it."""

import pytest
from django.core.management import call_command


def test_nothing_is_configured_wrongly() -> None:
    call_command("check", fail_level="WARNING")


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
