"""A call to the salon rings, its popup offers a booking, the booking stands in the diary and is moved by hand."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.conftest import Place
from tests.late import arrived, hold_back
from tests.salon import open_salon

SignIn = Callable[..., Page]
SALON_LINE = "3333334"


def free_day(page: Page, place: Place) -> str:
    """Return a day three weeks ahead: the demo has booked nothing there."""
    page.goto(place.base_url + "/bookings/")
    day = str(page.locator("#board").get_attribute("data-date"))
    later = page.evaluate("day => new Date(Date.parse(day) + 21 * 864e5).toISOString().slice(0, 10)", day)
    page.goto(f"{place.base_url}/bookings/?date={later}")
    expect(page.locator("#board[data-placed]")).to_be_visible()
    return str(later)


def book(page: Page, name: str, number: int = 0) -> Locator:
    """Fill in the open card with the first service and a free time, and return the bar of the new booking."""
    card = page.locator(".drawer")
    card.locator("#service-list label").first.click()
    expect(card.locator(".chosen-service")).to_have_count(1)
    card.locator(".chip.time").nth(number).click()
    expect(card.locator(".chip.time.on")).to_have_count(1)
    if card.locator("[name=guest_name]").input_value() == "":
        card.locator("[name=guest_name]").fill(name)
    card.locator("button.primary[type=submit]").click()
    expect(card).to_have_count(0)
    bar = page.locator(".res", has_text=name).first
    expect(bar).to_be_visible()
    return bar


def test_a_client_calls_and_is_booked(place: Place, sign_in: SignIn) -> None:
    page = sign_in("owner")
    open_salon(page, place)
    later = free_day(page, place)
    known = place.demo["clients"][1]
    place.report("http_events", event="1", src_type="1", call_id="booking-1", dst_num="100",
                 src_num=known["phone"], line=SALON_LINE)  # fmt: skip
    pop = page.locator(".pop", has_text=known["name"])
    expect(pop).to_be_visible()
    pop.get_by_role("button", name="Новая запись из этого звонка").click()
    card = page.locator(".drawer")
    expect(card.locator("[name=guest_name]")).to_have_value(known["name"])
    card.locator("[name=date]").fill(later)
    book(page, known["name"])
    expect(pop).to_have_count(0)
    # The next time the same client calls, the popup says what they are expected for.
    place.report("http_events", event="1", src_type="1", call_id="booking-2", dst_num="100",
                 src_num=known["phone"], line=SALON_LINE)  # fmt: skip
    expect(pop.locator(".pop-visits a").first).to_be_visible()
    pop.locator("[data-dismiss]").click()


def test_a_late_answer_does_not_undo_a_choice(place: Place, sign_in: SignIn) -> None:
    page = sign_in("owner")
    open_salon(page, place)
    later = free_day(page, place)
    page.keyboard.press("b")
    card = page.locator(".drawer")
    late = hold_back(page, "**/bookings/card/offer/**")
    card.locator("[name=date]").fill(later)
    card.locator("[name=date]").blur()
    asked = arrived(page, late)
    answer = asked.fetch()
    card.locator("#service-list label").first.click()
    asked.fulfill(response=answer)
    expect(card.locator(".chosen-service")).to_have_count(1)


def drag(page: Page, bar: Locator, x: float, y: float) -> None:
    box: Any = bar.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x - 30, y, steps=4)
    page.mouse.move(x, y, steps=4)
    page.mouse.up()


def test_a_booking_is_moved_by_hand_and_another_screen_follows(place: Place, sign_in: SignIn) -> None:
    page = sign_in("owner")
    open_salon(page, place)
    later = free_day(page, place)
    other = page.context.new_page()
    other.goto(f"{place.base_url}/bookings/?date={later}")
    page.keyboard.press("b")
    bar = book(page, "Гостья Переезжая", 3)
    followed = other.locator(".res", has_text="Гостья Переезжая").first
    expect(followed).to_be_visible()
    start = int(str(bar.get_attribute("data-start")))
    box: Any = bar.bounding_box()
    width = box["width"] / (int(str(bar.get_attribute("data-end"))) - start)
    with page.expect_response(re.compile(r"/move/")) as moved:
        drag(page, bar, box["x"] + box["width"] / 2 + 120 * width, box["y"] + box["height"] / 2)
    assert moved.value.status == 204
    expect(followed).to_have_attribute("data-start", str(start + 120))
    page.get_by_role("button", name="Вернуть").click()
    expect(followed).to_have_attribute("data-start", str(start))


def test_the_keyboard_alone_books(place: Place, sign_in: SignIn) -> None:
    page = sign_in("owner")
    open_salon(page, place)
    free_day(page, place)
    page.locator(".lane").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    card = page.locator(".drawer")
    expect(card).to_be_visible()
    expect(card.locator("[name=start]")).not_to_have_value("")
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
