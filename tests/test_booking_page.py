"""A client books on the page of the demo's salon, on a phone: with scripts, and without any."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import icalendar
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Place

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "accept_downloads": True}


@contextmanager
def visitor(browser: Browser, **options: Any) -> Iterator[Page]:
    """A stranger with a browser of their own; a failing script or answer fails the test."""
    context = browser.new_context(**{"locale": "ru-RU", **PHONE, **options})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(error.stack or str(error)))
    page.on("console", lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None)
    page.on(
        "response", lambda answer: problems.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None
    )
    yield page
    assert context.cookies() == []
    context.close()
    assert problems == []


def salon(place: Place) -> int:
    """The branch these clients come to: other journeys open more of them."""
    return int(place.demo["branches"][1]["id"])


def to_the_contact(page: Page, place: Place, *titles: str) -> None:
    page.goto(f"{place.base_url}/book/demo/?branch={salon(place)}")
    for title in titles:
        page.locator(".book-service", has_text=title).first.click()
    page.get_by_role("button", name="Продолжить").click()
    page.locator(".book-card", has_text="Любой специалист").click()
    expect(page.get_by_role("heading", name="Когда?")).to_be_visible()
    # Another day than the first: scripts change the times only, without them the page comes anew.
    page.locator("[data-days] a").nth(2).click()
    expect(page.locator("[data-days] a").nth(2)).to_have_attribute("aria-current", "date")
    page.locator(".book-slot").nth(2).click()
    expect(page.get_by_role("heading", name="Кто придёт?")).to_be_visible()


def fill(page: Page, name: str, phone: str) -> None:
    page.get_by_label("Имя").fill(name)
    page.get_by_label("Телефон").fill(phone)
    page.get_by_label("Я согласен").check()


@pytest.mark.parametrize("with_scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_client_books_on_a_phone_and_gets_a_calendar_file(
    browser: Browser, place: Place, tmp_path: Path, with_scripts: bool
) -> None:
    service = next(each["title"] for each in place.demo["services"])
    with visitor(browser, java_script_enabled=with_scripts) as page:
        to_the_contact(page, place, service)
        kept = page.locator(".book-visit b").inner_text()
        # What is wrong is said beside it, and nothing typed is lost.
        page.get_by_label("Имя").fill("Ирина Тестова")
        page.get_by_role("button", name="Записаться").click()
        expect(page.get_by_text("Без вашего согласия мы не можем принять запись.")).to_be_visible()
        expect(page.get_by_label("Имя")).to_have_value("Ирина Тестова")
        fill(page, "Ирина Тестова", f"8 923 555-00-{10 + with_scripts}")
        page.get_by_role("button", name="Записаться").click()
        expect(page.get_by_role("heading", name="Вы записаны")).to_be_visible()
        assert page.locator(".book-visit b").inner_text() == kept
        with page.expect_download() as download:
            page.get_by_role("link", name="Добавить в мой календарь").click()
        download.value.save_as(tmp_path / "visit.ics")
        calendar: Any = icalendar.Calendar.from_ical((tmp_path / "visit.ics").read_bytes())
        (event,) = calendar.walk("VEVENT")
        assert service in str(event["summary"]) and str(event["status"]) == "CONFIRMED"
        # The page is no wider than the phone.
        if with_scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("link", name="Перенести").click()
        page.locator(".book-slot").last.click()
        expect(page.get_by_role("heading", name="Вы записаны")).to_be_visible()
        assert page.locator(".book-visit b").inner_text() != kept
        page.get_by_role("link", name="Отменить визит").click()
        page.get_by_role("button", name="Отменить визит").click()
        expect(page.get_by_role("heading", name="Ваш визит отменён")).to_be_visible()


@contextmanager
def another_site(body: str) -> Iterator[str]:
    """Serve a page from another origin. A real one: browsers keep invented hosts away from this computer."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = f"<!doctype html><title>Salon</title>{body}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join(timeout=5)


def test_the_widget_shows_the_page_on_another_site(browser: Browser, place: Place) -> None:
    where = f'src="{place.base_url}/book/demo/widget.js" data-branch="{salon(place)}"'
    widget = f'<script {where} data-lang="en" async></script>'
    with another_site(widget) as site, visitor(browser) as page:
        page.goto(site)
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", name="What would you like to book?")).to_be_visible()
        # It is as high as its content: nothing scrolls inside.
        page.wait_for_function("document.querySelector('iframe').offsetHeight > 700")
        frame.locator(".book-service").first.click()
        frame.get_by_role("button", name="Continue").click()
        expect(frame.get_by_role("heading", name="Who would you like to see?")).to_be_visible()


def test_a_button_of_another_site_opens_the_page(browser: Browser, place: Place) -> None:
    where = f'src="{place.base_url}/book/demo/widget.js" data-branch="{salon(place)}"'
    widget = f'<script {where} data-button="Записаться" async></script>'
    with another_site(widget) as site, visitor(browser) as page:
        page.goto(site)
        page.get_by_role("button", name="Записаться").click()
        frame = page.frame_locator("dialog iframe")
        expect(frame.get_by_role("heading", name="На что записаться?")).to_be_visible()
        page.get_by_role("button", name="Закрыть").click()
        expect(page.locator("dialog")).to_be_hidden()
        page.get_by_role("button", name="Записаться").click()
        # Nothing lies over what the page offers: its language is changed, and Escape closes also from inside it.
        closer, inside = page.get_by_label("Закрыть").bounding_box(), page.locator("dialog iframe").bounding_box()
        assert closer and inside and closer["y"] + closer["height"] <= inside["y"]
        frame.get_by_role("link", name="Eng").click()
        expect(frame.get_by_role("heading", name="What would you like to book?")).to_be_visible()
        frame.locator(".book-service").first.click()
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_be_hidden()
        expect(page.get_by_role("button", name="Записаться")).to_be_focused()
