"""Many at once, on the real server: nobody gets what another has, nobody is left in a deadlock."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from ringdesk.core.intervals import Span
from ringdesk.scheduling import occupancy
from ringdesk.scheduling.models import Claim, Occupancy
from ringdesk.scheduling.occupancy import Contended, Taken
from ringdesk.scheduling.tests.conftest import DAY, at
from ringdesk.scheduling.tests.racing import at_once
from ringdesk.scheduling.tests.test_occupancy import overlaps

CLIENTS = 8
pytestmark = pytest.mark.django_db(transaction=True)


def test_one_of_eight_gets_the_table(organization: int, resources: list[int]) -> None:
    results = at_once([partial(occupancy.take, organization, "reservation", resources[:1], at(19, 21))] * CLIENTS)
    refused = [result for result in results if isinstance(result, Taken)]
    winner = Claim.objects.get()
    assert len(refused) == CLIENTS - 1
    assert winner in results
    assert {tuple(error.claims) for error in refused} == {(winner.pk,)}


def test_eight_clients_join_three_of_four_tables(organization: int, resources: list[int]) -> None:
    outcomes: Counter[str] = Counter()

    def client(seed: int) -> Callable[[], None]:
        dice = random.Random(seed)

        def run() -> None:
            mine: list[Claim] = []
            for _ in range(25):
                start = DAY + timedelta(minutes=15 * dice.randrange(40))
                span = Span(start, start + timedelta(minutes=15 * dice.randrange(1, 5)))
                joined = dice.sample(resources, 3)
                verb = dice.choice(["take", "take", "move", "release", "retake"]) if mine else "take"
                try:
                    if verb == "take":
                        mine.append(occupancy.take(organization, "reservation", joined, span))
                    elif verb == "move":
                        occupancy.move(dice.choice(mine), joined, span)
                    elif verb == "release":
                        occupancy.release(dice.choice(mine))
                    else:
                        occupancy.retake(dice.choice(mine))
                    outcomes[verb] += 1
                except Taken:
                    outcomes["taken"] += 1

        return run

    assert at_once([client(seed) for seed in range(CLIENTS)]) == [None] * CLIENTS
    assert overlaps() == 0
    assert sum(outcomes.values()) == CLIENTS * 25
    assert outcomes["taken"] > 0
    assert outcomes["take"] == Claim.objects.count()


def test_crossing_transactions_are_answered_in_our_words(organization: int, resources: list[int]) -> None:
    """Two callers that take one after the other, crosswise, inside transactions of their own, must deadlock."""
    both_hold_one = threading.Barrier(2)

    def crosswise(first: int, second: int) -> Callable[[], None]:
        def run() -> None:
            with transaction.atomic():
                occupancy.take(organization, "reservation", [first], at(19, 21))
                both_hold_one.wait(10)
                occupancy.take(organization, "reservation", [second], at(12, 13))

        return run

    results = at_once([crosswise(resources[0], resources[1]), crosswise(resources[1], resources[0])])
    raised = [result for result in results if result is not None]
    assert [type(error) for error in raised] in ([], [Contended])
    assert overlaps() == 0
    assert Occupancy.objects.count() == 4 - 2 * len(raised)
