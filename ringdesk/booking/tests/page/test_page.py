"""The booking page as strangers see it, without a script: plain addresses and forms."""

import re
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from ringdesk.accounts.models import Branch
from ringdesk.booking import bookings, catalogue, employees, pages, sending, waiting
from ringdesk.booking.diary import drawing
from ringdesk.booking.employees import Skill
from ringdesk.booking.models import Booking
from ringdesk.booking.public_models import Message, PageRequest, WaitingClient
from ringdesk.booking.tests.conftest import DAY, Clock, Salon
from ringdesk.booking.tests.page.visitor import IRINA, Page, book, choose, get, open_page, post
from ringdesk.core.problems import Invalid
from ringdesk.scheduling import schedule
from ringdesk.scheduling.hours import DayHours
from ringdesk.scheduling.models import Claim, Occupancy


def test_a_stranger_books_step_by_step_without_script_or_cookie(salon: Salon) -> None:
    browser = Browser()
    services = get("/book/ours/", browser)
    assert [title in services.text for title in ("Haircut", "Beard", "Colouring", "1,500 ₽", "1 h")] == [True] * 5
    ids = salon.ids("Haircut", "Beard")
    staff = get("/book/ours/", browser, service=ids)
    assert "Any specialist" in staff.text and "Pavel" in staff.text and "Victoria" in staff.text
    times = get("/book/ours/", browser, service=ids, employee=salon.employees["Pavel"].pk, date=DAY.isoformat())
    assert times.starts[:3] == ["09:00", "09:30", "10:00"] and times.starts[-1] == "16:00"
    assert "Monday, 23 November" in times.text
    start = next(value for name, value in times.buttons if value and "T10:00" in value)
    held = browser.post(times.forms[-1][1], {**times.hidden, "start": start}, headers={"accept-language": "en"})
    form = get(held["Location"], browser)
    assert "We keep this time for you until" in form.text and "Haircut, Beard" in form.text
    done = browser.post(held["Location"], {**form.hidden, **IRINA, "notes": "by the window"}, follow=True,
                        headers={"accept-language": "en"})  # fmt: skip
    page = Page(done)
    assert page.status == 200 and "You are booked" in page.text and "Monday, 23 November, 10:00–11:45" in page.text
    booking = Booking.objects.get()
    assert (booking.status, booking.source, booking.client_name, booking.phone, booking.notes, booking.held_until) == (
        "booked", "page", "Irina", "+79230000001", "by the window", None,
    )  # fmt: skip
    file = browser.get(next(link for link in page.links if link.endswith("visit.ics")))
    assert file["Content-Type"] == "text/calendar; charset=utf-8" and "visit.ics" in file["Content-Disposition"]
    calendar: Any = icalendar.Calendar.from_ical(file.content)
    (event,) = calendar.walk("VEVENT")
    assert (event["dtstart"].dt, event["dtend"].dt) == (booking.starts_at, booking.ends_at)
    assert not browser.cookies
    message = Message.objects.get(kind="booked")
    assert message.to == "irina@example.com"


def test_the_branch_is_chosen_where_there_are_several(salon: Salon) -> None:
    fields = {"organization": salon.organization, "timezone": "Europe/Moscow"}
    uptown = Branch.objects.create(name="Uptown", **fields)
    Branch.objects.create(name="Empty", **fields)
    assert "Where would you like to come?" not in get("/book/ours/").text
    massage = catalogue.add_service(uptown, title="Massage", duration=60)
    anna = employees.add_employee(uptown, name="Anna", skills=[Skill(massage.pk)])
    schedule.set_week(anna.resource, [DayHours(9 * 60, 18 * 60)] * 7)
    page = get("/book/ours/")
    assert "Where would you like to come?" in page.text
    # Where nothing can be booked nobody is sent.
    assert [name in page.text for name in ("Salon", "Uptown", "Empty")] == [True, True, False]
    services = get("/book/ours/", branch=uptown.pk)
    assert "Massage" in services.text and "Haircut" not in services.text
    times = get("/book/ours/", branch=uptown.pk, service=massage.pk, date=DAY.isoformat())
    # By the clock of that branch, not of the other; who is alone is not asked for.
    assert times.starts[0] == "09:00"
    assert next(value for name, value in times.buttons if name == "start").endswith("+03:00")


def test_a_taken_time_answers_with_free_ones(salon: Salon) -> None:
    salon.book(10)
    response = post("/book/ours/hold/", service=salon.ids("Haircut"), employee=salon.employees["Pavel"].pk,
                    start=salon.at(10).isoformat())  # fmt: skip
    page = Page(response)
    assert response.status_code == 409 and "This time is not free." in page.text
    assert "The nearest free times" in page.text and page.starts[:3] == ["09:00", "11:00", "11:30"]


def test_a_time_that_went_meanwhile_loses_nothing_typed(salon: Salon, clock: Clock) -> None:
    address = choose(salon, 10)
    hidden = get(address).hidden
    clock.advance(minutes=11)
    salon.book(10)
    response = post(address, **{**hidden, **IRINA, "notes": "by the window"})
    page = Page(response)
    assert response.status_code == 409
    typed = response.content.decode()
    assert all(text in typed for text in ('value="Irina"', 'value="8 923 000-00-01"', "by the window", "checked"))
    assert "what you typed stays" in page.text
    fields = page.hidden
    assert fields["start"][0][11:16] == "09:00"
    assert post(address, **{**fields, **IRINA}).status_code == 302
    assert Booking.objects.get(status="booked", source="page").starts_at == salon.at(9)


def test_a_time_kept_too_long_is_still_booked_when_nobody_took_it(salon: Salon, clock: Clock) -> None:
    address = choose(salon, 10)
    clock.advance(minutes=30)
    bookings.expire_holds()
    assert post(address, **{**get(address).hidden, **IRINA}).status_code == 302
    assert [one.starts_at for one in Booking.objects.filter(status="booked")] == [salon.at(10)]


def test_another_time_gives_the_first_one_back(salon: Salon) -> None:
    address = choose(salon, 10)
    back = next(link for link in get(address).links if "hold=" in link)
    token = re.search(r"hold=([^&]+)", back)
    assert token and "10:00" not in salon.free(who="Pavel")
    choose(salon, 12, hold=token[1])
    assert "10:00" in salon.free(who="Pavel") and "12:00" not in salon.free(who="Pavel")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "  ", "Please fill this in."),
        ("name", "see https://spam.example", "Please write your name only."),
        ("phone", "12", "Write the number with its area code"),
        ("email", "nobody", "This is not an e-mail address."),
        ("consent", "", "Without your consent"),
        ("website", "x", "This did not work."),
    ],
)
def test_what_is_typed_wrong_is_said_beside_it(salon: Salon, field: str, value: str, said: str) -> None:
    wrong: dict[str, Any] = {field: value}
    response = book(salon, **wrong)
    assert (response.status_code, said in response.content.decode()) == (422, True)
    assert Booking.objects.get().status == "held"


def test_the_own_link_moves_and_cancels(salon: Salon) -> None:
    own = book(salon)["Location"]
    page = get(own)
    move = next(link for link in page.links if "/move/" in link)
    times = get(move.partition("?")[0], date=DAY.isoformat())
    assert "14:00" in times.starts and "10:00" not in times.starts
    moved = post(move, start=salon.at(14).isoformat())
    assert moved.status_code == 302 and "14:00–15:00" in get(moved["Location"]).text
    salon.book(16)
    refused = post(move, start=salon.at(16).isoformat())
    assert refused.status_code == 409 and "The nearest free times" in Page(refused).text
    cancel = next(link for link in page.links if "/cancel/" in link)
    assert "Cancel the visit?" in get(cancel).text and Booking.objects.filter(status="cancelled").count() == 0
    assert post(cancel).status_code == 302
    assert "Your visit is cancelled" in get(own).text
    kinds = list(Message.objects.order_by("pk").values_list("kind", "state"))
    assert kinds == [("booked", "dropped"), ("booked", "dropped"), ("cancelled", "waiting")]


def test_shortly_before_the_visit_it_is_too_late(salon: Salon, clock: Clock) -> None:
    open_page(salon, change_notice=24 * 60)
    own = book(salon)["Location"].partition("?")[0]
    assert "Move" in get(own).text
    clock.now = salon.at(10) - timedelta(hours=23)
    assert "too late" in get(own).text
    assert post(own + "cancel/").status_code == 409
    assert post(own + "move/", start=salon.at(15).isoformat()).status_code == 409
    assert Booking.objects.get().status == "booked"


def test_links_cannot_be_guessed_nor_used_elsewhere(salon: Salon, theirs: Salon) -> None:
    open_page(theirs)
    own = book(salon)["Location"].partition("?")[0]
    booking = Booking.objects.get()
    assert get(own).status == 200
    assert get(own.replace("/ours/", "/theirs/")).status == 404
    for token in (
        str(booking.pk),
        f"{booking.pk}.x",
        pages.token(booking, pages.CONFIRM),
        pages.token(booking, pages.HOLD),
    ):
        assert get(f"/book/ours/visit/{token}/").status == 404
        assert post(f"/book/ours/visit/{token}/cancel/").status_code == 404
    for step in ("details", "sent", "code", "confirm", "offer"):
        assert get(f"/book/ours/{step}/{booking.pk}.x/").status == 404


def test_services_of_others_and_staff_only_ones_are_not_offered(salon: Salon, theirs: Salon) -> None:
    salon.add_service("Secret", "Pavel", is_online=False)
    theirs.services["Haircut"].title = "Elsewhere"
    theirs.services["Haircut"].save()
    page = get("/book/ours/", service=[*theirs.ids("Haircut"), *salon.ids("Secret")])
    assert "What would you like to book?" in page.text
    assert "Secret" not in page.text and "Elsewhere" not in page.text
    fields = {"start": salon.at(10).isoformat(), "employee": "any"}
    for id in (*theirs.ids("Haircut"), *salon.ids("Secret")):
        assert post("/book/ours/hold/", service=id, **fields).status_code in (200, 409)
    employee = theirs.employees["Pavel"].pk
    assert (
        post("/book/ours/hold/", service=salon.ids("Haircut"), start=fields["start"], employee=employee).status_code
        != 302
    )
    assert not Booking.objects.exists()


def test_a_closed_page_says_so_in_plain_words(ours: Salon) -> None:
    for slug in ("ours", "nobody"):
        page = get(f"/book/{slug}/")
        assert page.status == 404 and "Booking is closed" in page.text
    assert get("/book/ours/", language="ru,en;q=0.5").text.startswith("Запись закрыта")
    open_page(ours)
    assert get("/book/ours/").status == 200
    ours.organization.modules = []
    ours.organization.save()
    assert get("/book/ours/").status == 404


def test_the_language_is_the_browsers_with_a_switch(salon: Salon) -> None:
    assert "What would you like to book?" in get("/book/ours/", language="en-GB,ru;q=0.8").text
    assert "На что записаться?" in get("/book/ours/", language="ru-RU,en;q=0.8").text
    # A language that nobody here writes: the organization's.
    assert "What would you like to book?" in get("/book/ours/", language="de").text
    page = get("/book/ours/", language="ru", lang="en")
    assert "What would you like to book?" in page.text
    own = book(salon, lang="ru")["Location"]
    assert "Вы записаны" in get(own).text
    assert PageRequest.objects.get().language == "ru"
    sending.send_due()


def test_the_answer_names_its_language(salon: Salon) -> None:
    answer = Browser().get("/book/ours/", {"lang": "ru"}, headers={"Accept-Language": "en"})
    assert answer.headers["Content-Language"] == "ru"


def test_only_the_sites_named_may_frame_the_page(salon: Salon) -> None:
    def ancestors() -> str:
        policy = Browser().get("/book/ours/")["Content-Security-Policy"]
        return next(part.strip() for part in policy.split(";") if "frame-ancestors" in part)

    response = Browser().get("/book/ours/")
    assert "X-Frame-Options" not in response and "default-src 'self'" in response["Content-Security-Policy"]
    assert ancestors() == "frame-ancestors *"
    open_page(salon, origins=["https://Salon.example/", "http://localhost:3000"])
    assert ancestors() == "frame-ancestors 'self' https://salon.example http://localhost:3000"
    for wrong in ("https://x.example; script-src *", "javascript:alert(1)", "https://user@x.example", "*", ""):
        with pytest.raises(Invalid):
            pages.change(salon.organization, origins=[wrong])


def test_the_widget_is_a_script_for_other_sites(salon: Salon) -> None:
    response = Browser().get("/book/ours/widget.js")
    assert response["Content-Type"].startswith("text/javascript") and b"iframe" in response.content
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_abuse_has_its_limits(salon: Salon) -> None:
    fields = {"service": salon.ids("Haircut"), "employee": "any"}
    answers = [post("/book/ours/hold/", start=salon.at(10).isoformat(), **fields).status_code for _time in range(42)]
    assert answers[0] == 302 and answers[-2:] == [429, 429]
    cache.clear()
    days = [DAY + timedelta(days=number) for number in range(1, 8)]
    answers = []
    for day in days:
        cache.clear()
        address = post("/book/ours/hold/", start=salon.at(12, day).isoformat(), **fields)["Location"]
        answers.append(post(address, **{**get(address).hidden, **IRINA}).status_code)
    assert answers == [302] * 5 + [409] * 2


def test_the_waiting_list_of_the_page(salon: Salon) -> None:
    query: dict[str, Any] = {"service": salon.ids("Haircut"), "date": DAY.isoformat()}
    query["employee"] = salon.employees["Pavel"].pk
    link = next(link for link in get("/book/ours/", **query).links if "/wait/" in link)
    form = get(link)
    assert "Waiting list" in form.text and form.hidden["first_day"] == [DAY.isoformat()]
    path = link.partition("?")[0]
    done = post(path, **{**form.hidden, **IRINA, "last_day": DAY.isoformat(), "part": "morning"})
    assert "You are on the waiting list" in Page(done).text
    one = WaitingClient.objects.get()
    assert (one.client_name, one.phone, one.email, one.language, one.earliest, one.latest) == (
        "Irina", "+79230000001", "irina@example.com", "en", 0, 719,
    )  # fmt: skip
    assert post(path, **{**form.hidden, **IRINA, "last_day": "2026-01-01"}).status_code == 422


def test_an_offer_is_taken_or_left_by_its_link(salon: Salon, clock: Clock) -> None:
    def offered() -> str:
        one = waiting.add(salon.branch, service_ids=salon.ids("Haircut"), first_day=DAY, last_day=DAY,
                          client_name="Irina", phone="+79230000001", email="irina@example.com")  # fmt: skip
        waiting.tend(salon.branch.pk, clock.now)
        one.refresh_from_db()
        return pages.link_to_offer(one).removeprefix("https://desk.example")

    first = offered()
    assert "A time has become free" in get(first).text
    assert "You are off the waiting list" in Page(post(first, verb="decline")).text
    second = offered()
    taken = post(second, verb="accept")
    assert taken.status_code == 302 and "You are booked" in get(taken["Location"]).text
    assert post(first, verb="accept").status_code == 200 and Booking.objects.filter(status="booked").count() == 1


def test_another_specialist_or_nonsense_in_the_address_breaks_nothing(salon: Salon) -> None:
    for query in (
        {"service": "x"}, {"service": ["9" * 30]}, {"branch": "²"},
        {"service": salon.ids("Haircut"), "employee": "1e9"},
        {"service": salon.ids("Haircut"), "employee": "any", "date": "0001-01-01"},
        {"service": salon.ids("Haircut"), "employee": "any", "date": "2099-12-31"},
        {"service": salon.ids("Haircut"), "employee": "any", "hold": "x.y"}, {"lang": "<script>"},
    ):  # fmt: skip
        page = get("/book/ours/", **query)
        assert page.status in (200, 409) and "<script>" not in page.text
    for start in ("", "x", "2026-11-23T10:00:00", "9999-12-31T23:59:59+00:00", "2026-11-23T10:07:00+07:00"):
        answer = post("/book/ours/hold/", service=salon.ids("Haircut"), employee="any", start=start)
        assert answer.status_code in (302, 409)
    assert Browser().post("/book/ours/").status_code == 405


def test_an_incomplete_link_says_so_inside_a_frame_too(salon: Salon) -> None:
    response = Browser().get("/book/ours/visit/12/", headers={"accept-language": "en"})
    assert response.status_code == 404 and "a part of the link got lost" in response.content.decode()
    assert "X-Frame-Options" not in response


def test_the_language_is_switched_after_a_refusal_without_losing_the_choice(salon: Salon) -> None:
    salon.book(10)
    pavel = salon.employees["Pavel"].pk
    refused = Page(
        post("/book/ours/hold/", service=salon.ids("Haircut"), employee=pavel, start=salon.at(10).isoformat())
    )
    switch = next(link for link in refused.links if link.startswith("?") and "lang=ru" in link and "date=" not in link)
    page = Page(Browser().get(f"/book/ours/hold/{switch}", follow=True, headers={"accept-language": "en"}))
    assert page.status == 200 and "Когда?" in page.text and "Pavel" in page.text


@pytest.mark.parametrize("confirmation", ["none", "email"])
def test_the_page_locks_the_time_before_the_card(salon: Salon, confirmation: str) -> None:
    pages.change(salon.organization, confirmation=confirmation)
    address = choose(salon)
    with CaptureQueriesContext(connection) as queries:
        assert post(address, **{**get(address).hidden, **IRINA}).status_code == 302
    said = [each["sql"] for each in queries.captured_queries]
    card = next(place for place, sql in enumerate(said) if "hashtextextended(name" in sql)
    assert [place for place, sql in enumerate(said) if "unnest(" in sql and "pg_advisory" in sql and place > card] == []


def test_what_a_visitor_looked_at_and_left_leaves_no_trace(salon: Salon, clock: Clock) -> None:
    choose(salon, 10)
    book(salon, 12)
    clock.advance(hours=1)
    bookings.expire_holds()
    board = drawing.draw_day(salon.branch, DAY, clock.now)
    assert (board.bookings, board.away) == (1, ())
    assert bookings.forget_abandoned() == 0
    Booking.objects.update(updated_at=clock.now - timedelta(days=2))
    assert bookings.forget_abandoned() == 1
    assert (Booking.objects.count(), Claim.objects.count(), Occupancy.objects.count()) == (1, 1, 1)
