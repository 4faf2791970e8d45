"""The demo's restaurant and a fresh organization's first hall."""

from datetime import timedelta

import pytest

from ringdesk.accounts.models import Branch, OpeningHours, Organization
from ringdesk.hall import board, demo
from ringdesk.hall.models import Hall, Reservation, ReservationStatus
from ringdesk.hall.tests.conftest import NOON


@pytest.fixture
def fresh(db: None) -> Branch:
    organization = Organization.objects.create(name="Fresh", slug="fresh", language="ru")
    branch = Branch.objects.create(organization=organization, name="Quay", timezone="Europe/Moscow")
    for weekday in range(7):
        OpeningHours.objects.create(organization=organization, branch=branch, weekday=weekday, opens=600, closes=1320)
    return branch


def test_a_fresh_organization_gets_statuses_and_a_hall(fresh: Branch) -> None:
    hall = demo.defaults(fresh.organization, fresh)
    assert [table.name for table in hall.tables.all()] == ["1", "2", "3", "4", "5", "6"]
    statuses = ReservationStatus.objects.for_org(fresh.organization)
    assert [status.colour for status in statuses] == ["blue", "green", "violet", "amber", "teal"]
    second = Branch.objects.create(organization=fresh.organization, name="Hill")
    demo.defaults(fresh.organization, second)
    assert statuses.count() == 5
    assert Hall.objects.for_org(fresh.organization).count() == 2


@pytest.mark.parametrize("hour", [0, 4, 9, 14, 20])
def test_the_demo_is_believable_at_any_hour(fresh: Branch, hour: int) -> None:
    now = NOON.replace(hour=hour, minute=20)
    demo.populate(fresh.organization, fresh, now=now)
    halls = [[table.seats for table in hall.tables.all()] for hall in Hall.objects.for_org(fresh.organization)]
    assert halls == [[4, 4, 6, 2, 2, 8], [4, 4, 4, 6, 2]]
    drawn = board.draw(fresh, board.service_day(fresh, None, now), now)
    assert drawn.reservations >= 25
    assert len(drawn.without_table) == 1
    for reservation in Reservation.objects.for_org(fresh.organization):
        if reservation.course == "seated":
            assert reservation.starts_at <= now < reservation.ends_at
        if reservation.course == "finished":
            assert reservation.ends_at <= now
    days = {reservation.starts_at.date() for reservation in Reservation.objects.for_org(fresh.organization)}
    assert len(days) >= 5
    assert max(days) - min(days) <= timedelta(days=5)
