"""The numbers of a branch: moved as the last thing, never told too early."""

import threading
from decimal import Decimal

from django.db import connection

from ringdesk.booking import catalogue, offers, versions
from ringdesk.booking.tests.conftest import Salon, make_salon
from ringdesk.core import events


def test_two_who_change_the_catalogue_never_wait_for_each_other(transactional_db: None) -> None:
    """A price list is imported, many services in one transaction, while somebody saves one of them."""
    salon = make_salon("ours")
    first, second = salon.services["Haircut"], salon.services["Beard"]
    failed: list[BaseException] = []

    def save_one() -> None:
        try:
            catalogue.change_service(second, title="Beard, by hand")
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=save_one)
    with events.atomic():
        catalogue.change_service(first, price=2000)
        other.start()
        other.join(timeout=10)
        catalogue.change_service(second, price=900)
    other.join(timeout=30)
    second.refresh_from_db()
    assert not failed
    assert (second.title, second.price) == ("Beard, by hand", Decimal(900))


def test_what_is_not_committed_is_offered_to_nobody_else(ours: Salon) -> None:
    before = versions.of(ours.branch)
    service = ours.services["Haircut"]

    class Undone(Exception):
        pass

    try:
        with events.atomic():
            catalogue.change_service(service, title="Never")
            assert offers.of(ours.branch).services[service.pk].title == "Never"
            raise Undone
    except Undone:
        pass
    assert (versions.of(ours.branch), offers.of(ours.branch).services[service.pk].title) == (before, "Haircut")
    catalogue.change_service(service, title="Cut")
    assert versions.of(ours.branch).catalogue > before.catalogue
    assert offers.of(ours.branch).services[service.pk].title == "Cut"
