import pytest
from django.urls import reverse

from ringdesk.crm import clients, contracts, leads
from ringdesk.crm.models import Client
from ringdesk.telephony import callers
from ringdesk.telephony.models import Call, CallSettings
from ringdesk.telephony.tests.conftest import Place, make_place
from ringdesk.telephony.tests.past import make_call
from ringdesk.telephony.tests.test_pages import browser


@pytest.fixture
def desk(db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def stranger(db: None) -> Place:
    return make_place("other")


def window(call: Call) -> str:
    return reverse("telephony:window", args=[call.pk])


def test_who_may_see_and_change(desk: Place, stranger: Place) -> None:
    call = make_call(desk.pbx)
    irina = clients.create(desk.organization, name="Irina")
    pages = [
        ("get", window(call), 200),
        ("get", reverse("telephony:window_clients", args=[call.pk]), 403),
        ("post", reverse("telephony:window_add", args=[call.pk]), 403),
        ("post", reverse("telephony:window_choose", args=[call.pk]), 403),
        ("get", reverse("telephony:address_book"), 200),
    ]
    for method, path, accountant in pages:
        assert getattr(browser(desk, "accountant"), method)(path).status_code == accountant, path
        if str(call.pk) in path:
            assert getattr(browser(stranger, "owner"), method)(path).status_code == 404, path
    other = make_call(stranger.pbx)
    answer = browser(stranger, "owner").post(
        reverse("telephony:window_add", args=[other.pk]), {"client": str(irina.pk)}
    )
    assert answer.status_code == 404
    assert not irina.phones.exists()


def test_an_unknown_number_has_everything_to_make_it_known(desk: Place) -> None:
    CallSettings.objects.create(organization=desk.organization, search_engine="google")
    call = make_call(desk.pbx)
    page = browser(desk, "owner").get(window(call)).content.decode()
    number = call.phone.replace("+", "%2B")
    for kind in ("kind=person&amp;contact=1", "kind=company", "kind=company&amp;partner=1", "kind=person"):
        assert f"{reverse('crm:client_new')}?{kind}&amp;phone={number}" in page
    assert f"{reverse('crm:lead_new')}?phone={number}" in page
    assert f"https://www.google.com/search?q={number}" in page
    assert f'data-copy="{call.phone}"' in page


def test_a_hidden_number_is_said_to_be_and_not_called_back(desk: Place) -> None:
    page = browser(desk, "owner").get(window(make_call(desk.pbx, phone=""))).content.decode()
    assert "Number hidden" in page
    assert "Call back" not in page and "data-copy" not in page and "google" not in page


def test_a_known_one_opens_the_card(desk: Place) -> None:
    irina = clients.create(desk.organization, name="Irina", phones=["+79230000001"])
    boris = leads.create(desk.organization, name="Boris", phones=["+79230000002"])
    owner = browser(desk, "owner")
    for call, name in (
        (make_call(desk.pbx, 1, client=irina), "Irina"),
        (make_call(desk.pbx, 2, lead=boris), "Boris"),
    ):
        page = owner.get(window(call)).content.decode()
        assert f'<h2 id="drawer-title">{name}</h2>' in page


def test_numbers_that_end_alike_are_possible_and_never_more(desk: Place) -> None:
    clients.create(desk.organization, name="Irina", phones=["+79135550001"])
    clients.create(desk.organization, name="Vera", phones=["+79136660001"])
    call = make_call(desk.pbx, 1)
    assert [row.name for row in callers.of(call).possible] == []
    CallSettings.objects.create(organization=desk.organization, last_digits=4)
    assert [row.name for row in callers.of(call).possible] == ["Irina", "Vera"]
    assert not callers.of(call).is_known
    assert "the number ends alike" in browser(desk, "owner").get(window(call)).content.decode()


def test_the_whole_number_wins_over_its_last_digits(desk: Place) -> None:
    clients.create(desk.organization, name="Irina", phones=["+79135550001"])
    clients.create(desk.organization, name="Vera", phones=["+79230000001"])
    clients.create(desk.organization, name="Twin", phones=["+79230000001"])
    CallSettings.objects.create(organization=desk.organization, last_digits=4)
    caller = callers.of(make_call(desk.pbx, 1))
    assert ([row.name for row in caller.choice], caller.possible) == (["Twin", "Vera"], [])


def test_choosing_links_the_call(desk: Place) -> None:
    vera = clients.create(desk.organization, name="Vera", phones=["+79230000001"])
    clients.create(desk.organization, name="Twin", phones=["+79230000001"])
    call = make_call(desk.pbx, 1)
    owner, path = browser(desk, "owner"), reverse("telephony:window_choose", args=[call.pk])
    assert owner.post(path, {"kind": "client", "card": "999999"}).status_code == 404
    assert owner.post(path, {"kind": "client", "card": str(vera.pk)}).status_code == 200
    call.refresh_from_db()
    assert call.client == vera


def test_the_number_goes_onto_a_card_that_exists(desk: Place) -> None:
    irina = clients.create(desk.organization, name="Irina", phones=["+79135550001"])
    call = make_call(desk.pbx, 1)
    owner = browser(desk, "owner")
    found = owner.get(reverse("telephony:window_clients", args=[call.pk]), {"q": "iri"}).content.decode()
    assert "Irina" in found
    answer = owner.post(reverse("telephony:window_add", args=[call.pk]), {"client": str(irina.pk)})
    assert '<h2 id="drawer-title">Irina</h2>' in answer.content.decode()
    assert [phone.number for phone in irina.phones.all()] == ["+79135550001", call.phone]
    call.refresh_from_db()
    assert call.client == irina


def test_the_address_book_has_everybody_by_name(desk: Place, stranger: Place) -> None:
    firm = clients.create(desk.organization, name="Cafe", kind=Client.Kind.COMPANY, phones=["+79135550002"])
    contact = clients.create(desk.organization, name="Dina", phones=["+79135550003"], company=firm)
    leads.create(desk.organization, name="Boris", phones=["+79135550004"])
    contracts.create(contact, number="1")
    clients.create(stranger.organization, name="Foreign", phones=["+79135550005"])
    owner, url = browser(desk, "owner"), reverse("telephony:address_book")
    shown = [(entry.name, entry.kind, entry.numbers) for entry in owner.get(url).context["entries"]]
    assert shown == [
        ("Anna", "member", [("100", "")]),
        ("Boris", "lead", [("+79135550004", "")]),
        ("Cafe", "company", [("+79135550002", "")]),
        ("Dina", "person", [("+79135550003", "")]),
        ("Owner", "member", []),
    ]
    assert [entry.name for entry in owner.get(url, {"q": "555-00-04"}).context["entries"]] == ["Boris"]
    assert [entry.name for entry in owner.get(url, {"q": "100"}).context["entries"]] == ["Anna"]
    assert [entry.name for entry in owner.get(url, {"kind": "company"}).context["entries"]] == ["Cafe"]
    assert owner.get(url, {"q": "nobody\x00", "kind": "²", "page": "x"}).status_code == 200
