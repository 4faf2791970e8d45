from collections.abc import Iterator

import pytest

from ringdesk.accounts.models import Member, Organization, User
from ringdesk.webhooks.tests import fake_crm
from ringdesk.webhooks.tests.fake_crm import FakeCrm


def make_member(organization: Organization, role: str) -> Member:
    user = User.objects.create_user(f"{role}@{organization.slug}.example")
    return Member.objects.create(organization=organization, user=user, name=role.title(), role=role, language="en")


@pytest.fixture
def crm() -> Iterator[FakeCrm]:
    with fake_crm.running() as running:
        yield running


@pytest.fixture
def organization(transactional_db: None) -> Organization:
    return Organization.objects.create(name="Quay", slug="quay", language="en")


@pytest.fixture
def owner(organization: Organization) -> Member:
    return make_member(organization, "owner")
