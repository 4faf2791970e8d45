"""Pages outside the product's frame: signing in, two steps, and what went wrong."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse

from ringdesk.core.problems import Conflict, Forbidden, Invalid, NotFound, RingdeskError
from ringdesk.web import views
from ringdesk.web.middleware import DomainErrorMiddleware
from ringdesk.web.tests.conftest import Desk


@pytest.mark.parametrize("name", ["account_login", "account_reset_password", "account_reset_password_done"])
def test_a_visitor_gets_our_card(desk: Desk, name: str) -> None:
    page = Browser().get(reverse(name))
    assert page.status_code == 200 and 'class="auth-card' in page.content.decode()


def test_a_used_link_of_a_reset_offers_a_new_one(desk: Desk) -> None:
    address = reverse("account_reset_password_from_key", kwargs={"uidb36": "zz", "key": "old"})
    page = Browser().get(address).content.decode()
    assert reverse("account_reset_password") in page and 'class="auth-card' in page


def sign_in(desk: Desk) -> Browser:
    browser, user = Browser(), desk.member("owner").user
    user.set_password("a long password")
    user.save()
    browser.post(reverse("account_login"), {"login": user.email, "password": "a long password"})
    return browser


@pytest.mark.parametrize("name", ["mfa_index", "account_change_password"])
def test_a_member_gets_them_among_the_settings(desk: Desk, name: str) -> None:
    page = sign_in(desk).get(reverse(name))
    assert page.status_code == 200 and 'class="settings-nav' in page.content.decode()


def test_two_steps_are_switched_on_with_a_code_to_scan(desk: Desk) -> None:
    browser, address = sign_in(desk), reverse("mfa_activate_totp")
    asked = browser.get(address, follow=True)
    if asked.request["PATH_INFO"] == reverse("account_reauthenticate"):
        browser.post(asked.request["PATH_INFO"] + f"?next={address}", {"password": "a long password"})
    page = browser.get(address).content.decode()
    assert 'src="data:image/svg+xml' in page and "data-copy" in page
    answer = browser.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert 'class="field invalid"' in answer.content.decode()


def test_signing_out_asks_first(desk: Desk) -> None:
    assert "csrfmiddlewaretoken" in desk.browser("owner").get(reverse("account_logout")).content.decode()


def test_the_page_of_a_broken_server_needs_no_database(rf: RequestFactory) -> None:
    # No `db` fixture: a query would fail.
    answer = views.server_error(rf.get("/"))
    page = answer.content.decode()
    assert answer.status_code == 500 and "Ошибка на сервере" in page and "Server error" in page
    assert views.bad_request(rf.get("/")).status_code == 400


def test_an_unknown_address(desk: Desk) -> None:
    page = desk.browser("hostess").get("/no/such/page/")
    assert page.status_code == 404 and "There is no such page" in page.content.decode()


def refuse(error: Exception, **headers: str) -> HttpResponse | None:
    request: HttpRequest = RequestFactory(headers=headers).get("/")
    request.htmx = bool(headers)  # type: ignore[attr-defined]
    return DomainErrorMiddleware(lambda _request: HttpResponse()).process_exception(request, error)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("x"), 404),
        (Forbidden("x"), 403),
        (Conflict("x"), 409),
        (Invalid("x"), 422),
        (RingdeskError("x"), 400),
    ],
)
def test_an_error_of_the_domain_has_its_status_and_keeps_its_text(error: RingdeskError, status: int) -> None:
    answer = refuse(error, **{"HX-Request": "true"})
    assert answer is not None
    assert (answer.status_code, answer.headers["HX-Reswap"]) == (status, "none")
    assert answer.headers["HX-Trigger"] == '{"toast": {"text": "x", "tone": "bad"}}'


@pytest.mark.parametrize("error", [Http404(), PermissionDenied(), ValueError()])
def test_other_errors_are_left_to_django(error: Exception) -> None:
    assert refuse(error) is None


def test_a_stale_form_sent_by_htmx_says_so_without_replacing_anything(rf: RequestFactory) -> None:
    answer = views.csrf_failure(rf.post("/", headers={"HX-Request": "true"}))
    said = (answer.status_code, answer.headers["HX-Reswap"], answer.headers["HX-Trigger"])
    assert said == (403, "none", "page:stale")
