"""Clients, contracts and leads over HTTP: by the owner's program, one without the scope, and a stranger's."""

from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from ringdesk.accounts.tests.api import Program, program
from ringdesk.crm import contracts, leads
from ringdesk.crm.models import Client, Contract, Lead, Phone
from ringdesk.crm.tests.conftest import IVAN, House

ANNA = "+79130000002"


@pytest.fixture
def api(ours: House) -> Program:
    return program(ours.organization)


@pytest.fixture
def ivan(ours: House) -> Client:
    return ours.client("Ivan", IVAN, about="By the window")


@pytest.fixture
def contract(ivan: Client) -> Contract:
    return contracts.create(ivan, number="2024-118", phones=[ANNA])


@pytest.fixture
def lead(ours: House) -> Lead:
    return leads.create(ours.organization, name="Maybe", phones=[ANNA])


def test_owner_colleague_stranger(
    ours: House, theirs: House, api: Program, ivan: Client, contract: Contract, lead: Lead
) -> None:
    readonly = program(ours.organization, "clients:read", "contracts:read", "leads:read")
    blind, stranger = program(ours.organization, "calls:read"), program(theirs.organization)
    things = {"clients": ivan.pk, "contracts": contract.pk, "leads": lead.pk}
    for resource, id in things.items():
        one = f"{resource}/{id}"
        lists = [program.get(resource) for program in (api, readonly, blind, stranger)]
        assert [answer.status for answer in lists] == [200, 200, 403, 200]
        assert [len(answer.json["items"]) for answer in lists if answer.status == 200] == [1, 1, 0]
        assert [program.get(one).status for program in (api, readonly, blind, stranger)] == [200, 200, 403, 404]
        assert [program.patch(one, {}).status for program in (readonly, blind, stranger)] == [403, 403, 404]
        assert [program.delete(one).status for program in (readonly, blind, stranger)] == [403, 403, 404]
        assert [program.post(resource, {}).status for program in (readonly, blind)] == [403, 403]
    merge = f"clients/{ivan.pk}/merge"
    answers = [program.post(merge, {"others": [ivan.pk]}).status for program in (readonly, blind, stranger)]
    assert answers == [403, 403, 404]
    assert (Client.objects.count(), Contract.objects.count(), Lead.objects.count()) == (1, 1, 1)


def test_a_client_is_made_shown_changed_and_deleted(ours: House, api: Program) -> None:
    vector = ours.client("Vector", kind="company")
    made = api.post("clients", {
        "name": " Anna  Lee ", "phones": ["8 913 000-00-02", {"number": "923 000 00 01", "label": "work"}],
        "tags": ["VIP"], "company_id": vector.pk, "responsible_id": ours.owner.pk, "email": "anna@example.org",
    })  # fmt: skip
    id = made.json["id"]
    expected = {
        "id": id, "kind": "person", "name": "Anna Lee", "about": "", "email": "anna@example.org", "tags": ["VIP"],
        "phones": [{"number": ANNA, "label": ""}, {"number": IVAN, "label": "work"}], "company_id": vector.pk,
        "responsible_id": ours.owner.pk, "is_partner": False, "version": 1,
        "created_at": made.json["created_at"], "updated_at": made.json["updated_at"],
    }  # fmt: skip
    assert (made.status, made.json, made.headers["Location"]) == (201, expected, f"/api/v1/clients/{id}")
    assert api.get(f"clients/{id}").json == expected
    changed = api.patch(f"clients/{id}", {"company_id": None, "phones": [ANNA], "about": "Tea"}, If_Match='"1"')
    later = {"company_id": None, "phones": [{"number": ANNA, "label": ""}], "about": "Tea", "version": 2}
    assert (changed.status, changed.headers["ETag"]) == (200, '"2"')
    assert changed.json == expected | later | {"updated_at": changed.json["updated_at"]}
    assert api.delete(f"clients/{id}", If_Match='"1"').problem == "stale"
    assert (api.delete(f"clients/{id}").status, api.get(f"clients/{id}").status) == (204, 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "A\x00"}, "name"),
        ({"name": None}, "name"),
        ({"name": "Anna", "kind": "alien"}, "kind"),
        ({"name": "Anna", "email": "nonsense"}, "email"),
        ({"name": "Anna", "tags": ["x" * 41]}, "tags"),
        ({"name": "Anna", "phones": ["nobody"]}, "phones"),
        ({"name": "Anna", "phones": [{"number": IVAN, "label": "x" * 61}]}, "phones"),
        ({"name": "Anna", "phones": [IVAN] * 51}, "phones"),
        ({"name": "Anna", "company_id": 999}, "company_id"),
        ({"name": "Anna", "responsible_id": 2**63}, "responsible_id"),
        ({"name": "Anna", "id": 5}, "id"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(api: Program, body: dict[str, Any], field: str) -> None:
    answer = api.post("clients", body)
    assert (answer.status, {error["field"].partition(".")[0] for error in answer.json["errors"]}) == (400, {field})
    assert not Client.objects.exists()


def test_null_is_no_name(api: Program, ivan: Client) -> None:
    assert api.patch(f"clients/{ivan.pk}", {"name": None}).status == 400
    assert api.patch(f"clients/{ivan.pk}", {}).json["version"] == 1


def test_things_of_others_cannot_be_attached(ours: House, theirs: House, api: Program, ivan: Client) -> None:
    company = theirs.client("Vector", kind="company")
    for body in ({"company_id": company.pk}, {"responsible_id": theirs.owner.pk}):
        answer = api.patch(f"clients/{ivan.pk}", body)
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, next(iter(body)))
    assert api.post("contracts", {"number": "1", "client_id": company.pk}).status == 400
    assert api.post("leads", {"name": "Anna", "client_id": company.pk}).status == 400
    assert api.post(f"clients/{ivan.pk}/merge", {"others": [company.pk]}).status == 404


def test_a_stale_change_is_told_the_version_there_is(api: Program, ivan: Client) -> None:
    assert api.patch(f"clients/{ivan.pk}", {"name": "Ivan P.", "version": 1}).status == 200
    stale = api.patch(f"clients/{ivan.pk}", {"name": "Vanya", "version": 1})
    assert (stale.status, stale.problem, stale.json["version"]) == (409, "stale", 2)
    assert api.patch(f"clients/{ivan.pk}", {"name": "Vanya"}, If_Match="*").status == 200
    assert api.patch(f"clients/{ivan.pk}", {"name": "V"}, If_Match="nonsense").json["errors"][0]["field"] == "If-Match"


def test_clients_are_found(ours: House, theirs: House, api: Program, ivan: Client, contract: Contract) -> None:
    theirs.client("Ivan", IVAN)
    anna = ours.client("Anna", IVAN, tags=["VIP"])
    vector = ours.client("Vector", kind="company")

    def found(**query: str) -> list[int]:
        return [client["id"] for client in api.get("clients", **query).json["items"]]

    assert found() == [ivan.pk, anna.pk, vector.pk]
    assert found(phone="8 (923) 000-00-01") == [ivan.pk, anna.pk]
    assert found(phone=ANNA) == [ivan.pk]
    assert found(phone="00001") == found(phone="") == found(phone="hidden") == []
    assert found(q="iva") == [ivan.pk]
    assert found(q="000-00-01") == [ivan.pk, anna.pk]
    assert found(kind="company") == [vector.pk]
    assert found(tag="VIP", phone=IVAN) == [anna.pk]


def test_lists_take_as_many_queries_for_three_as_for_one(
    ours: House, api: Program, ivan: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def count() -> int:
        with django_assert_max_num_queries(20) as asked:
            assert api.get("clients").status == 200
        return len(asked)

    count()
    first = count()
    ours.client("Anna", ANNA)
    ours.client("Inna", "+79130000003")
    assert count() == first


def test_duplicates_are_merged(ours: House, api: Program, ivan: Client, contract: Contract) -> None:
    vanya = ours.client("Vanya", ANNA)
    merged = api.post(f"clients/{vanya.pk}/merge", {"others": [ivan.pk]})
    assert [phone["number"] for phone in merged.json["phones"]] == [ANNA, IVAN]
    assert [each["client_id"] for each in api.get("contracts").json["items"]] == [vanya.pk]
    browser = ours.browser("hostess")
    answer = browser.post(f"/api/v1/clients/{vanya.pk}/merge", {"others": [5]}, content_type="application/json")
    assert answer.status_code == 403


def test_contracts(ours: House, api: Program, ivan: Client, contract: Contract) -> None:
    other = ours.client("Anna")
    made = api.post(
        "contracts", {"number": "7", "client_id": other.pk, "phones": [IVAN], "responsible_id": ours.owner.pk}
    )
    assert made.json == {
        "id": made.json["id"], "number": "7", "client_id": other.pk, "responsible_id": ours.owner.pk, "version": 1,
        "phones": [{"number": IVAN, "label": ""}], "created_at": made.json["created_at"],
    }  # fmt: skip
    taken = api.post("contracts", {"number": "7", "client_id": ivan.pk})
    assert (taken.status, taken.problem, taken.json["alternatives"]) == (409, "conflict", [])
    id = made.json["id"]
    for query in ({"phone": IVAN}, {"number": "7"}, {"client_id": other.pk}):
        assert [each["id"] for each in api.get("contracts", **query).json["items"]] == [id]
    changed = api.patch(f"contracts/{id}", {"client_id": ivan.pk, "responsible_id": None}, If_Match='"1"')
    assert (changed.json["client_id"], changed.json["responsible_id"], changed.json["version"]) == (ivan.pk, None, 2)
    assert (api.delete(f"contracts/{id}").status, api.get(f"contracts/{id}").status) == (204, 404)


def test_leads(ours: House, api: Program, ivan: Client) -> None:
    made = api.post("leads", {"name": "Anna", "phones": [ANNA]})
    id = made.json["id"]
    assert made.json == {
        "id": id, "name": "Anna", "stage": "new", "notes": "", "client_id": None, "responsible_id": None,
        "version": 1, "phones": [{"number": ANNA, "label": ""}], "created_at": made.json["created_at"],
    }  # fmt: skip
    assert api.patch(f"leads/{id}", {"stage": "won", "client_id": ivan.pk}).json["version"] == 2
    for query in ({"phone": ANNA}, {"stage": "won"}, {"client_id": ivan.pk}):
        assert [each["id"] for each in api.get("leads", **query).json["items"]] == [id]
    assert api.get("leads", stage="new").json == {"items": [], "next": None}
    assert (api.delete(f"leads/{id}").status, Phone.objects.filter(number=ANNA).exists()) == (204, False)


def test_a_signed_in_member_asks_by_role(ours: House, ivan: Client) -> None:
    def patch(browser: Browser) -> int:
        return browser.patch(f"/api/v1/clients/{ivan.pk}", {"about": "x"}, content_type="application/json").status_code

    assert [patch(ours.browser(role)) for role in ("hostess", "accountant")] == [200, 403]
