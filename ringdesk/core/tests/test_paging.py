import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.core import paging
from ringdesk.core.problems import Invalid


@given(
    st.lists(st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"]), max_size=50), max_size=3)
)
def test_a_cursor_says_what_it_was_made_of(values: list[int | str]) -> None:
    assert paging.decode(paging.encode(values)) == values


@given(st.text(max_size=600))
def test_anything_else_is_refused_or_read(cursor: str) -> None:
    try:
        values = paging.decode(cursor)
    except Invalid as error:
        assert error.field == "after"
    else:
        assert isinstance(values, list)


@pytest.mark.parametrize("cursor", ["", "!", "bnVsbA", "W251bGxd", "WzEuNV0", "W1tdXQ"])
def test_no_cursors(cursor: str) -> None:
    with pytest.raises(Invalid):
        paging.decode(cursor)
