"""A restaurant's people and clients, and a stranger's organization with the same."""

from dataclasses import dataclass

import pytest
from django.test import Client as Browser

from ringdesk.accounts.models import Branch, Member, Organization, User
from ringdesk.crm import clients
from ringdesk.crm.models import Client

IVAN = "+79230000001"
ROLES = ("owner", "hostess", "accountant")


@dataclass(frozen=True)
class House:
    """An organization with an owner, a hostess, an accountant (sees clients, may not change them)."""

    organization: Organization
    branch: Branch

    def member(self, role: str) -> Member:
        member: Member = Member.objects.for_org(self.organization).get(role=role)
        return member

    @property
    def owner(self) -> Member:
        return self.member("owner")

    def client(self, name: str, *phones: str, **more: object) -> Client:
        return clients.create(self.organization, name=name, phones=phones, **more)  # type: ignore[arg-type]

    def browser(self, role: str) -> Browser:
        browser = Browser()
        browser.force_login(self.member(role).user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return browser


def make_house(slug: str) -> House:
    organization = Organization.objects.create(name=slug.title(), slug=slug, language="en")
    branch = Branch.objects.create(organization=organization, name="Quay", timezone="Asia/Novosibirsk")
    for role in ROLES:
        user = User.objects.create_user(f"{role}@{slug}.example")
        Member.objects.create(organization=organization, user=user, name=role.title(), role=role, language="en")
    return House(organization, branch)


@pytest.fixture
def ours(db: None) -> House:
    return make_house("ours")


@pytest.fixture
def theirs(db: None) -> House:
    return make_house("theirs")
