"""The event log. Written by ringdesk.core.events, read by the live channel."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from ringdesk.accounts.models import Organization


class LiveCounter(models.Model):
    """The last id an organization's log has given out; its row is locked until the writer commits."""

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.last_id}"


class LiveEvent(models.Model):
    """One frame of the live channel."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    # Written with the counter, which vouches for the organization.
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    id = models.BigIntegerField()
    type = models.CharField(max_length=40)
    at = models.DateTimeField()
    audience = models.JSONField()
    body = models.JSONField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.id} {self.type}"
