"""The pages of the drawing, by HTTP: who may see what, what stands where, moving a visit."""

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from ringdesk.accounts.models import Member
from ringdesk.booking import bookings
from ringdesk.booking.diary import drawing
from ringdesk.booking.models import Booking
from ringdesk.booking.tests.conftest import DAY, NOON, Salon
from ringdesk.scheduling import schedule
from ringdesk.scheduling.hours import DayHours

HTMX = {"HX-Request": "true", "HX-Target": "board"}


def browser_of(member: Member) -> Browser:
    browser = Browser()
    browser.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


@pytest.fixture
def owner(ours: Salon) -> Browser:
    return browser_of(ours.owner)


def page(browser: Browser, url: str, **more: Any) -> str:
    answer = browser.get(url, **more)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def triggers(answer: Any) -> dict[str, Any]:
    return json.loads(answer.headers["HX-Trigger"])  # type: ignore[no-any-return]


def test_the_day_shows_everybody_with_hours_breaks_and_visits(ours: Salon, owner: Browser) -> None:
    schedule.set_week(ours.employees["Pavel"].resource, [DayHours(540, 1080, ((780, 840),))] * 7)
    schedule.set_days(ours.employees["Victoria"].resource, DAY, DAY, None, note="Holiday in Spain")
    booking = ours.book(10, "Haircut", client_name="Anna", phone="+79130000001")
    html = page(owner, f"/bookings/?date={DAY}")
    assert 'data-from="540" data-to="1080"' in html
    assert f'id="res-{booking.pk}-{ours.employees["Pavel"].pk}" data-start="600" data-end="660"' in html
    assert '<span class="idle rest" data-start="780" data-end="840"><span>Break</span>' in html
    assert "Holiday in Spain" in html
    assert "<b>1</b> booking" in html
    # The board alone is what the live channel asks for.
    board = page(owner, f"/bookings/?date={DAY}", headers=HTMX)
    assert "<html" not in board and "Anna" in board


def test_what_was_called_off_is_told_below_and_not_drawn(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10, client_name="Anna")
    bookings.cancel(booking)
    html = page(owner, f"/bookings/?date={DAY}")
    assert f"res-{booking.pk}" not in html
    assert "1 cancelled or did not come" in html


def test_the_week_of_one(ours: Salon, owner: Browser) -> None:
    ours.book(10, client_name="Anna")
    ours.book(12, client_name="Boris", day=DAY + timedelta(days=3))
    ours.book(12, client_name="Somebody else’s", who="Victoria")
    html = page(owner, f"/bookings/week/{ours.employees['Pavel'].pk}/?date={DAY}")
    assert "Anna" in html and "Boris" in html and "Somebody" not in html
    assert html.count('class="lane"') == 7


def test_who_may_see_it(ours: Salon, theirs: Salon) -> None:
    week = f"/bookings/week/{ours.employees['Pavel'].pk}/"
    booking = ours.book(10)
    move = f"/bookings/{booking.pk}/move/?date={DAY}"
    spot = {"start": 720, "end": 780}
    accountant, cashier, stranger = (
        browser_of(who) for who in (ours.member("accountant"), ours.member("cashier"), theirs.owner)
    )
    for url in ("/bookings/", "/bookings/print/", week, f"/bookings/{booking.pk}/"):
        assert accountant.get(url).status_code == 200
        assert cashier.get(url).status_code == 403
    assert accountant.post(move, spot).status_code == 403
    assert accountant.get("/bookings/card/").status_code == 403
    assert stranger.get(week).status_code == 404
    assert stranger.get(f"/bookings/{booking.pk}/").status_code == 404
    assert stranger.get(f"/bookings/group/{booking.claim_id}/").status_code == 404
    assert stranger.post(move, spot).status_code == 404
    assert Browser().get("/bookings/").status_code == 302
    assert "data-move-url" not in page(accountant, f"/bookings/?date={DAY}")
    booking.refresh_from_db()
    assert booking.starts_at == ours.at(10)


def test_moving_in_time_and_to_another_and_back(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10, "Haircut", client_name="Anna")
    victoria = ours.employees["Victoria"]
    url = f"/bookings/{booking.pk}/move/?date={DAY}&lane={booking.employee_id}"
    answer = owner.post(url, {"start": 690, "end": 750, "version": booking.version, "table": victoria.pk})
    assert answer.status_code == 204
    booking.refresh_from_db()
    assert (booking.starts_at, booking.ends_at, booking.employee_id) == (ours.at(11.5), ours.at(12.5), victoria.pk)
    toast = triggers(answer)["toast"]
    assert toast["text"] == "Anna: 23 November, 11:30–12:30, Victoria"
    assert owner.post(toast["action"]["url"]).status_code == 204
    booking.refresh_from_db()
    assert (booking.starts_at, booking.employee_id) == (ours.at(10), ours.employees["Pavel"].pk)


def test_pulling_an_end_makes_it_longer(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10)
    answer = owner.post(f"/bookings/{booking.pk}/move/?date={DAY}", {"start": 600, "end": 690})
    assert answer.status_code == 204
    booking.refresh_from_db()
    assert booking.minutes == 90


def test_in_a_week_the_lane_is_a_day(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10)
    next_day = DAY + timedelta(days=1)
    url = f"/bookings/{booking.pk}/move/?date={DAY}"
    assert owner.post(url, {"start": 660, "end": 720, "table": next_day.isoformat()}).status_code == 204
    booking.refresh_from_db()
    assert booking.starts_at == ours.at(11, next_day)


def test_a_taken_time_is_refused_with_free_ones(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10, client_name="Anna")
    ours.book(12, client_name="Boris")
    answer = owner.post(
        f"/bookings/{booking.pk}/move/?date={DAY}", {"start": 720, "end": 780, "table": booking.employee_id}
    )
    assert answer.status_code == 409
    assert answer.json()["alternatives"]
    toast = triggers(answer)["toast"]
    assert toast["tone"] == "bad" and "Free: " in toast["text"]
    card = page(owner, toast["action"]["url"], headers={"HX-Request": "true"})
    assert "Pavel is taken 12:00–13:00: Boris, Haircut." in card
    assert 'data-fill-start="13:00"' in card
    booking.refresh_from_db()
    assert booking.starts_at == ours.at(10)


def test_a_stale_move_is_refused(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10)
    bookings.change(booking, notes="changed meanwhile")
    answer = owner.post(f"/bookings/{booking.pk}/move/?date={DAY}", {"start": 720, "end": 780, "version": 1})
    assert answer.status_code == 409
    booking.refresh_from_db()
    assert booking.starts_at == ours.at(10)


@pytest.mark.parametrize(
    "spot", [{}, {"start": "x", "end": 3}, {"start": 60, "end": 30}, {"start": 10**8, "end": 10**9}]
)
def test_nonsense_moves_nothing(ours: Salon, owner: Browser, spot: dict[str, Any]) -> None:
    booking = ours.book(10)
    assert owner.post(f"/bookings/{booking.pk}/move/?date={DAY}", spot).status_code == 422


def test_a_group_is_one_bar_with_its_people_behind(ours: Salon, owner: Browser) -> None:
    ours.add_service("Yoga", "Pavel", capacity=3, duration=60)
    first = ours.book(15, "Yoga", client_name="Anna")
    ours.book(15, "Yoga", client_name="Boris")
    html = page(owner, f"/bookings/?date={DAY}")
    assert html.count('class="res"') == 1
    assert "2 of 3" in html
    drawer = page(owner, f"/bookings/group/{first.claim_id}/")
    assert "Anna" in drawer and "Boris" in drawer and "1 place left" in drawer
    again = re.search(r'hx-get="(/bookings/card/\?[^"]+)"', drawer)
    assert again
    card = page(owner, again[1].replace("&amp;", "&"), headers={"HX-Request": "true"})
    assert 'value="15:00"' in card and "Yoga" in card


def test_the_day_on_paper(ours: Salon, owner: Browser) -> None:
    ours.book(10, "Haircut", "Beard", client_name="Anna", phone="+79130000001", notes="allergic")
    html = page(owner, f"/bookings/print/?date={DAY}")
    assert "10:00–11:45" in html and "Haircut, Beard" in html and "allergic" in html
    assert "9:00–18:00" in html and "Nobody is booked." in html


def test_the_same_queries_for_any_number(ours: Salon) -> None:
    ours.book(10, client_name="Anna")

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            board = drawing.draw_day(ours.branch, DAY, NOON)
            assert len(board.lanes) == len(ours.employees)
        return len(queries)

    before = count()
    for number in range(4):
        ours.add_employee(f"More {number}", "Haircut")
        for hour in (9, 11, 14):
            ours.book(hour, who=f"More {number}", client_name=f"Client {hour}")
    assert count() == before


def test_days_of_nonsense_are_today(owner: Browser) -> None:
    for text in ("x", "9999-12-31", "0001-01-01", "2026-13-01"):
        assert "Sat, 21 November" in page(owner, f"/bookings/?date={text}&employee=²")


def test_an_expired_hold_is_not_drawn(ours: Salon, owner: Browser, clock: Any) -> None:
    held = ours.book(10, client_name="Anna", hold_for=timedelta(minutes=10))
    assert f"res-{held.pk}" in page(owner, f"/bookings/?date={DAY}")
    clock.advance(minutes=11)
    assert f"res-{held.pk}" not in page(owner, f"/bookings/?date={DAY}")


def test_nobody_yet(ours: Salon, owner: Browser) -> None:
    Booking.objects.all().delete()
    for employee in ours.employees.values():
        employee.delete()
    assert "Nobody can be booked here yet" in page(owner, "/bookings/")


def test_a_date_is_a_day_of_the_branch(ours: Salon, owner: Browser) -> None:
    # Half past midnight of the 24th in Novosibirsk is still the 23rd in UTC.
    schedule.set_week(ours.employees["Pavel"].resource, [DayHours(0, 1080)] * 7)
    booking = ours.book(0.5, day=date(2026, 11, 24))
    assert f"res-{booking.pk}" in page(owner, "/bookings/?date=2026-11-24")
    assert f"res-{booking.pk}" not in page(owner, "/bookings/?date=2026-11-23")
