"""A house with everybody in it, and a stranger's house."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.utils import translation
from pytest_django import Settings

from ringdesk.accounts import members, organizations
from ringdesk.accounts.access import Role
from ringdesk.accounts.models import Branch, Member, Organization, User

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class House:
    """An organization with one branch and a member of every role: ``house.owner``, ``house.hostess``…"""

    organization: Organization
    branch: Branch

    def member(self, role: str) -> Member:
        found = Member.objects.for_org(self.organization).select_related("user", "organization")
        return cast(Member, found.filter(role=role).earliest("pk"))

    @property
    def owner(self) -> Member:
        return self.member(Role.OWNER)

    @property
    def administrator(self) -> Member:
        return self.member(Role.ADMINISTRATOR)

    @property
    def hostess(self) -> Member:
        return self.member(Role.HOSTESS)

    def add(self, name: str, role: str = Role.HOSTESS, branches: tuple[Branch, ...] = ()) -> Member:
        """Give a new user a seat."""
        user = User.objects.create_user(f"{name}@{self.organization.slug}.example", name=name)
        return members.add_member(self.organization, user, name=name, role=role, branches=branches, by=None)

    def add_branch(self, name: str) -> Branch:
        return Branch.objects.create(organization=self.organization, name=name)


def make_house(name: str) -> House:
    owner = User.objects.create_user(f"owner@{name}.example", name="Olga")
    organization = organizations.create_organization(name, owner, language="en", branch_name="Quay", slug=name)
    house = House(organization, Branch.objects.for_org(organization).get())
    for role in list(Role)[1:]:
        house.add(str(role), role)
    return house


@pytest.fixture
def house(db: None) -> House:
    return make_house("quay")


@pytest.fixture
def stranger(db: None) -> House:
    return make_house("other")


@pytest.fixture
def enter() -> Callable[[Member | User], Browser]:
    """Return a browser in which somebody is signed in."""

    def enter(who: Member | User) -> Browser:
        browser = Browser(headers={"accept-language": "en"})
        browser.force_login(who.user if isinstance(who, Member) else who)
        return browser

    return enter


@pytest.fixture(autouse=True)
def fresh_start(settings: Settings) -> Iterator[None]:
    """No wrong password of another test counts, and no page of another test has left its language."""
    # A good hash is slow, and here nothing is worth protecting.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    with translation.override("ru"):
        yield
