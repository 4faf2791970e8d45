"""The console: a function called by hand, and the same call as others write it."""

import json
import shlex
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.booking.bots.arguments import is_absent
from ringdesk.booking.bots.calling import FUNCTIONS
from ringdesk.booking.console import calls
from ringdesk.booking.models import Booking
from ringdesk.booking.tests.conftest import Salon
from ringdesk.booking.tests.visiting import browser_of

URL = "/booking/console/"


@pytest.mark.parametrize(
    ("typed", "value"),
    [("842", 842), ("[842, 843]", [842, 843]), ("14:30", "14:30"), (" 05.02.2024 ", "05.02.2024"), ("", ""),
     ("true", "true"), ("1.5", "1.5"), ("[1, null]", "[1, null]"), ("[" * 5000, "[" * 5000), ("-3", "-3")],
)  # fmt: skip
def test_what_was_typed_as_json(typed: str, value: Any) -> None:
    assert calls.value(typed) == value


def test_a_call_as_bots_write_it() -> None:
    args = calls.arguments(["14275391", "", "1021", "", " "])
    assert calls.as_bot_call("get_employees_for_booking", args) == 'get_employees_for_booking(14275391, "", 1021)'
    assert calls.as_bot_call("get_companies_for_booking", []) == "get_companies_for_booking()"


@given(st.lists(st.text(max_size=12), max_size=4), st.text(max_size=10))
def test_the_line_for_a_shell_says_exactly_the_call(texts: list[str], name: str) -> None:
    args = calls.arguments(texts)
    words = shlex.split(
        calls.as_curl("https://desk.example", "f", args, {"name": name, "phone": ""}).replace("\\\n", " ")
    )
    assert words[3] == "https://desk.example/api/v1/functions/f"
    assert json.loads(words[-1]) == calls.body(args, {"name": name})
    assert not args or not is_absent(args[-1])


@pytest.fixture
def owner(ours: Salon) -> Browser:
    return browser_of(ours.owner)


def call(browser: Browser, name: str, **fields: Any) -> Any:
    answer = browser.post(URL, {"function": name, **fields}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return json.loads(answer.context["answer"])


def test_every_function_is_shown_with_its_arguments(ours: Salon, owner: Browser) -> None:
    for name, function in FUNCTIONS.items():
        page = owner.get(URL, {"function": name}).content.decode()
        assert [each.name for each in function.parameters if f'name="arg-{each.name}"' not in page] == []


def test_a_booking_is_made_found_and_cancelled(ours: Salon, owner: Browser) -> None:
    ids = {"arg-company_id": ours.branch.pk, "arg-service_ids": ours.ids("Haircut")[0]}
    when = {"arg-booking_date": "23.11.2026", "arg-booking_time": "10:00"}
    client = {"client-phone": "+79230000001", "client-name": "Ivan"}
    assert "client" in call(owner, "create_booking", **ids, **when)["message"].casefold()
    made = call(owner, "create_booking", **ids, **when, **client)
    assert (made["status"], made["booking"]["booking_time"]) == (True, "10:00")
    order = made["booking"]["id"]
    assert [each["booking_id"] for each in call(owner, "get_bookings_info", **client)] == [order]
    gone = call(owner, "cancel_booking", **client, **{"arg-pipeline_id": ours.branch.pk, "arg-order_id": order})
    assert gone["status"] is True
    assert Booking.objects.get(pk=order).status == "cancelled"


def test_nothing_that_is_typed_breaks_it(ours: Salon, owner: Browser) -> None:
    for name in FUNCTIONS:
        fields = {f"arg-{each.name}": "'\"<script>\x00[[" for each in FUNCTIONS[name].parameters}
        answer = owner.post(URL, {"function": name, "client-id": "x", "client-phone": "<b>", **fields})
        assert (answer.status_code, "<script>\x00" in answer.content.decode()) == (200, False)
    assert owner.post(URL, {"function": "nonsense"}).context["function"].name == "get_companies_for_booking"


def test_only_ours_and_only_who_may(ours: Salon, theirs: Salon, owner: Browser) -> None:
    answer = call(owner, "get_services_for_booking", **{"arg-company_id": theirs.branch.pk})
    assert answer["status"] is False
    hostess = browser_of(ours.member("hostess"))
    assert (hostess.get(URL).status_code, hostess.post(URL).status_code) == (403, 403)
    assert Browser().get(URL).status_code == 302
    assert reverse("booking:console") == URL
