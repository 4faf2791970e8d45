"""A salon is set up from nothing: category, services, specialist, hours; then there are free times."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.conftest import Place

SignIn = Callable[..., Page]


def new_branch(page: Page, place: Place, name: str) -> None:
    """Add a branch through its form and look at it."""
    page.goto(place.base_url + "/settings/branches/new/")
    page.fill("[name=name]", name)
    page.locator("main button[type=submit].primary").click()
    expect(page).to_have_url(re.compile(r"/settings/branches/"))
    page.goto(place.base_url + "/booking/services/")
    page.locator("form[action*=choose-branch] button", has_text=name).first.evaluate("button => button.form.submit()")
    page.wait_for_url(re.compile(r"/booking/services/"))
    expect(page.locator("body")).to_contain_text(name)


def save(page: Page) -> None:
    page.locator(".drawer button.primary[type=submit]").click()
    expect(page.locator(".drawer")).to_have_count(0)


def test_a_salon_from_nothing_to_the_first_free_time(place: Place, sign_in: SignIn) -> None:
    page = sign_in("owner")
    new_branch(page, place, "Салон с нуля")
    steps = page.locator("[aria-labelledby=steps-title]")
    steps.get_by_role("button", name="Добавить категорию").click()
    page.fill(".drawer [name=name]", "Волосы")
    save(page)

    # Two services one after the other, by the keyboard.
    steps.get_by_role("button", name="Добавить услугу").click()
    page.select_option(".drawer [name=category]", label="Волосы")
    page.fill(".drawer [name=title]", "Стрижка")
    page.fill(".drawer [name=price]", "1500")
    page.get_by_role("button", name="Сохранить и добавить ещё").click()
    expect(page.locator("#services-list")).to_contain_text("Стрижка")
    expect(page.locator(".drawer [name=title]")).to_have_value("")
    expect(page.locator(".drawer [name=category] option:checked")).to_have_text("Волосы")
    page.fill(".drawer [name=title]", "Укладка")
    page.fill(".drawer [name=price]", "900")
    page.fill(".drawer [name=duration]", "45")
    page.keyboard.press("Enter")
    expect(page.locator(".drawer")).to_have_count(0)
    expect(page.locator("#services-list")).to_contain_text("Укладка")

    steps.get_by_role("button", name="Добавить специалиста").click()
    page.fill(".drawer [name=name]", "Ольга")
    page.fill(".drawer [name=job_title]", "Парикмахер")
    expect(page.locator(".drawer [name=has_branch_hours]")).to_be_checked()
    save(page)
    expect(steps).to_have_count(0)

    page.goto(place.base_url + "/booking/services/employees/")
    page.get_by_role("link", name="Ольга").click()
    expect(page.locator(".skills input[type=checkbox]:checked")).to_have_count(2)
    page.get_by_label("Своя цена: Стрижка").fill("2000")
    page.get_by_role("button", name="Сохранить услуги").click()
    expect(page.get_by_label("Своя цена: Стрижка")).to_have_value("2000")
    page.goto(place.base_url + "/booking/schedule/")
    expect(page.locator("main")).to_contain_text("Ольга")

    page.goto(place.base_url + "/booking/console/")
    page.select_option("#console-function", "get_slots_for_booking")
    service = page.locator("#offered-service_ids option", has_text="Стрижка").get_attribute("value")
    page.fill("[name=arg-service_ids]", service or "")
    page.fill("[name=arg-date]", f"{date.today() + timedelta(days=7):%d.%m.%Y}")  # noqa: DTZ011 - any day will do
    page.get_by_role("button", name="Вызвать функцию").click()
    slots = json.loads(page.locator("#console-answer").inner_text())
    assert slots and all(re.fullmatch(r"\d\d:\d\d", slot) for slot in slots)


def test_a_price_list_is_imported_by_a_job(place: Place, sign_in: SignIn, tmp_path: Path) -> None:
    table = tmp_path / "прайс.csv"
    rows = "".join(f"Каталог;Услуга {number};{number};30\r\n" for number in range(1, 301))
    table.write_bytes(
        ("Раздел;Наименование;Стоимость;Мин\r\n" + rows + "Каталог;Дорогая;много;30\r\n").encode("cp1251")
    )
    page = sign_in("owner")
    new_branch(page, place, "Салон с прайсом")
    page.goto(place.base_url + "/booking/services/import/")
    page.set_input_files("[name=file]", table)
    page.get_by_role("button", name="Загрузить и посмотреть").click()
    page.locator("select[name=column]").nth(3).select_option("duration")
    page.get_by_role("button", name="Импортировать 300 строк").click()
    expect(page.locator("#import")).to_contain_text("«много» — не цена.", timeout=60_000)
    page.get_by_role("link", name="К услугам").click()
    expect(page.locator(".pager")).to_contain_text("из 300")
    page.fill("#services-q", "услуга 299")
    expect(page.locator("#services-list tbody tr[data-href]")).to_have_count(1)
