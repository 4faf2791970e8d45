from typing import Any

import pytest

from ringdesk.accounts.models import AuditEntry
from ringdesk.core.problems import Conflict, Invalid, NotFound, Stale
from ringdesk.crm import clients, contracts, leads
from ringdesk.crm.clients import Written
from ringdesk.crm.models import Client, Contract, Lead, Phone
from ringdesk.crm.numbers import Number
from ringdesk.crm.signals import clients_merged, numbers_changed
from ringdesk.crm.tests.conftest import IVAN, House

ANNA = "+79130000002"


@pytest.fixture
def heard() -> Any:
    """What numbers_changed told: (numbers, card)."""
    told: list[tuple[list[str], object]] = []

    def hear(numbers: list[str], client: object, contract: object, lead: object, **more: object) -> None:
        told.append((numbers, client or contract or lead))

    numbers_changed.connect(hear, weak=False)
    yield told
    numbers_changed.disconnect(hear)


def numbers(card: Client | Contract | Lead) -> list[tuple[str, str]]:
    return [(phone.number, phone.label) for phone in card.phones.all()]


def test_a_new_client_with_numbers_in_any_spelling(ours: House, heard: list[Any]) -> None:
    phones: list[Number] = ["8 (923) 000-00-01", Written("913 0000002", "work"), " ", "+79230000001", "100"]
    client = clients.create(
        ours.organization, name="  Иван   Петров ", phones=phones, tags=["VIP", "vip", " у  окна "], by=ours.owner
    )
    client.refresh_from_db()
    assert (client.name, client.kind, client.tags, client.version) == ("Иван Петров", "person", ["VIP", "у окна"], 1)
    assert numbers(client) == [(IVAN, ""), (ANNA, "work"), ("100", "")]
    assert Phone.objects.get(number=IVAN).reversed == "10000003297"
    assert heard == [([IVAN, ANNA, "100"], client)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"phones": ["no digits"]}, "phones"),
        ({"email": "not an address"}, "email"),
        ({"kind": "alien"}, "kind"),
        ({"tags": ["x" * 41]}, "tags"),
    ],
)
def test_what_cannot_be_is_told_with_its_field(ours: House, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as error:
        clients.create(ours.organization, **({"name": "Ivan"} | fields))
    assert error.value.field == field
    assert not Client.objects.exists()


def test_nobody_of_another_organization_can_be_attached(ours: House, theirs: House) -> None:
    strangers: dict[str, Any] = {"responsible": theirs.owner, "company": theirs.client("Theirs", kind="company")}
    for field, value in strangers.items():
        with pytest.raises(Invalid) as error:
            clients.create(ours.organization, name="Ivan", **{field: value})
        assert error.value.field == field


def test_only_persons_are_contacts_and_only_of_companies(ours: House) -> None:
    company = ours.client("Vector", kind="company")
    person = ours.client("Ivan", company=company)
    for client, kind in ((company, "person"), (person, "company")):
        with pytest.raises(Invalid):
            clients.change(client, kind=kind)
    with pytest.raises(Invalid):
        ours.client("Anna", company=person)


def test_only_what_differs_is_saved(ours: House, heard: list[Any]) -> None:
    client = ours.client("Ivan", IVAN, about="By the window")
    heard.clear()
    same = clients.change(client, name="Ivan", phones=["8 923 000 00 01"], by=ours.owner)
    assert same.version == 1
    Client.objects.filter(pk=client.pk).update(about="Changed elsewhere")
    changed = clients.change(client, name="Ivan P.", phones=[Written(ANNA, "home"), IVAN], version=1)
    changed.refresh_from_db()
    assert (changed.name, changed.about, changed.version) == ("Ivan P.", "Changed elsewhere", 2)
    assert numbers(changed) == [(ANNA, "home"), (IVAN, "")]
    assert heard == [([ANNA], changed)]
    assert numbers(clients.change(changed, phones=[ANNA])) == [(ANNA, "home")]


def test_a_stale_version_changes_nothing(ours: House) -> None:
    client = ours.client("Ivan")
    clients.change(client, name="Ivan P.")
    with pytest.raises(Stale):
        clients.change(client, name="Somebody else", phones=[IVAN], version=1)
    client.refresh_from_db()
    assert (client.name, client.version, numbers(client)) == ("Ivan P.", 2, [])


def test_a_mistake_in_our_code_is_no_silent_change(ours: House) -> None:
    with pytest.raises(TypeError):
        clients.change(ours.client("Ivan"), nmae="Anna")


def test_found_by_the_whole_number_own_card_first(ours: House, theirs: House) -> None:
    theirs.client("Stranger", IVAN)
    company = ours.client("Vector", kind="company")
    contracts.create(company, number="1", phones=[IVAN])
    ivan = ours.client("Ivan", IVAN)
    ours.client("Near", "+79230000011")
    assert clients.find_by_phone(ours.organization, "8 923 000-00-01") == [ivan, company]
    assert clients.find_by_phone(ours.organization, "") == []
    assert clients.find_by_phone(ours.organization, "0001") == []


def test_found_by_the_last_digits(ours: House, theirs: House) -> None:
    theirs.client("Stranger", IVAN)
    ivan, anna = ours.client("Ivan", IVAN), ours.client("Anna", "+74950300001")
    assert clients.find_by_last_digits(ours.organization, "100001") == [ivan, anna]
    assert clients.find_by_last_digits(ours.organization, "100001", digits=6) == []
    assert clients.find_by_last_digits(ours.organization, "0001") == []


def test_deleted_with_numbers_and_contracts(ours: House) -> None:
    client = ours.client("Ivan", IVAN)
    contracts.create(client, number="1", phones=[ANNA])
    lead = leads.create(ours.organization, name="Was Ivan", client=client)
    with pytest.raises(Stale):
        clients.delete(client, by=ours.owner, version=7)
    clients.delete(client, by=ours.owner)
    lead.refresh_from_db()
    assert (Client.objects.count(), Phone.objects.count(), Contract.objects.count(), lead.client) == (0, 0, 0, None)
    assert AuditEntry.objects.get().action == "client.deleted"
    with pytest.raises(NotFound):
        clients.change(client, name="Gone")


def test_merging_moves_everything_and_fills_what_was_empty(ours: House, heard: list[Any]) -> None:
    merged: list[dict[str, Any]] = []

    def hear(**told: Any) -> None:
        merged.append(told)

    clients_merged.connect(hear)
    vector = ours.client("Vector", kind="company")
    kept = ours.client("Ivan", IVAN, about="By the window", tags=["VIP"])
    one = ours.client("Ivan P.", Written(IVAN, "own"), ANNA, about="Allergic to nuts", tags=["vip", "regular"])  # type: ignore[arg-type]
    two = ours.client(
        "I. Petrov", "100", email="ivan@example.org", responsible=ours.owner, company=vector, is_partner=True
    )
    contract = contracts.create(one, number="1", phones=["+79990000000"])
    lead = leads.create(ours.organization, name="Was Ivan", client=two)
    heard.clear()
    after = clients.merge(kept, [one, two, kept], ours.owner)
    after.refresh_from_db()
    contract.refresh_from_db()
    lead.refresh_from_db()
    assert (after.name, after.about, after.tags) == ("Ivan", "By the window\nAllergic to nuts", ["VIP", "regular"])
    assert (after.email, after.responsible, after.company, after.is_partner, after.version) == (
        "ivan@example.org", ours.owner, vector, True, 2,
    )  # fmt: skip
    assert numbers(after) == [(IVAN, "own"), (ANNA, ""), ("100", "")]
    assert (contract.client, lead.client) == (kept, kept)
    assert set(Client.objects.all()) == {vector, kept}
    assert heard == [([ANNA, "100"], kept)]
    assert [(told["kept"], told["gone"]) for told in merged] == [(kept, [one.pk, two.pk])]
    assert AuditEntry.objects.get().data == {
        "id": kept.pk,
        "gone": [one.pk, two.pk],
        "names": ["Ivan P.", "I. Petrov"],
    }


def test_merged_companies_are_no_contacts_of_themselves(ours: House) -> None:
    kept, other = ours.client("Vector", kind="company"), ours.client("OOO Vector", kind="company")
    contact = ours.client("Anna", company=other)
    Client.objects.filter(pk=kept.pk).update(company=other)
    after = clients.merge(kept, [other], ours.owner)
    after.refresh_from_db()
    contact.refresh_from_db()
    assert (after.company, contact.company) == (None, kept)


def test_what_cannot_be_merged(ours: House, theirs: House) -> None:
    ivan, stranger, company = ours.client("Ivan"), theirs.client("Ivan"), ours.client("Vector", kind="company")
    for others, error in (([], Invalid), ([ivan], Invalid), ([stranger], NotFound), ([company], Invalid)):
        with pytest.raises(error):
            clients.merge(ivan, others, ours.owner)
    assert Client.objects.count() == 3


def test_no_row_that_moves_can_collide_with_one_that_is_there() -> None:
    """Whoever adds a foreign key to Client inside a unique constraint must teach merging.py about it."""
    from ringdesk.crm.merging import pointing_here

    for field in pointing_here():
        unique = {name for constraint in field.model._meta.total_unique_constraints for name in constraint.fields}
        unique |= {name for group in field.model._meta.unique_together for name in group}
        assert field.name not in unique and not field.unique, field


def test_contracts_have_numbers_of_their_own(ours: House, theirs: House, heard: list[Any]) -> None:
    client = ours.client("Ivan")
    contract = contracts.create(client, number=" 2024-118 ", phones=[IVAN], responsible=ours.owner)
    contracts.create(theirs.client("Ivan"), number="2024-118")
    with pytest.raises(Conflict) as error:
        contracts.create(client, number="2024-118")
    assert error.value.field == "number"
    other = contracts.create(client, number="2024-119")
    with pytest.raises(Conflict):
        contracts.change(other, number="2024-118")
    changed = contracts.change(contract, number="2024-118a", phones=[ANNA], version=1)
    assert (changed.number, numbers(changed), changed.version) == ("2024-118a", [(ANNA, "")], 2)
    assert heard == [([IVAN], contract), ([ANNA], contract)]
    with pytest.raises(Invalid):
        contracts.change(changed, client=theirs.client("Stranger"))


def test_leads(ours: House, theirs: House) -> None:
    lead = leads.create(ours.organization, name="Anna", phones=[ANNA])
    changed = leads.change(lead, stage="won", client=ours.client("Anna"), version=1)
    assert (changed.stage, changed.client and changed.client.name, changed.version) == ("won", "Anna", 2)
    with pytest.raises(Invalid):
        leads.change(changed, client=theirs.client("Stranger"))
    leads.delete(changed, by=ours.owner)
    assert not Lead.objects.exists()
