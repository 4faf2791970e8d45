"""Recorded requests of sources, from the fixtures of their folders, and links to parse them with."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ringdesk.telephony import connectors
from ringdesk.telephony.connectors.base import Link, Request

NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
LINK = Link(1, 1, "", True, 1, "RU", 300, extensions={"100": 1, "101": 2})
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def link(kind: str, **values: Any) -> Link:
    """Return a link of this kind with extensions 100 and 101."""
    return replace(LINK, kind=kind, **values)


def lines(kind: str, name: str) -> list[str]:
    """Return the lines of a fixture."""
    path = Path(connectors.__file__).parent / kind / "fixtures" / name
    return path.read_text(encoding="utf-8").splitlines()


def posted(kind: str, name: str, **values: Any) -> list[Request]:
    """Return the requests of a fixture that holds one body a line: JSON in .jsonl, forms in .txt."""
    content_type = JSON if name.endswith(".jsonl") else FORM
    return [Request("POST", "", {}, content_type, line.encode(), **values) for line in lines(kind, name)]
