"""The demo's salon."""

import pytest

from ringdesk.booking import demo
from ringdesk.booking.models import Booking, Employee, Service
from ringdesk.booking.tests.conftest import NOON, Clock, Salon, make_salon
from ringdesk.crm import clients


@pytest.mark.parametrize("hour", [1, 9, 16])
def test_the_salon_is_believable_at_any_hour(db: None, clock: Clock, hour: int) -> None:
    salon: Salon = make_salon("demo")
    Employee.objects.all().update(is_active=False)
    people = [clients.create(salon.organization, name=f"Client {number}") for number in range(30)]
    clock.now = NOON.replace(hour=hour)
    demo.populate(salon.branch, people, now=clock.now)
    assert Service.objects.count() == len(demo.OFFER) + 3
    made = Booking.objects.all()
    assert made.count() >= 80
    today = clock.now.astimezone(salon.branch.zone).date()
    assert {(booking.starts_at.astimezone(salon.branch.zone).date() - today).days for booking in made} >= set(range(7))
    for booking in made:
        is_over = booking.starts_at <= clock.now
        assert (booking.status in ("arrived", "no_show")) == is_over
    assert {booking.status for booking in made} == {"arrived", "no_show", "booked", "cancelled"}
