"""pytest plugin: a PostgreSQL of its own for every test process, started when the first test needs it.

Loaded with ``-p`` before Django reads its settings, so that they see the address. With DATABASE_URL set
the tests use that server instead; Django makes its own ``test_…`` database there.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ringdesk.config.postgres import Cluster

# Set beside our DATABASE_URL, never beside the user's: the workers of pytest-xdist inherit both variables, and this
# one tells them that the address is of the process they came from, and that they need a server of their own.
MARK = "RINGDESK_TEST_FOLDER"

_folder = Path(tempfile.mkdtemp(prefix="ringdesk-test-"))
_cluster: Cluster | None = None
if "DATABASE_URL" not in os.environ or MARK in os.environ:
    _cluster = Cluster(_folder, durable=False)
    os.environ["DATABASE_URL"] = _cluster.url
    os.environ[MARK] = str(_folder)
os.environ["RINGDESK_DATA"] = str(_folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[None]:
    """The server at DATABASE_URL runs from here to the end of the session."""
    if _cluster is None:
        yield
        return
    _cluster.start()
    try:
        yield
    finally:
        _cluster.stop(5)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Also after Ctrl-C and after an error that skipped the fixture's end."""
    if _cluster is not None:
        _cluster.stop(5)
    shutil.rmtree(_folder, ignore_errors=True)
