"""The first filter of every query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from ringdesk.accounts.models import Organization


class OrganizationQuerySet(models.QuerySet):  # type: ignore[type-arg]  # generic over whatever model it serves
    """Rows that belong to an organization by a field ``organization``."""

    def for_org(self, organization: Organization | int) -> Self:
        """Keep the rows of this organization and no other."""
        return self.filter(organization=organization)
