"""The HTTP API as a whole, and the organization, its branches and members in it."""

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from ringdesk.accounts import tokens
from ringdesk.accounts.models import ApiToken, Branch, OpeningHours
from ringdesk.accounts.tests.api import Program, program
from ringdesk.accounts.tests.conftest import House

PATHS = ("organization", "branches", "branches/{branch}", "members", "members/{member}")


@pytest.fixture
def ours(house: House) -> Program:
    return program(house.organization)


def paths(house: House) -> list[str]:
    return [path.format(branch=house.branch.pk, member=house.owner.pk) for path in PATHS]


def test_owner_colleague_stranger_nobody(house: House, stranger: House, ours: Program) -> None:
    alien, without = program(stranger.organization), program(house.organization, "clients:read")
    assert [ours.get(path).status for path in paths(house)] == [200] * 5
    assert [(without.get(path).status, without.get(path).problem) for path in paths(house)] == [(403, "forbidden")] * 5
    assert [Program("").get(path).status for path in paths(house)] == [401] * 5
    assert [Program("rd_nonsense").get(path).problem for path in paths(house)] == ["unauthorized"] * 5
    assert [alien.get(path).status for path in paths(house)] == [200, 200, 404, 200, 404]
    assert alien.get("organization").json["slug"] == stranger.organization.slug
    ids = {branch["id"] for branch in alien.get("branches").json["items"]}
    assert ids == {branch.pk for branch in Branch.objects.for_org(stranger.organization)}


def test_a_revoked_token_is_none(house: House, ours: Program) -> None:
    tokens.revoke(ApiToken.objects.get(), by=None)
    answer = ours.get("organization")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Ringdesk"')


def test_the_organization_and_its_branches(house: House, ours: Program) -> None:
    assert ours.get("organization").json == {
        "id": house.organization.pk, "slug": house.organization.slug, "name": house.organization.name,
        "language": "en", "modules": ["hall", "calls"],
    }  # fmt: skip
    OpeningHours.objects.all().delete()
    OpeningHours.objects.create(organization=house.organization, branch=house.branch, weekday=5, opens=600, closes=1500)
    assert ours.get(f"branches/{house.branch.pk}").json == {
        "id": house.branch.pk, "name": "Quay", "address": "", "timezone": "Europe/Moscow", "region": "RU",
        "opening_hours": [{"weekday": 5, "opens": 600, "closes": 1500}],
    }  # fmt: skip


def test_members(house: House, ours: Program) -> None:
    owner = house.owner
    shown = ours.get(f"members/{owner.pk}").json
    assert shown["created_at"].endswith("+00:00")
    assert shown == {
        "id": owner.pk, "name": owner.name, "email": owner.user.email, "role": "owner", "is_active": True,
        "branch_ids": [], "created_at": shown["created_at"],
    }  # fmt: skip
    assert [member["role"] for member in ours.get("members", is_active=False).json["items"]] == []


def test_lists_come_page_by_page(house: House, ours: Program) -> None:
    everybody = [member["id"] for member in ours.get("members").json["items"]]
    seen, after = [], None
    while True:
        page = ours.get("members", limit=3, **({"after": after} if after else {})).json
        seen += [member["id"] for member in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == everybody == sorted(everybody) and len(seen) == 7
    for wrong in ({"limit": 0}, {"limit": 201}, {"limit": "x"}, {"after": "nonsense"}, {"after": "a\x00"}):
        assert ours.get("members", **wrong).status == 400


def test_a_signed_in_member_may_ask_too(house: House) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(house.hostess.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get("/api/v1/branches").status_code == 200
    assert browser.get("/api/v1/members").status_code == 403
    without_token = browser.post("/api/v1/clients", {"name": "Anna"}, content_type="application/json")
    assert (without_token.status_code, without_token.headers["Content-Type"]) == (403, "application/problem+json")


def test_errors_are_problems_wherever_they_come_from(house: House, ours: Program) -> None:
    unknown = ours.get("nothing/here")
    assert (unknown.status, unknown.problem) == (404, "not-found")
    method = ours.send("PUT", "organization")
    assert (method.status, method.problem, method.headers["Allow"]) == (405, "method-not-allowed", "GET")
    large = ours.send("POST", "clients", raw=b'"' + b"x" * 1024 * 1024 + b'"')
    assert (large.status, large.problem) == (413, "too-large")
    for raw in (b"{", b"NaN", b"[" * 100_000, b"\xff", b'"\\ud800"', b""):
        answer = ours.send("POST", "clients", raw=raw)
        assert (raw[:9], answer.status, answer.problem) == (raw[:9], 400, "malformed")
    wrong = ours.post("clients", {"kind": "alien", "about": 5, "tags": "VIP", "nmae": "?"})
    assert wrong.status == 400
    assert {error["field"]: error["detail"] for error in wrong.json["errors"]} == {
        "name": "This is required.",
        "kind": "This must be one of 'person', 'company'.",
        "about": "This must be text.",
        "tags": "This must be a list.",
        "nmae": "There is no such field here.",
    }
    phones = ours.post("clients", {"name": "Anna", "phones": [5, {"number": 5}]}).json["errors"]
    assert {error["field"] for error in phones} == {"phones.0", "phones.1", "phones.1.number"}
    wrong = ours.send("GET", "members?limit=x&after=5", Accept_Language="ru")
    assert wrong.json["errors"] == [{"field": "limit", "detail": "Здесь нужно целое число."}]


def test_texts_come_in_the_language_asked_for(ours: Program) -> None:
    english = ours.send("GET", "nothing", Accept_Language="en")
    assert english.status == 404
    said = [
        ours.send("GET", "clients/999", Accept_Language=language).json["detail"]
        for language in ("en", "ru", "ru-RU,ru;q=0.9")
    ]
    assert said == ["There is no such thing here.", *["Здесь такого нет."] * 2]


def test_the_document_and_the_page_that_shows_it() -> None:
    browser = Browser()
    document = browser.get("/api/v1/openapi.json").json()
    assert (document["openapi"], document["info"]["title"]) == ("3.1.0", "Ringdesk")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert {"400", "401", "403"} <= operation["responses"].keys() and operation["security"]
    page = browser.get(reverse("api:openapi-view"))
    assert page.status_code == 200 and b"<script>" not in page.content and b"http" not in page.content


def test_old_answers_are_forgotten(house: House, ours: Program) -> None:
    from ringdesk.accounts import idempotency
    from ringdesk.accounts.models import IdempotentAnswer

    ours.post("clients", {"name": "Anna"}, Idempotency_Key="1")
    assert idempotency.forget_old() == 0
    IdempotentAnswer.objects.update(created_at=timezone.now() - idempotency.KEPT)
    assert idempotency.forget_old() == 1
