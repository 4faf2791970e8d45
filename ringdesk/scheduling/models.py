"""What can be occupied, and by whom: the one rule that no two claims ever hold the same resource at once."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from ringdesk.accounts.models import Branch, OrganizationModel


class Resource(OrganizationModel):
    """Something only one party can have at a time: a table; later a specialist, a room, a device."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Claim(OrganizationModel):
    """One party's hold on its resources, taken, moved and released as a whole."""

    kind = models.CharField(max_length=20)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Occupancy(OrganizationModel):
    """One resource occupied by one claim for a time. ``expires_at`` makes it a hold.

    The exclusion constraint says the last no: two active rows of one resource never overlap.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="occupancies")
    during = DateTimeRangeField()
    active = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # The resource as a range of one, so that gist can compare it without the btree_gist extension.
            ExclusionConstraint(
                name="occupancy_never_overlaps",
                index_type="GIST",
                expressions=[
                    (Func(F("resource"), F("resource"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=Q(active=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.during}"
