"""The first run, from the printed address to a signed-in owner."""

import threading
from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from ringdesk.accounts import branches, opening_hours, setup
from ringdesk.accounts.models import Branch, Member, Organization, User
from ringdesk.accounts.tests.conftest import PASSWORD, House
from ringdesk.core.problems import NotFound

Enter = Callable[[Member | User], Browser]
BASE = "http://desk.example"
ACCOUNT = {"name": "Olga", "email": "Olga@Quay.example", "password": PASSWORD, "language": "en"}
ORGANIZATION = {"name": "Quay", "language": "ru", "modules": ["hall"]}
PLACE = {"name": "Pier", "address": "1 Quay St", "timezone": "Asia/Novosibirsk", "region": "RU"}
HOURS = {"same": "on", "opens_all": "18:00", "closes_all": "02:00"}


def address() -> str:
    return (setup.link(BASE) or "").removeprefix(BASE)


def begin(browser: Browser) -> None:
    answer = browser.get(address())
    assert (answer.status_code, answer["Location"]) == (302, "/setup/you/")


def walk(browser: Browser) -> str:
    """Fill in all three steps; return where the last one leads."""
    begin(browser)
    for step, form in (("you", ACCOUNT), ("organization", ORGANIZATION), ("branch", PLACE | HOURS)):
        answer = browser.post(f"/setup/{step}/", form)
        assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def test_the_wizard_makes_everything_and_signs_in(db: None, client: Browser) -> None:
    assert walk(client) == reverse("telephony:wizard_connector")
    user, organization, branch = User.objects.get(), Organization.objects.get(), Branch.objects.get()
    seat = Member.objects.get()
    assert (user.email, user.name, user.check_password(PASSWORD)) == ("olga@quay.example", "Olga", True)
    assert (organization.name, organization.language, organization.modules) == ("Quay", "ru", ["hall"])
    assert (seat.role, seat.language, seat.user) == ("owner", "en", user)
    assert (branch.name, branch.address, branch.timezone) == ("Pier", "1 Quay St", "Asia/Novosibirsk")
    assert branches.hours_of(branch) == opening_hours.every_day(18 * 60, 26 * 60)
    assert client.get(reverse("telephony:wizard_connector")).status_code == 200


def test_the_address_is_printed_while_there_is_nobody(db: None) -> None:
    assert address().startswith("/setup/?key=") and len(address()) > 40
    User.objects.create_user("olga@quay.example")
    assert setup.link(BASE) is None


@pytest.mark.parametrize("path", ["/setup/", "/setup/you/", "/setup/organization/", "/setup/branch/"])
def test_without_the_key_nobody_gets_further(db: None, client: Browser, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers.get("Location")) in {(200, None), (302, "/setup/")}
    assert client.post(path, ACCOUNT | ORGANIZATION | PLACE | HOURS).status_code in (302, 422)
    assert client.get("/setup/?key=wrong").status_code == 422
    assert client.get("/setup/you/").status_code == 302
    assert User.objects.count() == 0


def test_the_key_can_be_pasted(db: None, client: Browser) -> None:
    answer = client.post("/setup/", {"key": f" {address().partition('=')[2]} "})
    assert answer["Location"] == "/setup/you/"


@pytest.mark.parametrize("path", ["/setup/", "/setup/you/", "/setup/organization/", "/setup/branch/"])
def test_once_there_is_a_user_the_wizard_is_gone(house: House, client: Browser, enter: Enter, path: str) -> None:
    for browser in (client, enter(house.hostess), enter(house.administrator)):
        assert browser.get(path).status_code == 404
        assert browser.post(path, ACCOUNT | ORGANIZATION | PLACE | HOURS).status_code == 404
    assert (User.objects.count(), Organization.objects.count()) == (7, 1)


def test_a_visitor_who_had_begun_is_out_once_another_has_finished(db: None, client: Browser) -> None:
    late = Browser()
    begin(late)
    late.post("/setup/you/", ACCOUNT | {"email": "late@quay.example"})
    walk(client)
    assert late.post("/setup/organization/", ORGANIZATION).status_code == 404
    assert User.objects.count() == 1


def test_going_back_and_reloading_loses_nothing(db: None, client: Browser) -> None:
    begin(client)
    client.post("/setup/you/", ACCOUNT)
    client.post("/setup/organization/", ORGANIZATION)
    wrong = client.post("/setup/branch/", PLACE | HOURS | {"name": ""})
    assert wrong.status_code == 422
    account = client.get("/setup/you/").context["form"].initial
    assert account == {"name": "Olga", "email": "olga@quay.example", "language": "en"}
    assert client.get("/setup/organization/").context["form"].initial == ORGANIZATION
    # The password was given before: it may stay empty now.
    client.post("/setup/you/", ACCOUNT | {"name": "Olga K.", "password": ""})
    client.post("/setup/branch/", PLACE | HOURS)
    user = User.objects.get()
    assert (user.name, user.check_password(PASSWORD)) == ("Olga K.", True)


def test_the_password_never_lies_in_the_session(db: None, client: Browser) -> None:
    begin(client)
    client.post("/setup/you/", ACCOUNT)
    assert PASSWORD not in str(dict(client.session.items()))


def test_going_back_after_the_end_changes_what_was_made(db: None, client: Browser) -> None:
    walk(client)
    hours = client.get("/setup/branch/").context["hours"].initial
    assert (hours["same"], hours["opens_all"], hours["closes_all"]) == (True, time(18), time(2))
    assert client.post("/setup/you/", {"name": "Olga K.", "language": "ru"})["Location"] == "/setup/organization/"
    assert client.post("/setup/organization/", ORGANIZATION | {"name": "Pier"})["Location"] == "/setup/branch/"
    night = {"open_4": "on", "opens_4": "18:00", "closes_4": "04:00"}
    answer = client.post("/setup/branch/", PLACE | {"timezone": "Asia/Omsk"} | night)
    assert answer["Location"] == reverse("telephony:wizard_connector")
    branch = Branch.objects.get()
    assert (Member.objects.get().name, Organization.objects.get().name, branch.timezone) == (
        "Olga K.",
        "Pier",
        "Asia/Omsk",
    )
    assert [(span.weekday, span.opens, span.closes) for span in branches.hours_of(branch)] == [(4, 1080, 1680)]


@pytest.mark.parametrize(
    ("step", "form", "field"),
    [
        ("you", {"password": "1234567890"}, "password"),
        ("you", {"email": "nobody"}, "email"),
        ("you", {"name": ""}, "name"),
        ("organization", {"modules": []}, "modules"),
        ("branch", {"timezone": "Mars/Base"}, "timezone"),
    ],
)
def test_a_wrong_step_stays_and_says_why(
    db: None, client: Browser, step: str, form: dict[str, str], field: str
) -> None:
    begin(client)
    client.post("/setup/you/", ACCOUNT)
    client.post("/setup/organization/", ORGANIZATION)
    forms: dict[str, dict[str, Any]] = {
        "you": {**ACCOUNT},
        "organization": {**ORGANIZATION},
        "branch": {**PLACE, **HOURS},
    }
    answer = client.post(f"/setup/{step}/", {**forms[step], **form})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert User.objects.count() == 0


def test_steps_come_in_their_order(db: None, client: Browser) -> None:
    begin(client)
    assert client.get("/setup/branch/", follow=True).request["PATH_INFO"] == "/setup/you/"


def test_the_list_of_steps_knows_what_is_done() -> None:
    assert [(step["state"], step["url"]) for step in setup.steps("branch")] == [
        ("done", "/setup/you/"),
        ("done", "/setup/organization/"),
        ("current", ""),
        ("next", ""),
        ("next", ""),
    ]
    with pytest.raises(ValueError, match="moon"):
        setup.steps("moon")


@pytest.mark.django_db(transaction=True)
def test_two_who_finish_at_once_make_one_organization() -> None:
    together = threading.Barrier(2)
    late: list[NotFound] = []

    def finish(email: str) -> None:
        account = setup.account_draft(name="O", email=email, password=PASSWORD, language="en", before={})
        together.wait()
        try:
            setup.finish(account, ORGANIZATION, PLACE, opening_hours.every_day(600, 1200))
        except NotFound as problem:
            late.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=finish, args=(f"o{number}@quay.example",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (User.objects.count(), Organization.objects.count(), len(late)) == (1, 1, 1)


@pytest.mark.parametrize(("language", "word"), [("en", "Who are you?"), ("ru", "Кто вы?")])
def test_the_wizard_begins_in_the_browsers_language_and_goes_on_in_the_chosen(
    db: None, client: Browser, language: str, word: str
) -> None:
    begin(client)
    assert word in client.get("/setup/you/", headers={"accept-language": language}).content.decode()
    other = {"en": "ru", "ru": "en"}[language]
    client.post("/setup/you/", ACCOUNT | {"language": other}, headers={"accept-language": language})
    heading = {"en": "Your organization", "ru": "Ваша организация"}[other]
    assert heading in client.get("/setup/organization/", headers={"accept-language": language}).content.decode()
