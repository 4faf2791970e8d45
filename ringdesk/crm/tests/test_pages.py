"""Every page by owner, colleague without the right, and stranger."""

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from ringdesk.crm import clients, contracts
from ringdesk.crm.models import Client, Contract
from ringdesk.crm.tests.conftest import IVAN, House

ANNA = "+79130000002"
DRAWER = {"HX-Request": "true", "HX-Target": "drawer"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def owner(ours: House) -> Browser:
    return ours.browser("owner")


@pytest.fixture
def stranger(theirs: House) -> Browser:
    return theirs.browser("owner")


@pytest.fixture
def ivan(ours: House) -> Client:
    return ours.client("Ivan Petrov", IVAN, about="By the window", tags=["VIP"])


@pytest.fixture
def contract(ivan: Client) -> Contract:
    return contracts.create(ivan, number="2024-118", phones=[ANNA])


def filled(**more: str) -> dict[str, str]:
    return {"kind": "person", "name": "Ivan Petrov", "phones-0-number": IVAN, "phones-0-label": ""} | more


def test_who_may_enter(ours: House, owner: Browser, stranger: Browser, ivan: Client, contract: Contract) -> None:
    """The accountant sees but may not change; the hostess may not merge; to a stranger nothing is there."""
    see = [reverse("crm:client", args=[ivan.pk])]
    change = [
        reverse("crm:client_change", args=[ivan.pk]),
        reverse("crm:contract_new", args=[ivan.pk]),
        reverse("crm:contract_change", args=[contract.pk]),
    ]
    act = [reverse("crm:client_delete", args=[ivan.pk]), reverse("crm:contract_delete", args=[contract.pk])]
    accountant = ours.browser("accountant")
    assert [owner.get(url).status_code for url in see + change] == [200] * 4
    assert [accountant.get(url).status_code for url in see + change] == [200, 403, 403, 403]
    assert [accountant.get(reverse(f"crm:{name}")).status_code for name in ("clients", "client_new")] == [200, 403]
    assert [stranger.get(url).status_code for url in see + change] == [404] * 4
    assert [accountant.post(url).status_code for url in change + act] == [403] * 5
    assert [stranger.post(url).status_code for url in change + act] == [404] * 5
    rows = f"{reverse('crm:client_phone_rows')}?client={ivan.pk}"
    assert [browser.post(rows).status_code for browser in (owner, accountant, stranger)] == [200, 403, 404]
    rows = f"{reverse('crm:client_phone_rows')}?contract={contract.pk}"
    assert [browser.post(rows).status_code for browser in (owner, accountant, stranger)] == [200, 403, 404]
    merge = f"{reverse('crm:client_merge')}?client={ivan.pk}"
    assert ours.browser("hostess").get(merge).status_code == 403
    assert Browser().get(see[0]).status_code == 302
    assert (Client.objects.count(), Contract.objects.count()) == (1, 1)


def test_the_list_shows_searches_and_filters(ours: House, owner: Browser, stranger: Browser, ivan: Client) -> None:
    ours.client("Vector", kind="company")
    ours.client("Anna", ANNA)

    def names(browser: Browser, **query: str) -> list[str]:
        return [client.name for client in browser.get(reverse("crm:clients"), query).context["page"]]

    assert names(owner) == ["Anna", "Ivan Petrov", "Vector"]
    assert names(owner, q="петр") == []
    assert names(owner, q="8 (923) 000-00-01") == ["Ivan Petrov"]
    assert names(owner, kind="company") == ["Vector"]
    assert names(owner, tag="VIP") == ["Ivan Petrov"]
    assert names(owner, tag="Nobody's") == []
    assert names(owner, kind="alien", page="99") == ["Anna", "Ivan Petrov", "Vector"]
    assert names(stranger) == []


def test_the_list_refreshes_alone_and_asks_as_often_for_three_as_for_one(
    ours: House, owner: Browser, ivan: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def ask() -> int:
        with django_assert_max_num_queries(25) as asked:
            answer = owner.get(reverse("crm:clients"), headers=HTMX)
        assert answer.templates[0].name == "crm/_clients.html"
        return len(asked)

    first = ask()
    for number in range(3):
        ours.client(
            f"Guest {number}",
            f"+7913000001{number}",
            company=ours.client("V", kind="company"),
            responsible=ours.owner,
        )
    assert ask() == first


def test_a_card_shows_what_is_known(ours: House, owner: Browser, ivan: Client, contract: Contract) -> None:
    twin = ours.client("Vanya", IVAN)
    answer = owner.get(reverse("crm:client", args=[ivan.pk]))
    assert answer.context["twins"] == [twin]
    assert [(phone.number, phone.is_elsewhere) for phone in answer.context["phones"]] == [(IVAN, True)]
    text = answer.content.decode()
    for part in ("Ivan Petrov", "By the window", "VIP", "+79230000001", "2024-118", "Vanya"):
        assert part in text


def test_the_form_comes_as_a_drawer_a_fragment_or_a_page(owner: Browser) -> None:
    url = reverse("crm:client_new")
    drawer = owner.get(url, {"phone": IVAN, "name": "Ivan"}, headers=DRAWER)
    assert drawer.templates[0].name == "crm/_client_form.html" and 'class="drawer"' in drawer.content.decode()
    assert [row.number for row in drawer.context["rows"]] == [IVAN, ""]
    assert drawer.context["form"]["name"].value() == "Ivan"
    page = owner.get(url)
    assert page.templates[0].name == "crm/client_form.html" and 'class="drawer"' not in page.content.decode()


def test_a_client_is_added(ours: House, owner: Browser, ivan: Client) -> None:
    vector = ours.client("Vector", kind="company")
    sent = filled(
        name="Anna", about="Tea", company="vector", tags="VIP", new_tags="regular, quiet", is_partner="on",
        responsible=str(ours.owner.pk), **{"phones-7-number": "8 913 000-00-02", "phones-7-label": "work"},
    )  # fmt: skip
    answer = owner.post(reverse("crm:client_new"), sent, headers=DRAWER)
    anna = Client.objects.get(name="Anna")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, reverse("crm:client", args=[anna.pk]))
    assert (anna.about, anna.company, anna.tags, anna.responsible, anna.is_partner) == (
        "Tea", vector, ["VIP", "regular", "quiet"], ours.owner, True,
    )  # fmt: skip
    assert [(phone.number, phone.label) for phone in anna.phones.all()] == [(IVAN, ""), (ANNA, "work")]
    assert owner.post(reverse("crm:client_new"), filled()).status_code == 302


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"company": "No such"}, "company"),
        ({"email": "nonsense"}, "email"),
        ({"new_tags": "x" * 41}, "new_tags"),
        ({"kind": "alien"}, "kind"),
        ({"responsible": "999999"}, "responsible"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(ours: House, owner: Browser, wrong: dict[str, str], field: str) -> None:
    answer = owner.post(reverse("crm:client_new"), filled(**wrong), headers=DRAWER)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Client.objects.exists()


@pytest.mark.parametrize("wrong", ["nobody", "8" * 60])
def test_a_wrong_number_is_marked_and_nothing_typed_is_lost(owner: Browser, wrong: str) -> None:
    answer = owner.post(reverse("crm:client_new"), filled(**{"phones-3-number": wrong}), headers=DRAWER)
    rows = answer.context["rows"]
    assert answer.status_code == 422
    assert [(row.number, bool(row.error)) for row in rows] == [(IVAN, False), (wrong, True), ("", False)]


def test_a_client_is_changed_and_somebody_faster_is_told(owner: Browser, ivan: Client) -> None:
    url = reverse("crm:client_change", args=[ivan.pk])
    assert owner.get(url, headers=DRAWER).context["form"]["version"].value() == 1
    sent = filled(name="Ivan P.", about="By the door", version="1", tags="VIP")
    assert owner.post(url, sent, headers=DRAWER).status_code == 204
    stale = owner.post(url, sent | {"name": "Vanya"}, headers=DRAWER)
    assert (stale.status_code, stale.context["form"]["version"].value()) == (409, 2)
    assert stale.context["form"]["name"].value() == "Vanya"
    again = owner.post(url, sent | {"name": "Vanya", "version": "2"}, headers=DRAWER)
    ivan.refresh_from_db()
    assert (again.status_code, ivan.name, ivan.version) == (204, "Vanya", 3)


def test_a_company_with_contacts_stays_one(ours: House, owner: Browser) -> None:
    vector = ours.client("Vector", kind="company")
    ours.client("Anna", company=vector)
    answer = owner.post(reverse("crm:client_change", args=[vector.pk]), filled(version="1"))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["kind"])


def test_rows_of_numbers(ours: House, owner: Browser, ivan: Client) -> None:
    url = reverse("crm:client_phone_rows")
    sent = {"phones-0-number": "913 000 00 02", "phones-4-number": "8 923 000-00-01", "phones-4-label": "own"}

    def rows(wish: str, **query: Any) -> list[tuple[int, str]]:
        return [(row.key, row.number) for row in owner.post(url, sent | {"wish": wish}).context["rows"]]

    typed = [(0, "913 000 00 02"), (4, "8 923 000-00-01")]
    assert rows("add") == [*typed, (5, "")]
    assert rows("up-4") == [typed[1], typed[0], (5, "")]
    assert rows("up-0") == rows("nonsense") == rows("remove-9") == [*typed, (5, "")]
    assert rows("remove-0") == [typed[1], (5, "")]
    answer = owner.post(url, sent)
    assert [[phone.client for phone in row.others] for row in answer.context["rows"]] == [[], [ivan], []]
    assert f'href="{reverse("crm:client", args=[ivan.pk])}"' in answer.content.decode()
    own = owner.post(f"{url}?client={ivan.pk}", sent)
    assert [row.others for row in own.context["rows"]] == [(), (), ()]


def test_a_client_is_deleted(owner: Browser, ivan: Client, contract: Contract) -> None:
    answer = owner.post(reverse("crm:contract_delete", args=[contract.pk]), headers=HTMX)
    assert answer.headers["HX-Redirect"] == reverse("crm:client", args=[ivan.pk])
    answer = owner.post(reverse("crm:client_delete", args=[ivan.pk]), headers=HTMX)
    assert answer.headers["HX-Redirect"] == reverse("crm:clients")
    assert not Client.objects.exists()


def test_contracts_are_added_and_changed(ours: House, owner: Browser, ivan: Client, contract: Contract) -> None:
    new = reverse("crm:contract_new", args=[ivan.pk])
    taken = owner.post(new, {"number": "2024-118"}, headers=DRAWER)
    assert (taken.status_code, list(taken.context["form"].errors)) == (422, ["number"])
    assert owner.post(new, {"number": "2024-119", "phones-0-number": IVAN}, headers=DRAWER).status_code == 204
    change = reverse("crm:contract_change", args=[contract.pk])
    assert [row.number for row in owner.get(change).context["rows"]] == ["+7 913 000-00-02", ""]
    sent = {"number": "2024-120", "responsible": str(ours.owner.pk), "version": "1"}
    assert owner.post(change, sent, headers=DRAWER).status_code == 204
    assert owner.post(change, sent | {"number": "2024-121"}, headers=DRAWER).status_code == 409
    contract.refresh_from_db()
    assert (contract.number, contract.responsible, list(contract.phones.all())) == ("2024-120", ours.owner, [])


def test_duplicates_are_looked_at_and_merged(ours: House, theirs: House, owner: Browser, ivan: Client) -> None:
    vanya, alien = ours.client("Vanya", ANNA), theirs.client("Alien")
    contracts.create(vanya, number="1")
    url = reverse("crm:client_merge")
    assert owner.get(url, {"client": [ivan.pk]}).headers["Location"] == reverse("crm:clients")
    assert owner.get(url, {"client": [ivan.pk, alien.pk]}).status_code == 302
    preview = owner.get(url, {"client": [str(ivan.pk), str(vanya.pk), "nonsense"]})
    assert [(twin.client, twin.records) for twin in preview.context["twins"]] == [(ivan, 0), (vanya, 1)]
    assert preview.context["best"] == vanya
    assert owner.post(url, {"client": [ivan.pk, vanya.pk]}).status_code == 200
    answer = owner.post(url, {"client": [ivan.pk, vanya.pk], "kept": str(ivan.pk)})
    assert answer.headers["Location"] == reverse("crm:client", args=[ivan.pk])
    assert [client.name for client in clients.search(ours.organization, "")] == ["Ivan Petrov"]


def test_a_person_and_a_company_are_not_merged(ours: House, owner: Browser, ivan: Client) -> None:
    vector = ours.client("Vector", kind="company")
    answer = owner.post(reverse("crm:client_merge"), {"client": [ivan.pk, vector.pk], "kept": str(ivan.pk)})
    assert (answer.status_code, answer.context["error"]) == (422, "A person and a company cannot be merged.")
    assert Client.objects.count() == 2


def test_companies_are_offered_while_typing(ours: House, owner: Browser, stranger: Browser, ivan: Client) -> None:
    vector = ours.client("Vector", kind="company")
    url = reverse("crm:client_companies")
    assert list(owner.get(url, {"company": "ект"}).context["companies"]) == []
    assert list(owner.get(url, {"company": "ect"}).context["companies"]) == [vector]
    assert list(stranger.get(url, {"company": "ect"}).context["companies"]) == []


@pytest.mark.parametrize("modules", [["hall", "calls"], ["hall"], ["calls"]])
def test_guests_or_clients(ours: House, owner: Browser, ivan: Client, modules: list[str]) -> None:
    ours.organization.modules = modules
    ours.organization.save()
    title = "Guests" if "hall" in modules else "Clients"
    assert f"<h1>{title}</h1>" in owner.get(reverse("crm:clients")).content.decode().replace("\n", "")
    has_contracts = "Add a contract" in owner.get(reverse("crm:client", args=[ivan.pk])).content.decode()
    assert has_contracts == ("calls" in modules)
