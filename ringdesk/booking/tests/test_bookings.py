"""What happens to bookings, at every door."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ringdesk.booking import bookings, catalogue, customers, employees
from ringdesk.booking.customers import Customer
from ringdesk.booking.employees import Skill
from ringdesk.booking.models import Booking, Employee
from ringdesk.booking.problems import HoldExpired, NotOffered, SlotTaken
from ringdesk.booking.signals import booking_changed
from ringdesk.booking.tests.conftest import DAY, Clock, Salon, make_salon
from ringdesk.core import events
from ringdesk.core.problems import Invalid, Stale
from ringdesk.crm import clients
from ringdesk.crm.models import Client
from ringdesk.live.models import LiveEvent
from ringdesk.scheduling.models import Occupancy


@contextmanager
def changes() -> Iterator[list[str]]:
    """Collect what is told of bookings."""
    heard: list[str] = []

    def hear(change: str, **_rest: Any) -> None:
        heard.append(change)

    booking_changed.connect(hear)
    try:
        yield heard
    finally:
        booking_changed.disconnect(hear)


def locks(queries: CaptureQueriesContext) -> list[str]:
    """Return what was locked for others to wait at, in order: times of resources, cards of clients."""
    said = [each["sql"] for each in queries.captured_queries if "pg_advisory_xact_lock" in each["sql"]]
    return ["card" if "hashtextextended" in sql else "time" for sql in said]


def taken(*employee: Employee) -> int:
    return Occupancy.objects.filter(active=True, resource__in=[each.resource_id for each in employee]).count()


def test_several_services_make_one_visit(ours: Salon) -> None:
    with changes() as heard:
        booking = ours.book(16, "Haircut", "Beard", client_name="Ivan", phone="8 923 000-00-01")
    assert (booking.starts_at, booking.minutes, booking.total) == (ours.at(16), 105, Decimal(2300))
    assert [line.title for line in booking.lines.all()] == ["Haircut", "Beard"]
    assert booking.client is not None
    assert (booking.client.name, booking.phone, booking.client_name) == ("Ivan", "+79230000001", "Ivan")
    assert heard == ["booked"]
    frame = LiveEvent.objects.get(type="booking.changed").body["booking"]
    assert (frame["id"], frame["change"], frame["status"]) == (booking.pk, "booked", "booked")
    assert frame["service_ids"] == ours.ids("Haircut", "Beard")


def test_a_taken_time_is_refused_with_the_nearest_free_ones(ours: Salon) -> None:
    ours.book(16)
    with pytest.raises(SlotTaken) as error:
        ours.book(15.5)
    assert [f"{each.starts_at:%d %H:%M} {each.employee_name}" for each in error.value.free] == [
        "23 14:30 Pavel", "23 15:00 Pavel", "23 17:00 Pavel",
    ]  # fmt: skip
    assert "Taken 16:00–17:00" in str(error.value)
    assert Booking.objects.count() == 1


def test_whoever_is_free_gets_it(ours: Salon) -> None:
    ours.book(16)
    assert ours.book(16, who=None).employee == ours.employees["Victoria"]
    with pytest.raises(SlotTaken):
        ours.book(16, who=None)
    with pytest.raises(NotOffered, match="Pavel does not provide: Colouring"):
        ours.book(12, "Colouring")


@pytest.mark.parametrize(("policy", "chosen"), [("in_order", "Pavel"), ("least_loaded", "Victoria")])
def test_policy_of_the_branch(ours: Salon, policy: str, chosen: str) -> None:
    catalogue.change_settings(ours.branch, policy=policy)
    ours.book(10)
    ours.book(11)
    assert ours.book(15, who=None).employee == ours.employees[chosen]


def test_random_takes_both_in_the_end(ours: Salon) -> None:
    days = [DAY + timedelta(days=number) for number in range(20)]
    assert len({ours.book(12, who=None, day=day).employee_id for day in days}) == 2


def test_own_price_and_time_of_a_specialist(ours: Salon) -> None:
    skills = [Skill(ours.services["Haircut"].pk, Decimal(2500), 30)]
    employees.change_employee(ours.employees["Pavel"], skills=skills)
    booking = ours.book(17.5)
    assert (booking.minutes, booking.total) == (30, Decimal(2500))
    moved = bookings.move(booking, employee_id=ours.employees["Victoria"].pk)
    assert (moved.minutes, moved.total, moved.version) == (60, Decimal(1500), 2)


def test_breaks_hours_and_force(ours: Salon) -> None:
    with pytest.raises(SlotTaken, match="would end after the working hours"):
        ours.book(17.5)
    with pytest.raises(SlotTaken, match="Outside working hours"):
        ours.book(7)
    early = ours.book(7, force=True)
    assert early.minutes == 60
    with pytest.raises(SlotTaken):
        ours.book(7.5, force=True)
    with pytest.raises(SlotTaken, match="Outside working hours"):
        ours.book(3, who=None)


def test_buffers_keep_the_time_around(ours: Salon) -> None:
    catalogue.change_service(ours.services["Beard"], buffer_before=10, buffer_after=20)
    ours.book(12, "Beard")
    assert taken(ours.employees["Pavel"]) == 1
    with pytest.raises(SlotTaken):
        ours.book(11)
    ours.book(13.25, "Haircut")
    ours.book(10.75, "Haircut", day=DAY + timedelta(days=1))


def test_two_specialists_and_a_room_in_one_step(ours: Salon) -> None:
    room = catalogue.add_pool(ours.branch, name="Room", facilities=["1"])
    ours.add_service("Massage for two", "Pavel", "Victoria", employees_needed=2, pools=[room], duration=60)
    ours.add_service("Wrap", "Pavel", "Victoria", pools=[room], duration=60)
    booking = ours.book(12, "Massage for two", who=None)
    assert booking.assistants.count() == 1
    assert booking.claim.occupancies.filter(active=True).count() == 3
    ours.book(14, "Wrap", who="Pavel")
    with pytest.raises(SlotTaken, match="No free room or device"):
        ours.book(14, "Wrap", who="Victoria")
    ours.book(16, who="Victoria")
    with pytest.raises(SlotTaken):
        ours.book(16, "Massage for two", who="Pavel")
    bookings.cancel(booking)
    assert booking.claim.occupancies.filter(active=True).count() == 0
    ours.book(12, "Wrap", who="Victoria")


def test_assistants_are_busy_as_well(ours: Salon) -> None:
    ours.book(12, who="Victoria")
    with pytest.raises(SlotTaken):
        ours.book(12, assistants=[ours.employees["Victoria"].pk])
    booking = ours.book(14, assistants=[ours.employees["Victoria"].pk])
    with pytest.raises(SlotTaken):
        ours.book(14, who="Victoria")
    bookings.change(booking, assistants=[])
    ours.book(14, who="Victoria")


def test_a_group_shares_one_claim(ours: Salon) -> None:
    ours.add_service("Yoga", "Pavel", capacity=3, duration=60)
    made = [ours.book(12, "Yoga", who=None) for _number in range(3)]
    assert len({each.claim_id for each in made}) == 1
    assert taken(ours.employees["Pavel"]) == 1
    with pytest.raises(SlotTaken):
        ours.book(12, "Yoga", who=None)
    with pytest.raises(SlotTaken):
        ours.book(12)
    bookings.cancel(made[0])
    late = ours.book(12, "Yoga")
    moved = bookings.move(made[1], starts_at=ours.at(14))
    assert moved.claim_id != made[2].claim_id
    for each in (made[2], late):
        bookings.cancel(each)
    ours.book(12)
    assert taken(ours.employees["Pavel"]) == 2
    with pytest.raises(SlotTaken):
        bookings.set_status(made[2], "booked")


def test_a_hold_keeps_the_time_and_ends(ours: Salon, clock: Clock) -> None:
    hold = ours.book(16, hold_for=timedelta(minutes=10))
    with pytest.raises(SlotTaken):
        ours.book(16)
    clock.advance(minutes=11)
    other = ours.book(16)
    with pytest.raises(HoldExpired) as error:
        bookings.confirm(hold)
    assert error.value.details["alternatives"]
    bookings.cancel(other)
    assert bookings.confirm(hold, client_name="Ivan", phone="+79230000001").status == "booked"
    with pytest.raises(SlotTaken):
        ours.book(16)


def test_holds_are_given_up(ours: Salon, clock: Clock) -> None:
    hold = ours.book(16, hold_for=timedelta(minutes=10))
    assert bookings.expire_holds() == 0
    clock.advance(minutes=10)
    with changes() as heard:
        assert bookings.expire_holds() == 1
    hold.refresh_from_db()
    assert (hold.status, heard, taken(ours.employees["Pavel"])) == ("cancelled", ["expired"], 0)
    with pytest.raises(HoldExpired):
        bookings.confirm(hold)


def test_a_group_is_kept_for_who_has_booked_though_another_only_held(ours: Salon, clock: Clock) -> None:
    ours.add_service("Yoga", "Pavel", capacity=2, duration=60)
    ours.book(12, "Yoga", hold_for=timedelta(minutes=10))
    ours.book(12, "Yoga")
    clock.advance(minutes=11)
    with pytest.raises(SlotTaken):
        ours.book(12)
    ours.book(12, "Yoga")


def test_moving_keeps_the_specialist_or_refuses(ours: Salon) -> None:
    booking = ours.book(16, "Haircut", "Beard", notes="Quiet")
    ours.book(12, who="Pavel")
    with changes() as heard:
        moved = bookings.move(booking, starts_at=ours.at(14), version=1)
    assert (moved.starts_at, moved.employee, moved.notes, heard) == (
        ours.at(14), ours.employees["Pavel"], "Quiet", ["moved"],
    )  # fmt: skip
    with pytest.raises(SlotTaken) as error:
        bookings.move(booking, starts_at=ours.at(12.5))
    assert {each.employee_name for each in error.value.free} == {"Pavel"}
    with pytest.raises(Stale):
        bookings.move(booking, starts_at=ours.at(15), version=1)
    assert bookings.move(booking, length=30).minutes == 30
    overlapping = bookings.move(booking, starts_at=ours.at(14.25))
    assert (overlapping.starts_at, overlapping.minutes) == (ours.at(14.25), 30)
    booking.refresh_from_db()
    assert (booking.starts_at, booking.version) == (ours.at(14.25), 4)


def test_change_all_or_nothing(ours: Salon) -> None:
    booking = ours.book(16)
    ours.book(17)
    with pytest.raises(SlotTaken):
        bookings.change(booking, notes="Two services", service_ids=ours.ids("Haircut", "Beard"))
    booking.refresh_from_db()
    assert (booking.notes, booking.version) == ("", 1)
    changed = bookings.change(
        booking, notes="Other", price=Decimal(100), service_ids=ours.ids("Beard"), client_name="Oleg"
    )
    assert (changed.minutes, changed.total, changed.client_name, changed.version) == (45, Decimal(100), "Oleg", 2)
    assert bookings.change(changed, notes="Other").version == 2
    assert bookings.change(changed, price=None).total == Decimal(800)


def test_client_of_a_booking(ours: Salon, theirs: Salon) -> None:
    ivan = clients.create(ours.organization, name="Ivan", phones=["+79230000001"])
    booking = ours.book(10, client=ivan)
    assert (booking.client_name, booking.phone) == ("Ivan", "+79230000001")
    assert ours.book(11, phone="+79230000001").client == ivan
    assert ours.book(12, phone="+79230000002").client is None
    changed = bookings.change(booking, phone="+79230000003", client_name="Pyotr")
    assert changed.client != ivan
    assert Client.objects.get(name="Pyotr").phones.get().number == "+79230000003"
    alien = clients.create(theirs.organization, name="Alien")
    with pytest.raises(Invalid):
        ours.book(13, client=alien)
    with pytest.raises(Invalid):
        bookings.change(booking, client=alien)
    with pytest.raises(NotOffered):
        bookings.book(ours.branch, service_ids=theirs.ids("Haircut"), starts_at=ours.at(13))


def test_course_of_a_visit(ours: Salon) -> None:
    booking = ours.book(16)
    with changes() as heard:
        assert bookings.set_status(booking, "arrived").status == "arrived"
        assert bookings.set_status(booking, "no_show", version=2).is_released
        ours.book(16)
        with pytest.raises(SlotTaken):
            bookings.set_status(booking, "arrived")
        bookings.cancel(Booking.objects.exclude(pk=booking.pk).get())
        assert bookings.set_status(booking, "booked").status == "booked"
        with pytest.raises(Invalid):
            bookings.set_status(booking, "held")
    assert heard == ["arrived", "no_show", "booked", "cancelled", "restored"]
    bookings.cancel(booking)
    with pytest.raises(Invalid, match="cancelled"):
        bookings.move(booking, starts_at=ours.at(10))


def test_what_clients_may_do_themselves(ours: Salon, clock: Clock) -> None:
    catalogue.change_settings(ours.branch, notice=180, horizon=30)
    today = clock.now.astimezone(ours.branch.zone).date()
    with pytest.raises(SlotTaken, match="too close"):
        ours.book(14, day=today, online=True)
    assert ours.book(15, day=today, online=True)
    with pytest.raises(SlotTaken, match="already passed") as error:
        ours.book(11, day=today, online=True)
    assert [f"{each.starts_at:%d %H:%M}" for each in error.value.free] == ["21 16:00", "21 16:30", "21 17:00"]
    with pytest.raises(SlotTaken, match="too far"):
        ours.book(12, day=today + timedelta(days=31), online=True)
    assert ours.book(12, day=today + timedelta(days=30), online=True)
    catalogue.change_service(ours.services["Haircut"], is_online=False)
    with pytest.raises(NotOffered, match="cannot be booked online"):
        ours.book(12, online=True)
    booking = ours.book(12.5, day=today)
    clock.advance(hours=1)
    for act in (bookings.move, bookings.cancel):
        with pytest.raises(Invalid, match="already begun"):
            act(booking, online=True)


def test_one_card_whether_known_by_number_or_by_another_id(transactional_db: None) -> None:
    """Two bots at once, one that knows the number alone and one that has an id of its own besides."""
    salon, number = make_salon("ours"), "+79230000001"
    both, by_number = Customer(phone=number, external_id="bot:1", name="Ivan"), Customer(phone=number, name="Ivan")
    made: list[int] = []

    def other() -> None:
        try:
            with events.atomic():
                made.append(customers.find_or_create(salon.branch, by_number, by=None).pk)
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    with events.atomic():
        made.append(customers.find_or_create(salon.branch, both, by=None).pk)
        thread.start()
        thread.join(timeout=1)
    thread.join(timeout=30)
    assert len(made) == 2 and len(set(made)) == 1


def test_the_time_is_locked_before_the_card_whatever_is_done(ours: Salon) -> None:
    """The other way round two who book the same specialist for the same person would wait for each other."""
    ivan, boris = "+79230000001", "+79230000002"
    held = ours.book(10, hold_for=timedelta(minutes=10))
    with CaptureQueriesContext(connection) as confirming:
        bookings.confirm(held, phone=ivan, client_name="Ivan")
    with CaptureQueriesContext(connection) as changing:
        bookings.change(held, starts_at=ours.at(12), phone=boris, client_name="Boris")
    assert (locks(confirming), locks(changing)) == (["time", "card"], ["time", "card"])
