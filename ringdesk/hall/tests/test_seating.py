"""Which tables suit a party."""

from hypothesis import given
from hypothesis import strategies as st

from ringdesk.hall import seating
from ringdesk.hall.seating import Place


def place(number: int, seats: int, hall: int = 1) -> Place:
    return Place(number, str(number), seats, hall, number)


PLACES = st.lists(st.tuples(st.integers(1, 10), st.integers(1, 2)), max_size=10).map(
    lambda rows: [place(number, seats, hall) for number, (seats, hall) in enumerate(rows)]
)


@given(places=PLACES, guests=st.integers(1, 30))
def test_joined_tables_are_enough_none_is_superfluous_and_all_stand_in_one_hall(
    places: list[Place], guests: int
) -> None:
    for group in seating.joined(places, guests):
        seats = [each.seats for each in group]
        assert 2 <= len(group) <= seating.MOST_JOINED
        assert sum(seats) >= guests
        assert sum(seats) - min(seats) < guests
        assert len({each.hall_id for each in group}) == 1
        assert len({each.id for each in group}) == len(group)


@given(places=PLACES, guests=st.integers(1, 30))
def test_what_fits_comes_first_the_tightest_in_front(places: list[Place], guests: int) -> None:
    ordered = seating.by_fit(places, guests)
    assert sorted(each.id for each in ordered) == [each.id for each in places]
    fitting = [each.seats for each in ordered if each.seats >= guests]
    small = [each.seats for each in ordered if each.seats < guests]
    assert [each.seats for each in ordered] == fitting + small
    assert fitting == sorted(fitting)
    assert small == sorted(small, reverse=True)


def test_neighbours_with_few_spare_seats_are_offered_first() -> None:
    tables = [place(1, 2), place(2, 4), place(3, 4), place(4, 2), place(5, 4)]
    assert [[each.id for each in group] for group in seating.joined(tables, 6)] == [[1, 2], [3, 4], [4, 5]]


def test_a_single_table_that_fits_is_not_joined() -> None:
    assert seating.joined([place(1, 8), place(2, 8)], 6) == []


def test_four_tables_are_joined_when_fewer_are_not_enough() -> None:
    tables = [place(number, 2) for number in range(5)]
    assert [[each.id for each in group] for group in seating.joined(tables, 8)] == [[0, 1, 2, 3], [1, 2, 3, 4]]
