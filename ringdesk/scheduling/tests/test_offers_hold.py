"""From rows to offers and back: with bookings and holds in the database, an offered start is taken, another refused."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringdesk.accounts.models import Branch
from ringdesk.core.intervals import Span
from ringdesk.scheduling import loading, occupancy, schedule, slots
from ringdesk.scheduling.hours import DayHours
from ringdesk.scheduling.minutes import Minutes, Visit, from_moment, to_moment
from ringdesk.scheduling.models import Resource
from ringdesk.scheduling.occupancy import Taken
from ringdesk.scheduling.tests import oracle

pytestmark = pytest.mark.django_db

# In Berlin this Sunday has 23 hours.
FIRST_DAY = date(2027, 3, 27)
DAYS = 3
STEP = 30
WORKED = DayHours(22 * 60, 30 * 60, ((25 * 60 + 30, 26 * 60 + 15),))
EVERY_DAY = [WORKED] * 7
LASTING, HELD, EXPIRED, RELEASED = "lasting", "held", "expired", "released"

taking = st.tuples(
    st.integers(0, 2),
    st.integers(-10, 150),
    st.sampled_from([15, 30, 60, 240]),
    st.sampled_from([LASTING, LASTING, HELD, EXPIRED, RELEASED]),
)


class _RolledBack(Exception):
    """Nothing of an example stays for the next one."""


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    takings=st.lists(taking, max_size=14),
    visit=st.builds(Visit, st.sampled_from([20, 45, 120]), st.sampled_from([0, 15]), st.sampled_from([0, 10, 60])),
)
def test_offered_is_taken_and_the_rest_is_refused(
    branch: Branch, resources: list[int], takings: list[tuple[int, int, int, str]], visit: Visit
) -> None:
    Branch.objects.filter(pk=branch.pk).update(timezone="Europe/Berlin")
    branch.refresh_from_db()
    try:
        with transaction.atomic():
            _one_example(branch, resources[:3], takings, visit)
            raise _RolledBack
    except _RolledBack:
        pass


def _one_example(branch: Branch, people: list[int], takings: list[tuple[int, int, int, str]], visit: Visit) -> None:
    organization = branch.organization_id
    for one in Resource.objects.filter(pk__in=people):
        schedule.set_week(one, EVERY_DAY)
    schedule.set_days(Resource.objects.get(pk=people[1]), FIRST_DAY, FIRST_DAY, None)
    origin = datetime(2027, 3, 26, 20, tzinfo=UTC)
    busy: dict[int, list[Minutes]] = {resource: [] for resource in people}
    for person, half_hour, length, kind in takings:
        span = Span(origin + timedelta(minutes=30 * half_hour), origin + timedelta(minutes=30 * half_hour + length))
        if _take(organization, people[person], span, kind) and kind in (LASTING, HELD):
            busy[people[person]].append((from_moment(span.start), from_moment(span.end)))

    workers = loading.workers(branch, people, FIRST_DAY, DAYS)
    day_span = loading.day_span(branch, FIRST_DAY, DAYS)
    offered = slots.free_starts(workers, visit, step=STEP, not_before=day_span.start, not_after=day_span.end - 1)
    zone = ZoneInfo("Europe/Berlin")
    for resource in people:
        own_days = {FIRST_DAY: None} if resource == people[1] else {}
        working = oracle.working(EVERY_DAY, own_days, (), zone, FIRST_DAY - timedelta(days=1), DAYS + 1)
        on_grid = [
            at
            for at, shift_start in sorted(working.items())
            if (at - shift_start) % STEP == 0 and day_span.start <= at < day_span.end
        ]
        expected = [at for at in on_grid if oracle.can_work(working, busy[resource], *visit, at)]
        assert offered[resource] == expected
        for at in on_grid[::3]:
            works = all(minute in working for minute in range(at, at + visit.length))
            span = Span(*map(to_moment, visit.span(at)))
            assert (at in expected) == (works and _take(organization, resource, span, LASTING, keep=False))


def _take(organization: int, resource: int, span: Span, kind: str, *, keep: bool = True) -> bool:
    """Tell whether it could be taken."""
    soon = timezone.now() + timedelta(minutes=10)
    expires = {HELD: soon, EXPIRED: timezone.now() - timedelta(seconds=1)}.get(kind)
    try:
        with transaction.atomic():
            claim = occupancy.take(organization, "booking", [resource], span, expires_at=expires)
            if kind == RELEASED:
                occupancy.release(claim)
            if not keep:
                raise _RolledBack
    except Taken:
        return False
    except _RolledBack:
        return True
    return True
