"""The five conditions of a connector service, each with what to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone, translation

from ringdesk.accounts.models import Member, User
from ringdesk.telephony import link_cache, links, readiness
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.models import Connector
from ringdesk.telephony.tests.conftest import Place
from ringdesk.telephony.tests.past import make_call


@pytest.fixture
def crm(place: Place, settings: Any) -> Connector:
    settings.PUBLIC_URL = "https://desk.example"
    return links.create(place.organization, "crm_json", "Service", place.branch)


def ticks(connector: Connector) -> list[bool]:
    checks = registry()["crm_json"].readiness(link_cache.link(connector))
    assert all(check.ready or check.advice for check in checks)
    return [check.ready for check in checks]


def test_one_after_the_other(place: Place, crm: Connector) -> None:
    assert ticks(crm) == [False, False, False, False, False]
    own = {"makecall_key": "key"}
    links.change(crm, name="S", branch=None, settings={"makecall_url": "https://pbx.example"}, new_secrets=own)
    assert ticks(crm) == [False, True, False, False, False]
    refused_at = timezone.now()
    Connector.objects.filter(pk=crm.pk).update(last_error="403: The CRM token is wrong.", last_error_at=refused_at)
    assert ticks(crm) == [True, True, False, False, False]
    Connector.objects.filter(pk=crm.pk).update(last_event_at=refused_at + timedelta(seconds=1))
    assert ticks(crm) == [True, True, True, False, False]
    make_call(crm, extensions=["100"])
    assert ticks(crm) == [True, True, True, True, False]
    crm.extensions.create(organization=place.organization, member=place.operator, number="100")
    assert ticks(crm) == [True, True, True, True, True]
    Connector.objects.filter(pk=crm.pk).update(last_error_at=refused_at + timedelta(seconds=2))
    assert ticks(crm) == [True, True, False, True, True]


def test_a_test_call_and_another_connector_prove_nothing(place: Place, crm: Connector) -> None:
    make_call(crm, 1, extensions=["100"], external_id="test-1")
    make_call(place.pbx, 2, extensions=["100"])
    assert readiness.seen_extensions(crm) == []


def test_the_advice_names_the_extensions_of_calls(crm: Connector) -> None:
    make_call(crm, extensions=["100", "101"])
    with translation.override("en"):
        advice = registry()["crm_json"].readiness(link_cache.link(crm))[4].advice
        assert advice == "Assign extensions to members. In calls so far: 100, 101."


@pytest.mark.parametrize(
    ("url", "is_local"),
    [("http://127.0.0.1:8000", True), ("http://localhost", True), ("http://[::1]:8000", True), ("", True),
     ("https://desk.example", False), ("http://192.168.1.5:8000", False)],
)  # fmt: skip
def test_what_is_published(url: str, is_local: bool, crm: Connector, settings: Any) -> None:
    assert readiness.is_local(url) is is_local
    settings.PUBLIC_URL = url
    Connector.objects.filter(pk=crm.pk).update(last_event_at=timezone.now())
    assert ticks(crm)[0] is not is_local


def test_the_page_shows_them_and_the_token(place: Place, crm: Connector) -> None:
    user = User.objects.create_user("owner@quay.example")
    Member.objects.create(organization=place.organization, user=user, name="Olga", role="owner", language="en")
    browser = Browser()
    browser.force_login(user)
    page = browser.get(reverse("telephony:connector", args=[crm.pk]))
    assert len(page.context["checks"]) == 5
    text = page.content.decode()
    assert links.own_secrets(crm)["crm_token"] in text
    assert "https://desk.example/pbx/" in text and "{{ address }}" not in text
    assert "Change this connector: enter the address for placing calls and its key." in text
    assert browser.get(reverse("telephony:connector_change", args=[crm.pk])).status_code == 200


@pytest.mark.parametrize("kind", ["crm_json", "binotel", "zadarma"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_kind_is_set_up_on_its_pages(place: Place, kind: str, language: str, settings: Any) -> None:
    settings.PUBLIC_URL = "https://desk.example"
    user = User.objects.create_user("owner@quay.example")
    Member.objects.create(organization=place.organization, user=user, name="Olga", role="owner", language=language)
    browser = Browser()
    browser.force_login(user)
    assert browser.get(reverse("telephony:connector_add", args=[kind])).status_code == 200
    typed = {"name": "PBX", "api_key": "key", "api_secret": "secret", "addresses": "203.0.113.9"}
    assert browser.post(reverse("telephony:connector_add", args=[kind]), typed).status_code == 302
    connector = Connector.objects.get(kind=kind)
    page = browser.get(reverse("telephony:connector", args=[connector.pk]))
    assert links.address(connector, "https://desk.example") in page.context["setup"]
    assert ("## Если ничего не приходит" in page.context["setup"]) is (language == "ru")
    assert browser.get(reverse("telephony:connector_change", args=[connector.pk])).status_code == 200
