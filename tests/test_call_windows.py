"""Settings of calls change what opens when; an unknown number becomes a client."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import Place
from tests.late import arrived, hold_back
from tests.salon import open_salon

SignIn = Callable[..., Page]
DEFAULTS = {
    "incoming_window": "never",
    "outgoing_window": "never",
    "create_incoming": "",
    "create_outgoing": "",
    "show_created": "never",
}


def window(page: Page) -> Locator:
    return page.locator("#drawer .call-window")


def settle(page: Page, place: Place, **wishes: str) -> None:
    """Save the settings of calls as a member of the office would."""
    page.goto(place.base_url + "/settings/calls/")
    for name, value in (DEFAULTS | wishes).items():
        page.locator(f"[name={name}]").select_option(value)
    page.locator(".card-foot button.primary").click()
    expect(page.locator("#toasts")).to_contain_text("Сохранено")


def report(place: Place, event: str, phone: str, call_id: str, **more: str) -> None:
    place.report("http_events", event=event, src_type="1", call_id=call_id, dst_num="100", src_num=phone, **more)


@pytest.fixture
def office(place: Place, sign_in: SignIn) -> Iterator[Page]:
    """The owner's browser; afterwards nothing opens by itself any more."""
    page = sign_in("owner")
    yield page
    settle(page, place)


def test_settings_of_calls_change_what_opens_when(place: Place, sign_in: SignIn, office: Page) -> None:
    known = place.demo["clients"][2]
    page = sign_in()
    page.goto(place.base_url + "/calls/")
    place.ring("89137770101", "window-1")
    expect(page.locator(".pop", has_text="+79137770101")).to_be_visible()
    expect(window(page)).to_have_count(0)

    settle(office, place, incoming_window="ringing")
    place.ring(known["phone"], "window-2")
    expect(window(page)).to_contain_text(known["name"])
    expect(window(office)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(window(page)).to_have_count(0)
    report(place, "3", known["phone"], "window-2")
    report(place, "2", known["phone"], "window-2", status="ANSWER")
    page.wait_for_timeout(700)
    expect(window(page)).to_have_count(0)

    settle(office, place, incoming_window="answered")
    place.ring("89137770103", "window-3")
    expect(page.locator(".pop", has_text="+79137770103")).to_be_visible()
    expect(window(page)).to_have_count(0)
    report(place, "3", "89137770103", "window-3")
    expect(window(page)).to_contain_text("Неизвестный номер")
    # What has been opened is not opened again by a reload.
    page.reload()
    page.wait_for_timeout(700)
    expect(window(page)).to_have_count(0)

    settle(office, place, create_incoming="1", show_created="in")
    report(place, "2", "89137770103", "window-3", status="ANSWER")
    card = page.locator("#interaction-card")
    expect(card).to_contain_text("Телефонный звонок")
    card.locator("textarea").fill("Просил стол у окна")
    card.locator("button.primary[type=submit]").click()
    expect(card).to_have_count(0)
    page.goto(place.base_url + "/interactions/")
    expect(page.locator("#interaction-list tbody tr").first).to_contain_text("Просил стол у окна")


def test_a_window_never_takes_away_what_is_being_typed(place: Place, sign_in: SignIn, office: Page) -> None:
    settle(office, place, incoming_window="ringing")
    page = sign_in()
    page.goto(place.base_url + "/leads/")
    page.locator(".bar .btn.primary, header .btn.primary, a.btn.primary").first.click()
    name = page.locator("#drawer [name=name]")
    name.fill("Тамара")
    place.ring("89137770104", "window-4")
    notice = page.locator("#toasts .toast", has_text="На линии")
    expect(notice).to_be_visible()
    expect(name).to_have_value("Тамара")
    notice.get_by_role("button", name="Открыть").click()
    expect(window(page)).to_contain_text("777-01-04")


def test_a_card_opened_by_hand_stays_and_the_window_is_offered(place: Place, sign_in: SignIn, office: Page) -> None:
    settle(office, place, incoming_window="ringing")
    page = sign_in()
    page.goto(place.base_url + "/hall/")
    card, number = page.locator("#drawer [data-draft^=reservation]"), page.locator("#drawer [name=phone]")
    notices = page.locator("#toasts .toast", has_text="На линии")
    late = hold_back(page, "**/window/")
    place.ring("89137770107", "window-7")
    asked = arrived(page, late)
    # The window is under way when the hostess opens a card, and comes while she has typed nothing yet.
    page.keyboard.press("b")
    expect(number).to_have_value("")
    asked.continue_()
    expect(notices).to_have_count(1)
    expect(card).to_be_visible()
    # So does one that rings only now; asked for, it opens, and the next call may take its place by itself.
    place.ring("89137770108", "window-8")
    expect(notices.filter(has_text="777-01-08")).to_be_visible()
    expect(card).to_be_visible()
    notices.filter(has_text="777-01-08").get_by_role("button", name="Открыть").click()
    expect(window(page)).to_contain_text("777-01-08")
    place.ring("89137770109", "window-9")
    expect(window(page)).to_contain_text("777-01-09")


def test_a_chosen_service_is_not_taken_away_either(place: Place, sign_in: SignIn, office: Page) -> None:
    settle(office, place, incoming_window="ringing")
    page = sign_in()
    open_salon(page, place)
    page.goto(place.base_url + "/bookings/")
    page.keyboard.press("b")
    card = page.locator("#drawer .drawer")
    card.locator("#service-list label").first.click()
    # It comes back as the server's own, as if nobody had chosen it.
    expect(card.locator(".chosen-service input")).to_have_attribute("checked", "")
    place.ring("89137770106", "window-6")
    expect(page.locator("#toasts .toast", has_text="На линии")).to_be_visible()
    expect(card.locator(".chosen-service")).to_be_visible()


def test_an_unknown_number_becomes_a_client_with_the_number_filled_in(
    place: Place, sign_in: SignIn, office: Page
) -> None:
    settle(office, place, incoming_window="ringing")
    page = sign_in()
    page.goto(place.base_url + "/calls/")
    place.ring("89137770105", "window-5")
    card = window(page)
    expect(card).to_contain_text("Неизвестный номер")
    expect(card.locator("a", has_text="Найти в интернете")).to_have_attribute(
        "href", re.compile(r"^https://yandex\.ru/")
    )
    card.get_by_role("link", name="физическое лицо").click()
    form = page.locator("#client-form")
    expect(form.locator("[name=phones-0-number]")).to_have_value(re.compile(r"9137770105|913 777-01-05"))
    form.locator("[name=name]").fill("Новый Знакомый")
    form.locator("button.primary[type=submit]").click()
    page.wait_for_url(re.compile(r"/clients/\d+/$"))
    expect(page.locator("h1")).to_have_text("Новый Знакомый")
    expect(page.locator("#client-history")).to_contain_text("777-01-05")
    place.ring("89137770105", "window-5b")
    expect(window(page).locator("h2")).to_have_text("Новый Знакомый")
