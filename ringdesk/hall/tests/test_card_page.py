"""The reservation card, as owner, colleague and stranger."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ringdesk.accounts.models import Branch, Member
from ringdesk.crm import clients
from ringdesk.crm.models import Client
from ringdesk.hall import halls, reservations
from ringdesk.hall.models import Reservation
from ringdesk.hall.tests.conftest import NOON, Restaurant

NEW = reverse("hall:card_new")
HTMX = {"HX-Request": "true", "HX-Target": "drawer"}
PHONE = "+79230000001"


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOON + timedelta(minutes=7, seconds=30), tick=False):
        yield


def card_url(reservation: Reservation) -> str:
    return reverse("hall:card", args=[reservation.pk])


def filled(ours: Restaurant, *tables: str, **more: Any) -> dict[str, Any]:
    """Return what a filled-in card posts."""
    return {
        "phone": "8 923 000-00-01",
        "guest_name": "Irina",
        "guests": 2,
        "status": ours.standard.pk,
        "date": "2026-11-21",
        "start": "19:00",
        "duration": "01:30",
        "end": "20:30",
        "tables": [ours.tables[name].pk for name in tables],
        "comment": "quiet corner",
    } | more


def values(page: str) -> dict[str, str]:
    """Return what stands in the card's fields."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", page):
        attributes = dict(re.findall(r'(\S+?)="([^"]*)"', tag))
        if "name" in attributes and attributes.get("type") not in ("checkbox", "radio"):
            found[attributes["name"]] = attributes.get("value", "")
    return found


def checked(page: str) -> set[str]:
    return set(re.findall(r'name="tables" value="(\d+)"[^>]* checked', page))


class TestNew:
    def test_an_empty_card_begins_at_the_next_quarter_for_the_usual_time(
        self, ours: Restaurant, hostess: Browser
    ) -> None:
        halls.set_default_duration(ours.branch, 90)
        page = hostess.get(NEW, headers=HTMX).content.decode()
        shown = values(page)
        assert {key: shown[key] for key in ("date", "start", "duration", "end", "guests", "phone")} == {
            "date": "2026-11-21",
            "start": "12:15",
            "duration": "01:30",
            "end": "13:45",
            "guests": "",
            "phone": "",
        }
        assert "The name must be filled in to create a reservation with a guest" in page
        assert "<html" not in page

    def test_a_free_spot_brings_its_time_and_table(self, ours: Restaurant, hostess: Browser) -> None:
        asked: dict[str, Any] = {"date": "2026-11-21", "start": "1500", "table": ours.tables["2"].pk}
        page = hostess.get(NEW, asked, headers=HTMX).content.decode()
        assert (values(page)["date"], values(page)["start"]) == ("2026-11-22", "01:00")
        assert checked(page) == {str(ours.tables["2"].pk)}
        assert "Hall: Main" in page

    def test_another_day_begins_when_it_opens(self, ours: Restaurant, hostess: Browser) -> None:
        shown = values(hostess.get(NEW, {"date": "2026-11-25"}, headers=HTMX).content.decode())
        assert (shown["date"], shown["start"]) == ("2026-11-25", "10:00")

    def test_a_call_brings_phone_and_a_known_guest(self, ours: Restaurant, hostess: Browser) -> None:
        call = str(uuid4())
        unknown = values(hostess.get(NEW, {"phone": PHONE, "call": call}, headers=HTMX).content.decode())
        assert (unknown["phone"], unknown["guest_name"], unknown["call"]) == (PHONE, "", call)
        anna = clients.create(ours.organization, name="Anna", phones=[PHONE], about="Nuts!")
        page = hostess.get(NEW, {"phone": PHONE, "call": call}, headers=HTMX).content.decode()
        assert (values(page)["guest_name"], values(page)["client"]) == ("Anna", str(anna.pk))
        assert "Nuts!" in page

    def test_several_guests_with_the_number_are_a_choice(self, ours: Restaurant, hostess: Browser) -> None:
        he, she = (clients.create(ours.organization, name=name, phones=[PHONE]) for name in ("Pavel", "Rita"))
        page = hostess.get(NEW, {"phone": PHONE, "client": str(she.pk)}, headers=HTMX).content.decode()
        assert values(page)["guest_name"] == "Rita"
        assert f'name="client" value="{he.pk}"' in page
        refused = hostess.post(NEW, filled(ours), headers=HTMX)
        assert refused.status_code == 422
        assert "This number belongs to several guests" in refused.content.decode()
        assert hostess.post(NEW, filled(ours, client=she.pk), headers=HTMX).status_code == 204
        assert Reservation.objects.get().client == she

    def test_nonsense_in_the_address_is_an_ordinary_card(self, ours: Restaurant, hostess: Browser) -> None:
        asked: dict[str, str] = {
            "date": "soon",
            "start": "-5",
            "table": "x",
            "call": "y",
            "client": "0",
            "phone": "скрыт",
        }
        assert hostess.get(NEW, asked, headers=HTMX).status_code == 200

    def test_a_page_of_its_own_shows_the_day_behind(self, ours: Restaurant, hostess: Browser) -> None:
        page = hostess.get(NEW, {"phone": PHONE}).content.decode()
        assert "<html" in page
        assert 'id="board"' in page
        assert values(page)["phone"] == PHONE

    def test_saving_books_closes_the_drawer_and_says_so(self, ours: Restaurant, hostess: Browser) -> None:
        call = uuid4()
        response = hostess.post(NEW, filled(ours, "2", call=call, about="Window"), headers=HTMX)
        assert (response.status_code, response.content) == (204, b"")
        assert json.loads(response.headers["HX-Trigger"]) == {
            "drawer:close": {},
            "ringdesk:refresh": {},
            "toast": {"text": "Saved: Irina, 21 November, 19:00, table 2.", "tone": "ok"},
        }
        made = Reservation.objects.get()
        assert (made.span, made.phone, made.call_id) == (ours.at(19, 20.5), PHONE, call)
        assert (made.client.name, made.client.about) == ("Irina", "Window")  # type: ignore[union-attr]
        assert made.created_by == ours.member("hostess")

    def test_more_guests_than_seats_are_saved_with_a_warning(self, ours: Restaurant, hostess: Browser) -> None:
        response = hostess.post(NEW, filled(ours, "1", guests=3), headers=HTMX)
        message = json.loads(response.headers["HX-Trigger"])["toast"]
        assert (message["tone"], "More guests (3) than seats" in message["text"]) == ("warn", True)

    def test_without_htmx_it_goes_back_to_the_day(self, ours: Restaurant, hostess: Browser) -> None:
        assert hostess.post(NEW, filled(ours)).headers["Location"] == "/hall/?date=2026-11-21"

    def test_a_taken_table_is_refused_and_nothing_typed_is_lost(self, ours: Restaurant, hostess: Browser) -> None:
        ours.book(18, 20, "2", guests=4, guest_name="Boris")
        posted = filled(ours, "2", guests=4, about="Window", draft="new table=2")
        response = hostess.post(NEW, posted, headers=HTMX)
        page = response.content.decode()
        assert response.status_code == 409
        assert 'data-draft="reservation:new table=2"' in page
        assert "Table 2 is taken: Boris, 18:00–20:00." in page
        assert f'name="take" value="{ours.tables["3"].pk}"' in page
        assert checked(page) == {str(ours.tables["2"].pk)}
        shown = values(page)
        assert (shown["phone"], shown["guest_name"], shown["start"]) == ("8 923 000-00-01", "Irina", "19:00")
        assert "quiet corner" in page
        assert "Window" in page
        assert Reservation.objects.count() == 1
        assert Client.objects.filter(name="Irina").count() == 0
        taken = filled(ours, "2", guests=4, take=ours.tables["3"].pk)
        assert hostess.post(NEW, taken, headers=HTMX).status_code == 204
        assert [table.name for table in Reservation.objects.latest("pk").tables.all()] == ["3"]

    @pytest.mark.parametrize(
        ("more", "text"),
        [
            ({"guests": ""}, "Required field"),
            ({"guests": 0}, "greater than or equal to 1"),
            ({"start": "soon"}, "Write the time like 19:30."),
            ({"start": "25:00"}, "Write the time like 19:30."),
            ({"duration": "0", "end": ""}, "Write the duration like 01:30."),
            ({"duration": "", "end": ""}, "Required field"),
            ({"date": "yesterday"}, "Enter a valid date"),
            ({"date": "1999-01-01"}, "Check the date."),
            ({"guest_name": "", "about": "Window"}, "The name must be filled in"),
            ({"tables": "x"}, "There is no such table"),
            ({"tables": "0"}, "There is no such table"),
            ({"status": "0"}, "Select a valid choice"),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field(
        self, ours: Restaurant, hostess: Browser, more: dict[str, object], text: str
    ) -> None:
        response = hostess.post(NEW, filled(ours, **more), headers=HTMX)
        assert (response.status_code, text in response.content.decode()) == (422, True)
        assert Reservation.objects.count() == 0

    @pytest.mark.parametrize(
        ("more", "end"),
        [
            ({"duration": "02:00"}, 21),
            ({"duration": "02:00", "end": "22:00", "edited": "end"}, 22),
            ({"duration": "", "end": "22:00"}, 22),
            ({"start": "1900", "duration": "5:00"}, 24),
            ({"duration": "", "end": "01:30"}, 25.5),
            ({"duration": "24:00"}, 43),
        ],
    )
    def test_end_and_duration_follow_from_each_other(
        self, ours: Restaurant, hostess: Browser, more: dict[str, object], end: float
    ) -> None:
        assert hostess.post(NEW, filled(ours, **more), headers=HTMX).status_code == 204
        assert Reservation.objects.get().span == ours.at(19, end)

    def test_a_walk_in_needs_neither_name_nor_phone(self, ours: Restaurant, hostess: Browser) -> None:
        page = hostess.get(NEW, {"walk_in": 1}, headers=HTMX).content.decode()
        shown = values(page)
        assert (shown["start"], "guest_name" in shown) == ("12:07", False)
        posted: dict[str, Any] = {key: shown[key] for key in ("date", "start", "duration", "end")}
        posted |= {"guests": "2", "tables": ours.tables["1"].pk}
        assert hostess.post(f"{NEW}?walk_in=1", posted, headers=HTMX).status_code == 204
        made = Reservation.objects.get()
        assert (made.course, made.phone, made.client, made.status) == ("seated", "", None, ours.standard)

    def test_the_hours_of_the_night_when_clocks_change_are_real(self, ours: Restaurant, hostess: Browser) -> None:
        Branch.objects.filter(pk=ours.branch.pk).update(timezone="Europe/Berlin")
        spring = filled(ours, date="2027-03-28", start="01:30", duration="02:00")
        assert hostess.post(NEW, spring, headers=HTMX).status_code == 204
        made = Reservation.objects.get()
        assert made.ends_at - made.starts_at == timedelta(hours=2)
        shown = values(hostess.get(card_url(made), headers=HTMX).content.decode())
        assert (shown["start"], shown["duration"], shown["end"]) == ("01:30", "02:00", "04:30")
        missing = hostess.post(NEW, spring | {"start": "02:30"}, headers=HTMX)
        assert "the clock jumps over 02:30: there is no such time" in missing.content.decode()
        until = spring | {"duration": "", "end": "02:15", "edited": "end"}
        missing = hostess.post(NEW, until, headers=HTMX)
        assert "the clock jumps over 02:15: there is no such time" in missing.content.decode()
        assert Reservation.objects.count() == 1

    def test_an_hour_that_comes_twice_stays_the_one_it_was(self, ours: Restaurant, hostess: Browser) -> None:
        Branch.objects.filter(pk=ours.branch.pk).update(timezone="Europe/Berlin")
        ours.branch.refresh_from_db()
        wish = ours.wish(0, 1)
        start = ours.at(0, 1).start.replace(month=10, day=25, hour=1, minute=30)  # 02:30 in Berlin, the second time
        made = reservations.book(
            ours.branch, replace(wish, starts_at=start, ends_at=start + timedelta(hours=1)), by=None
        )
        shown = values(hostess.get(card_url(made), headers=HTMX).content.decode())
        posted = {key: shown[key] for key in ("date", "start", "duration", "end", "version")}
        assert hostess.post(card_url(made), posted | {"guests": 5}, headers=HTMX).status_code == 204
        made.refresh_from_db()
        assert (made.starts_at, made.guests) == (start, 5)

    def test_who_may_open_and_book(
        self, ours: Restaurant, accountant: Browser, cashier: Browser, stranger: Browser
    ) -> None:
        for browser in (accountant, cashier):
            assert browser.get(NEW, headers=HTMX).status_code == 403
            assert browser.post(NEW, filled(ours), headers=HTMX).status_code == 403
        anna = clients.create(ours.organization, name="Anna", phones=[PHONE])
        assert "Anna" not in stranger.get(NEW, {"phone": PHONE, "client": str(anna.pk)}, headers=HTMX).content.decode()
        assert stranger.post(NEW, filled(ours, "1"), headers=HTMX).status_code == 422
        assert Reservation.objects.count() == 0


class TestOpen:
    def test_a_card_shows_what_is_stored_and_saving_it_changes_nothing(
        self, ours: Restaurant, hostess: Browser
    ) -> None:
        made = ours.book(19, 21, "1", "2", guests=5, phone=PHONE, guest_name="Irina", about="Window", comment="cake")
        page = hostess.get(card_url(made), headers=HTMX).content.decode()
        shown = values(page)
        assert (shown["phone"], shown["guest_name"], shown["guests"]) == ("+7 923 000-00-01", "Irina", "5")
        assert checked(page) == {str(ours.tables[name].pk) for name in ("1", "2")}
        posted = shown | {
            "tables": list(checked(page)),
            "about": "Window",
            "comment": "cake",
            "status": ours.standard.pk,
        }
        assert hostess.post(card_url(made), posted, headers=HTMX).status_code == 204
        made.refresh_from_db()
        assert made.version == 1

    def test_a_course_button_saves_the_card_too(self, ours: Restaurant, hostess: Browser) -> None:
        made = ours.book(19, 20.5, "1", phone=PHONE, guest_name="Irina")
        posted = filled(ours, "1", guests=1, version=1, course="seated")
        response = hostess.post(card_url(made), posted, headers=HTMX)
        assert response.status_code == 204
        made.refresh_from_db()
        assert (made.course, made.guests, made.version) == ("seated", 1, 2)

    def test_going_back_to_a_taken_table_is_refused_in_the_card(self, ours: Restaurant, hostess: Browser) -> None:
        made = ours.book(19, 20.5, "1")
        reservations.cancel(made, by=None)
        ours.book(19, 21, "1", guest_name="Boris")
        response = hostess.post(card_url(made), filled(ours, "1", version=2, course="expected"), headers=HTMX)
        assert (response.status_code, "Table 1 is taken: Boris" in response.content.decode()) == (409, True)

    def test_a_stale_card_shows_what_has_changed_and_may_overwrite(self, ours: Restaurant, hostess: Browser) -> None:
        made = ours.book(19, 20.5, "1", guests=2, phone=PHONE, guest_name="Irina", comment="quiet corner")
        reservations.move(made, span=ours.at(18, 20), table_ids=[ours.tables["2"].pk], by=None)
        posted = filled(ours, "1", guests=1, version=1)
        response = hostess.post(card_url(made), posted, headers=HTMX)
        page = response.content.decode()
        assert response.status_code == 409
        assert "Somebody has changed this reservation" in page
        assert "21 November, 18:00–20:00" in page
        assert 'name="overwrite" value="2"' in page
        assert hostess.post(card_url(made), posted | {"overwrite": 2}, headers=HTMX).status_code == 204
        made.refresh_from_db()
        assert (made.span, made.guests, made.version) == (ours.at(19, 20.5), 1, 3)

    def test_an_accountant_sees_but_does_not_change(self, ours: Restaurant, accountant: Browser) -> None:
        made = ours.book(19, 21, "1", guest_name="Irina")
        page = accountant.get(card_url(made), headers=HTMX).content.decode()
        assert "Irina" in page
        assert "disabled" in page
        assert "Save" not in page
        assert accountant.post(card_url(made), filled(ours), headers=HTMX).status_code == 403

    def test_others_do_not_even_see(self, ours: Restaurant, cashier: Browser, stranger: Browser) -> None:
        made = ours.book(19, 21, "1")
        for browser, status in ((cashier, 403), (stranger, 404)):
            assert browser.get(card_url(made), headers=HTMX).status_code == status
            assert browser.post(card_url(made), filled(ours), headers=HTMX).status_code == status

    def test_a_seat_limited_to_another_branch_is_a_stranger(self, ours: Restaurant, hostess: Browser) -> None:
        made = ours.book(19, 21, "1")
        other = Branch.objects.create(organization=ours.organization, name="Hill")
        Member.objects.get(pk=ours.member("hostess").pk).branches.add(other)
        assert hostess.get(card_url(made), headers=HTMX).status_code == 404


class TestRefreshing:
    def test_tables_for_a_time_and_a_party_keep_the_choice(self, ours: Restaurant, hostess: Browser) -> None:
        ours.book(19, 21, "2", guests=4, guest_name="Boris")
        asked: dict[str, Any] = {"date": "2026-11-21", "start": "20:00", "duration": "01:00", "guests": "6"}
        page = hostess.get(reverse("hall:card_tables"), asked | {"tables": ours.tables["2"].pk}).content.decode()
        assert "Boris, until 21:00" in page
        assert "Table 2 is taken: Boris, 19:00–21:00." in page
        assert checked(page) == {str(ours.tables["2"].pk)}
        order = [page.index(f'value="{ours.tables[name].pk}"') for name in ("3", "1", "T", "2")]
        assert order == sorted(order)

    def test_its_own_reservation_is_not_in_its_way(self, ours: Restaurant, hostess: Browser) -> None:
        made = ours.book(19, 21, "2", guests=4)
        asked: dict[str, Any] = {"date": "2026-11-21", "start": "20:00", "duration": "01:00", "reservation": made.pk}
        assert "Taken" not in hostess.get(reverse("hall:card_tables"), asked).content.decode()

    def test_half_a_time_is_no_error(self, ours: Restaurant, hostess: Browser) -> None:
        for asked in ({}, {"date": "2026-11-21"}, {"date": "x", "start": "y", "guests": "z", "tables": "w"}):
            assert hostess.get(reverse("hall:card_tables"), asked).status_code == 200

    def test_the_number_of_queries_does_not_grow_with_the_tables(self, ours: Restaurant, hostess: Browser) -> None:
        asked = {"date": "2026-11-21", "start": "19:00", "duration": "01:00", "guests": "2"}

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                hostess.get(reverse("hall:card_tables"), asked)
            return len(captured)

        ours.book(19, 21, "1")
        one = queries()
        halls.add_tables(ours.tables["T"].hall, name="20", seats=4, count=20)
        ours.book(19, 21, "2", guests=4)
        ours.book(19, 21, "3", guests=4)
        assert queries() == one

    def test_a_number_tells_its_guest(self, ours: Restaurant, hostess: Browser, stranger: Browser) -> None:
        url = reverse("hall:card_guest")
        clients.create(ours.organization, name="Anna", phones=[PHONE], about="Nuts!")
        page = hostess.get(url, {"phone": "8 (923) 000 00 01"}).content.decode()
        assert 'data-known-name="Anna" data-known-about="Nuts!"' in page
        assert "A new number" in hostess.get(url, {"phone": "+79990001122"}).content.decode()
        assert "A new number" not in hostess.get(url, {"phone": "скрыт"}).content.decode()
        assert "Anna" not in stranger.get(url, {"phone": PHONE}).content.decode()

    def test_who_may_ask(self, ours: Restaurant, accountant: Browser, stranger: Browser) -> None:
        made = ours.book(19, 21, "1")
        for name in ("hall:card_tables", "hall:card_guest"):
            assert accountant.get(reverse(name)).status_code == 403
            assert stranger.get(reverse(name), {"reservation": made.pk}).status_code == 404


def test_a_guest_and_a_date_that_are_none(ours: Restaurant, hostess: Browser) -> None:
    page = hostess.post(NEW, filled(ours, "1", date="9999-12-31"))
    assert (page.status_code, "Check the date." in page.content.decode()) == (422, True)
    assert hostess.post(NEW, filled(ours, "1", tables=["²"])).status_code == 422
    assert hostess.post(NEW, filled(ours, "1", client="²")).status_code == 302


class TestBranch:
    def test_a_card_is_saved_where_it_was_opened_though_another_branch_is_looked_at_by_now(
        self, ours: Restaurant, hostess: Browser
    ) -> None:
        page = hostess.get(NEW, headers=HTMX).content.decode()
        branch = values(page)["branch"]
        assert branch == str(ours.branch.pk)
        elsewhere = Branch.objects.create(organization=ours.organization, name="Z elsewhere", timezone="Europe/Moscow")
        hostess.post(reverse("accounts:choose_branch"), {"branch": elsewhere.pk})
        assert values(hostess.get(NEW, headers=HTMX).content.decode())["branch"] == str(elsewhere.pk)
        assert hostess.post(NEW, filled(ours, "1", branch=branch), headers=HTMX).status_code == 204
        made = Reservation.objects.get()
        assert (made.branch, [table.name for table in made.tables.all()]) == (ours.branch, ["1"])

    def test_the_branch_of_others_is_not_taken(self, ours: Restaurant, theirs: Restaurant, hostess: Browser) -> None:
        hostess.post(NEW, filled(ours, "1", branch=theirs.branch.pk), headers=HTMX)
        assert [made.branch for made in Reservation.objects.all()] == [ours.branch]
