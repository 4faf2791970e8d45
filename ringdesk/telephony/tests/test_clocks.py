from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.telephony.clocks import HALF_A_DAY, correction

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "corrected"), [(0, False), (704, False), (705, True), (720, True), (735, True), (736, False)]
)
def test_only_twelve_hours_give_or_take_a_quarter_are_corrected(minutes: int, corrected: bool) -> None:
    expected = HALF_A_DAY if corrected else timedelta(0)
    assert correction(NOON, NOON + timedelta(minutes=minutes)) == expected


def test_an_end_that_was_not_told_is_not_corrected() -> None:
    assert correction(None, NOON) == timedelta(0)


@given(st.integers(-900, 900))
def test_a_corrected_end_fits_its_arrival(seconds: int) -> None:
    arrived_at = NOON + HALF_A_DAY + timedelta(seconds=seconds)
    assert abs(NOON + correction(NOON, arrived_at) - arrived_at) <= timedelta(minutes=15)
