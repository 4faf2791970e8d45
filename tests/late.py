"""Answers that a journey holds back, to see what the page does meanwhile."""

from playwright.sync_api import Page, Route


def hold_back(page: Page, address: str) -> list[Route]:
    """Keep the next request to an address (glob) waiting, until ``continue_`` or ``fulfill`` of what arrived."""
    late: list[Route] = []
    page.route(address, lambda route: late.append(route), times=1)
    return late


def arrived(page: Page, late: list[Route]) -> Route:
    """Wait until it was sent."""
    for _ in range(200):
        if late:
            return late[0]
        page.wait_for_timeout(50)
    raise AssertionError("Nothing was asked")
