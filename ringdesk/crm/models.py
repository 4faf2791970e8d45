"""Clients, contracts, leads, and the phone numbers by which they are known."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.models import Branch, Member, OrganizationModel

# A database of the C locale leaves Russian capitals as they are.
_CAPITALS, _SMALL = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯё", "абвгдеежзийклмнопрстуфхцчшщъыьэюяе"


def folded(text: Combinable | str) -> models.Func:
    """Return the text as search compares it: small letters, ё as е."""
    return models.Func(
        Lower(text), models.Value(_CAPITALS), models.Value(_SMALL), function="translate",
        output_field=models.CharField(max_length=400),
    )  # fmt: skip


def grams(text: Combinable | str) -> models.Func:
    """Return all runs of three letters: what an index can find any part of a name by (there is no pg_trgm)."""
    return models.Func(text, function="crm_grams", output_field=ArrayField(models.TextField()))


class Client(OrganizationModel):
    """A person or a company that calls, books and comes."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", _("Company")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=200)
    name_folded = models.GeneratedField(
        expression=folded("name"), output_field=models.CharField(max_length=400), db_persist=True
    )
    about = models.TextField(_("about the guest"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("tags"))
    company = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="contacts",
                                verbose_name=_("company"))  # fmt: skip
    responsible = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
                                    verbose_name=_("responsible member"))  # fmt: skip
    is_partner = models.BooleanField(_("partner"), default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization", "name", "id"]),
            GinIndex(grams("name_folded"), name="client_name_grams"),
            # Few clients have tags; which are in use, and who has one, is asked of them alone.
            models.Index(fields=["organization", "-id"], condition=~models.Q(tags=[]), name="client_tagged"),
        ]

    def __str__(self) -> str:
        return self.name


class Contract(OrganizationModel):
    """An agreement of a client, with its own number, phones and responsible member."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="contracts")
    number = models.CharField(_("number"), max_length=60)
    responsible = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "number"], name="contract_number_unique")
        ]

    def __str__(self) -> str:
        return self.number


class Lead(OrganizationModel):
    """Somebody not won yet."""

    name = models.CharField(pgettext_lazy("person", "name"), max_length=200)
    stage = models.CharField(_("stage"), max_length=40, default="new")
    responsible = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.SET_NULL, related_name="leads")
    notes = models.TextField(_("notes"), blank=True, default="", db_default="")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.name


class Phone(OrganizationModel):
    """A number of exactly one client, contract or lead. The same number may stand on several cards.

    ``number`` is what core.phones.normalize returns; ``reversed`` its digits backwards, so that the search by
    the last digits is a search by prefix.
    """

    client = models.ForeignKey(Client, null=True, on_delete=models.CASCADE, related_name="phones")
    contract = models.ForeignKey(Contract, null=True, on_delete=models.CASCADE, related_name="phones")
    lead = models.ForeignKey(Lead, null=True, on_delete=models.CASCADE, related_name="phones")
    number = models.CharField(_("phone"), max_length=32)
    reversed = models.CharField(max_length=32)
    label = models.CharField(_("label"), max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=(
                    models.Q(client__isnull=False, contract__isnull=True, lead__isnull=True)
                    | models.Q(client__isnull=True, contract__isnull=False, lead__isnull=True)
                    | models.Q(client__isnull=True, contract__isnull=True, lead__isnull=False)
                ),
                name="phone_has_one_owner",
            ),
            models.UniqueConstraint(fields=["client", "number"], name="phone_once_per_client"),
            models.UniqueConstraint(fields=["contract", "number"], name="phone_once_per_contract"),
            models.UniqueConstraint(fields=["lead", "number"], name="phone_once_per_lead"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["organization", "number"], opclasses=["int8_ops", "varchar_pattern_ops"], name="phone_number"
            ),
            models.Index(
                fields=["organization", "reversed"],
                opclasses=["int8_ops", "varchar_pattern_ops"],
                name="phone_last_digits",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Interaction(OrganizationModel):
    """The document of a telephone call: what became of it, and what was written about it. One per call."""

    class Direction(models.TextChoices):
        IN = "in", _("Incoming")
        OUT = "out", _("Outgoing")

    class Result(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        MISSED = "missed", _("Missed")
        BUSY = "busy", _("Busy")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    # Of telephony.Call: this room does not know that one.
    call_id = models.UUIDField(unique=True, editable=False)
    branch = models.ForeignKey(Branch, null=True, on_delete=models.SET_NULL, related_name="+")
    client = models.ForeignKey(Client, null=True, on_delete=models.SET_NULL, related_name="interactions")
    contract = models.ForeignKey(Contract, null=True, on_delete=models.SET_NULL, related_name="interactions")
    lead = models.ForeignKey(Lead, null=True, on_delete=models.SET_NULL, related_name="interactions")
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    direction = models.CharField(max_length=10, choices=Direction.choices)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    duration = models.PositiveIntegerField(_("duration, seconds"), null=True)
    result = models.CharField(max_length=10, choices=Result.choices, null=True)  # noqa: DJ001 - null is "not known"
    has_recording = models.BooleanField(default=False)
    notes = models.TextField(_("notes"), blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        # As they were created, not by the PBX's clock.
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization", "-id"], name="interaction_latest"),
            models.Index(fields=["organization", "phone"], name="interaction_phone"),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.phone} {self.started_at:%Y-%m-%d %H:%M}"
