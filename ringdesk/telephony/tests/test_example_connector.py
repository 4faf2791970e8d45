"""docs/example-connector, installed as its pyproject says, takes a call; docs/connectors.md shows its very code."""

import importlib
import inspect
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from ringdesk.config.tests.desk import Desk
from ringdesk.telephony import links, rehearsal
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Course
from ringdesk.telephony.models import Call
from ringdesk.telephony.tests.conftest import Place
from ringdesk.telephony.tests.past import NOON

DOCS = Path(__file__).resolve().parents[3] / "docs"
EXAMPLE = DOCS / "example-connector"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example beside Ringdesk, as an installer leaves it: importable, with its entry points written down."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    written = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    written.mkdir()
    (written / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = project["entry-points"]["ringdesk.connectors"]
    lines = [f"{name} = {target}" for name, target in points.items()]
    (written / "entry_points.txt").write_text("[ringdesk.connectors]\n" + "\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(EXAMPLE)
    registry.cache_clear()
    yield
    registry.cache_clear()
    sys.modules.pop("ringdesk_doorline", None)
    importlib.invalidate_caches()


def test_it_takes_a_call(installed: None, desk: Desk, place: Place) -> None:
    connector = links.create(place.organization, "doorline", "Doorline", place.branch)
    said = {"call": "a7", "from": "8 923 000-00-01", "to": "100", "did": "3333333"}
    for what in ("ring", "answer", "end"):
        answer = desk.post(place.path(connector), json=said | {"what": what, "talked": "yes"})
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    call = Call.objects.get()
    assert (call.connector, call.result, call.phone, call.line, call.extension) == (
        connector, "answered", "+79230000001", "3333333", "100",
    )  # fmt: skip
    assert desk.post(place.path(connector), json={"what": "?"}).status_code == 400


def test_its_test_call_and_its_instructions_work(installed: None, place: Place) -> None:
    connector = links.create(place.organization, "doorline", "Doorline", place.branch)
    rehearsal.place(connector, Course.MISSED, "+79230000001", NOON)
    assert Call.objects.get().result == "missed"
    folder = registry()["doorline"].folder()
    assert all("{{ address }}" in (folder / f"SETUP.{language}.md").read_text() for language in ("en", "ru"))


def test_its_own_tests_pass(installed: None) -> None:
    path = EXAMPLE / "tests" / "test_doorline.py"
    spec = spec_from_file_location("example_tests", path)
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    tests = [test for name, test in inspect.getmembers(module, inspect.isfunction) if name.startswith("test_")]
    for test in tests:
        test()
    assert len(tests) == 3


def test_the_guide_shows_the_code_that_runs() -> None:
    guide = (DOCS / "connectors.md").read_text()
    for file in ("pyproject.toml", "ringdesk_doorline/__init__.py"):
        assert (EXAMPLE / file).read_text() in guide
