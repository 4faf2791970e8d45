"""Two hostesses press Save at once."""

from collections.abc import Callable
from functools import partial

import pytest

from ringdesk.hall import reservations
from ringdesk.hall.models import Reservation
from ringdesk.hall.problems import TableTaken
from ringdesk.hall.tests.conftest import Restaurant
from ringdesk.live.models import LiveEvent
from ringdesk.scheduling.tests.racing import at_once

CLIENTS = 8
pytestmark = pytest.mark.django_db(transaction=True)


def test_one_of_eight_gets_the_joined_tables_and_the_others_learn_who_it_was(ours: Restaurant) -> None:
    owner = ours.owner

    def job(number: int) -> Callable[[], object]:
        tables = ("1", "2") if number % 2 else ("2", "3")
        wish = ours.wish(19, 21, *tables, guests=6, phone=f"+7923000000{number}", guest_name=f"Guest {number}")
        return lambda: reservations.book(ours.branch, wish, by=owner)

    results = at_once([job(number) for number in range(CLIENTS)])
    winner = Reservation.objects.get()
    refused = [result for result in results if isinstance(result, TableTaken)]
    assert len(refused) == CLIENTS - 1
    assert {error.in_the_way[0].title for error in refused} == {winner.guest_name}
    assert winner in results
    assert LiveEvent.objects.count() == 1


def test_eight_moves_to_one_table_end_with_one_there(ours: Restaurant) -> None:
    made = [ours.book(10 + number, 11 + number, "1") for number in range(CLIENTS)]
    owner, goal = ours.owner, [ours.tables["T"].pk]
    jobs = [partial(reservations.move, each, span=ours.at(19, 21), table_ids=goal, by=owner) for each in made]
    results = at_once(jobs)
    assert sum(isinstance(result, TableTaken) for result in results) == CLIENTS - 1
    assert Reservation.objects.filter(tables=goal[0]).count() == 1


def test_of_two_changes_of_one_version_one_is_stale(ours: Restaurant) -> None:
    made = ours.book(19, 21, "1")
    owner = ours.owner
    jobs = [partial(reservations.set_course, made, course, by=owner, version=1) for course in ("arrived", "cancelled")]
    results = at_once(jobs)
    assert sorted(type(result).__name__ for result in results) == ["Reservation", "Stale"]
    assert Reservation.objects.get().version == 2
