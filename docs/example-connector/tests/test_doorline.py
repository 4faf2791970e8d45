"""A connector is tested by what its PBX really sends: bytes in, events out. No database is needed."""

from datetime import UTC, datetime

import pytest
from ringdesk_doorline import Doorline

from ringdesk.telephony.call_events import CallEvent, Direction, Kind
from ringdesk.telephony.connectors.base import Link, Malformed, Refused, Request

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LINK = Link(1, 1, "doorline", True, None, "RU", 300)
RING = b'{"what": "ring", "call": "a7", "from": "8 923 000-00-01", "to": "100", "did": "3333333", "time": 1795251947}'


def sent(body: bytes, **headers: str) -> Request:
    return Request("POST", "", {}, "application/json", body, headers)


def test_a_ringing_call() -> None:
    assert Doorline().parse(sent(RING), LINK, NOW).events == (
        CallEvent(
            Kind.RINGING, "a7", Direction.IN, "+79230000001", "100", line="3333333",
            at=datetime.fromtimestamp(1795251947, UTC),
        ),
    )  # fmt: skip


def test_what_is_missing_is_refused() -> None:
    with pytest.raises(Malformed):
        Doorline().parse(sent(b'{"what": "ring"}'), LINK, NOW)


def test_a_wrong_password_is_refused() -> None:
    link = Link(1, 1, "doorline", True, None, "RU", 300, secrets={"password": "right"})
    with pytest.raises(Refused):
        Doorline().parse(sent(RING, **{"x-doorline": "wrong"}), link, NOW)
