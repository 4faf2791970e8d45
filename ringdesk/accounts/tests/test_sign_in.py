"""Signing in as people do it: over HTTP, with the pages they see."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail as outbox
from django.test import Client as Browser
from pytest_django import Settings

from ringdesk.accounts import members
from ringdesk.accounts.models import Member, User
from ringdesk.accounts.tests.conftest import PASSWORD, House

Enter = Callable[[Member | User], Browser]
LOGIN = "/account/login/"
INSIDE = "/settings/profile/"
LOCKED = {"en": "Too many failed login attempts", "ru": "Слишком много неудачных попыток входа"}


@pytest.fixture
def person(house: House) -> User:
    """Give the owner a password."""
    user = house.owner.user
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(browser: Browser, email: str, password: str = PASSWORD, **headers: str) -> tuple[int, str]:
    """Return the status, and where it leads or what it says."""
    answer = browser.post(LOGIN, {"login": email, "password": password}, headers=headers)
    return answer.status_code, answer["Location"] if answer.status_code == 302 else answer.content.decode()


def is_inside(browser: Browser) -> bool:
    return browser.get(INSIDE).status_code == 200


def test_the_right_password_lets_in_whatever_the_case_of_the_address(person: User, client: Browser) -> None:
    assert sign_in(client, "OWNER@Quay.example") == (302, "/")
    assert is_inside(client)


def test_the_page_that_was_wanted_is_where_one_lands(person: User, client: Browser) -> None:
    assert client.get("/settings/members/?q=a")["Location"] == f"{LOGIN}?next=/settings/members/%3Fq%3Da"
    answer = client.post(f"{LOGIN}?next=/settings/members/", {"login": person.email, "password": PASSWORD})
    assert answer["Location"] == "/settings/members/"
    elsewhere = Browser().post(f"{LOGIN}?next=https://evil.example/", {"login": person.email, "password": PASSWORD})
    assert elsewhere["Location"] == "/"


@pytest.mark.parametrize(
    ("language", "title"), [("en-GB,en;q=0.9", "Sign in"), ("ru-RU,ru;q=0.9", "Войти"), ("de", "Войти")]
)
def test_the_page_speaks_the_browsers_language(db: None, client: Browser, language: str, title: str) -> None:
    page = client.get(LOGIN, headers={"accept-language": language})
    assert title in page.content.decode()
    assert page["Content-Language"] == ("en" if language.startswith("en") else "ru")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_guessing_is_slowed_down_and_the_right_password_waits_too(person: User, client: Browser, language: str) -> None:
    for _ in range(5):
        status, page = sign_in(client, person.email, "wrong", **{"accept-language": language})
        assert (status, LOCKED[language] in page) == (200, False)
    for password in ("wrong", PASSWORD):
        status, page = sign_in(client, person.email, password, **{"accept-language": language})
        assert (status, LOCKED[language] in page) == (200, True)
    with time_machine.travel(time.time() + 301):
        assert sign_in(client, person.email) == (302, "/")


def test_another_host_name_does_not_start_the_count_anew(person: User, client: Browser) -> None:
    for number in range(6):
        _, page = sign_in(client, person.email, "wrong", host=f"h{number}.example", **{"accept-language": "en"})
    assert LOCKED["en"] in page


def test_many_addresses_from_one_place_are_slowed_down(db: None, client: Browser) -> None:
    for number in range(30):
        sign_in(client, f"nobody{number}@quay.example", "wrong")
    _, page = sign_in(client, "one-more@quay.example", "wrong", **{"accept-language": "en"})
    assert LOCKED["en"] in page


def test_an_unknown_address_and_a_wrong_password_sound_the_same(person: User, client: Browser) -> None:
    said = [sign_in(client, email, "wrong")[1] for email in (person.email, "nobody@quay.example")]
    token = re.compile(r'(?<==")[A-Za-z0-9]{64}(?=")')
    cards = [token.sub("", page.partition("<main")[2].partition("</main>")[0]) for page in said]
    assert cards[0].replace(person.email, "@") == cards[1].replace("nobody@quay.example", "@") != ""


def test_a_forgotten_password_is_set_by_a_link_that_works_once(person: User, client: Browser) -> None:
    stale = Browser()
    sign_in(stale, person.email)
    answer = client.post("/account/password/reset/", {"email": person.email})
    assert answer.status_code == 302
    letter = outbox.outbox[0]
    address = re.search(r"http://testserver\S+", str(letter.body))
    assert (letter.to, bool(address)) == ([person.email], True)
    link = urlsplit(address[0]).path  # type: ignore[index]
    form = client.get(link, follow=True)
    target = form.request["PATH_INFO"]
    fresh = "another long secret"
    done = client.post(target, {"password1": fresh, "password2": fresh})
    assert (done.status_code, done["Location"]) == (302, "/account/password/reset/key/done/")
    assert sign_in(Browser(), person.email)[0] == 200
    assert sign_in(Browser(), person.email, fresh) == (302, "/")
    # Whoever was signed in with the old password is out, and the letter is spent.
    assert not is_inside(stale)
    again = Browser().get(link, follow=True)
    assert 'name="password1"' not in again.content.decode()


def test_a_reset_for_nobody_looks_the_same_and_writes_to_nobody(person: User, client: Browser) -> None:
    answers = [
        client.post("/account/password/reset/", {"email": email}) for email in (person.email, "nobody@quay.example")
    ]
    assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1
    assert [letter.to for letter in outbox.outbox] == [[person.email]]


def test_the_letters_link_is_ours_whatever_host_the_request_claims(person: User, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://desk.example"
    Browser().post("/account/password/reset/", {"email": person.email}, headers={"host": "evil.example"})
    body = str(outbox.outbox[0].body)
    assert "https://desk.example/account/password/reset/key/" in body
    assert "evil.example/" not in body


def test_a_broken_mail_server_tells_nobody_which_addresses_exist(
    person: User, settings: Settings, client: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answers = [
        client.post("/account/password/reset/", {"email": email}) for email in (person.email, "nobody@quay.example")
    ]
    assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1
    assert "could not be sent" in caplog.text


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "A new password for Ringdesk"), ("ru", "Новый пароль для Ringdesk")]
)
def test_the_letter_speaks_the_browsers_language(person: User, client: Browser, language: str, subject: str) -> None:
    client.post("/account/password/reset/", {"email": person.email}, headers={"accept-language": language})
    assert outbox.outbox[0].subject == subject


def code(secret: str, step: int = 0) -> str:
    """Return what the app on the phone shows (RFC 6238, 30 s)."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step)))


def switch_on(browser: Browser) -> str:
    """Set up the second step in a signed-in browser; return its secret. The password is asked for once more."""
    asked = browser.get("/account/2fa/totp/activate/")
    assert asked["Location"].startswith("/account/reauthenticate/")
    assert browser.post(asked["Location"], {"password": "wrong"}).status_code == 200
    form = browser.post(asked["Location"], {"password": PASSWORD}, follow=True)
    assert form.status_code == 200
    secret: str = form.context["form"].secret
    wrong = browser.post("/account/2fa/totp/activate/", {"code": "000000"})
    assert (wrong.status_code, Authenticator.objects.count()) == (200, 0)
    done = browser.post("/account/2fa/totp/activate/", {"code": code(secret)})
    assert done.status_code == 302
    return secret


def test_the_second_step(person: User, client: Browser) -> None:
    sign_in(client, person.email)
    secret = switch_on(client)
    browser = Browser()
    assert sign_in(browser, person.email) == (302, "/account/2fa/authenticate/")
    assert not is_inside(browser)
    assert browser.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert not is_inside(browser)
    with time_machine.travel(time.time() + 30):  # a code is good once
        answer = browser.post("/account/2fa/authenticate/", {"code": code(secret)})
        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert is_inside(browser)


def test_the_secret_of_the_second_step_is_sealed(person: User, client: Browser) -> None:
    sign_in(client, person.email)
    secret = switch_on(client)
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))


def test_a_recovery_code_replaces_the_phone_once(person: User, client: Browser) -> None:
    sign_in(client, person.email)
    switch_on(client)
    page = client.get("/account/2fa/recovery-codes/")
    codes = page.context["unused_codes"]
    assert (page.status_code, len(codes)) == (200, 10)
    for attempt, inside in ((codes[0], True), (codes[0], False), (codes[1], True)):
        browser = Browser()
        sign_in(browser, person.email)
        browser.post("/account/2fa/authenticate/", {"code": attempt})
        assert is_inside(browser) == inside


def test_a_member_deactivated_everywhere_finds_no_seat(person: User, house: House, client: Browser) -> None:
    house.add("second", "owner")
    members.deactivate_member(house.owner, by=None)
    assert sign_in(client, person.email)[0] == 302
    assert client.get(INSIDE)["Location"] == "/no-seat/"
    page = client.get("/no-seat/", headers={"accept-language": "en"})
    assert (page.status_code, "have no seat, or it was deactivated" in page.content.decode()) == (200, True)


def test_a_deactivated_user_does_not_enter(person: User, client: Browser) -> None:
    inside = Browser()
    sign_in(inside, person.email)
    person.is_active = False
    person.save()
    assert sign_in(client, person.email) == (302, "/account/inactive/")
    assert client.get("/account/inactive/").status_code == 200
    assert not is_inside(client)
    assert not is_inside(inside)
    client.post("/account/password/reset/", {"email": person.email})
    assert outbox.outbox == []


def test_signing_out_ends_the_session(person: User, client: Browser) -> None:
    sign_in(client, person.email)
    key = client.session.session_key
    client.post("/account/logout/")
    assert not is_inside(client)
    client.cookies["sessionid"] = str(key)
    assert not is_inside(client)


def test_nobody_signs_up_by_themselves(db: None, client: Browser) -> None:
    form = {"email": "new@quay.example", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/account/signup/", form)
    assert User.objects.count() == 0


def test_changing_the_password_keeps_this_browser_and_ends_the_others(person: User, client: Browser) -> None:
    other = Browser()
    for browser in (client, other):
        sign_in(browser, person.email)
    fresh = "another long secret"
    answer = client.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh})
    assert answer.status_code == 302
    assert (is_inside(client), is_inside(other)) == (True, False)


def test_mail_kept_as_files_shows_the_letter_to_who_runs_the_server(
    person: User, settings: Settings, tmp_path: Path, client: Browser
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    client.post("/account/password/reset/", {"email": person.email})
    assert ["password/reset/key/" in file.read_text() for file in tmp_path.iterdir()] == [True]
