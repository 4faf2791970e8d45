"""The waiting list: who fits first is offered what is free; a race never gives one time to two."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ringdesk.booking import bookings, messages, tasks, waiting
from ringdesk.booking.models import Booking
from ringdesk.booking.problems import HoldExpired, NotOffered
from ringdesk.booking.public_models import Message, WaitingClient
from ringdesk.booking.tests.conftest import DAY, NOON, TODAY, Clock, Salon, make_salon
from ringdesk.core.problems import Conflict, Invalid
from ringdesk.scheduling import schedule

TUESDAY = DAY + timedelta(days=1)


def wait(salon: Salon, name: str, *titles: str, who: str | None = None, **more: Any) -> WaitingClient:
    return waiting.add(
        salon.branch,
        service_ids=salon.ids(*titles or ("Haircut",)),
        employee_id=salon.employees[who].pk if who else None,
        **{"first_day": DAY, "last_day": DAY, "client_name": name, "email": f"{name.lower()}@example.com",
           "by": salon.owner, **more},
    )  # fmt: skip


def fill(salon: Salon, day: date = DAY) -> dict[int, Booking]:
    """Book Pavel and Victoria out for a day. Returns Pavel's bookings by hour."""
    mine = {hour: salon.book(hour, day=day) for hour in range(9, 18)}
    for hour in range(10, 19):
        salon.book(hour, who="Victoria", day=day)
    return mine


def tend(salon: Salon, clock: Clock) -> list[tuple[str, str]]:
    """Return who was offered what."""
    zone = salon.branch.zone
    offered = [WaitingClient.objects.get(pk=each.pk) for each in waiting.tend(salon.branch.pk, clock.now)]
    return [(one.client_name, f"{one.offered.starts_at.astimezone(zone):%H:%M}") for one in offered if one.offered]


def stand(one: WaitingClient) -> str:
    return str(WaitingClient.objects.get(pk=one.pk).state)


def test_a_freed_time_is_offered_to_the_first_who_fits(ours: Salon, clock: Clock) -> None:
    booked = fill(ours)
    wait(ours, "Longer", "Colouring", who="Victoria")
    wait(ours, "Evening", latest=19 * 60, earliest=17 * 60)
    first = wait(ours, "First")
    second = wait(ours, "Second")
    assert tend(ours, clock) == []
    bookings.cancel(booked[11])
    assert tend(ours, clock) == [("First", "11:00")]
    held = WaitingClient.objects.get(pk=first.pk).offered
    assert held is not None
    assert (held.status, held.held_until, held.employee.name) == ("held", clock.now + timedelta(hours=2), "Pavel")
    assert (stand(first), stand(second)) == ("offered", "waiting")
    assert list(Message.objects.filter(kind="offer").values_list("to", "booking")) == [("first@example.com", held.pk)]
    assert ours.free() == []


def test_who_accepts_is_booked_and_told(ours: Salon, clock: Clock) -> None:
    booked = fill(ours)
    one = wait(ours, "First", phone="+79230000001")
    bookings.cancel(booked[11])
    tend(ours, clock)
    booking = waiting.accept(one)
    assert (booking.status, booking.client_name, booking.phone) == ("booked", "First", "+79230000001")
    assert booking.client is not None and stand(one) == "booked"
    assert Message.objects.get(kind="booked").to == "first@example.com"
    # Twice is once.
    assert waiting.accept(one).pk == booking.pk


def test_an_offer_nobody_takes_goes_to_the_next(ours: Salon, clock: Clock) -> None:
    booked = fill(ours)
    first, second = wait(ours, "First"), wait(ours, "Second")
    bookings.cancel(booked[11])
    tend(ours, clock)
    clock.advance(hours=1, minutes=59)
    assert tend(ours, clock) == []
    clock.advance(minutes=1)
    with pytest.raises(HoldExpired):
        waiting.accept(first)
    assert tend(ours, clock) == [("Second", "11:00")]
    assert (stand(first), stand(second)) == ("expired", "offered")
    waiting.wait_again(first)
    assert (stand(first), tend(ours, clock)) == ("waiting", [])


def test_who_declines_makes_room_at_once(ours: Salon, clock: Clock) -> None:
    booked = fill(ours)
    first, second = wait(ours, "First"), wait(ours, "Second")
    bookings.cancel(booked[11])
    tend(ours, clock)
    waiting.decline(first)
    assert tend(ours, clock) == [("Second", "11:00")]
    waiting.remove(second, by=ours.owner)
    assert (stand(first), stand(second), ours.free()) == ("removed", "removed", ["11:00"])
    assert not Message.objects.filter(kind="cancelled").exists()


def test_staff_who_confirm_the_kept_time_settle_the_offer(ours: Salon, clock: Clock) -> None:
    booked = fill(ours)
    first = wait(ours, "First")
    bookings.cancel(booked[11])
    tend(ours, clock)
    held = WaitingClient.objects.get(pk=first.pk).offered
    assert held is not None
    bookings.set_status(held, Booking.Status.BOOKED, by=ours.owner)
    assert stand(first) == "booked"
    clock.advance(hours=3)
    tend(ours, clock)
    held.refresh_from_db()
    assert (held.status, stand(first)) == ("booked", "booked")


def test_a_shift_that_is_added_serves_who_waits(ours: Salon, clock: Clock) -> None:
    schedule.set_days(ours.employees["Victoria"].resource, DAY, DAY, None)
    wait(ours, "First", "Colouring")
    assert tend(ours, clock) == []
    schedule.clear_days(ours.employees["Victoria"].resource, DAY, DAY)
    assert tend(ours, clock) == [("First", "10:00")]


def test_a_time_that_begins_too_soon_is_not_offered(ours: Salon, clock: Clock) -> None:
    wait(ours, "First", first_day=TODAY, last_day=TODAY)
    # Noon: the grid of half hours begins at 12:00, which could not be answered in time.
    assert tend(ours, clock) == [("First", "13:00")]
    held = WaitingClient.objects.get().offered
    assert held is not None and held.held_until == ours.at(12.75, TODAY)


def test_days_that_are_over_are_waited_for_no_longer(ours: Salon, clock: Clock) -> None:
    fill(ours)
    one = wait(ours, "First")
    clock.advance(days=3)
    assert (tend(ours, clock), stand(one)) == ([], "expired")
    with pytest.raises(Invalid):
        waiting.wait_again(one)


def test_what_cannot_be_waited_for(ours: Salon, theirs: Salon) -> None:
    with pytest.raises(NotOffered):
        wait(ours, "x", "Colouring", who="Pavel")
    with pytest.raises(NotOffered):
        waiting.add(ours.branch, service_ids=theirs.ids("Haircut"), first_day=DAY, last_day=DAY, phone="+79230000001")
    with pytest.raises(Invalid):
        wait(ours, "x", first_day=DAY, last_day=TODAY)
    with pytest.raises(Invalid):
        wait(ours, "x", last_day=DAY + timedelta(days=200))
    with pytest.raises(Invalid):
        wait(ours, "x", email="")
    for _time in range(3):
        wait(ours, "Same", phone="+79230000001", by=None)
    with pytest.raises(Conflict):
        wait(ours, "Same", phone="8 923 000 00 01", by=None)
    assert not WaitingClient.objects.for_org(theirs.organization).exists()


def test_nobody_waits_for_a_day_that_never_comes(ours: Salon, clock: Clock) -> None:
    last = date(9999, 12, 31)
    with pytest.raises(Invalid) as refused:
        wait(ours, "Methuselah", first_day=last, last_day=last)
    assert refused.value.field == "last_day"


def test_what_is_wrong_in_one_branch_keeps_no_other_waiting(ours: Salon, theirs: Salon, clock: Clock) -> None:
    broken, fine = wait(ours, "Broken"), wait(theirs, "Fine")
    WaitingClient.objects.filter(pk=broken.pk).update(first_day=date(9999, 12, 31), last_day=date(9999, 12, 31))
    tasks.tend_waiting_lists(timestamp=0)
    assert (stand(broken), stand(fine)) == ("waiting", "offered")


def test_nobody_is_looked_for_again_while_nothing_has_changed(ours: Salon, clock: Clock) -> None:
    def look() -> tuple[list[str], int]:
        with CaptureQueriesContext(connection) as captured:
            offered = waiting.tend(ours.branch.pk, clock.now, only_changed=True)
        return [str(one) for one in offered], len(captured)

    booked = fill(ours)
    for name in ("First", "Second", "Third"):
        wait(ours, name)
    assert look()[0] == []
    assert look()[1] < 10
    clock.advance(minutes=1)
    assert look()[1] < 10
    bookings.cancel(booked[11])
    assert look()[0] == ["First"]
    look()
    assert look()[1] < 10


@pytest.fixture
def everybody(transactional_db: None) -> Iterator[Salon]:
    salon = make_salon("race")
    yield salon


def test_two_jobs_at_once_never_offer_one_time_twice(everybody: Salon) -> None:
    booked = fill(everybody)
    names = [f"N{number}" for number in range(6)]
    for name in names:
        wait(everybody, name)
    for hour in (10, 12, 14):
        bookings.cancel(booked[hour])

    def work() -> None:
        try:
            waiting.tend(everybody.branch.pk, NOON)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    offered = WaitingClient.objects.filter(state="offered").order_by("pk")
    assert [one.client_name for one in offered] == names[:3]
    held = Booking.objects.filter(status="held")
    assert sorted(one.starts_at.astimezone(everybody.branch.zone).hour for one in held) == [10, 12, 14]
    assert messages.log(everybody.branch).filter(kind="offer").count() == 3
