"""Lengths of time, written and read."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.booking import lengths
from ringdesk.booking.ordering import moved


@given(st.integers(0, lengths.LONGEST), st.sampled_from(["en", "ru"]))
def test_what_is_written_is_read_back(length: int, language: str) -> None:
    with translation.override(language):
        assert lengths.minutes(lengths.written(length)) == length


@given(st.text(max_size=30))
def test_any_text_is_a_length_or_none(text: str) -> None:
    found = lengths.minutes(text)
    assert found is None or 0 <= found <= lengths.LONGEST


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90", 90), ("1:30", 90), ("01:30:00", 90), ("1 ч 30 мин", 90), ("1ч30м", 90), ("1,5 часа", 90),
        ("2 Days", 2880), ("1 д.", 1440), ("45 мин.", 45), ("0", 0), ("", None), ("soon", None), ("1:75", None),
        ("5 parsecs", None), ("-5", None), ("1 h and", None), ("²", None), ("0.0001", None),
    ],
)  # fmt: skip
def test_as_people_write_them(text: str, length: int | None) -> None:
    assert lengths.minutes(text) == length


@given(st.lists(st.integers(1, 3), min_size=1, max_size=12), st.data(), st.integers(-20, 20))
def test_one_moves_and_the_others_keep_their_order(groups: list[int], data: st.DataObject, by: int) -> None:
    order = list(enumerate(groups))
    id = data.draw(st.sampled_from(range(len(groups))))
    found = moved(order, id, by, is_grouped=False)
    assert found.index(id) == min(max(id + by, 0), len(order) - 1)
    assert [each for each in found if each != id] == [each for each, _group in order if each != id]
    within = [each for each in moved(order, id, by, is_grouped=True) if groups[each] == groups[id]]
    alone = [each for each, group in order if group == groups[id]]
    assert within.index(id) == min(max(alone.index(id) + by, 0), len(alone) - 1)
