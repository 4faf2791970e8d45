"""The project as Django sees it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command


def test_nothing_is_configured_wrongly() -> None:
    call_command("check", fail_level="WARNING")


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ({}, ["*"]),
        (
            {"RINGDESK_PUBLIC_URL": "https://desk.example.org:8443/"},
            ["desk.example.org", "localhost", "127.0.0.1", "[::1]"],
        ),
        ({"RINGDESK_PUBLIC_URL": "https://desk.example.org", "RINGDESK_HOSTS": "a.example,b.example"},
         ["a.example", "b.example"]),
    ],
)  # fmt: skip
def test_which_hosts_are_answered(tmp_path: Path, given: dict[str, str], hosts: list[str]) -> None:
    unset = {"RINGDESK_PUBLIC_URL", "RINGDESK_HOSTS"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    code = "import json; from ringdesk.config import settings; print(json.dumps(settings.ALLOWED_HOSTS))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"RINGDESK_DATA": str(tmp_path)} | given,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == hosts
