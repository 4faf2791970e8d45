"""Journeys: a whole Ringdesk as its users start it, and a browser in front of it."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from ringdesk.config.tests.process import Ringdesk

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A page that is right stays right however busy the machine is: waiting longer costs only what fails.
expect.set_options(timeout=20_000)


@dataclass
class Place:
    """The demo under way; ``demo`` is its demo.json."""

    data: Path
    port: int
    process: Ringdesk

    @property
    def demo(self) -> dict[str, Any]:
        return json.loads((self.data / "demo.json").read_text())  # type: ignore[no-any-return]

    @property
    def base_url(self) -> str:
        return str(self.demo["base_url"])

    def report(self, connector: str, **fields: str) -> None:
        """Send what a phone or a PBX would send."""
        answer = httpx.get(self.demo["connectors"][connector]["url"], params=fields, timeout=15)
        assert answer.json() == {"success": True}

    def ring(self, phone: str, call_id: str) -> None:
        """Let extension 100 ring."""
        self.report("http_events", event="1", src_type="1", call_id=call_id, dst_num="100", src_num=phone)

    def restart(self) -> None:
        """Let the server fall and start it again at the same address."""
        self.process.stop(signal.SIGKILL)
        self.process.__exit__()
        self.process = _started(self.data, self.port)


def _started(data: Path, port: int) -> Ringdesk:
    process = Ringdesk("run", "--demo", "--port", str(port), "--data", str(data))
    process.wait_for("is serving at")
    return process


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("journey")
    place = Place(data, 0, _started(data, 0))
    place.port = int(place.base_url.rpartition(":")[2])
    yield place
    place.process.__exit__()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    assert CHROMIUM, "The browser tests need Chromium: make browser"
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield browser
    browser.close()


@pytest.fixture
def sign_in(browser: Browser, place: Place) -> Iterator[Callable[..., Page]]:
    """Sign somebody of the demo in through the form; a failing request or script fails the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def sign_in(who: str = "operator", **options: Any) -> Page:
        context = browser.new_context(**{"locale": "ru-RU", "viewport": {"width": 1440, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(error.stack or str(error)))
        page.on("response", lambda answer: problems.append(f"{answer.status} {answer.url}") if answer.status >= 500
                else None)  # fmt: skip
        page.goto(place.base_url + "/account/login/")
        page.fill("[name=login]", place.demo[who]["email"])
        page.fill("[name=password]", place.demo[who]["password"])
        page.keyboard.press("Enter")
        page.wait_for_selector("nav")
        # Which branch is looked at is remembered of a member, and another journey may have been to another one.
        first = place.demo["branches"][0]["name"]
        if first not in (page.locator(".place summary").first.text_content() or ""):
            with page.expect_navigation():
                choice = page.locator("form[action*=choose-branch] button", has_text=first).first
                choice.evaluate("button => button.form.submit()")
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert problems == []
