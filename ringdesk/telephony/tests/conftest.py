from dataclasses import dataclass

import pytest

from ringdesk.accounts.models import ApiToken, Branch, Member, Organization, User
from ringdesk.core import sealing
from ringdesk.telephony import links
from ringdesk.telephony.models import Connector, Extension


@dataclass(frozen=True)
class Place:
    """An organization with one branch, one operator at extension 100, and one connector of each kind."""

    organization: Organization
    branch: Branch
    operator: Member
    pbx: Connector
    phone: Connector

    def path(self, connector: Connector | None = None) -> str:
        return f"/pbx/{links.token(connector or self.pbx)}/"

    def token(self, *scopes: str) -> str:
        plain = f"rd_{self.organization.slug}_{'_'.join(scopes)}"
        ApiToken.objects.create(
            organization=self.organization,
            name="test",
            prefix=plain[:8],
            token_hash=sealing.fingerprint(plain),
            scopes=list(scopes),
        )
        return plain


def make_place(slug: str) -> Place:
    organization = Organization.objects.create(name=slug.title(), slug=slug)
    branch = Branch.objects.create(organization=organization, name="Quay", timezone="Asia/Novosibirsk")
    user = User.objects.create_user(f"anna@{slug}.example", "correct horse battery")
    operator = Member.objects.create(organization=organization, user=user, name="Anna", role="operator")
    pbx = links.create(organization, "http_events", "PBX", branch)
    phone = links.create(organization, "phone", "Phone", branch)
    Extension.objects.create(organization=organization, connector=pbx, member=operator, number="100")
    return Place(organization, branch, operator, pbx, phone)


@pytest.fixture
def place(transactional_db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def other(transactional_db: None) -> Place:
    return make_place("other")
