"""A click on a number: the member's phone rings first; pressed twice it calls once; an error is told in full."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from ringdesk.telephony.tests import pbx_of_others
from ringdesk.telephony.tests.pbx_of_others import KEY, PATH, FakePbx
from tests.conftest import Place

SignIn = Callable[..., Page]


@pytest.fixture
def pbx(sign_in: SignIn, place: Place) -> Iterator[FakePbx]:
    """The PBX of the demo's connector, entered on its page as its owner does."""
    with pbx_of_others.running() as pbx:
        owner = sign_in("owner")
        owner.goto(place.base_url + "/connectors/")
        owner.get_by_role("link", name="Офисная АТС").first.click()
        owner.goto(owner.url.rstrip("/") + "/change/")
        owner.fill("[name=makecall_url]", pbx.url)
        owner.fill("[name=makecall_key]", KEY)
        owner.locator("main button.primary[type=submit]").click()
        expect(owner.locator(".toast")).to_be_visible()
        yield pbx


def digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def test_click_to_call(place: Place, sign_in: SignIn, pbx: FakePbx) -> None:
    page, client = sign_in(), place.demo["clients"][3]
    page.goto(f"{place.base_url}/clients/{client['id']}/")
    handset = page.locator(".phone-line .handset").first
    pbx.gate.clear()
    # From the keyboard, and twice; a third time in another tab.
    handset.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(handset).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".toast")).to_contain_text("дождитесь звонка своего телефона")
    tab = page.context.new_page()
    tab.goto(f"{place.base_url}/clients/{client['id']}/")
    tab.locator(".phone-line .handset").first.click()
    expect(tab.locator(".toast")).to_contain_text("звонит ваш телефон 100")
    pbx.gate.set()
    expect(page.locator(".toast")).to_contain_text("звонит ваш телефон 100, снимите трубку")
    expect(page.locator(".toast")).to_have_count(1)
    expect(handset).not_to_have_attribute("aria-disabled", "true")
    expect(handset).to_be_focused()
    assert pbx.asked == [(PATH, KEY, {"user": "100", "phone": digits(client["phone"])})]

    # The PBX reports the call, by the id it has told: its page knows who placed it.
    place.report("http_events", event="1", src_type="2", call_id=pbx.answer["callid"], src_num="100",
                 dst_num=digits(client["phone"]))  # fmt: skip
    page.goto(place.base_url + "/calls/")
    page.get_by_role("link", name=client["name"]).first.click()
    expect(page.locator(".facts").first).to_contain_text("отсюда, Анна Ким")
    place.report("http_events", event="2", src_type="2", call_id=pbx.answer["callid"], src_num="100",
                 dst_num=digits(client["phone"]), status="NOANSWER")  # fmt: skip


def test_an_error_of_the_pbx_is_told_in_full(place: Place, sign_in: SignIn, pbx: FakePbx) -> None:
    page, client = sign_in(), place.demo["clients"][1]
    pbx.status, pbx.answer = 400, {"error": "Внутренний номер 100 не подключён"}
    page.goto(f"{place.base_url}/clients/{client['id']}/")
    # From the menu beside the number, which also leads to WhatsApp.
    page.locator(".phone-menu summary").first.click()
    menu = page.locator(".phone-menu .menu-body").first
    whatsapp = menu.get_by_role("link", name="Написать в WhatsApp")
    expect(whatsapp).to_have_attribute("href", f"https://wa.me/{digits(client['phone'])}")
    menu.get_by_role("button", name="Позвонить").click()
    expect(page.locator(".toast.bad")).to_have_text(
        "При выполнении запроса к «Офисная АТС» произошла ошибка: Внутренний номер 100 не подключён. "
        "Пожалуйста, обратитесь в поддержку «Офисная АТС»."
    )


def test_the_number_typed_into_a_reservation_can_be_called(place: Place, sign_in: SignIn, pbx: FakePbx) -> None:
    page = sign_in()
    page.goto(place.base_url + "/hall/card/?date=2027-03-02&start=1200")
    card = page.locator(".drawer")
    card.locator("[name=phone]").fill("8 913 555-44-77")
    card.get_by_role("button", name="Позвонить по этому номеру").click()
    expect(page.locator(".toast")).to_contain_text("+7 913 555-44-77")
    assert pbx.asked[-1] == (PATH, KEY, {"user": "100", "phone": "79135554477"})
    expect(card.locator("[name=phone]")).to_have_value("8 913 555-44-77")
