from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.live.protocol import Listener, Resume, Said, frame, understand


def test_a_frame_reads_as_documented() -> None:
    at = datetime(2026, 11, 21, 9, 15, 0, 123456, tzinfo=UTC)
    assert frame(1051, "popup.closed", at, {}, {"popup": {"id": 3}}).text == (
        '{"id":1051,"type":"popup.closed","at":"2026-11-21T09:15:00.123Z","popup":{"id":3}}'
    )


def heard(listener: Listener, type: str = "call.ringing", **audience: Any) -> bool:
    return listener.hears(frame(1, type, datetime(2026, 11, 21, tzinfo=UTC), audience, {}))


def test_who_hears_what() -> None:
    everybody = Listener(1, {"calls", "reservations"}, member_id=7)
    assert heard(everybody, branch=3, extensions=["100"])
    assert not heard(everybody, type="order.changed")
    assert not heard(everybody, type="unheard.of")
    assert heard(everybody, type="popup.closed", member=7)
    assert not heard(everybody, type="popup.closed", member=8)
    limited = Listener(1, {"calls"}, branches=frozenset({3}))
    assert heard(limited, branch=3) and heard(limited) and not heard(limited, branch=4)
    till = Listener(1, {"calls", "orders"}, extension="100")
    assert heard(till, extensions=["100", "101"]) and not heard(till, extensions=["101"])
    assert heard(till, type="order.changed")


@given(st.text(max_size=200))
def test_whatever_is_said_is_understood_or_passed_over(text: str) -> None:
    assert isinstance(understand(text), Resume | Said | None)


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ('{"type":"resume","after":17}', Resume(17)),
        ('{"type":"resume","after":"17"}', Resume(17)),
        ('{"type":"resume","after":-1}', None),
        ('{"type":"resume","after":true}', None),
        ('{"type":"resume"}', None),
        ('{"type":"shown","popup":3}', Said("shown", {"type": "shown", "popup": 3})),
        ("[]", None),
        ("nonsense", None),
    ],
)
def test_what_a_client_may_say(text: str, understood: object) -> None:
    assert understand(text) == understood
