"""A call rings, a popup shows, a reservation stands."""

import re
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.conftest import Place
from tests.salon import open_salon

SignIn = Callable[..., Page]


def popup(page: Page, number: str) -> Any:
    return page.locator(".pop", has_text=number)


def test_a_known_guest_calls_and_gets_a_table(place: Place, sign_in: SignIn) -> None:
    page = sign_in()
    known = place.demo["clients"][0]
    place.ring(known["phone"], "journey-1")
    pop = popup(page, known["name"])
    expect(pop).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(\d+\)"))
    pop.locator("[data-answer]").click()
    card = page.locator(".drawer")
    expect(card.locator("[name=guest_name]")).to_have_value(known["name"])
    expect(card.locator("[name=phone]")).to_have_value(re.compile(re.sub(r"\D", "", known["phone"])[-2:] + "$"))
    card.locator("[name=guests]").fill("2")
    card.locator("[name=comment]").fill("Стол у окна, пожалуйста")
    card.locator("#card-tables .choice:not(.busy) >> nth=0").click()
    card.locator("button.primary[type=submit]").click()
    expect(card).to_have_count(0)
    expect(pop).to_have_count(0)
    expect(page.locator(".res", has_text=known["name"]).first).to_be_visible()


def test_an_unknown_caller_leaves_only_the_number(place: Place, sign_in: SignIn) -> None:
    page = sign_in()
    place.report("phone", phone="89135559911")
    pop = popup(page, "+79135559911")
    expect(pop).to_contain_text("Анонимный гость")
    expect(pop).to_contain_text("Телефон:")
    pop.locator("[data-answer]").click()
    card = page.locator(".drawer")
    expect(card.locator("[name=guest_name]")).to_have_value("")
    expect(card.locator("[name=guest_name]")).to_have_attribute(
        "placeholder", "Имя должно быть заполнено для создания резерва с гостем"
    )
    card.locator("[name=guests]").fill("")
    card.locator("button.primary[type=submit]").click()
    expect(card).to_contain_text("Обязательное поле")
    expect(pop).to_be_visible()
    card.locator("[name=guests]").fill("3")
    card.locator("button.primary[type=submit]").click()
    expect(card).to_have_count(0)
    expect(page.locator(".res", has_text="555-99-11").first).to_be_visible()


def test_which_of_two_guests_with_one_number_takes_one_click(place: Place, sign_in: SignIn) -> None:
    for name in ("Первый Близнец", "Второй Близнец"):
        made = httpx.post(
            place.base_url + "/api/v1/clients",
            headers={"Authorization": f"Bearer {place.demo['owner']['api_token']}"},
            json={"name": name, "phones": [{"number": "+79135556644"}]},
        )
        assert made.status_code == 201
    page = sign_in("owner")
    open_salon(page, place)
    for address in ("/hall/", "/bookings/"):
        page.goto(place.base_url + address)
        page.keyboard.press("b")
        card = page.locator(".drawer")
        card.locator("[name=phone]").fill("89135556644")
        choice = card.locator("#card-guest label", has_text="Второй Близнец")
        expect(choice).to_be_visible()
        # Leaving the number asks again whose it is, while the click already chooses.
        with page.expect_response(re.compile("/card/(guest|client)/")):
            choice.click()
        expect(choice.locator("input")).to_be_checked()
        expect(card.locator("[name=guest_name]")).to_have_value("Второй Близнец")
        page.keyboard.press("Escape")
        expect(card).to_have_count(0)


def test_dismissed_in_one_tab_is_gone_in_the_other_and_stays_with_a_colleague(place: Place, sign_in: SignIn) -> None:
    first = sign_in()
    second = first.context.new_page()
    second.goto(place.base_url + "/calls/")
    colleague = sign_in("owner")
    place.ring("89135557722", "journey-3")
    for page in (first, second, colleague):
        expect(popup(page, "+79135557722")).to_be_visible()
    popup(second, "+79135557722").locator("[data-dismiss]").click()
    expect(popup(second, "+79135557722")).to_have_count(0)
    expect(popup(first, "+79135557722")).to_have_count(0)
    first.reload()
    expect(first.locator("nav").first).to_be_visible()
    expect(popup(first, "+79135557722")).to_have_count(0)
    expect(popup(colleague, "+79135557722")).to_be_visible()
    colleague.reload()
    expect(popup(colleague, "+79135557722")).to_be_visible()


def test_the_server_falls_in_the_middle_of_a_call_and_nothing_typed_is_lost(place: Place, sign_in: SignIn) -> None:
    page = sign_in()
    place.ring("89135558833", "journey-4")
    popup(page, "+79135558833").locator("[data-answer]").click()
    card = page.locator(".drawer")
    card.locator("[name=guest_name]").fill("Тамара Гвердцители")
    card.locator("[name=comment]").fill("перезвонить в пять")
    place.restart()
    place.report("http_events", event="3", src_type="1", call_id="journey-4", dst_num="100", src_num="89135558833")
    expect(popup(page, "+79135558833")).to_contain_text("Разговор")
    expect(card.locator("[name=guest_name]")).to_have_value("Тамара Гвердцители")
    expect(card.locator("[name=comment]")).to_have_value("перезвонить в пять")
    place.ring("89135558844", "journey-5")
    expect(popup(page, "+79135558844")).to_be_visible()
    card.locator("[name=guests]").fill("2")
    card.locator("button.primary[type=submit]").click()
    expect(card).to_have_count(0)
    expect(popup(page, "+79135558833")).to_have_count(0)


def test_two_people_save_the_same_table(place: Place, sign_in: SignIn) -> None:
    anna, olga = sign_in(), sign_in("owner")
    spot = "/hall/card/?start=1320&date=2027-03-01&table=" + str(place.demo["halls"][0]["tables"][0]["id"])
    for page, name in ((anna, "Первый Гость"), (olga, "Второй Гость")):
        page.goto(place.base_url + spot)
        page.locator("[name=guest_name]").fill(name)
        page.locator("[name=phone]").fill("+7913555" + ("6601" if name.startswith("П") else "6602"))
        page.locator("[name=guests]").fill("2")
    anna.locator(".drawer button.primary[type=submit]").click()
    expect(anna.locator(".drawer")).to_have_count(0)
    olga.locator(".drawer button.primary[type=submit]").click()
    expect(olga.locator(".drawer .note.bad").first).to_contain_text("Первый Гость")
    expect(olga.locator("[name=guest_name]")).to_have_value("Второй Гость")
    expect(olga.locator("#card-tables .choice:not(.busy)").first).to_be_visible()


def test_on_a_phone_the_call_that_rings_is_in_sight_and_never_moves_under_a_finger(
    place: Place, sign_in: SignIn
) -> None:
    page = sign_in(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for number in range(6):
        place.ring(f"8913444000{number}", f"journey-many-{number}")
        expect(popup(page, f"+7913444000{number}")).to_be_in_viewport(ratio=0.95)
    # The oldest stands on top, out of sight by now. Whoever has a finger on the stack keeps what is under it.
    expect(popup(page, "+79134440000")).not_to_be_in_viewport()
    page.locator("#popups").evaluate(
        """box => {
            const touch = () => box.dispatchEvent(new Event("pointermove"));
            box.scrollTop = 0;
            touch();
            setInterval(touch, 200);
        }"""
    )
    place.ring("89134440009", "journey-many-9")
    expect(popup(page, "+79134440009")).to_be_attached()
    expect(popup(page, "+79134440009")).not_to_be_in_viewport()
