"""Programs let in by OAuth 2.0: by whom, for what, how they get their tokens and how they lose them."""

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client as Browser

from ringdesk.accounts import members
from ringdesk.accounts.access import Role
from ringdesk.accounts.api_auth import by_token
from ringdesk.accounts.models import AuditEntry, Member, User
from ringdesk.accounts.oauth import applications, programs
from ringdesk.accounts.oauth.validator import Validator
from ringdesk.accounts.oauth_models import AccessToken, Application, Grant, RefreshToken
from ringdesk.accounts.tests.conftest import House
from ringdesk.core.problems import Conflict

Enter = Callable[[Member | User], Browser]
BACK = "https://bot.example/callback"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PATH = "/api/v1/branches"


def wish(application: Application, *scopes: str, **more: str) -> str:
    """Return the address a program sends its user to."""
    asked = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": BACK,
        "scope": " ".join(scopes),
        "state": "xyz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return "/oauth/authorize?" + urlencode({name: value for name, value in (asked | more).items() if value})


def answer(url: str) -> dict[str, str]:
    """Return what the program is told when its user comes back."""
    assert url.startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def let_in(browser: Browser, url: str, seat: Member, *scopes: str) -> dict[str, str]:
    sent = browser.post(url, {"decision": "allow", "seat": seat.pk, "grant": scopes})
    assert sent.status_code == 302, sent.content
    told = answer(sent["Location"])
    assert "code" in told, told
    return told


def exchange(application: Application, code: str, **more: str) -> Any:
    data = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "client_id": application.client_id,
        "code_verifier": VERIFIER,
    }
    return Browser().post("/oauth/token", {name: value for name, value in (data | more).items() if value})


@pytest.fixture
def public(house: House) -> Application:
    return applications.register_itself(name="Assistant", redirect_uris=[BACK], is_public=True)[0]


def connect(enter: Enter, seat: Member, application: Application, *scopes: str) -> dict[str, Any]:
    code = let_in(enter(seat), wish(application, *scopes), seat, *scopes)["code"]
    tokens: dict[str, Any] = exchange(application, code).json()
    return tokens


def test_a_member_lets_a_program_in_and_it_gets_tokens_for_that_organization(
    house: House, enter: Enter, public: Application
) -> None:
    browser = enter(house.owner)
    url = wish(public, "clients:read", "calls:read")
    page = browser.get(url)
    assert page.status_code == 200 and "Assistant" in page.content.decode()
    assert "https://bot.example" in page["Content-Security-Policy"]
    told = let_in(browser, url, house.owner, "clients:read")
    assert (told["state"], told["iss"]) == ("xyz", "http://testserver")
    given = exchange(public, told["code"]).json()
    organization = house.organization
    assert given["organization"] == {"id": organization.pk, "slug": "quay", "name": "quay"}
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 3600, "clients:read")
    caller = by_token(given["access_token"], PATH)
    assert caller is not None and (caller.organization, caller.member) == (organization, house.owner)
    assert (caller.may("clients:read"), caller.may("calls:read")) == (True, False)
    assert AuditEntry.objects.for_org(organization)[0].action == "program.connected"


def test_nothing_that_opens_a_door_is_stored(house: House, enter: Enter, public: Application) -> None:
    given = connect(enter, house.owner, public, "clients:read")
    _site, secret = applications.register(
        house.organization, name="Site", redirect_uris=[BACK], is_public=False, by=house.owner
    )
    with connection.cursor() as cursor:
        for table in (AccessToken, RefreshToken, Application):
            cursor.execute(f"SELECT row_to_json(t)::text FROM {table._meta.db_table} t")
            stored = str(cursor.fetchall())
            for plain in (given["access_token"], given["refresh_token"], secret):
                assert plain not in stored


def test_a_code_serves_once_and_only_with_its_verifier(house: House, enter: Enter, public: Application) -> None:
    browser = enter(house.owner)
    url = wish(public, "clients:read")
    code = let_in(browser, url, house.owner, "clients:read")["code"]
    assert exchange(public, code, code_verifier="w" * 50).json()["error"] == "invalid_grant"
    assert exchange(public, code, code_verifier="").status_code == 400
    assert exchange(public, code, redirect_uri="https://evil.example/").status_code == 400
    assert exchange(public, code).status_code == 200
    assert exchange(public, code).json()["error"] == "invalid_grant"


def test_a_code_that_comes_again_ends_what_was_given_for_it(house: House, enter: Enter, public: Application) -> None:
    other = applications.register_itself(name="Other", redirect_uris=[BACK], is_public=True)[0]
    kept = connect(enter, house.owner, public, "clients:read")
    code = let_in(enter(house.owner), wish(public, "clients:read"), house.owner, "clients:read")["code"]
    first = exchange(public, code).json()
    data = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "client_id": public.client_id}
    second = Browser().post("/oauth/token", data).json()
    assert exchange(other, code).json()["error"] == "invalid_grant"
    assert by_token(second["access_token"], PATH) is not None
    assert exchange(public, code).json()["error"] == "invalid_grant"
    assert by_token(second["access_token"], PATH) is None
    data["refresh_token"] = second["refresh_token"]
    assert Browser().post("/oauth/token", data).json()["error"] == "invalid_grant"
    # What another code was given for is left alone, and the owner can read what happened.
    assert by_token(kept["access_token"], PATH) is not None
    assert exchange(public, code).json()["error"] == "invalid_grant"
    logged = [entry.action for entry in AuditEntry.objects.for_org(house.organization)]
    assert logged.count("program.code_reused") == 1


def test_two_who_come_with_a_code_at_once_get_nothing(
    house: House, enter: Enter, public: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = let_in(enter(house.owner), wish(public, "clients:read"), house.owner, "clients:read")["code"]
    # The other has just been served, between looking at the code and making it worthless.
    whole = Validator.save_token

    given: list[dict[str, Any]] = []

    def served_meanwhile(validator: Validator, *args: Any) -> Any:
        if not given:
            given.append({})
            given[0] = exchange(public, code).json()
        return whole(validator, *args)

    monkeypatch.setattr(Validator, "save_token", served_meanwhile)
    assert exchange(public, code).json()["error"] == "invalid_grant"
    assert by_token(given[0]["access_token"], PATH) is None
    assert not RefreshToken.objects.filter(revoked=None).exists()


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": VERIFIER, "code_challenge_method": ""}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"scope": "moon:read"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example/mcp"}, "invalid_target"),
    ],
)
def test_what_is_not_right_goes_back_to_the_program(
    house: House, enter: Enter, public: Application, more: dict[str, str], error: str
) -> None:
    url = wish(public, "clients:read", **more)
    browser = enter(house.owner)
    sent = browser.get(url)
    if sent.status_code == 200:
        sent = browser.post(url, {"decision": "allow", "seat": house.owner.pk, "grant": "clients:read"})
    assert answer(sent["Location"])["error"] == error
    assert not Grant.objects.exists()


@pytest.mark.parametrize("more", [{"redirect_uri": "https://evil.example/"}, {"client_id": "x"}, {"client_id": "\x00"}])
def test_nobody_is_sent_to_an_address_that_is_not_the_programs(
    house: House, enter: Enter, public: Application, more: dict[str, str]
) -> None:
    sent = enter(house.owner).get(wish(public, "clients:read", **more))
    assert sent.status_code == 400 and "Location" not in sent


def test_who_says_no_is_heard(house: House, enter: Enter, public: Application) -> None:
    sent = enter(house.owner).post(wish(public, "clients:read"), {"decision": "deny"})
    assert answer(sent["Location"]) == {"error": "access_denied", "state": "xyz", "iss": "http://testserver"}


def test_who_is_not_signed_in_signs_in_first(public: Application, client: Browser) -> None:
    url = wish(public, "clients:read")
    assert client.get(url)["Location"].startswith("/account/login/?next=/oauth/authorize%3F")


def test_nobody_gives_more_than_they_may(house: House, enter: Enter, public: Application) -> None:
    url = wish(public, "clients:read", "members:write", "clients:write")
    browser = enter(house.hostess)
    assert "your role does not include it" in browser.get(url).content.decode()
    given = let_in(browser, url, house.hostess, "clients:read", "members:write")
    assert exchange(public, given["code"]).json()["scope"] == "clients:read"
    for grant in ([], ["members:write"], ["calls:read"]):
        refused = browser.post(url, {"decision": "allow", "seat": house.hostess.pk, "grant": grant})
        assert refused.status_code == 422
    nowhere = browser.post(url, {"decision": "allow", "seat": house.owner.pk, "grant": "clients:read"})
    assert nowhere.status_code == 422


def test_a_right_that_is_lost_is_lost_to_the_program_at_once(house: House, enter: Enter, public: Application) -> None:
    manager = house.member(Role.MANAGER)
    given = connect(enter, manager, public, "members:read", "clients:read")
    before = by_token(given["access_token"], PATH)
    assert before is not None and before.may("members:read")
    members.change_member(manager, by=house.owner, role=Role.HOSTESS)
    after = by_token(given["access_token"], PATH)
    assert after is not None and (after.may("members:read"), after.may("clients:read")) == (False, True)
    members.deactivate_member(manager, by=house.owner)
    assert by_token(given["access_token"], PATH) is None
    refreshed = Browser().post(
        "/oauth/token",
        {"grant_type": "refresh_token", "refresh_token": given["refresh_token"], "client_id": public.client_id},
    )
    assert refreshed.json()["error"] == "invalid_grant"


def test_tokens_are_renewed_and_a_stolen_one_ends_them_all(house: House, enter: Enter, public: Application) -> None:
    first = connect(enter, house.owner, public, "clients:read")

    def renew(tokens: dict[str, Any]) -> dict[str, Any]:
        data = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        said: dict[str, Any] = Browser().post("/oauth/token", data | {"client_id": public.client_id}).json()
        return said

    second = renew(first)
    assert second["organization"]["slug"] == "quay" and second["scope"] == "clients:read"
    assert by_token(first["access_token"], PATH) is None
    assert by_token(second["access_token"], PATH) is not None
    assert renew(first)["error"] == "invalid_grant"
    assert by_token(second["access_token"], PATH) is None
    assert renew(second)["error"] == "invalid_grant"


def test_a_program_may_give_its_token_back(house: House, enter: Enter, public: Application) -> None:
    given = connect(enter, house.owner, public, "clients:read")
    for token in ("access_token", "access_token"):
        data = {"token": given[token], "client_id": public.client_id}
        assert Browser().post("/oauth/revoke", data).status_code == 200
    assert by_token(given["access_token"], PATH) is None
    assert programs.of_organization(house.organization) == []


def test_a_program_with_a_secret_proves_itself_by_it(house: House, stranger: House, enter: Enter) -> None:
    site, secret = applications.register(
        house.organization, name="Site", redirect_uris=[BACK], is_public=False, by=house.owner
    )
    url = wish(site, "clients:read", code_challenge="", code_challenge_method="")

    def code() -> str:
        return let_in(enter(house.owner), url, house.owner, "clients:read")["code"]

    assert exchange(site, code(), code_verifier="").status_code == 401
    assert exchange(site, code(), code_verifier="", client_secret="rds_wrong").status_code == 401
    assert exchange(site, code(), code_verifier="", client_secret=secret).status_code == 200
    basic = base64.b64encode(f"{site.client_id}:{secret}".encode()).decode()
    data = {"grant_type": "authorization_code", "code": code(), "redirect_uri": BACK}
    assert Browser(headers={"authorization": f"Basic {basic}"}).post("/oauth/token", data).status_code == 200
    # It is registered for one organization, and nobody else is even asked.
    assert enter(stranger.owner).get(url).status_code == 400
    applications.revoke(site, by=house.owner)
    assert enter(house.owner).get(url).status_code == 400


def test_a_token_for_one_address_opens_no_other(house: House, enter: Enter, public: Application) -> None:
    url = wish(public, "clients:read", resource="http://testserver/mcp")
    code = let_in(enter(house.owner), url, house.owner, "clients:read")["code"]
    token = exchange(public, code, resource="http://testserver/mcp").json()["access_token"]
    assert by_token(token, "/mcp") is not None
    assert by_token(token, "/api/v1/clients") is None
    assert by_token(token, "/mcpx") is None


def test_programs_register_themselves_within_bounds(house: House) -> None:
    def ask(**said: Any) -> Any:
        wish = {"redirect_uris": ["http://127.0.0.1:3000/cb"], "token_endpoint_auth_method": "none"} | said
        return Browser().post("/oauth/register", wish, content_type="application/json")

    made = ask(client_name="Desk <b>bot</b>")
    assert made.status_code == 201 and "client_secret" not in made.json()
    assert made.json()["redirect_uris"] == ["http://127.0.0.1:3000/cb"]
    kept = ask(token_endpoint_auth_method="client_secret_post").json()["client_secret"]
    assert kept.startswith("rds_")
    for uris in (
        [], ["http://evil.example/"], ["javascript:alert(1)"], ["https://a.example/#x"], ["data:text/html,x"],
        ["https://user@a.example/"], ["https://a.example/ x"], "https://a.example", [1], ["https://a.example"] * 1 +
        [f"https://a.example/{number}" for number in range(10)],
    ):  # fmt: skip
        assert ask(redirect_uris=uris).json()["error"] == "invalid_redirect_uri"
    assert ask(client_name="x" * 101).status_code == 400
    assert ask(grant_types=["password"]).status_code == 400
    assert ask(client_name="x" * 20_000).status_code == 400
    statuses = [ask().status_code for _ in range(20)]
    assert statuses[0] == 201 and statuses[-1] == 429


def test_programs_that_nobody_lets_in_are_forgotten(
    house: House, enter: Enter, public: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(enter, house.owner, public, "clients:read")
    monkeypatch.setattr(applications, "MOST_WAITING", 2)
    ask = {"redirect_uris": [BACK], "is_public": True}
    for name in ("a", "b"):
        applications.register_itself(name=name, **ask)  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        applications.register_itself(name="c", **ask)  # type: ignore[arg-type]
    assert applications.forget_unused(timedelta(0)) == 2
    assert list(Application.objects.all()) == [public]


@pytest.mark.parametrize("name", ["grant_type", "code", "client_id", "client_secret", "refresh_token", "redirect_uri"])
@pytest.mark.parametrize("value", ["\x00", "", "x" * 5000, "ключ"])
def test_nonsense_is_refused(public: Application, name: str, value: str) -> None:
    for grant_type in ("authorization_code", "refresh_token", "password", "client_credentials"):
        data = {"grant_type": grant_type, "client_id": public.client_id, "code": "x", "refresh_token": "y"}
        assert Browser().post("/oauth/token", data | {name: value}).status_code in (400, 401)


def test_programs_find_their_way(client: Browser, db: None) -> None:
    server = client.get("/.well-known/oauth-authorization-server").json()
    assert server["issuer"] == "http://testserver"
    assert server["code_challenge_methods_supported"] == ["S256"]
    assert server["registration_endpoint"] == "http://testserver/oauth/register"
    resource = client.get("/.well-known/oauth-protected-resource/mcp")
    assert resource.json()["resource"] == "http://testserver/mcp"
    assert resource.json()["authorization_servers"] == ["http://testserver"]
    assert resource["Access-Control-Allow-Origin"] == "*"
    assert client.get("/.well-known/oauth-protected-resource/moon").status_code == 404


def test_the_page_of_connected_programs(house: House, stranger: House, enter: Enter, public: Application) -> None:
    given = connect(enter, house.hostess, public, "clients:read")
    page = "/settings/programs/"
    url = f"{page}{house.hostess.pk}/{public.pk}/disconnect/"
    assert "Assistant" in enter(house.hostess).get(page).content.decode()
    assert "Assistant" in enter(house.owner).get(page).content.decode()
    assert "http://testserver/mcp" in enter(house.owner).get(page).content.decode()
    for who, status in ((house.member(Role.OPERATOR), 404), (stranger.owner, 404)):
        assert "Assistant" not in enter(who).get(page).content.decode()
        assert enter(who).post(url).status_code == status
    assert by_token(given["access_token"], PATH) is not None
    assert enter(house.hostess).post(url).status_code == 302
    assert by_token(given["access_token"], PATH) is None
    assert "Assistant" not in enter(house.owner).get(page).content.decode()


def test_the_page_of_registered_programs(house: House, stranger: House, enter: Enter) -> None:
    page = "/settings/applications/"
    wish = {"name": "Site", "redirect_uris": f"{BACK}\nhttps://bot.example/second"}
    browser = enter(house.administrator)
    assert browser.get(page).status_code == 200
    assert "rds_" in browser.post(page, wish).content.decode()
    assert "rds_" not in browser.get(page).content.decode()
    assert browser.post(page, wish | {"redirect_uris": "http://evil.example"}).status_code == 422
    site = Application.objects.get()
    assert site.redirects == [BACK, "https://bot.example/second"]
    assert enter(house.hostess).get(page).status_code == 403
    assert enter(house.hostess).post(f"{page}{site.pk}/revoke/").status_code == 403
    assert enter(stranger.owner).post(f"{page}{site.pk}/revoke/").status_code == 404
    assert "Site" not in enter(stranger.owner).get(page).content.decode()
    assert browser.post(f"{page}{site.pk}/revoke/").status_code == 302
    site.refresh_from_db()
    assert site.revoked_at is not None
