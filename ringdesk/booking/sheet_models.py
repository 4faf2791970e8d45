"""Tables that people upload: kept between looking at them and writing them, and some days after."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch, Member, OrganizationModel


class SheetImport(OrganizationModel):
    """A table to be imported. ``columns``: what each of its columns is, "" for one that is left out."""

    class Kind(models.TextChoices):
        SERVICES = "services", _("Services and prices")
        EMPLOYEES = "employees", _("Specialists")
        CLIENTS = "clients", _("Clients")

    class State(models.TextChoices):
        PREVIEW = "preview", _("Not imported yet")
        RUNNING = "running", _("Being imported")
        DONE = "done", _("Imported")

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREVIEW)
    file_name = models.CharField(max_length=200, blank=True)
    heading = models.JSONField(default=list)
    rows = models.JSONField(default=list)
    columns = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    # Pairs of the number of a row (from 0) and why it was refused.
    refused = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    # What a look at it found (importing.look), with what it depends on.
    kept_preview = models.JSONField(null=True, blank=True)
    # When a row was written last.
    touched_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["organization", "branch", "-id"])]

    def __str__(self) -> str:
        return self.file_name
