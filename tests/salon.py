"""The salon of the demo, as its people come to it."""

from playwright.sync_api import Page, expect

from tests.conftest import Place


def open_salon(page: Page, place: Place) -> None:
    """Let the page work for the salon: the branch is switched by hand, as people do it."""
    salon = place.demo["branches"][1]
    page.locator(".place summary").first.click()
    page.locator(".place .menu-body").get_by_text(salon["name"]).click()
    expect(page.locator(".place summary").first).to_contain_text(salon["name"])
