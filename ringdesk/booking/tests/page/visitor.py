"""A visitor of the booking page without scripts: reads it, fills its forms in."""

from html.parser import HTMLParser
from typing import Any

from django.test import Client as Browser

from ringdesk.accounts.models import Module
from ringdesk.booking import pages
from ringdesk.booking.tests.conftest import Salon

IRINA = {"name": "Irina", "phone": "8 923 000-00-01", "email": "irina@example.com", "consent": "on"}


def open_page(salon: Salon, **fields: Any) -> None:
    if Module.BOOKING not in salon.organization.modules:
        salon.organization.modules = [*salon.organization.modules, Module.BOOKING]
        salon.organization.save()
    pages.change(salon.organization, **{"is_open": True, "base_url": "https://desk.example", **fields})


class Page(HTMLParser):
    """What a browser without scripts can do with a page: its text, links, and the forms with their fields."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.status = response.status_code
        self.text = ""
        self.links: list[str] = []
        self.forms: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.buttons: list[tuple[str, str]] = []
        self.feed(response.content.decode())
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        said = dict(attrs)
        if tag == "a":
            self.links.append(said.get("href", ""))
        elif tag == "form":
            self.forms.append((said.get("method", ""), said.get("action", ""), []))
        elif tag in ("input", "textarea") and said.get("name") and self.forms:
            checked = said.get("type") not in ("checkbox", "radio") or "checked" in said
            if checked and said.get("type") in ("hidden", "radio", "checkbox", "text", "tel", "email", "date"):
                self.forms[-1][2].append((said["name"], said.get("value", "")))
        elif tag == "button" and said.get("name"):
            self.buttons.append((said["name"], said.get("value", "")))

    def handle_data(self, data: str) -> None:
        self.text += data + " "

    @property
    def hidden(self) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name, value in self.forms[-1][2]:
            fields.setdefault(name, []).append(value)
        return fields

    @property
    def starts(self) -> list[str]:
        return [value[11:16] for name, value in self.buttons if name == "start"]


def get(path: str, browser: Browser | None = None, language: str = "en", **query: Any) -> Page:
    return Page((browser or Browser()).get(path, query, headers={"accept-language": language}))


def post(path: str, **fields: Any) -> Any:
    return Browser().post(path, fields, headers={"accept-language": "en"})


def choose(salon: Salon, hour: float = 10, *titles: str, who: str = "Pavel", **more: Any) -> str:
    """Go as far as the form of the contact. Returns its address."""
    held = post(
        "/book/ours/hold/",
        service=salon.ids(*titles or ("Haircut",)),
        employee=salon.employees[who].pk if who else "any",
        start=salon.at(hour).isoformat(),
        **more,
    )
    assert held.status_code == 302, held.content.decode()
    return str(held["Location"])


def book(salon: Salon, hour: float = 10, **fields: Any) -> Any:
    address = choose(salon, hour)
    return post(address, **{**get(address).hidden, **IRINA, **fields})
