"""What happens to reservations, at every door."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.dispatch import Signal

from ringdesk.core.problems import Invalid, NotFound, Stale
from ringdesk.crm import clients
from ringdesk.crm.models import Client
from ringdesk.hall import halls, reservations
from ringdesk.hall.models import Reservation
from ringdesk.hall.problems import GuestAmbiguous, TableTaken
from ringdesk.hall.reservations import Wish
from ringdesk.hall.signals import reservation_booked
from ringdesk.hall.tests.conftest import NOON, Restaurant
from ringdesk.live.models import LiveEvent
from ringdesk.scheduling import occupancy

PHONE = "+79230000001"


def frames(ours: Restaurant) -> list[dict[str, Any]]:
    events = LiveEvent.objects.filter(organization=ours.organization).order_by("id")
    assert {(event.type, event.audience["branch"]) for event in events} <= {("reservation.changed", ours.branch.pk)}
    return [event.body["reservation"] for event in events]


def taken(ours: Restaurant) -> list[tuple[str, float, float]]:
    """Return what the tables are taken for, as table and hours of the day."""
    by_resource = {table.resource_id: name for name, table in ours.tables.items()}
    origin = ours.at(0, 1).start
    rows = occupancy.busy(ours.organization.pk, list(by_resource), ours.at(-24, 48))
    return sorted(
        (
            by_resource[row.resource_id],
            (row.start - origin) / timedelta(hours=1),
            (row.end - origin) / timedelta(hours=1),
        )
        for row in rows
    )


@contextmanager
def heard(signal: Signal) -> Iterator[list[dict[str, Any]]]:
    calls: list[dict[str, Any]] = []

    def listen(**message: Any) -> None:
        calls.append({key: message[key] for key in ("sender", "reservation", "by")})

    signal.connect(listen)
    try:
        yield calls
    finally:
        signal.disconnect(listen)


class TestBooking:
    def test_a_booking_takes_its_tables_and_is_told_to_everybody(self, ours: Restaurant) -> None:
        call_id = uuid4()
        wish = ours.wish(19, 21, "2", "3", guests=8, phone="8 923 000-00-01", guest_name="  Irina   Sokolova ")
        with heard(reservation_booked) as calls:
            made = reservations.book(ours.branch, wish, by=ours.owner, call_id=call_id)
        assert calls == [{"sender": Reservation, "reservation": made, "by": ours.owner}]
        assert taken(ours) == [("2", 19, 21), ("3", 19, 21)]
        assert (made.status, made.course, made.created_by) == (ours.standard, "expected", ours.owner)
        assert frames(ours) == [
            {
                "id": made.pk,
                "version": 1,
                "branch_id": ours.branch.pk,
                "hall_ids": [ours.tables["2"].hall_id],
                "table_ids": [ours.tables["2"].pk, ours.tables["3"].pk],
                "starts_at": "2026-11-21T12:00:00.000Z",
                "ends_at": "2026-11-21T14:00:00.000Z",
                "course": "expected",
                "guest_name": "Irina Sokolova",
                "phone": PHONE,
                "guests": 8,
                "call_id": str(call_id),
            }
        ]

    def test_a_table_is_not_needed(self, ours: Restaurant) -> None:
        made = ours.book(19, 21)
        assert list(made.tables.all()) == []
        assert taken(ours) == []

    def test_a_taken_table_is_refused_with_who_has_it_and_what_is_free(self, ours: Restaurant) -> None:
        first = ours.book(18, 20, "2", guests=4, guest_name="Anna Petrova")
        with pytest.raises(TableTaken) as refused:
            ours.book(19, 21, "1", "2", guests=5)
        error = refused.value
        assert str(error) == "Table 2 is taken: Anna Petrova, 18:00–20:00."
        ids = {name: table.pk for name, table in ours.tables.items()}
        assert error.details == {
            "reservations": [
                {
                    "id": first.pk,
                    "guest_name": "Anna Petrova",
                    "table_ids": [ids["2"]],
                    "starts_at": "2026-11-21T11:00:00+00:00",
                    "ends_at": "2026-11-21T13:00:00+00:00",
                }
            ],
            "alternatives": [[ids["3"]]],
        }
        assert Reservation.objects.count() == 1
        assert len(frames(ours)) == 1

    def test_joined_tables_are_suggested_when_none_fits_alone(self, ours: Restaurant) -> None:
        ours.book(18, 20, "3", guests=6)
        with pytest.raises(TableTaken) as refused:
            ours.book(19, 21, "3", guests=6)
        ids = {name: table.pk for name, table in ours.tables.items()}
        assert refused.value.details["alternatives"] == [[ids["1"], ids["2"]]]

    def test_a_reservation_of_yesterday_is_named_with_its_date(self, ours: Restaurant) -> None:
        ours.book(-2, 3, "1", phone=PHONE)
        with pytest.raises(TableTaken, match=r"Table 1 is taken: \+7 923 000-00-01, 20 November, 22:00–03:00\."):
            ours.book(1, 4, "1")

    def test_touching_reservations_stand_side_by_side(self, ours: Restaurant) -> None:
        ours.book(18, 20, "1")
        ours.book(20, 21, "1")
        assert taken(ours) == [("1", 18, 20), ("1", 20, 21)]

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"guests": 0}, "guests"),
            ({"guests": 1001}, "guests"),
            ({"status_id": 0}, "status"),
            ({"table_ids": (0,)}, "tables"),
            ({"client_id": 0, "guest_name": "Anna"}, "client"),
            ({"guest_name": "A" * 201}, "guest_name"),
            ({"about": "window"}, "guest_name"),
        ],
    )
    def test_what_can_be_no_reservation_is_refused(self, ours: Restaurant, more: dict[str, Any], field: str) -> None:
        with pytest.raises(Invalid) as refused:
            reservations.book(ours.branch, replace(ours.wish(19, 21), **more), by=ours.owner)
        assert refused.value.field == field
        assert (Reservation.objects.count(), Client.objects.count()) == (0, 0)

    @pytest.mark.parametrize(("end", "field"), [(19, "end"), (18, "end"), (44, "duration")])
    def test_a_time_out_of_order_is_refused(self, ours: Restaurant, end: float, field: str) -> None:
        with pytest.raises(Invalid) as refused:
            reservations.book(ours.branch, ours.wish(19, end), by=ours.owner)
        assert refused.value.field == field

    def test_what_belongs_to_another_organization_is_not_there(self, ours: Restaurant, theirs: Restaurant) -> None:
        anna = clients.create(theirs.organization, name="Anna", phones=[PHONE])
        for more in (
            {"table_ids": (theirs.tables["1"].pk,)},
            {"status_id": theirs.standard.pk},
            {"client_id": anna.pk, "guest_name": "Anna"},
        ):
            with pytest.raises(Invalid):
                reservations.book(ours.branch, replace(ours.wish(19, 21), **more), by=ours.owner)

    def test_more_guests_than_seats_is_a_warning(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, "1", guests=3)
        assert reservations.warnings(3, list(made.tables.all())) == [
            "More guests (3) than seats: the chosen table has 2."
        ]
        assert reservations.warnings(2, list(made.tables.all())) == []
        assert reservations.warnings(9, []) == []

    def test_a_walk_in_sits_at_once_and_is_nobody(self, ours: Restaurant) -> None:
        with time_machine.travel(NOON, tick=False):
            made = reservations.walk_in(
                ours.branch, table_ids=[ours.tables["1"].pk], guests=2, span=ours.at(12, 13), by=ours.owner
            )
        assert (made.course, made.seated_at, made.phone, made.client, made.title) == (
            "seated",
            NOON,
            "",
            None,
            "Walk-in",
        )
        assert Client.objects.count() == 0


class TestGuests:
    def test_without_a_name_only_the_phone_is_kept(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, phone=PHONE)
        assert (made.phone, made.client, Client.objects.count()) == (PHONE, None, 0)

    def test_with_a_name_the_guest_is_created_once(self, ours: Restaurant) -> None:
        first = ours.book(19, 21, phone="8 (923) 000-00-01", guest_name="Irina", about="Window seat")
        second = ours.book(12, 13, phone=PHONE, guest_name="Irina Sokolova")
        assert first.client == second.client
        assert first.client is not None
        assert [(client.name, client.about) for client in Client.objects.all()] == [("Irina", "Window seat")]
        assert list(first.client.phones.values_list("number", flat=True)) == [PHONE]
        assert second.guest_name == "Irina Sokolova"

    def test_the_guest_is_found_by_the_whole_number_only(self, ours: Restaurant) -> None:
        clients.create(ours.organization, name="Oleg", phones=["+79990000001"])
        made = ours.book(19, 21, phone=PHONE, guest_name="Irina")
        assert made.client is not None
        assert made.client.name == "Irina"

    def test_several_owners_of_a_number_need_a_choice(self, ours: Restaurant) -> None:
        he, she = (clients.create(ours.organization, name=name, phones=[PHONE]) for name in ("Pavel", "Rita"))
        with pytest.raises(GuestAmbiguous) as refused:
            ours.book(19, 21, phone=PHONE, guest_name="Rita")
        assert refused.value.details["clients"] == [{"id": he.pk, "name": "Pavel"}, {"id": she.pk, "name": "Rita"}]
        assert ours.book(19, 21, phone=PHONE, guest_name="Rita", client_id=she.pk).client == she
        another = ours.book(12, 13, phone=PHONE, guest_name="Their son", new_client=True).client
        assert another is not None
        assert (another.name, Client.objects.count()) == ("Their son", 3)

    def test_about_replaces_what_the_author_has_seen(self, ours: Restaurant) -> None:
        anna = clients.create(ours.organization, name="Anna", phones=[PHONE], about="Nuts!")
        ours.book(19, 21, phone=PHONE, guest_name="Anna", client_id=anna.pk, about="No nuts")
        anna.refresh_from_db()
        assert anna.about == "No nuts"

    def test_about_is_added_to_what_the_author_has_not_seen(self, ours: Restaurant) -> None:
        anna = clients.create(ours.organization, name="Anna", phones=[PHONE], about="Nuts!")
        ours.book(19, 20, phone=PHONE, guest_name="Anna", about="")
        ours.book(20, 21, phone=PHONE, guest_name="Anna", about="Window seat")
        ours.book(21, 22, phone=PHONE, guest_name="Anna", about="Window seat")
        anna.refresh_from_db()
        assert anna.about == "Nuts!\nWindow seat"

    def test_a_corrected_number_keeps_the_guest(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, phone=PHONE, guest_name="Anna")
        wish = replace(Wish.of(made), phone="+79230000002")
        assert reservations.change(made, wish, by=ours.owner).client == made.client
        assert Client.objects.count() == 1

    def test_another_number_that_is_known_is_another_guest(self, ours: Restaurant) -> None:
        boris = clients.create(ours.organization, name="Boris", phones=["+79230000002"])
        made = ours.book(19, 21, phone=PHONE, guest_name="Anna")
        changed = reservations.change(made, replace(Wish.of(made), phone="+79230000002"), by=ours.owner)
        assert changed.client == boris

    def test_another_number_and_name_are_another_guest(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, phone=PHONE, guest_name="Anna")
        changed = reservations.change(
            made, replace(Wish.of(made), phone="+79230000002", guest_name="Boris"), by=ours.owner
        )
        assert changed.client is not None
        assert (changed.client.name, Client.objects.count()) == ("Boris", 2)

    def test_a_name_given_later_makes_the_guest_and_a_name_taken_away_unlinks(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, phone=PHONE)
        named = reservations.change(made, replace(Wish.of(made), guest_name="Anna"), by=ours.owner)
        assert named.client is not None
        unnamed = reservations.change(named, replace(Wish.of(named), guest_name=""), by=ours.owner)
        assert (unnamed.client, unnamed.phone, Client.objects.count()) == (None, PHONE, 1)

    def test_a_deleted_guest_does_not_come_back_by_moving_the_reservation(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, phone=PHONE, guest_name="Anna")
        assert made.client is not None
        clients.delete(made.client)
        moved = reservations.move(made, span=ours.at(18, 20), table_ids=[], by=ours.owner)
        assert (moved.client, moved.guest_name, Client.objects.count()) == (None, "Anna", 0)


class TestChanging:
    def test_a_change_counts_the_version_and_is_told(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, "1")
        changed = reservations.change(
            made, replace(Wish.of(made), guests=3, comment=" cake "), by=ours.owner, version=1
        )
        assert (changed.version, changed.guests, changed.comment) == (2, 3, "cake")
        assert [(frame["version"], frame["guests"]) for frame in frames(ours)] == [(1, 2), (2, 3)]

    def test_nothing_changed_is_nothing_told(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, "1", phone=PHONE, guest_name="Anna")
        assert reservations.change(made, Wish.of(made), by=ours.owner, version=1).version == 1
        assert len(frames(ours)) == 1

    def test_a_stale_change_is_refused_with_what_stands_now(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, "1")
        reservations.change(made, replace(Wish.of(made), guests=3), by=ours.owner, version=1)
        with pytest.raises(Stale) as refused:
            reservations.change(made, replace(Wish.of(made), guests=4), by=ours.owner, version=1)
        assert refused.value.details["current"].guests == 3

    def test_moving_frees_the_old_place_and_takes_the_new(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, "1", "2")
        reservations.move(made, span=ours.at(18, 22), table_ids=[ours.tables["T"].pk], by=ours.owner, version=1)
        assert taken(ours) == [("T", 18, 22)]
        assert [table.name for table in made.tables.all()] == ["T"]

    def test_a_refused_move_changes_nothing(self, ours: Restaurant) -> None:
        made, other = ours.book(19, 21, "1"), ours.book(19, 21, "2", guest_name="Boris")
        with pytest.raises(TableTaken) as refused:
            reservations.move(made, span=ours.at(20, 22), table_ids=[ours.tables["2"].pk], by=ours.owner)
        assert [party.reservation_id for party in refused.value.in_the_way] == [other.pk]
        assert taken(ours) == [("1", 19, 21), ("2", 19, 21)]
        made.refresh_from_db()
        assert (made.version, made.starts_at) == (1, ours.at(19, 21).start)

    def test_a_stranger_has_no_such_reservation(self, ours: Restaurant, theirs: Restaurant) -> None:
        made = ours.book(19, 21)
        made.organization = theirs.organization
        with pytest.raises(NotFound):
            reservations.cancel(made, by=theirs.owner)


class TestCourse:
    @pytest.mark.parametrize("course", ["finished", "no_show", "cancelled"])
    def test_an_end_frees_the_tables_and_going_back_takes_them_again(self, ours: Restaurant, course: str) -> None:
        made = ours.book(19, 21, "1", "2")
        over = reservations.set_course(made, course, by=ours.owner, version=1)
        assert (over.course, taken(ours)) == (course, [])
        back = reservations.set_course(over, "seated", by=ours.owner, version=2)
        assert (back.course, taken(ours)) == ("seated", [("1", 19, 21), ("2", 19, 21)])

    def test_going_back_is_refused_when_somebody_else_has_the_table(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, "1")
        reservations.cancel(made, by=ours.owner)
        ours.book(20, 22, "1", guest_name="Boris")
        with pytest.raises(TableTaken, match=r"Table 1 is taken: Boris, 20:00–22:00\."):
            reservations.set_course(made, "expected", by=ours.owner)
        made.refresh_from_db()
        assert made.course == "cancelled"

    def test_from_one_end_to_another_nothing_is_taken(self, ours: Restaurant) -> None:
        made = ours.book(19, 21, "1")
        for course in ("cancelled", "no_show", "finished"):
            reservations.set_course(made, course, by=ours.owner)
        assert taken(ours) == []

    def test_a_cancelled_one_is_moved_without_asking_and_takes_the_new_place_when_it_is_back(
        self, ours: Restaurant
    ) -> None:
        made = ours.book(19, 21, "1")
        ours.book(18, 20, "2")
        reservations.cancel(made, by=ours.owner)
        reservations.move(made, span=ours.at(19, 20), table_ids=[ours.tables["2"].pk], by=ours.owner)
        reservations.move(made, span=ours.at(20, 22), table_ids=[ours.tables["2"].pk], by=ours.owner)
        assert taken(ours) == [("2", 18, 20)]
        reservations.set_course(made, "expected", by=ours.owner)
        assert taken(ours) == [("2", 18, 20), ("2", 20, 22)]

    def test_when_they_sat_and_left_is_kept(self, ours: Restaurant) -> None:
        made = ours.book(12, 14, "1")
        with time_machine.travel(NOON, tick=False):
            made = reservations.set_course(made, "seated", by=ours.owner)
        with time_machine.travel(NOON + timedelta(hours=1), tick=False):
            made = reservations.set_course(made, "finished", by=ours.owner)
        assert (made.seated_at, made.finished_at) == (NOON, NOON + timedelta(hours=1))
        back = reservations.set_course(made, "seated", by=ours.owner)
        assert (back.seated_at, back.finished_at) == (NOON, None)
        assert reservations.set_course(back, "expected", by=ours.owner).seated_at is None

    def test_a_visit_written_down_afterwards_asks_nobody_for_a_table(self, ours: Restaurant) -> None:
        ours.book(12, 14, "1")
        ours.book(12, 14, "1", course="no_show")
        assert taken(ours) == [("1", 12, 14)]

    def test_an_unknown_course_is_refused(self, ours: Restaurant) -> None:
        with pytest.raises(Invalid):
            reservations.set_course(ours.book(12, 14), "asleep", by=ours.owner)


class TestHalls:
    def test_a_table_that_is_awaited_is_not_taken_away_silently(self, ours: Restaurant) -> None:
        with time_machine.travel(NOON):
            made, table = ours.book(19, 21, "1", "2"), ours.tables["1"]
            for act in (halls.hide_table, halls.remove_table):
                with pytest.raises(halls.TableAwaited) as refused:
                    act(table, by=ours.owner)
                assert refused.value.reservations == [made]
            halls.hide_table(table, by=ours.owner, anyway=True)
        assert [each.name for each in made.tables.all()] == ["2"]
        assert taken(ours) == [("2", 19, 21)]

    def test_a_past_keeps_the_table_hidden_and_none_removes_it(self, ours: Restaurant) -> None:
        ours.book(10, 11, "1")
        with time_machine.travel(NOON):
            assert not halls.remove_table(ours.tables["1"], by=ours.owner)
            assert halls.remove_table(ours.tables["2"], by=ours.owner)
        left = list(type(ours.tables["1"]).objects.for_org(ours.organization).values_list("name", "is_active"))
        assert left == [("1", False), ("3", True), ("T", True)]

    def test_a_table_moves_within_its_branch_and_keeps_its_name_to_itself(
        self, ours: Restaurant, theirs: Restaurant
    ) -> None:
        table, terrace = ours.tables["1"], ours.tables["T"].hall
        halls.change_table(table, name="11", seats=3, hall=terrace)
        assert [each.name for each in terrace.tables.all()] == ["T", "11"]
        with pytest.raises(Invalid):
            halls.change_table(table, name="2", seats=3, hall=terrace)
        with pytest.raises(NotFound):
            halls.change_table(table, name="11", seats=3, hall=theirs.tables["1"].hall)

    def test_several_tables_are_numbered_on(self, ours: Restaurant) -> None:
        hall = ours.tables["T"].hall
        names = [
            [table.name for table in halls.add_tables(hall, name=name, seats=2, count=count)]
            for name, count in (("7", 3), ("B09", 2), ("Bar", 2), ("Booth", 1))
        ]
        assert names == [["7", "8", "9"], ["B09", "B10"], ["Bar 1", "Bar 2"], ["Booth"]]

    def test_order_is_changed_a_place_at_a_time(self, ours: Restaurant) -> None:
        hall = ours.tables["1"].hall
        halls.shift(ours.tables["3"], list(hall.tables.all()), -1)
        assert [table.name for table in hall.tables.all()] == ["1", "3", "2"]
        halls.shift(hall.tables.all()[0], list(hall.tables.all()), -1)
        assert [table.name for table in hall.tables.all()] == ["1", "3", "2"]

    def test_a_status_in_use_is_hidden_and_the_last_one_stays(self, ours: Restaurant) -> None:
        ours.book(19, 21)
        assert not halls.remove_status(ours.standard)
        with pytest.raises(Exception, match="At least one status must remain"):
            halls.remove_status(ours.vip)
        halls.show_status(ours.standard)
        assert halls.remove_status(ours.vip)
