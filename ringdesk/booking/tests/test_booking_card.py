"""The booking card by HTTP: what it offers, what it saves, what it says when it cannot."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser

from ringdesk.accounts.models import Branch
from ringdesk.booking import bookings
from ringdesk.booking.models import Booking
from ringdesk.booking.tests.conftest import DAY, Salon
from ringdesk.booking.tests.test_diary import browser_of, page, triggers
from ringdesk.crm import clients
from ringdesk.crm.models import Client
from ringdesk.scheduling import schedule
from ringdesk.scheduling.hours import DayHours

HTMX = {"HX-Request": "true"}
NEW = "/bookings/card/"


@pytest.fixture
def owner(ours: Salon) -> Browser:
    return browser_of(ours.owner)


def filled(ours: Salon, **more: Any) -> dict[str, Any]:
    """Return a card for a haircut by Pavel at ten."""
    return {
        "phone": "+7 913 000-00-01", "guest_name": "Anna", "client": "", "services": ours.ids("Haircut"),
        "employee": ours.employees["Pavel"].pk, "date": DAY.isoformat(), "start": "10:00", **more,
    }  # fmt: skip


def of(booking: Booking, **more: Any) -> dict[str, Any]:
    """Return the card of a booking as the page would send it."""
    starts = booking.starts_at.astimezone(booking.branch.zone)
    return {
        "phone": booking.phone, "guest_name": booking.client_name, "client": booking.client_id or "",
        "services": [line.service_id for line in booking.lines.all()], "employee": booking.employee_id,
        "date": starts.date().isoformat(), "start": f"{starts:%H:%M}", "notes": booking.notes,
        "version": booking.version, **more,
    }  # fmt: skip


def send(browser: Browser, url: str, card: dict[str, Any]) -> Any:
    return browser.post(url, card, headers=HTMX)


def body(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_free_spot_opens_the_card_with_its_time(ours: Salon, owner: Browser) -> None:
    html = page(owner, f"{NEW}?date={DAY}&start=630&table={ours.employees['Pavel'].pk}", headers=HTMX)
    assert f'value="{DAY}"' in html and 'value="10:30"' in html
    assert "Choose a service to see the free times." in html
    for title in ("Haircut", "Beard", "Colouring"):
        assert title in html


def test_the_offer_follows_what_is_chosen(ours: Salon, owner: Browser) -> None:
    ours.book(10)
    asked: dict[str, Any] = {
        "services": ours.ids("Haircut", "Beard"),
        "employee": ours.employees["Pavel"].pk,
        "date": DAY.isoformat(),
    }
    html = body(owner.get("/bookings/card/offer/", asked, headers=HTMX))
    assert 'data-usual-length="01:45"' in html and "2,300 ₽" in html.replace("\xa0", " ")
    assert 'data-fill-start="11:00"' in html and 'data-fill-start="10:00"' not in html
    # Only Victoria colours.
    html = body(owner.get("/bookings/card/offer/", asked | {"services": ours.ids("Colouring"), "employee": ""}))
    assert "Victoria" in html and f'<option value="{ours.employees["Pavel"].pk}"' not in html


def test_why_a_time_is_not_free(ours: Salon, owner: Browser) -> None:
    ours.book(10, client_name="Boris")
    pavel = ours.employees["Pavel"].pk
    asked: dict[str, Any] = {"services": ours.ids("Haircut"), "employee": pavel, "date": DAY.isoformat()}

    def why(start: str, **more: str) -> str:
        return body(owner.get("/bookings/card/offer/", asked | {"start": start} | more))

    def box(html: str) -> str:
        return next(part for part in html.split("<") if 'name="force"' in part)

    assert "Pavel is taken 10:00–11:00: Boris, Haircut." in why("10:30")
    assert "Pavel: Outside working hours." in why("20:00")
    assert 'name="force"' in why("20:00") and 'name="force"' not in why("10:30")
    assert "note warn" not in why("11:00")
    # Somebody else's booking asks the card again: what was ticked stays so.
    assert "checked" in box(why("20:00", force="1")) and "checked" not in box(why("20:00"))


def test_booking_from_a_call(ours: Salon, owner: Browser) -> None:
    call = uuid4()
    answer = send(owner, NEW, filled(ours, call=call, notes="by the window", price="1200"))
    assert answer.status_code == 204
    booking = Booking.objects.get()
    assert (booking.starts_at, booking.employee, booking.call_id) == (ours.at(10), ours.employees["Pavel"], call)
    assert (booking.client_name, booking.phone, booking.notes, booking.price) == (
        "Anna", "+79130000001", "by the window", Decimal(1200),
    )  # fmt: skip
    assert booking.client and booking.client.name == "Anna"
    assert triggers(answer)["toast"]["text"] == "Booked: Anna, 23 November, 10:00, Pavel."
    assert booking.created_by == ours.owner


def test_several_services_by_anybody_and_a_length_of_ones_own(ours: Salon, owner: Browser) -> None:
    card = filled(ours, services=ours.ids("Haircut", "Beard"), employee="", duration="02:00")
    assert send(owner, NEW, card).status_code == 204
    booking = Booking.objects.get()
    assert booking.minutes == 120 and booking.lines.count() == 2


def test_what_lacks_is_said_beside_its_field(ours: Salon, owner: Browser) -> None:
    answer = send(owner, NEW, filled(ours, services=[], start=""))
    assert answer.status_code == 422
    assert "Choose a service." in body(answer) and "Choose a time." in body(answer)
    assert 'value="Anna"' in body(answer)
    for wrong in (
        {"start": "25:99"},
        {"date": "9999-12-31"},
        {"price": "x"},
        {"services": ["²"]},
        {"services": [10**9]},
    ):
        assert send(owner, NEW, filled(ours, **wrong)).status_code == 422
    assert not Booking.objects.exists()


def test_a_taken_time_says_by_whom_and_offers_free_ones(ours: Salon, owner: Browser) -> None:
    ours.book(10, client_name="Boris")
    answer = send(owner, NEW, filled(ours, notes="typed by hand"))
    html = body(answer)
    assert answer.status_code == 409
    assert "Pavel is taken 10:00–11:00: Boris, Haircut." in html and "typed by hand" in html
    free = re.search(r'name="take" value="([^"]+)"', html)
    assert free
    assert send(owner, NEW, filled(ours, take=free[1])).status_code == 204
    assert Booking.objects.filter(client_name="Anna").count() == 1


def test_outside_working_hours_only_when_told(ours: Salon, owner: Browser) -> None:
    refused = send(owner, NEW, filled(ours, start="20:00"))
    assert refused.status_code == 409 and 'name="force"' in body(refused)
    assert send(owner, NEW, filled(ours, start="20:00", force="1")).status_code == 204


def test_again_every_week(ours: Salon, owner: Browser) -> None:
    ours.book(10, client_name="Boris", day=DAY + timedelta(days=14))
    answer = send(owner, NEW, filled(ours, every="7", times="4"))
    assert answer.status_code == 204
    toast = triggers(answer)["toast"]
    assert toast == {"text": "3 visits booked. Not free, so not booked: 7 December.", "tone": "warn"}
    booked = Booking.objects.filter(client_name="Anna")
    assert [each.starts_at for each in booked] == [ours.at(10, DAY + timedelta(days=days)) for days in (0, 7, 21)]
    assert len({each.series for each in booked}) == 1


def test_a_day_on_which_the_clock_jumps_over_the_time_is_left_out(ours: Salon, owner: Browser) -> None:
    ours.branch.timezone = "Europe/Berlin"
    ours.branch.save()
    schedule.set_week(ours.employees["Pavel"].resource, [DayHours(0, 1440)] * 7)
    night = filled(ours, date="2027-03-21", start="02:30")
    assert "the clock jumps over 02:30" in body(send(owner, NEW, night | {"date": "2027-03-28"}))
    toast = triggers(send(owner, NEW, night | {"every": "7", "times": "3"}))["toast"]
    assert toast["text"] == "2 visits booked. Not free, so not booked: 28 March."


def test_kept_while_the_client_decides_and_confirmed(ours: Salon, owner: Browser) -> None:
    assert send(owner, NEW, filled(ours, hold="1")).status_code == 204
    booking = Booking.objects.get()
    assert booking.status == "held" and booking.held_until
    assert send(owner, f"/bookings/{booking.pk}/", of(booking, status="booked")).status_code == 204
    booking.refresh_from_db()
    assert booking.status == "booked"
    assert booking.held_until is None


def test_a_card_that_is_opened_is_saved_unchanged(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10, "Haircut", "Beard", client_name="Anna", phone="+79130000001", notes="a note", length=120)
    html = page(owner, f"/bookings/{booking.pk}/", headers=HTMX)
    assert 'value="02:00"' in html and "a note" in html
    assert send(owner, f"/bookings/{booking.pk}/", of(booking, duration="02:00")).status_code == 204
    now = Booking.objects.get()
    assert (now.version, now.starts_at, now.minutes) == (booking.version, booking.starts_at, 120)


def test_another_time_specialist_and_service_at_once(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10, client_name="Anna")
    card = of(booking, services=ours.ids("Colouring"), employee=ours.employees["Victoria"].pk, start="15:00")
    assert send(owner, f"/bookings/{booking.pk}/", card).status_code == 204
    now = Booking.objects.get()
    assert (now.starts_at, now.minutes, now.employee) == (ours.at(15), 120, ours.employees["Victoria"])
    assert [line.title for line in now.lines.all()] == ["Colouring"]


def test_somebody_was_faster(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10, client_name="Anna", phone="+79130000001")
    card = of(booking, notes="mine")
    bookings.change(booking, notes="theirs")
    answer = send(owner, f"/bookings/{booking.pk}/", card)
    html = body(answer)
    assert answer.status_code == 409
    assert "theirs" in html and "mine" in html
    version = re.search(r'name="overwrite" value="(\d+)"', html)
    assert version
    assert send(owner, f"/bookings/{booking.pk}/", card | {"overwrite": version[1]}).status_code == 204
    assert Booking.objects.get().notes == "mine"


@pytest.mark.parametrize("status", ["cancelled", "no_show"])
def test_called_off_and_put_back(ours: Salon, owner: Browser, status: str) -> None:
    booking = ours.book(10, client_name="Anna")
    answer = send(owner, f"/bookings/{booking.pk}/", of(booking, status=status, start="nonsense"))
    assert answer.status_code == 204
    booking.refresh_from_db()
    assert booking.status == status
    action = triggers(answer)["toast"]["action"]
    assert action["label"] == "Put back"
    assert owner.post(action["url"], headers=HTMX).status_code == 204
    booking.refresh_from_db()
    assert booking.status == "booked"


def test_put_back_too_late(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10, client_name="Anna")
    bookings.cancel(booking)
    ours.book(10, client_name="Boris")
    answer = owner.post(f"/bookings/{booking.pk}/restore/", headers=HTMX)
    assert answer.status_code == 409 and json.loads(answer.headers["HX-Trigger"])["toast"]["tone"] == "bad"


def test_several_clients_of_one_number(ours: Salon, owner: Browser) -> None:
    mother = clients.create(ours.organization, name="Mother", phones=["+79130000001"])
    clients.create(ours.organization, name="Daughter", phones=["+79130000001"])
    seen = body(owner.get("/bookings/card/client/", {"phone": "8 913 000 00 01"}))
    assert "Mother" in seen and "Daughter" in seen
    refused = send(owner, NEW, filled(ours))
    assert refused.status_code == 422 and "Choose whose booking it is." in body(refused)
    assert send(owner, NEW, filled(ours, client=mother.pk, guest_name="Mother")).status_code == 204
    assert Booking.objects.get().client == mother
    assert send(owner, NEW, filled(ours, client="new", guest_name="Son", start="12:00")).status_code == 204
    assert Client.objects.filter(name="Son").count() == 1


def test_about_the_client_is_kept(ours: Salon, owner: Browser) -> None:
    card = clients.create(ours.organization, name="Anna", phones=["+79130000001"], about="likes tea")
    assert send(owner, NEW, filled(ours, about="allergic")).status_code == 204
    card.refresh_from_db()
    assert card.about == "likes tea\nallergic"


def test_whose_branch_it_is(ours: Salon, theirs: Salon) -> None:
    booking = ours.book(10)
    stranger, accountant = browser_of(theirs.owner), browser_of(ours.member("accountant"))
    url = f"/bookings/{booking.pk}/"
    assert send(stranger, url, of(booking)).status_code == 404
    assert stranger.post(f"{url}restore/").status_code == 404
    assert send(accountant, url, of(booking)).status_code == 403
    assert '<fieldset class="plain fields" disabled>' in body(accountant.get(url, headers=HTMX))
    assert stranger.get("/bookings/card/offer/", {"booking": booking.pk}).status_code == 404
    # Services and specialists of others are unknown here.
    assert send(stranger, NEW, filled(ours)).status_code == 422
    assert Booking.objects.count() == 1


def test_without_scripts_it_is_a_page(ours: Salon, owner: Browser) -> None:
    assert "Haircut" in page(owner, f"{NEW}?date={DAY}")
    answer = owner.post(NEW, filled(ours))
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/bookings/?date={DAY}")


def test_called_off_after_somebody_was_faster_with_nonsense_in_the_card(ours: Salon, owner: Browser) -> None:
    booking = ours.book(10)
    wrong = {"services": "abc", "guest_name": "x" * 201, "phone": "9" * 41, "notes": "x" * 10_001, "date": ""}
    answer = send(owner, f"/bookings/{booking.pk}/", {"status": "cancelled", "version": "77", **wrong})
    assert answer.status_code == 409
    booking.refresh_from_db()
    assert booking.status == "booked"


def test_a_card_is_saved_where_it_was_opened(ours: Salon, theirs: Salon, owner: Browser) -> None:
    elsewhere = Branch.objects.create(organization=ours.organization, name="Z elsewhere", timezone="Europe/Moscow")
    assert f'name="branch" value="{ours.branch.pk}"' in page(owner, NEW, headers=HTMX)
    owner.post("/settings/choose-branch/", {"branch": elsewhere.pk})
    for branch in (theirs.branch.pk, ours.branch.pk):
        send(owner, NEW, filled(ours, branch=branch))
    assert [made.branch for made in Booking.objects.all()] == [ours.branch]
