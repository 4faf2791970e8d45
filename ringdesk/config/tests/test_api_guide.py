"""docs/api.md: every example is sent as written, and answered as written."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ringdesk.accounts import organizations
from ringdesk.accounts.models import User
from ringdesk.accounts.tests.api import program
from ringdesk.config.tests.desk import Desk
from ringdesk.hall.models import Table

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "api.md"
_BLOCK = re.compile(r"```(sh|json)\n(.*?)```", re.DOTALL)
_VARIABLE = re.compile(r"\$([A-Z]+)")
# What differs from one installation to another; an answer shows that it is there.
_OURS = frozenset({"id", "branch_id", "client_id", "table_ids", "version_id"})


@dataclass
class Request:
    """One curl command."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None


def test_the_examples_run(desk: Desk) -> None:
    variables = _prepare() | {"RINGDESK": desk.base_url}
    expected: list[Any] = []
    answer = httpx.Response(204)
    for kind, text in _BLOCK.findall(GUIDE.read_text()):
        if kind == "json":
            assert _same(json.loads(text), answer.json()), (text, answer.text)
            expected.append(text)
            continue
        for command in _commands(text):
            answer = _send(_read(_filled(command, variables)))
            variables |= _made(answer)
            assert answer.status_code < 300 or _shows_problem(text), (command, answer.text)
    assert len(expected) == 9


def _prepare() -> dict[str, str]:
    owner = User.objects.create_user("owner@quay.example", name="Olga")
    organization = organizations.create_organization("Quay", owner, language="en", slug="quay")
    table = Table.objects.for_org(organization).get(name="1")
    return {"TOKEN": program(organization).token, "TABLE": str(table.pk)}


def _commands(text: str) -> list[str]:
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def _read(command: str) -> Request:
    words = iter(shlex.split(command)[1:])
    request = Request("GET", "", {"Accept-Language": "en"}, None)
    for word in words:
        if word == "-X":
            request.method = next(words)
        elif word == "-H":
            name, value = next(words).split(": ", 1)
            request.headers[name] = value.replace("…", "")
        elif word == "-d":
            request.body = next(words)
        else:
            request.url = word
    return request


def _send(request: Request) -> httpx.Response:
    return httpx.request(request.method, request.url, headers=request.headers, content=request.body, timeout=15)


def _made(answer: httpx.Response) -> dict[str, str]:
    """Return the variable that the guide uses for what this answer has made."""
    if answer.status_code != 201:
        return {}
    resource = answer.headers["Location"].split("/")[-2]
    return {resource.removesuffix("s").upper(): str(answer.json()["id"])}


def _filled(command: str, variables: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables[found[1]], command)


def _shows_problem(text: str) -> bool:
    """Tell whether the guide means this example to be refused."""
    guide = GUIDE.read_text()
    after = guide[guide.index(text) + len(text) :]
    return after.startswith('```\n```json\n{"type": "urn:ringdesk:problem:')


def _same(written: Any, said: Any) -> bool:
    """Tell whether the answer is what the guide shows; “…” and our own ids stand for anything."""
    if written == "…":
        return True
    if isinstance(written, dict) and isinstance(said, dict):
        return written.keys() == said.keys() and all(
            key in _OURS or _same(value, said[key]) for key, value in written.items()
        )
    if isinstance(written, list) and isinstance(said, list):
        return len(written) == len(said) and all(map(_same, written, said))
    return bool(written == said)
