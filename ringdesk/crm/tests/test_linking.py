import pytest

from ringdesk.crm import contracts, leads, linking
from ringdesk.crm.matching import NOBODY, Match, Named, Row
from ringdesk.crm.tests.conftest import IVAN, House


@pytest.mark.parametrize("spelling", ["+79230000001", "8 (923) 000-00-01", "79230000001", "923 000-00-01"])
def test_a_number_is_found_in_any_spelling(ours: House, theirs: House, spelling: str) -> None:
    theirs.client("Stranger", IVAN)
    client = ours.client("Ivan", IVAN, responsible=ours.owner)
    expected = Match(client=Named(client.pk, "Ivan"), responsible_id=ours.owner.pk)
    assert linking.identify(ours.organization, spelling) == expected
    assert linking.identify(ours.organization.pk, "+79130000001") == NOBODY


def test_hidden_and_empty_numbers_are_nobodys(ours: House) -> None:
    ours.client("No number")
    assert [linking.identify(ours.organization, number) for number in ("", "anonymous", "—")] == [NOBODY] * 3


def test_contract_then_client_then_lead(ours: House) -> None:
    owner, hostess = ours.owner, ours.member("hostess")
    lead = leads.create(ours.organization, name="Maybe Ivan", phones=[IVAN], responsible=hostess)
    assert linking.identify(ours.organization, IVAN) == Match(
        lead=Named(lead.pk, "Maybe Ivan"), responsible_id=hostess.pk
    )
    client = ours.client("Ivan", IVAN)
    assert linking.identify(ours.organization, IVAN) == Match(
        client=Named(client.pk, "Ivan"), responsible_id=hostess.pk
    )
    company = ours.client("Vector", kind="company", responsible=owner)
    contract = contracts.create(company, number="2024-118", phones=[IVAN])
    assert linking.identify(ours.organization, IVAN) == Match(
        contract=Named(contract.pk, "2024-118"), client=Named(company.pk, "Vector"), responsible_id=owner.pk
    )


def test_a_deactivated_member_is_responsible_for_nobody(ours: House) -> None:
    hostess = ours.member("hostess")
    ours.client("Ivan", IVAN, responsible=hostess)
    hostess.is_active = False
    hostess.save()
    assert linking.identify(ours.organization, IVAN).responsible_id is None


def test_the_last_digits_only_suggest(ours: House) -> None:
    ivan = ours.client("Ivan", IVAN)
    assert linking.suggest(ours.organization, "+74950000001") == Match(client=Named(ivan.pk, "Ivan"))
    anna = ours.client("Anna", "+79130000001")
    assert linking.suggest(ours.organization, "+74950000001").candidates == (
        Row("client", ivan.pk, "Ivan"),
        Row("client", anna.pk, "Anna"),
    )
    assert linking.suggest(ours.organization, "0001") == NOBODY
