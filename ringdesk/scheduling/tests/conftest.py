"""A branch with four resources, and one of another organization."""

from datetime import UTC, datetime, timedelta

import pytest

from ringdesk.accounts.models import Branch, Organization
from ringdesk.core.intervals import Span
from ringdesk.scheduling.models import Resource

DAY = datetime(2026, 11, 21, tzinfo=UTC)


def at(start: float, end: float) -> Span:
    """Return the span between two hours of the day."""
    return Span(DAY + timedelta(hours=start), DAY + timedelta(hours=end))


def make_branch(slug: str) -> Branch:
    organization = Organization.objects.create(name=slug, slug=slug)
    return Branch.objects.create(organization=organization, name=slug)


def make_resources(branch: Branch, count: int) -> list[int]:
    return [
        Resource.objects.create(organization=branch.organization, branch=branch, kind="table").pk for _ in range(count)
    ]


@pytest.fixture
def branch(db: None) -> Branch:
    return make_branch("ours")


@pytest.fixture
def organization(branch: Branch) -> int:
    return branch.organization_id


@pytest.fixture
def resources(branch: Branch) -> list[int]:
    return make_resources(branch, 4)
