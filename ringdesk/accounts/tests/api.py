"""A program that speaks to the HTTP API with a token, for the tests of every room."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from django.test import Client as Browser

from ringdesk.accounts import tokens
from ringdesk.accounts.access import SCOPES
from ringdesk.accounts.models import Organization


@dataclass(frozen=True)
class Answer:
    """What came back: status, JSON, headers."""

    status: int
    json: Any
    headers: dict[str, str]

    @property
    def problem(self) -> str:
        """Return the last word of a problem's type; "" where the answer is none."""
        is_problem = self.headers["Content-Type"] == "application/problem+json"
        return str(self.json["type"]).rpartition(":")[2] if is_problem else ""


@dataclass(frozen=True)
class Program:
    """Sends requests with a token (none with "")."""

    token: str
    headers: dict[str, str] = field(default_factory=lambda: {"Accept-Language": "en"})

    def send(self, method: str, path: str, body: Any = None, raw: bytes | None = None, **headers: Any) -> Answer:
        """Send; ``headers`` by name with underscores (If_Match)."""
        said = self.headers | {name.replace("_", "-"): value for name, value in headers.items()} | self._bearer()
        data = raw if raw is not None else b"" if body is None else orjson.dumps(body)
        return _answer(Browser(headers=said).generic(method, f"/api/v1/{path}", data, "application/json"))

    def get(self, path: str, **query: Any) -> Answer:
        return _answer(Browser(headers=self.headers | self._bearer()).get(f"/api/v1/{path}", query))

    def post(self, path: str, body: Any = None, **headers: Any) -> Answer:
        return self.send("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: Any) -> Answer:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: Any) -> Answer:
        return self.send("DELETE", path, **headers)

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def program(organization: Organization, *scopes: str) -> Program:
    """Return a program of the organization with these scopes, all of them unless told."""
    _token, plain = tokens.issue(organization, name="test", scopes=scopes or SCOPES, by=None)
    return Program(plain)


def _answer(answer: Any) -> Answer:
    is_json = "json" in answer.headers.get("Content-Type", "") and answer.content
    return Answer(answer.status_code, orjson.loads(answer.content) if is_json else None, dict(answer.headers))
