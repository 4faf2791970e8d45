"""Settings of the booking page and of messages, their log, the waiting list: owner, colleague, stranger."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from ringdesk.accounts.models import Branch, Module
from ringdesk.booking import messages, pages, waiting
from ringdesk.booking.public_models import Message, WaitingClient
from ringdesk.booking.tests.conftest import DAY, NOON, Salon
from ringdesk.booking.tests.fake_post import Gateway, gateway
from ringdesk.booking.tests.test_calendar_feed import browser_of
from ringdesk.crm import clients

HTMX = {"HX-Request": "true"}


@pytest.fixture
def salon(ours: Salon) -> Salon:
    ours.organization.modules = [*ours.organization.modules, Module.BOOKING]
    ours.organization.save()
    return ours


@pytest.fixture
def owner(salon: Salon) -> Browser:
    return browser_of(salon.owner)


@pytest.fixture
def sms() -> Iterator[Gateway]:
    with gateway() as server:
        yield server


def page_fields(**more: Any) -> dict[str, Any]:
    return {"is_open": "on", "welcome": "Hello", "confirmation": "none", "change_notice": "2 h",
            "origins": "salon.example", "version": 1, **more}  # fmt: skip


def message_fields(**more: Any) -> dict[str, Any]:
    return {"confirms": "on", "by_email": "on", "reminders": "1 d, 2 h", "version": 1, **more}


@pytest.mark.parametrize(
    ("name", "colleague"),
    [("page_settings", 403), ("messages", 403), ("message_settings", 403), ("waiting", 200), ("waiting_new", 200)],
)
def test_who_may_open_the_pages(salon: Salon, owner: Browser, name: str, colleague: int) -> None:
    url = reverse(f"booking:{name}")
    hostess = browser_of(salon.member("hostess"))
    assert owner.get(url).status_code == 200
    assert hostess.get(url).status_code == colleague
    assert browser_of(salon.member("cashier")).get(url).status_code == 403
    assert Browser().get(url).status_code == 302


def test_the_page_is_opened_and_its_address_shown(salon: Salon, owner: Browser) -> None:
    url = reverse("booking:page_settings")
    assert "http://testserver/book/ours/" in owner.get(url).content.decode()
    assert owner.post(url, page_fields(), headers=HTMX).status_code == 200
    page = pages.of(salon.organization)
    assert (page.is_open, page.welcome, page.change_notice, page.origins, page.base_url) == (
        True, "Hello", 120, ["https://salon.example"], "http://testserver",
    )  # fmt: skip
    assert Browser().get("/book/ours/").status_code == 200
    stale = owner.post(url, page_fields(version=1), headers=HTMX)
    assert stale.status_code == 409 and "Hello" in stale.content.decode()
    wrong = owner.post(url, page_fields(version=page.version, origins="not a site!"), headers=HTMX)
    assert wrong.status_code == 422 and "is not the address of a site" in wrong.content.decode()
    code = owner.post(url, page_fields(version=page.version, confirmation="code"), headers=HTMX)
    assert code.status_code == 422 and "Codes go out by a gateway" in code.content.decode()
    del_fields = page_fields(version=page.version)
    del del_fields["is_open"]
    assert owner.post(url, del_fields).status_code == 302
    assert Browser().get("/book/ours/").status_code == 404


def test_messages_are_set_up_and_the_key_is_never_shown(salon: Salon, owner: Browser, sms: Gateway) -> None:
    url = reverse("booking:message_settings")
    fields = message_fields(gateway_url=sms.url, header_name="X-Key", header_value="s3cret", is_inside="on")
    saved = owner.post(url, fields, headers=HTMX)
    assert saved.status_code == 200 and "s3cret" not in saved.content.decode()
    settings = messages.settings_of(salon.branch)
    assert (settings.reminders, settings.is_inside, messages.header_of(settings)) == (
        [1440, 120], True, ("X-Key", "s3cret"),
    )  # fmt: skip
    assert "s3cret" not in owner.get(url).content.decode()
    # Saved again without the value typed in: it is kept.
    fields |= {"header_value": "", "version": settings.version}
    assert owner.post(url, fields, headers=HTMX).status_code == 200
    assert messages.header_of(messages.settings_of(salon.branch)) == ("X-Key", "s3cret")
    for wrong in ("tomorrow", "1 d, 2 d, 3 d, 4 d, 5 d, 6 d", "1 min"):
        assert owner.post(url, fields | {"reminders": wrong}, headers=HTMX).status_code == 422
    sent = owner.post(reverse("booking:message_test"), {"channel": "gateway", "to": "8 923 000-00-01"}, headers=HTMX)
    assert "Sent to +79230000001." in sent.content.decode() and sms.taken[0]["kind"] == "test"
    sms.status = 503
    said = owner.post(reverse("booking:message_test"), {"channel": "gateway", "to": "8 923 000-00-01"}, headers=HTMX)
    assert "The gateway answered 503" in said.content.decode()


def test_the_log_shows_what_failed_and_sends_it_again(salon: Salon, theirs: Salon, owner: Browser) -> None:
    for one in (salon, theirs):
        card = clients.create(one.organization, name="Irina", email=f"irina@{one.organization.slug}.example", by=None)
        one.book(10, client=card)
    message = Message.objects.for_org(salon.organization).get()
    Message.objects.update(state="failed", error="mailbox full")
    shown = owner.get(reverse("booking:messages"), {"state": "failed"}).content.decode()
    assert "irina@ours.example" in shown and "mailbox full" in shown and "theirs" not in shown
    assert "irina@ours.example" not in owner.get(reverse("booking:messages"), {"state": "sent"}).content.decode()
    again = reverse("booking:message_again", args=[message.pk])
    assert browser_of(theirs.owner).post(again).status_code == 404
    assert browser_of(salon.member("hostess")).post(again).status_code == 403
    other = Branch.objects.create(organization=salon.organization, name="Second", timezone="Europe/Moscow")
    salon.owner.branches.set([other])  # limited to another branch
    assert owner.post(again).status_code == 404
    salon.owner.branches.clear()
    # In another tab the second branch has been chosen.
    owner.post(reverse("accounts:choose_branch"), {"branch": other.pk})
    assert owner.post(again, headers=HTMX).status_code == 204
    message.refresh_from_db()
    assert message.state == "waiting"


def test_staff_put_somebody_on_the_list_from_a_refusal(salon: Salon, theirs: Salon, owner: Browser) -> None:
    card = clients.create(salon.organization, name="Irina", phones=["+79230000001"], by=None)
    services = ",".join(map(str, salon.ids("Haircut", "Beard")))
    query: dict[str, Any] = {"services": services, "date": DAY.isoformat(), "client": card.pk}
    query["employee"] = salon.employees["Pavel"].pk
    shown = owner.get(reverse("booking:waiting_new"), query, headers=HTMX).content.decode()
    assert 'value="Irina"' in shown and 'value="2026-11-23"' in shown and shown.count("checked") == 2
    fields = {"client_name": "Irina", "phone": "+79230000001", "services": salon.ids("Haircut"), "client": card.pk,
              "employee": "", "first_day": DAY.isoformat(), "last_day": DAY.isoformat(), "part": "evening"}  # fmt: skip
    assert owner.post(reverse("booking:waiting_new"), fields, headers=HTMX).status_code == 204
    one = WaitingClient.objects.get()
    assert (one.client, one.earliest, list(one.services.all())) == (card, 1020, [salon.services["Haircut"]])
    assert (
        owner.post(reverse("booking:waiting_new"), fields | {"last_day": "2026-01-01"}, headers=HTMX).status_code == 422
    )
    foreign = fields | {"services": theirs.ids("Haircut")}
    assert owner.post(reverse("booking:waiting_new"), foreign, headers=HTMX).status_code == 422
    assert "Irina" in owner.get(reverse("booking:waiting")).content.decode()
    assert "Irina" not in browser_of(theirs.owner).get(reverse("booking:waiting")).content.decode()


def test_staff_book_what_is_offered_or_take_somebody_off(salon: Salon, theirs: Salon, owner: Browser) -> None:
    def add(name: str) -> WaitingClient:
        return waiting.add(salon.branch, service_ids=salon.ids("Haircut"), first_day=DAY, last_day=DAY,
                           client_name=name, phone="+79230000001", by=salon.owner)  # fmt: skip

    first, second = add("First"), add("Second")
    waiting.tend(salon.branch.pk, NOON)
    accept = reverse("booking:waiting_act", args=[first.pk, "accept"])
    assert browser_of(theirs.owner).post(accept).status_code == 404
    assert browser_of(salon.member("accountant")).post(accept).status_code == 403
    assert owner.post(accept, headers=HTMX).status_code == 204
    assert owner.post(reverse("booking:waiting_act", args=[second.pk, "remove"]), headers=HTMX).status_code == 204
    assert list(WaitingClient.objects.order_by("pk").values_list("state", flat=True)) == ["booked", "removed"]
    assert "Wait again" in owner.get(reverse("booking:waiting"), {"past": 1}).content.decode()
    assert owner.post(reverse("booking:waiting_act", args=[second.pk, "again"]), headers=HTMX).status_code == 204
    # What was not offered cannot be booked.
    late = owner.post(reverse("booking:waiting_act", args=[second.pk, "accept"]), headers=HTMX)
    assert late.status_code == 409


def test_where_there_are_no_services_nobody_can_wait(salon: Salon, owner: Browser) -> None:
    url = reverse("booking:waiting_new")
    hostess = browser_of(salon.member("hostess"))
    assert 'name="client_name"' in owner.get(url).content.decode()
    salon.branch.services.update(is_active=False)
    for headers in ({}, HTMX):
        page = owner.get(url, headers=headers).content.decode()
        assert "Salon: no services yet" in page and 'name="client_name"' not in page
        assert f'<a class="btn primary" href="{reverse("booking:services")}">Set up services</a>' in page
    page = hostess.get(url, headers=HTMX).content.decode()
    assert "added by its manager" in page and "Set up services" not in page
