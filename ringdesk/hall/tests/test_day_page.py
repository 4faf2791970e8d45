"""The page of a day, and moving a bar on it, as owner, colleague and stranger."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ringdesk.accounts.models import OpeningHours
from ringdesk.hall import board, halls, reservations
from ringdesk.hall.models import Reservation, Table
from ringdesk.hall.tests.conftest import DAY, NOON, Restaurant
from ringdesk.scheduling.models import Claim

URL = reverse("hall:day")
HTMX = {"HX-Request": "true", "HX-Target": "board"}


def move_url(reservation: Reservation, start_table: str = "", **tables: Table) -> str:
    origin = f"&from={tables[start_table].pk}" if start_table else ""
    return f"{reverse('hall:move', args=[reservation.pk])}?date={DAY.isoformat()}{origin}"


def told(response: object) -> dict[str, object]:
    headers = response.headers  # type: ignore[attr-defined]
    return dict(json.loads(headers["HX-Trigger"]))


class TestDay:
    @pytest.fixture(autouse=True)
    def noon(self) -> object:
        with time_machine.travel(NOON, tick=False):
            yield

    def test_the_day_shows_halls_tables_and_bars(self, ours: Restaurant, owner: Browser) -> None:
        ours.book(13, 15, "2", guests=4, guest_name="Anna Petrova", status_id=ours.vip.pk)
        ours.book(19, 21, guests=3, guest_name="Larisa")
        page = owner.get(URL).content.decode()
        assert "Sat, 21 November" in page
        assert 'data-from="600" data-to="1260"' in page
        assert 'data-origin="2026-11-21T00:00:00+07:00"' in page
        for text in ("Main", "Terrace", "Table 2", "No table", "Anna Petrova", "Larisa", "<b>7</b> guests"):
            assert text in page
        assert 'data-start="780" data-end="900" data-tone="violet"' in page

    def test_a_hall_can_be_looked_at_alone(self, ours: Restaurant, owner: Browser) -> None:
        page = owner.get(URL, {"hall": ours.tables["T"].hall_id}).content.decode()
        assert "Table T" in page
        assert "Table 2" not in page
        assert "Table 2" in owner.get(URL, {"hall": "nonsense"}).content.decode()

    def test_a_refresh_is_the_board_alone(self, ours: Restaurant, owner: Browser) -> None:
        page = owner.get(URL, {"date": "2026-11-22"}, headers=HTMX).content.decode()
        assert "<html" not in page
        assert page.lstrip().startswith('<div class="board"')
        assert 'id="day-sum" hx-swap-oob="true"' in page
        assert 'data-date="2026-11-22"' in page

    def test_nonsense_shows_today(self, ours: Restaurant, owner: Browser) -> None:
        for text in ("", "tomorrow", "0001-01-01", "9999-12-31"):
            assert 'data-date="2026-11-21"' in owner.get(URL, {"date": text}).content.decode()

    def test_a_branch_without_tables_is_told_what_to_do_first(self, ours: Restaurant, owner: Browser) -> None:
        for table in ours.tables.values():
            halls.remove_table(table, by=None)
        page = owner.get(URL).content.decode()
        assert "There are no tables yet" in page
        assert reverse("hall:halls") in page

    def test_who_may_see_and_who_may_change(
        self, ours: Restaurant, hostess: Browser, accountant: Browser, cashier: Browser, stranger: Browser
    ) -> None:
        ours.book(13, 15, "2", guest_name="Anna Petrova")
        assert "data-move-url" in hostess.get(URL).content.decode()
        seen = accountant.get(URL).content.decode()
        assert "Anna Petrova" in seen
        assert "data-move-url" not in seen
        assert "data-new-url" not in seen
        assert cashier.get(URL).status_code == 403
        assert "Anna Petrova" not in stranger.get(URL).content.decode()
        assert Browser().get(URL).status_code == 302

    def test_the_same_number_of_queries_for_one_and_for_many(self, ours: Restaurant, owner: Browser) -> None:
        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert owner.get(URL, {"date": DAY.isoformat()}, headers=HTMX).status_code == 200
            return len(captured)

        ours.book(10, 11, "1", phone="+79230000001", guest_name="A")
        one = queries()
        ours.book(11, 12, "1", "2", guests=5, guest_name="B", status_id=ours.vip.pk)
        ours.book(12, 13, guest_name="C")
        assert queries() == one

    def test_five_hundred_reservations_are_drawn_in_a_few_queries(self, ours: Restaurant, owner: Browser) -> None:
        tables = list(ours.tables.values())
        claims = Claim.objects.bulk_create(
            Claim(organization=ours.organization, kind="reservation") for _ in range(500)
        )
        start = ours.at(10, 11).start
        made = Reservation.objects.bulk_create(
            Reservation(
                organization=ours.organization,
                branch=ours.branch,
                claim=claim,
                status=ours.standard,
                guests=2,
                guest_name=f"Guest {number}",
                starts_at=start + timedelta(minutes=number),
                ends_at=start + timedelta(minutes=number + 1),
            )
            for number, claim in enumerate(claims)
        )
        Reservation.tables.through.objects.bulk_create(
            Reservation.tables.through(reservation=each, table=tables[number % 4]) for number, each in enumerate(made)
        )
        with CaptureQueriesContext(connection) as captured:
            page = owner.get(URL, headers=HTMX).content.decode()
        assert page.count('class="res"') == 500
        assert len(captured) <= 20


class TestBoard:
    def draw(self, ours: Restaurant, at: float) -> board.Board:
        now = ours.at(at, at + 1).start
        return board.draw(ours.branch, board.service_day(ours.branch, None, now), now)

    def test_the_state_of_every_table_is_told_in_words(self, ours: Restaurant) -> None:
        ours.book(12, 13, "1", course="seated")
        ours.book(15, 16, "1")
        ours.book(14, 15, "2", guests=4)
        ours.book(14.5, 16, "3", guests=6, course="seated")
        states = [row.state for _hall, rows in self.draw(ours, 13.25).halls for row in rows]
        assert [(state.kind, state.text) for state in states if state] == [
            ("overdue", "Overdue since 13:00"),
            ("soon", "Reserved from 14:00"),
            ("seated", "Seated until 16:00"),
            ("free", "Free"),
        ]
        ours.book(16, 17, "T", guests=4)
        later = [row.state for _hall, rows in self.draw(ours, 14.25).halls for row in rows]
        assert [state.text for state in later if state][1:] == [
            "Expected since 14:00",
            "Seated until 16:00",
            "Free until 16:00",
        ]

    def test_another_day_has_no_states(self, ours: Restaurant) -> None:
        now = ours.at(12, 13).start
        drawn = board.draw(ours.branch, board.service_day(ours.branch, DAY + timedelta(days=1), now), now)
        assert {row.state for _hall, rows in drawn.halls for row in rows} == {None}

    def test_who_does_not_come_takes_no_place_but_can_be_found(self, ours: Restaurant) -> None:
        made = ours.book(13, 15, "1", guests=2)
        reservations.cancel(made, by=None)
        ours.book(13, 15, "1", guests=2)
        drawn = self.draw(ours, 12)
        assert [len(row.bars) for _hall, rows in drawn.halls for row in rows] == [1, 0, 0, 0]
        assert drawn.away == (made,)
        assert (drawn.reservations, drawn.guests) == (1, 2)

    def test_who_is_late_is_marked(self, ours: Restaurant) -> None:
        ours.book(12, 13, "1")
        (bar,) = next(row.bars for _hall, rows in self.draw(ours, 12.25).halls for row in rows)
        assert bar.late_minutes == 15

    def test_a_hidden_table_is_shown_while_somebody_has_it(self, ours: Restaurant) -> None:
        ours.book(13, 15, "1")
        Table.objects.filter(pk=ours.tables["1"].pk).update(is_active=False)
        assert [row.table.name for _hall, rows in self.draw(ours, 12).halls for row in rows] == ["1", "2", "3", "T"]
        drawn = board.draw(
            ours.branch, board.service_day(ours.branch, DAY + timedelta(days=1), NOON), ours.at(12, 13).start
        )
        assert [row.table.name for _hall, rows in drawn.halls for row in rows] == ["2", "3", "T"]

    def test_the_night_belongs_to_the_evening_before(self, ours: Restaurant) -> None:
        OpeningHours.objects.for_org(ours.organization).update(opens=1080, closes=1560)
        ours.book(24.5, 25.5, "1", guest_name="Night owl")
        tonight = board.draw(ours.branch, board.service_day(ours.branch, DAY, NOON), NOON)
        assert [(bar.start, bar.end) for _hall, rows in tonight.halls for row in rows for bar in row.bars] == [
            (1470, 1530)
        ]
        assert (tonight.start, tonight.end) == (1080, 1560)
        tomorrow = board.draw(ours.branch, board.service_day(ours.branch, DAY + timedelta(days=1), NOON), NOON)
        assert tomorrow.reservations == 0
        assert board.service_day(ours.branch, None, ours.at(25, 26).start).date == DAY


class TestMoving:
    def test_a_bar_moves_in_time_and_to_another_table(self, ours: Restaurant, hostess: Browser) -> None:
        made = ours.book(13, 15, "1", "2", guests=5, guest_name="Anna")
        url = move_url(made, "2", **ours.tables)
        response = hostess.post(
            url, {"start": 840, "end": 960, "table": ours.tables["3"].pk, "version": 1}, headers=HTMX
        )
        assert (response.status_code, response.content) == (204, b"")
        assert told(response) == {
            "ringdesk:refresh": {},
            "toast": {"text": "Anna: 14:00–16:00, table 1+3", "tone": "ok"},
        }
        made.refresh_from_db()
        assert (made.span, made.version) == (ours.at(14, 16), 2)
        assert {table.name for table in made.tables.all()} == {"1", "3"}

    def test_a_pulled_end_keeps_the_tables(self, ours: Restaurant, hostess: Browser) -> None:
        made = ours.book(13, 15, "1", "2", guests=5)
        assert hostess.post(move_url(made), {"start": 780, "end": 930, "version": 1}).status_code == 204
        made.refresh_from_db()
        assert (made.span, made.tables.count()) == (ours.at(13, 15.5), 2)

    def test_dropped_beside_the_tables_it_has_none(self, ours: Restaurant, hostess: Browser) -> None:
        made = ours.book(13, 15, "1")
        assert hostess.post(move_url(made), {"start": 780, "end": 900, "table": ""}).status_code == 204
        assert made.tables.count() == 0

    def test_a_refusal_says_who_is_there_and_draws_the_board_again(self, ours: Restaurant, hostess: Browser) -> None:
        made, other = ours.book(13, 15, "1"), ours.book(13, 15, "2", guest_name="Boris")
        response = hostess.post(
            move_url(made, "1", **ours.tables), {"start": 780, "end": 900, "table": ours.tables["2"].pk}
        )
        assert response.status_code == 409
        assert told(response) == {
            "ringdesk:refresh": {},
            "toast": {"text": "Table 2 is taken: Boris, 13:00–15:00.", "tone": "bad"},
        }
        assert response.json()["reservations"][0]["id"] == other.pk
        assert [table.name for table in made.tables.all()] == ["1"]

    def test_a_stale_bar_and_nonsense_are_refused(self, ours: Restaurant, hostess: Browser) -> None:
        made = ours.book(13, 15, "1")
        for values, status in (
            ({"start": 780, "end": 960, "version": 7}, 409),
            ({"start": 960, "end": 780}, 422),
            ({"start": "now", "end": 960}, 422),
            ({"start": 780, "end": 10**12}, 422),
            ({"start": 780, "end": 960, "table": 0}, 422),
        ):
            assert hostess.post(move_url(made), values).status_code == status
        made.refresh_from_db()
        assert made.version == 1

    def test_who_may_move(self, ours: Restaurant, accountant: Browser, cashier: Browser, stranger: Browser) -> None:
        made = ours.book(13, 15, "1")
        values = {"start": 840, "end": 960}
        assert [each.post(move_url(made), values).status_code for each in (accountant, cashier, stranger)] == [
            403,
            403,
            404,
        ]
        assert stranger.get(move_url(made)).status_code == 405
        made.refresh_from_db()
        assert made.version == 1
