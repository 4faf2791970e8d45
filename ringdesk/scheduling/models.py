"""What can be occupied, and by whom: the one rule that no two claims ever hold the same resource at once."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from ringdesk.accounts.models import Branch, OrganizationModel

# A shift begins on its day and lasts a day at most.
IN_ORDER = Q(starts__lt=1440, ends__gt=F("starts"), ends__lte=F("starts") + 1440)
DAYS = Func(F("first_day"), F("last_day"), Value("[]"), function="daterange")


class Resource(OrganizationModel):
    """Something only one party can have at a time: a table, a specialist, a room, a device."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    # Counted up with every change of its working hours and exceptions.
    schedule_version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def version(self) -> int:
        """Return what a change of its schedule has to have seen."""
        return self.schedule_version


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


class WorkingHours(OrganizationModel):
    """What somebody works on a weekday (0 = Monday): minutes from midnight, past midnight over 1440."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="working_hours")
    weekday = models.PositiveSmallIntegerField()
    starts = models.PositiveSmallIntegerField()
    ends = models.PositiveSmallIntegerField()
    breaks = ArrayField(ArrayField(models.PositiveSmallIntegerField(), size=2), default=list, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["resource", "weekday"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["resource", "weekday"], name="one_shift_a_weekday"),
            models.CheckConstraint(condition=Q(weekday__lte=6) & IN_ORDER, name="working_hours_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.weekday}: {self.starts}–{self.ends}"


class ScheduleException(OrganizationModel):
    """Days on which somebody works other hours than the week says, or (without hours) not at all."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="schedule_exceptions")
    first_day = models.DateField()
    last_day = models.DateField()
    starts = models.PositiveSmallIntegerField(null=True)
    ends = models.PositiveSmallIntegerField(null=True)
    breaks = ArrayField(ArrayField(models.PositiveSmallIntegerField(), size=2), default=list, blank=True)
    note = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["resource", "first_day"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True) | IN_ORDER, name="exception_in_order"
            ),
            models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="exception_days_in_order"),
            ExclusionConstraint(
                name="one_exception_a_day",
                index_type="GIST",
                expressions=[
                    (Func(F("resource"), F("resource"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (DAYS, RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.first_day}–{self.last_day}"


class Holiday(OrganizationModel):
    """Days on which a branch rests: nobody works, but for those whose own exception says so."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="holidays")
    first_day = models.DateField()
    last_day = models.DateField()
    name = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["branch", "first_day"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="holiday_days_in_order"),
            ExclusionConstraint(
                name="one_holiday_a_day",
                index_type="GIST",
                expressions=[
                    (Func(F("branch"), F("branch"), Value("[]"), function="int8range"), RangeOperators.OVERLAPS),
                    (DAYS, RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.first_day}–{self.last_day}"
