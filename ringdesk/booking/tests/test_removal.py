"""Removing what somebody books at the same moment: who is late is told so in words, whoever it is."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import pre_delete

from ringdesk.booking import catalogue, employees
from ringdesk.booking.models import Booking, Employee, Facility, Pool, Service
from ringdesk.booking.tests.conftest import Salon, make_salon
from ringdesk.core import events
from ringdesk.core.problems import Gone, NotFound
from ringdesk.scheduling.models import Resource

REMOVALS: dict[str, tuple[type, Callable[[Salon], Any]]] = {
    "service": (Service, lambda salon: catalogue.remove_service(salon.services["Wrap"])),
    "specialist": (Employee, lambda salon: employees.remove_employee(salon.employees["Zoya"])),
    "room": (Facility, lambda salon: catalogue.remove_facility(Facility.objects.get())),
    "rooms": (Facility, lambda salon: catalogue.remove_pool(Facility.objects.get().pool)),
}


class Booker:
    """Books the wrap with Zoya in the room, in a thread of its own; ``met`` is the error it met."""

    def __init__(self, salon: Salon, before_commit: Callable[[], object] = lambda: None) -> None:
        self.salon, self.before_commit, self.met = salon, before_commit, Exception("nothing yet")
        self.thread = Thread(target=self._run)

    def start(self) -> "Booker":
        self.thread.start()
        return self

    def end(self) -> None:
        self.thread.join(30)
        assert not self.thread.is_alive()

    def _run(self) -> None:
        try:
            with events.atomic():
                self.salon.book(12, "Wrap", who="Zoya")
                self.before_commit()
        except Exception as error:
            self.met = error
        finally:
            connection.close()


@pytest.fixture
def salon(transactional_db: None) -> Salon:
    salon = make_salon("ours")
    room = catalogue.add_pool(salon.branch, name="Room", facilities=["1"])
    salon.add_service("Wrap", pools=[room], duration=60)
    salon.add_employee("Zoya", "Wrap")
    return salon


@pytest.mark.parametrize("what", REMOVALS)
def test_removed_before_the_booking_is_committed(salon: Salon, what: str) -> None:
    model, remove = REMOVALS[what]
    has_booked, may_commit = Event(), Event()

    def wait() -> None:
        has_booked.set()
        assert may_commit.wait(30)

    booker = Booker(salon, wait).start()
    assert has_booked.wait(30)
    left = model.objects.count() - 1  # type: ignore[attr-defined]
    remove(salon)
    may_commit.set()
    booker.end()
    assert (type(booker.met), Booking.objects.count(), model.objects.count()) == (Gone, 0, left)  # type: ignore[attr-defined]


@pytest.mark.parametrize("what", REMOVALS)
def test_booked_while_it_is_being_removed(salon: Salon, what: str) -> None:
    """They neither wait for each other for ever nor is anything left of what was removed."""
    model, remove = REMOVALS[what]
    left = model.objects.count() - 1  # type: ignore[attr-defined]
    booker = Booker(salon)

    def meanwhile(**_rest: Any) -> None:
        if not booker.thread.is_alive():
            booker.start().thread.join(1)

    pre_delete.connect(meanwhile, sender=model)
    try:
        remove(salon)
    finally:
        pre_delete.disconnect(meanwhile, sender=model)
        booker.end()
    assert (type(booker.met), Booking.objects.count(), model.objects.count()) == (Gone, 0, left)  # type: ignore[attr-defined]


def test_what_is_gone_already_is_told(salon: Salon) -> None:
    facility = Facility.objects.select_related("pool__branch").get()
    resources = Resource.objects.count()
    assert catalogue.remove_facility(Facility.objects.get()) is True
    for act in (
        lambda: catalogue.remove_facility(facility),
        lambda: catalogue.rename_facility(facility, name="2"),
        lambda: catalogue.set_facility_in_use(facility, False),
    ):
        with pytest.raises(NotFound):
            act()
    catalogue.remove_pool(Pool.objects.get())
    with pytest.raises(NotFound):
        catalogue.rename_pool(facility.pool, name="Rooms")
    assert Resource.objects.count() == resources - 1
