"""Answers that come late: what has been filled in or opened meanwhile stays."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.conftest import Place
from tests.late import arrived, hold_back

SignIn = Callable[..., Page]


def test_a_late_answer_takes_nothing_away(place: Place, sign_in: SignIn) -> None:
    page = sign_in("owner")
    page.goto(place.base_url + "/clients/new/")
    number, label, name = (page.locator(f"[name={each}]") for each in ("phones-0-number", "phones-0-label", "name"))
    late = hold_back(page, "**/clients/phone-rows/**")
    number.fill("8 913 555 02 02")
    label.fill("дом")
    name.fill("Тот, кто быстро пишет")
    asked = arrived(page, late)
    with page.expect_response("**/clients/phone-rows/**"):
        asked.continue_()
    # The answer has been shown: the number is the server's own now.
    expect(number).to_have_attribute("value", "8 913 555 02 02")
    expect(label).to_have_value("дом")
    expect(name).to_have_value("Тот, кто быстро пишет")


def test_a_late_answer_for_a_card_that_is_closed_shows_nothing(place: Place, sign_in: SignIn) -> None:
    page = sign_in()
    page.goto(place.base_url + "/hall/")
    page.keyboard.press("b")
    card = page.locator("#drawer .drawer")
    late = hold_back(page, "**/hall/card/guest/**")
    card.locator("[name=phone]").fill("8 913 555 02 03")
    card.locator("[name=phone]").press("Tab")
    asked = arrived(page, late)
    # As another card does it: what is under way is not called off.
    page.locator("#drawer").evaluate("drawer => drawer.replaceChildren()")
    with page.expect_response("**/hall/card/guest/**"):
        asked.continue_()
    page.wait_for_load_state("networkidle")
    expect(card).to_have_count(0)
