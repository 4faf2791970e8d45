"""Taking, moving, releasing: one claim at a time on one resource, and a refusal that breaks nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringdesk.core.intervals import Span
from ringdesk.core.problems import Invalid, NotFound
from ringdesk.scheduling import occupancy
from ringdesk.scheduling.models import Claim, Occupancy, Resource
from ringdesk.scheduling.occupancy import Taken
from ringdesk.scheduling.tests.conftest import DAY, at, make_branch, make_resources

pytestmark = pytest.mark.django_db


def held(claim: Claim) -> list[tuple[int, Span, bool]]:
    rows = claim.occupancies.order_by("resource_id")
    return [(row.resource_id, Span(row.during.lower, row.during.upper), row.active) for row in rows]


def test_several_resources_are_taken_as_one(organization: int, resources: list[int]) -> None:
    claim = occupancy.take(organization, "reservation", [resources[2], resources[0]], at(19, 21))
    assert held(claim) == [(resources[0], at(19, 21), True), (resources[2], at(19, 21), True)]


def test_no_resource_is_a_claim_without_rows(organization: int) -> None:
    assert held(occupancy.take(organization, "reservation", [], at(19, 21))) == []


def test_an_overlap_is_refused_and_names_who_is_in_the_way(organization: int, resources: list[int]) -> None:
    first = occupancy.take(organization, "reservation", [resources[0]], at(18, 20))
    second = occupancy.take(organization, "reservation", [resources[1]], at(20, 22))
    with pytest.raises(Taken) as refused:
        occupancy.take(organization, "reservation", resources, at(19, 21))
    assert refused.value.claims == [first.pk, second.pk]
    assert Claim.objects.for_org(organization).count() == 2
    assert Occupancy.objects.for_org(organization).count() == 2


def test_touching_spans_stand_side_by_side(organization: int, resources: list[int]) -> None:
    occupancy.take(organization, "reservation", [resources[0]], at(18, 20))
    occupancy.take(organization, "reservation", [resources[0]], at(20, 21))
    assert Occupancy.objects.for_org(organization).count() == 2


def test_a_refusal_keeps_what_the_caller_did_before(organization: int, resources: list[int]) -> None:
    occupancy.take(organization, "reservation", [resources[0]], at(18, 20))
    with transaction.atomic():
        Resource.objects.filter(pk=resources[3]).update(kind="room")
        with pytest.raises(Taken):
            occupancy.take(organization, "reservation", [resources[0]], at(19, 21))
        Resource.objects.filter(pk=resources[2]).update(kind="room")
    assert Resource.objects.filter(kind="room").count() == 2


def test_a_move_that_is_refused_keeps_the_old_place(organization: int, resources: list[int]) -> None:
    first = occupancy.take(organization, "reservation", [resources[0]], at(18, 20))
    second = occupancy.take(organization, "reservation", [resources[1]], at(18, 20))
    with pytest.raises(Taken) as refused:
        occupancy.move(second, resources[:2], at(19, 21))
    assert refused.value.claims == [first.pk]
    assert held(second) == [(resources[1], at(18, 20), True)]
    occupancy.move(first, [resources[0], resources[2]], at(18.5, 19))
    assert held(first) == [(resources[0], at(18.5, 19), True), (resources[2], at(18.5, 19), True)]


def test_released_time_is_free_and_is_retaken_or_refused(organization: int, resources: list[int]) -> None:
    first = occupancy.take(organization, "reservation", resources[:2], at(18, 20))
    occupancy.release(first)
    second = occupancy.take(organization, "reservation", [resources[1]], at(19, 21))
    with pytest.raises(Taken) as refused:
        occupancy.retake(first)
    assert refused.value.claims == [second.pk]
    assert [active for *_place, active in held(first)] == [False, False]
    occupancy.release(second)
    occupancy.retake(first)
    assert [active for *_place, active in held(first)] == [True, True]


def test_a_hold_counts_until_it_expires(organization: int, resources: list[int]) -> None:
    now = timezone.now()
    hold = occupancy.take(organization, "hold", [resources[0]], at(18, 20), expires_at=now + timedelta(minutes=5))
    with pytest.raises(Taken):
        occupancy.take(organization, "reservation", [resources[0]], at(19, 21))
    hold.occupancies.update(expires_at=now - timedelta(seconds=1))
    assert occupancy.busy(organization, resources, at(0, 24)) == []
    claim = occupancy.take(organization, "reservation", [resources[0]], at(19, 21))
    assert held(hold) == []
    with pytest.raises(Taken) as refused:
        occupancy.move(hold, [resources[0]], at(18, 20))
    assert refused.value.claims == [claim.pk]


def test_a_hold_becomes_lasting_by_a_move(organization: int, resources: list[int]) -> None:
    until = timezone.now() + timedelta(minutes=5)
    hold = occupancy.take(organization, "hold", [resources[0]], at(18, 20), expires_at=until)
    occupancy.move(hold, [resources[0]], at(18, 20))
    assert list(hold.occupancies.values_list("expires_at", flat=True)) == [None]


def test_another_organizations_resource_is_not_there(organization: int, resources: list[int]) -> None:
    theirs = make_resources(make_branch("theirs"), 1)
    with pytest.raises(NotFound):
        occupancy.take(organization, "reservation", [resources[0], *theirs], at(18, 20))
    assert Occupancy.objects.count() == 0
    assert occupancy.busy(organization, theirs, at(0, 24)) == []


def test_an_end_before_the_start_is_refused(organization: int, resources: list[int]) -> None:
    with pytest.raises(Invalid):
        occupancy.take(organization, "reservation", [resources[0]], at(20, 20))


def test_the_database_refuses_a_writer_that_asks_for_no_lock(organization: int, resources: list[int]) -> None:
    claim = occupancy.take(organization, "reservation", [resources[0]], at(18, 20))
    sneaking = Occupancy(
        organization_id=organization, resource_id=resources[0], claim=claim, during=(at(19, 21).start, at(19, 21).end)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        sneaking.save(force_insert=True)


def test_busy_tells_what_is_taken_within_the_span(organization: int, resources: list[int]) -> None:
    until = timezone.now() + timedelta(minutes=5)
    first = occupancy.take(organization, "reservation", resources[:2], at(18, 20))
    hold = occupancy.take(organization, "hold", [resources[0]], at(20, 21), expires_at=until)
    occupancy.release(occupancy.take(organization, "reservation", [resources[2]], at(18, 20)))
    assert occupancy.busy(organization, resources[:3], at(19, 20.5)) == [
        (resources[0], first.pk, *at(18, 20), None),
        (resources[0], hold.pk, *at(20, 21), until),
        (resources[1], first.pk, *at(18, 20), None),
    ]
    assert occupancy.busy(organization, [resources[1]], at(19, 20.5)) == [(resources[1], first.pk, *at(18, 20), None)]


def test_every_resource_touched_is_locked_until_the_commit(organization: int, resources: list[int]) -> None:
    def locked() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT (classid::bigint << 32) + objid::bigint FROM pg_locks WHERE locktype = 'advisory'")
            return sorted(row[0] - occupancy.LOCK_CLASS for row in cursor.fetchall())

    with transaction.atomic():
        claim = occupancy.take(organization, "reservation", resources[2:0:-1], at(19, 21))
        assert locked() == resources[1:3]
        occupancy.move(claim, resources[:1], at(19, 21))
        assert locked() == resources[:3]


def overlaps() -> int:
    """Count the pairs of active rows that hold one resource at one time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM scheduling_occupancy a JOIN scheduling_occupancy b "
            "ON a.resource_id = b.resource_id AND a.id < b.id AND a.during && b.during AND a.active AND b.active"
        )
        return int(cursor.fetchone()[0])


WHERE = st.tuples(st.sets(st.integers(0, 3), max_size=3), st.integers(0, 10), st.integers(1, 4))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(0, 5), WHERE),
        st.tuples(st.just("move"), st.integers(0, 5), WHERE),
        st.tuples(st.just("release"), st.integers(0, 5), WHERE),
        st.tuples(st.just("retake"), st.integers(0, 5), WHERE),
    ),
    max_size=20,
)


class Paper:
    """The same rule on paper: who has which hours of which place, and who has given them back."""

    def __init__(self) -> None:
        self.places: dict[int, tuple[frozenset[int], int, int]] = {}
        self.released: set[int] = set()

    def in_the_way(self, who: int, places: frozenset[int], start: int, end: int) -> set[int]:
        return {
            other
            for other, (theirs, from_, to) in self.places.items()
            if other != who and other not in self.released and theirs & places and from_ < end and start < to
        }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_history_reads_as_on_paper(organization: int, resources: list[int], steps: list[tuple]) -> None:  # type: ignore[type-arg]
    paper = Paper()
    claims: dict[int, Claim] = {}
    with transaction.atomic():
        for verb, who, (places, start, length) in steps:
            wanted = (frozenset(places), start, start + length)
            act: Callable[[], object]
            ids = [resources[place] for place in places]
            span = Span(DAY + timedelta(hours=start), DAY + timedelta(hours=start + length))
            if (who in claims) == (verb == "take"):
                continue
            if verb == "release":
                occupancy.release(claims[who])
                paper.released.add(who)
                continue
            if verb == "retake":
                wanted = paper.places[who]

            def act(verb: str = verb, who: int = who, ids: list[int] = ids, span: Span = span) -> None:
                if verb == "take":
                    claims[who] = occupancy.take(organization, "reservation", ids, span)
                elif verb == "move":
                    occupancy.move(claims[who], ids, span)
                else:
                    occupancy.retake(claims[who])

            in_the_way = paper.in_the_way(who, *wanted)
            if in_the_way:
                with pytest.raises(Taken) as refused:
                    act()
                assert refused.value.claims == sorted(claims[other].pk for other in in_the_way)
            else:
                act()
                paper.places[who] = wanted
                paper.released.discard(who)
        for who, (places, start, end) in paper.places.items():
            span = Span(DAY + timedelta(hours=start), DAY + timedelta(hours=end))
            active = who not in paper.released
            assert held(claims[who]) == [(resources[place], span, active) for place in sorted(places)]
        assert overlaps() == 0
        transaction.set_rollback(True)
