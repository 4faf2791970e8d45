from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ringdesk.accounts.models import ApiToken
from ringdesk.core import sealing
from ringdesk.core.ids import new_id
from ringdesk.core.problems import Invalid, Stale
from ringdesk.crm import interactions, leads
from ringdesk.crm.models import Client, Interaction, Lead
from ringdesk.crm.tests.conftest import House

NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)


def make(house: House, number: int = 1, **fields: Any) -> Interaction:
    values: dict[str, Any] = {
        "organization": house.organization,
        "call_id": new_id(),
        "direction": "in",
        "phone": f"+7923000{number:04}",
        "started_at": NOON,
        "ended_at": NOON + timedelta(seconds=20),
        "duration": 20,
        "result": "answered",
    }
    return Interaction.objects.create(**values | fields)


def page(document: Interaction) -> str:
    return reverse("crm:interaction", args=[document.pk])


def test_a_part_of_a_card_opened_by_itself_leads_to_the_card(ours: House) -> None:
    client = ours.client("Irina")
    answer = ours.browser("hostess").get(reverse("crm:client_interactions", args=[client.pk]))
    assert (answer.status_code, answer["Location"]) == (302, reverse("crm:client", args=[client.pk]))


def test_who_may_enter(ours: House, theirs: House) -> None:
    document, lead = make(ours), leads.create(ours.organization, name="Boris")
    client = ours.client("Irina")
    pages = [
        (page(document), 200),
        (reverse("crm:client_interactions", args=[client.pk]), 200),
        (reverse("crm:lead", args=[lead.pk]), 200),
        (reverse("crm:lead_change", args=[lead.pk]), 403),
        (reverse("crm:interactions"), 200),
        (reverse("crm:leads"), 200),
        (reverse("crm:lead_new"), 403),
    ]
    for path, accountant in pages:
        assert Browser().get(path).status_code == 302, path
        assert ours.browser("hostess").get(path, headers={"HX-Request": "true"}).status_code == 200, path
        assert ours.browser("accountant").get(path, headers={"HX-Request": "true"}).status_code == accountant, path
        if any(character.isdigit() for character in path):
            assert theirs.browser("owner").get(path).status_code == 404, path
    for path in (reverse("crm:lead_convert", args=[lead.pk]), reverse("crm:lead_delete", args=[lead.pk])):
        assert ours.browser("accountant").post(path).status_code == 403
        assert theirs.browser("owner").post(path).status_code == 404
    assert Lead.objects.get().client is None


def test_notes_are_kept_and_nobody_overwrites_anybody(ours: House, theirs: House) -> None:
    document = make(ours)
    hostess = ours.browser("hostess")
    assert hostess.post(page(document), {"notes": "Window table", "version": "1"}).status_code == 302
    answer = hostess.post(page(document), {"notes": "Another", "version": "1"})
    assert answer.status_code == 409
    assert 'name="version" value="2"' in answer.content.decode()
    assert theirs.browser("owner").post(page(document), {"notes": "Mine"}).status_code == 404
    document.refresh_from_db()
    assert (document.notes, document.version) == ("Window table", 2)
    with pytest.raises(Stale):
        interactions.write(document, "Old", version=1)
    with pytest.raises(Invalid):
        interactions.write(document, "x" * 10_001)


def test_the_list_is_searched_and_narrowed(ours: House, theirs: House) -> None:
    irina = ours.client("Irina Sokolova", "+79230000001")
    first = make(ours, 1, client=irina, member=ours.owner)
    second = make(ours, 2, direction="out", result="missed", notes="call again")
    make(theirs, 3)
    owner, url = ours.browser("owner"), reverse("crm:interactions")

    def found(**wish: str) -> list[Interaction]:
        return list(owner.get(url, wish).context["page"].object_list)

    assert found() == [second, first]
    assert found(q="sokol") == [first] == found(q="8 923 000-00-01") == found(whose="mine")
    assert found(q="again") == [second] == found(direction="out") == found(result="unanswered")
    assert found(q="nobody") == []
    assert owner.get(url, {"q": "\x00", "direction": "²", "page": "x"}).status_code == 200


def test_the_list_asks_as_often_for_many_as_for_one(ours: House) -> None:
    owner, url = ours.browser("owner"), reverse("crm:interactions")
    irina = ours.client("Irina", "+79230000001")
    make(ours, 1, client=irina, member=ours.owner)
    owner.get(url)
    with CaptureQueriesContext(connection) as one:
        owner.get(url)
    for number in (2, 3):
        make(ours, number, client=irina, member=ours.owner)
    with CaptureQueriesContext(connection) as three:
        owner.get(url)
    assert len(three) == len(one)


def test_a_client_has_those_of_contracts_and_of_the_lead_it_was(ours: House) -> None:
    irina = ours.client("Irina")
    lead = leads.create(ours.organization, name="Irina", client=irina)
    mine, of_lead = make(ours, 1, client=irina), make(ours, 2, lead=lead)
    make(ours, 3)
    assert list(interactions.of_client(irina, ours.owner)) == [of_lead, mine]


def test_a_lead_from_a_call_and_won(ours: House) -> None:
    hostess = ours.browser("hostess")
    form = hostess.get(reverse("crm:lead_new"), {"phone": "+79230000007"})
    assert [row.number for row in form.context["rows"]] == ["+79230000007", ""][: len(form.context["rows"])]
    data = {"name": "Boris", "stage": "new", "notes": "banquet", "phones-0-number": "+79230000007"}
    assert hostess.post(reverse("crm:lead_new"), data).status_code == 302
    lead = Lead.objects.get()
    assert [phone.number for phone in lead.phones.all()] == ["+79230000007"]
    answer = hostess.post(reverse("crm:lead_convert", args=[lead.pk]), {"contract": "17"})
    client = Client.objects.get()
    assert answer["Location"] == reverse("crm:client", args=[client.pk])
    assert (client.name, client.about, client.contracts.get().number) == ("Boris", "banquet", "17")
    again = hostess.post(reverse("crm:lead_convert", args=[lead.pk]), {"contract": "18"})
    assert again.status_code == 422
    assert Client.objects.count() == 1


def test_a_taken_contract_number_makes_no_client(ours: House) -> None:
    from ringdesk.crm import contracts

    contracts.create(ours.client("Irina"), number="17")
    lead = leads.create(ours.organization, name="Boris")
    answer = ours.browser("owner").post(reverse("crm:lead_convert", args=[lead.pk]), {"contract": "17"})
    assert answer.status_code == 422
    assert Client.objects.count() == 1


def test_leads_are_found_by_name_and_number(ours: House) -> None:
    boris = leads.create(ours.organization, name="Борис Лебедев", phones=["+79230000007"])
    leads.create(ours.organization, name="Вера", stage="lost")
    for text in ("лебед", "000-00-07", "8 923 000-00-07"):
        assert list(leads.search(ours.organization, text)) == [boris]
    listed = ours.browser("owner").get(reverse("crm:leads"), {"stage": "lost"}).context["rows"]
    assert [lead.name for lead, _stage in listed] == ["Вера"]


def token(house: House, *scopes: str) -> str:
    plain = f"rd_{house.organization.slug}_{'_'.join(scopes)}"
    ApiToken.objects.create(
        organization=house.organization,
        name="test",
        prefix=plain[:8],
        token_hash=sealing.fingerprint(plain),
        scopes=list(scopes),
    )
    return plain


def test_the_api(ours: House, theirs: House) -> None:
    first, second = make(ours, 1), make(ours, 2, direction="out")
    foreign = make(theirs, 3)
    headers = {"authorization": f"Bearer {token(ours, 'interactions:read', 'interactions:write')}"}
    reader = {"authorization": f"Bearer {token(ours, 'interactions:read')}"}
    browser, url = Browser(), "/api/v1/interactions"
    listed = browser.get(url, headers=headers).json()
    assert [item["id"] for item in listed["items"]] == [second.pk, first.pk]
    incoming = browser.get(url, {"direction": "in"}, headers=headers).json()
    assert [item["id"] for item in incoming["items"]] == [first.pk]
    assert browser.get(f"{url}/{foreign.pk}", headers=headers).status_code == 404

    def patch(body: dict[str, object], who: dict[str, str]) -> Any:
        return browser.patch(f"{url}/{first.pk}", body, content_type="application/json", headers=who)

    assert patch({"notes": "by API", "version": 1}, headers).json()["notes"] == "by API"
    assert patch({"notes": "late", "version": 1}, headers).status_code == 409
    assert patch({"notes": "not mine"}, reader).status_code == 403
    assert patch({"phone": "+7"}, headers).status_code == 400
