"""A restaurant with a PBX and a phone, its people, and a stranger's organization."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client as Browser

from ringdesk.accounts.models import Branch, Member, Organization, User
from ringdesk.crm import clients
from ringdesk.crm.models import Client
from ringdesk.telephony import links
from ringdesk.telephony.models import Connector

ROLES = ("owner", "accountant", "operator", "hostess")


@dataclass(frozen=True)
class Desk:
    """One branch, a connector of each kind, one member of each role."""

    organization: Organization
    branch: Branch
    pbx: Connector
    phone: Connector

    def member(self, role: str) -> Member:
        found: Member = Member.objects.for_org(self.organization).select_related("user").get(role=role)
        return found

    def browser(self, role: str) -> Browser:
        browser = Browser()
        browser.force_login(self.member(role).user)
        return browser

    def guest(self, name: str, *phones: str) -> Client:
        return clients.create(self.organization, name=name, phones=phones)


def make_desk(slug: str) -> Desk:
    organization = Organization.objects.create(name=slug.title(), slug=slug, language="en")
    branch = Branch.objects.create(organization=organization, name="Quay", timezone="Asia/Novosibirsk")
    for role in ROLES:
        user = User.objects.create_user(f"{role}@{slug}.example")
        Member.objects.create(organization=organization, user=user, name=role.title(), role=role, language="en")
    pbx = links.create(organization, "http_events", "PBX", branch)
    phone = links.create(organization, "phone", "Phone", branch)
    return Desk(organization, branch, pbx, phone)


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk("quay")


@pytest.fixture
def stranger(db: None) -> Desk:
    return make_desk("other")


@pytest.fixture
def count_queries() -> Callable[[Callable[[], object]], int]:
    """Return how many queries a call asks, once it is warm."""

    def count(ask: Callable[[], object]) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        ask()
        with CaptureQueriesContext(connection) as asked:
            ask()
        return len(asked)

    return count
