"""Every page of outside CRMs and webhooks: by who may, who may not, and a stranger."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from ringdesk.accounts.models import AuditEntry, Branch, Member, Organization
from ringdesk.core import sealing
from ringdesk.webhooks import endpoints
from ringdesk.webhooks.models import Delivery, Endpoint, OutsideCrm, Webhook
from ringdesk.webhooks.tests.conftest import make_member
from ringdesk.webhooks.tests.fake_crm import TOKEN, FakeCrm


@pytest.fixture
def quay(db: None) -> Organization:
    return place("quay")


def place(slug: str) -> Organization:
    organization = Organization.objects.create(name=slug.title(), slug=slug, language="en")
    Branch.objects.create(organization=organization, name="Quay")
    return organization


def browser(organization: Organization, role: str) -> Browser:
    member = Member.objects.for_org(organization).filter(role=role).first() or make_member(organization, role)
    visitor = Browser()
    visitor.force_login(member.user)
    return visitor


def make_crm(organization: Organization, address: str = "https://crm.example/in") -> OutsideCrm:
    return endpoints.create_crm(organization, name="Accounts", address=address, token=TOKEN)


def make_delivery(endpoint: Endpoint, number: int = 1, state: str = "failed") -> Delivery:
    now = timezone.now()
    return Delivery.objects.create(
        organization=endpoint.organization, endpoint=endpoint, key=f"call-{number}", slot="history", type="history",
        position=number, body='{"cmd": "history"}', words=f"8999123456{number} 100", state=state, attempts=3,
        at=now, tried_since=now, next_at=now, last_error="Answered with status 500.", last_status=500,
        last_answer="<b>out of order</b>",
    )  # fmt: skip


def pages(organization: Organization) -> list[tuple[str, str]]:
    crm = make_crm(organization)
    webhook = endpoints.create_webhook(
        organization, name="Bot", address="https://bot.example/", types=["call.ended"], is_active=False
    )
    user, sent = endpoints.name_user(crm, "100", "anna"), make_delivery(crm)
    one = [crm.pk]
    return [
        ("get", reverse("webhooks:endpoints")),
        ("get", reverse("webhooks:crm_add")),
        ("get", reverse("webhooks:webhook_add")),
        ("get", reverse("webhooks:endpoint", args=one)),
        ("get", reverse("webhooks:endpoint", args=[webhook.pk])),
        ("get", reverse("webhooks:endpoint_state", args=one)),
        ("get", reverse("webhooks:endpoint_change", args=one)),
        ("get", reverse("webhooks:endpoint_change", args=[webhook.pk])),
        ("post", reverse("webhooks:endpoint_switch", args=one)),
        ("post", reverse("webhooks:endpoint_test", args=one)),
        ("post", reverse("webhooks:endpoint_try_now", args=one)),
        ("post", reverse("webhooks:crm_renew_key", args=one)),
        ("post", reverse("webhooks:crm_user_save", args=one)),
        ("post", reverse("webhooks:crm_user_forget", args=[*one, user.pk])),
        ("post", reverse("webhooks:webhook_renew_secret", args=[webhook.pk])),
        ("get", reverse("webhooks:deliveries", args=one)),
        ("post", reverse("webhooks:deliveries_again", args=one)),
        ("get", reverse("webhooks:delivery", args=[*one, sent.pk])),
        ("post", reverse("webhooks:delivery_again", args=[*one, sent.pk])),
        ("post", reverse("webhooks:endpoint_delete", args=one)),
    ]


def test_who_may_enter(quay: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringdesk.webhooks.sending.TIMEOUT", 0.01)
    accountant, manager, foreign = browser(quay, "accountant"), browser(quay, "manager"), browser(place("x"), "owner")
    limited = browser(quay, "administrator")
    Member.objects.get(role="administrator").branches.add(Branch.objects.for_org(quay).get())
    own = {reverse(f"webhooks:{name}") for name in ("endpoints", "crm_add", "webhook_add")}
    for method, path in pages(quay):
        anonymous = getattr(Browser(), method)(path)
        assert (anonymous.status_code, anonymous["Location"].partition("?")[0]) == (302, reverse("account_login"))
        assert getattr(manager, method)(path).status_code == 403, path
        assert getattr(foreign, method)(path).status_code == (200 if path in own else 404), path
        assert getattr(limited, method)(path).status_code == (200 if path in own else 404), path
        expected = 422 if path.endswith("/users/") else (200, 204, 302)
        status = getattr(accountant, method)(path).status_code
        assert status == expected or (isinstance(expected, tuple) and status in expected), path
        if method == "post":
            assert accountant.get(path).status_code == 405, path
    assert not OutsideCrm.objects.exists()


def test_a_crm_is_added_and_its_secrets_are_sealed(quay: Organization) -> None:
    form = {
        "name": "Accounts", "address": "https://crm.example/telephony", "token": " t0ken ", "wants_events": "on",
        "wants_history": "on", "has_trunk_prefix": "on", "is_inside": "on",
    }  # fmt: skip
    accountant = browser(quay, "accountant")
    answer = accountant.post(reverse("webhooks:crm_add"), form)
    crm = OutsideCrm.objects.get()
    assert answer["Location"] == reverse("webhooks:endpoint", args=[crm.pk])
    assert (crm.address, crm.wants_events, crm.answers_contact, crm.is_inside, crm.has_trunk_prefix) == (
        "https://crm.example/telephony", True, False, False, True,
    )  # fmt: skip
    assert sealing.unseal(crm.token_sealed) == "t0ken"
    page = accountant.get(answer["Location"]).content.decode()
    assert endpoints.key(crm) in page and "t0ken" not in page
    assert AuditEntry.objects.get().action == "outside_crm.created"
    before = endpoints.key(crm)
    accountant.post(reverse("webhooks:crm_renew_key", args=[crm.pk]))
    crm.refresh_from_db()
    assert endpoints.key(crm) != before
    assert (endpoints.organization_of_key(before), endpoints.organization_of_key(endpoints.key(crm))) == (None, quay)


def test_only_an_administrator_vouches_for_an_address_inside(quay: Organization) -> None:
    form = {"name": "A", "address": "http://10.0.0.5/", "token": "", "wants_history": "on", "has_trunk_prefix": "on"}
    crm = make_crm(quay)
    change = reverse("webhooks:endpoint_change", args=[crm.pk])
    browser(quay, "administrator").post(change, form | {"is_inside": "on"})
    crm.refresh_from_db()
    assert (crm.is_inside, sealing.unseal(crm.token_sealed), crm.wants_events) == (True, TOKEN, False)
    accountant = browser(quay, "accountant")
    accountant.post(change, form | {"name": "B"})
    crm.refresh_from_db()
    assert (crm.name, crm.is_inside) == ("B", True)
    accountant.post(change, form | {"address": "http://10.0.0.6/", "is_inside": "on"})
    crm.refresh_from_db()
    assert (crm.address, crm.is_inside) == ("http://10.0.0.6/", False)


@pytest.mark.parametrize(
    "address", ["crm.example", "ftp://crm.example", "https://", "https://crm example/", "http://[x"]
)
def test_what_is_no_address_is_told_beside_it(quay: Organization, address: str) -> None:
    form = {"name": "A", "address": address, "types": ["call.ended"]}
    answer = browser(quay, "owner").post(reverse("webhooks:webhook_add"), form)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["address"]


def test_users_of_the_crm(quay: Organization) -> None:
    crm, owner = make_crm(quay), browser(quay, "owner")
    save = reverse("webhooks:crm_user_save", args=[crm.pk])
    assert owner.post(save, {"extension": "100", "user": "anna"}).status_code == 200
    assert owner.post(save, {"extension": "101", "user": "anna"}).status_code == 422
    assert owner.post(save, {"extension": "100", "user": "ivan"}).status_code == 200
    assert list(crm.users.values_list("extension", "user")) == [("100", "ivan")]
    key = endpoints.key(crm)
    assert [endpoints.extension_of_user(key, user) for user in ("ivan", "anna", "100")] == ["100", "anna", "100"]
    owner.post(reverse("webhooks:crm_user_forget", args=[crm.pk, crm.users.get().pk]))
    assert not crm.users.exists()


def test_the_log_is_searched_paged_and_sent_again(quay: Organization) -> None:
    crm, owner = make_crm(quay), browser(quay, "owner")
    for number in range(1, 4):
        make_delivery(crm, number, "given_up" if number == 1 else "delivered")
    page = reverse("webhooks:deliveries", args=[crm.pk])

    def listed(query: str) -> list[int]:
        return [row.position for row in owner.get(f"{page}?{query}").context["rows"]]

    assert listed("") == [3, 2, 1]
    assert listed("state=given_up") == listed("q=89991234561") == [1]
    assert listed("q=%00") == [3, 2, 1]
    assert listed("q=00000000-0000-0000-0000-000000000001") == []
    card = owner.get(reverse("webhooks:delivery", args=[crm.pk, crm.deliveries.first().pk])).content.decode()  # type: ignore[union-attr]
    assert "&lt;b&gt;out of order&lt;/b&gt;" in card
    assert owner.post(reverse("webhooks:deliveries_again", args=[crm.pk])).status_code == 204
    assert sorted(crm.deliveries.values_list("state", flat=True)) == ["delivered", "delivered", "waiting"]
    third = crm.deliveries.get(position=3)
    owner.post(reverse("webhooks:delivery_again", args=[crm.pk, third.pk]))
    third.refresh_from_db()
    assert third.state == "waiting"


def test_a_test_message_shows_at_once_what_is_wrong(quay: Organization, crm: FakeCrm) -> None:
    outside, owner = make_crm(quay, crm.address), browser(quay, "owner")
    test = reverse("webhooks:endpoint_test", args=[outside.pk])
    assert "This address leads inside the network." in owner.post(test).content.decode()
    Endpoint.objects.update(is_inside=True, failures=7, open_until=timezone.now())
    assert "The test message was taken." in owner.post(test).content.decode()
    assert crm.taken == [{"cmd": "contact", "phone": "80000000000"}]
    outside.refresh_from_db()
    assert (outside.failures, outside.open_until) == (0, None)
    crm.token = "another"
    assert "The token is refused (403)." in owner.post(test).content.decode()
    assert sorted(outside.deliveries.values_list("state", flat=True)) == ["delivered", "given_up", "given_up"]


def test_an_open_circuit_is_shown_and_closed_by_hand(quay: Organization) -> None:
    crm, owner = make_crm(quay), browser(quay, "owner")
    waiting = make_delivery(crm)
    later = timezone.now() + timedelta(minutes=4)
    Endpoint.objects.update(failures=9, openings=3, open_until=later)
    Delivery.objects.update(next_at=later)
    page = reverse("webhooks:endpoint", args=[crm.pk])
    assert "Does not answer" in owner.get(page).content.decode()
    owner.post(reverse("webhooks:endpoint_try_now", args=[crm.pk]))
    crm.refresh_from_db()
    waiting.refresh_from_db()
    assert (crm.failures, crm.openings, crm.open_until, waiting.next_at < timezone.now()) == (0, 0, None, True)


def test_a_webhooks_secret_is_renewed(quay: Organization) -> None:
    owner = browser(quay, "owner")
    owner.post(
        reverse("webhooks:webhook_add"), {"name": "Bot", "address": "https://b.example/", "types": ["call.ended"]}
    )
    webhook = Webhook.objects.get()
    old = endpoints.secret(webhook)
    assert old in owner.get(reverse("webhooks:endpoint", args=[webhook.pk])).content.decode()
    owner.post(reverse("webhooks:webhook_renew_secret", args=[webhook.pk]))
    webhook.refresh_from_db()
    assert endpoints.secret(webhook) != old and sealing.unseal(webhook.old_secret_sealed or b"") == old
