"""Notifications as the vendor documents them (``recorded/``), signed with a key of the test's own."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ringdesk.telephony.connectors.base import Link, Request
from ringdesk.telephony.connectors.mango import signing
from ringdesk.telephony.fold import CallState, Received, fold

FOLDER = Path(__file__).parent.parent / "recorded"
START = datetime.fromtimestamp(1795253000, UTC)
SECRETS = {"api_key": "code-of-the-pbx", "api_salt": "key-for-signatures"}
FORM = "application/x-www-form-urlencoded"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def link(**changes: Any) -> Link:
    values: dict[str, Any] = {
        "id": 1,
        "organization_id": 1,
        "kind": "mango",
        "is_active": True,
        "branch_id": 1,
        "region": "RU",
        "popup_seconds": 300,
        "secrets": SECRETS,
        "extensions": {"100": 1, "101": 2, "102": 3},
    }
    return Link(**values | changes)


def read(name: str) -> list[tuple[str, dict[str, Any]]]:
    return [(path, shape) for path, shape in json.loads((FOLDER / f"{name}.json").read_text())]


def request(path: str, shape: Any, secrets: dict[str, str] = SECRETS) -> Request:
    return Request("POST", path, {}, FORM, signing.body(shape, secrets))


def received(name: str, pbx: Link | None = None) -> list[Received]:
    """Return every event of a recorded call, as if it had come the moment it happened."""
    from ringdesk.telephony.connectors.mango.parse import parse

    facts = []
    for path, shape in read(name):
        at = START + timedelta(seconds=int(shape.get("timestamp", 1795253100)) - 1795253000)
        facts += [Received(event, at) for event in parse(request(path, shape), pbx or link(), at).events]
    return facts


def after(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def folded(name: str) -> CallState:
    return fold(received(name))
