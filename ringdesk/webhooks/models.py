"""Who outside is told what happens here: outside CRMs (file 5), receivers of Standard Webhooks, and what was sent."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.models import OrganizationModel
from ringdesk.core.ids import new_id
from ringdesk.webhooks.circuit import Circuit, State


class Endpoint(OrganizationModel):
    """An address that is told of what happens. One of OutsideCrm and Webhook stands beside it."""

    name = models.CharField(_("name"), max_length=100)
    address = models.CharField(_("address"), max_length=500)
    is_active = models.BooleanField(_("active"), default=True)
    # An administrator says that the address may lead inside the network.
    is_inside = models.BooleanField(_("inside my network"), default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    # The last line of the live log that was made into deliveries.
    followed_to = models.BigIntegerField(default=0)
    # The circuit (circuit.py).
    failures = models.PositiveIntegerField(default=0)
    openings = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    last_delivered_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_crm(self) -> bool:
        return isinstance(self, OutsideCrm) or (not isinstance(self, Webhook) and hasattr(self, "outsidecrm"))

    def circuit_state(self, now: datetime) -> State:
        """Return what may be sent now."""
        return Circuit(self.failures, self.openings, self.open_until).state(now)


class OutsideCrm(Endpoint):
    """A CRM that Ringdesk is the connector of. Its token: sealed. Our key for it: hashed to find, sealed to show."""

    token_sealed = models.BinaryField()
    key_hash = models.CharField(max_length=64, unique=True)
    key_sealed = models.BinaryField()
    wants_events = models.BooleanField(_("events"), default=True)
    wants_history = models.BooleanField(_("history"), default=True)
    answers_contact = models.BooleanField(_("smart transfer"), default=False)
    # 89991234567, as the protocol writes it; otherwise +79991234567.
    has_trunk_prefix = models.BooleanField(default=True)


class CrmUser(OrganizationModel):
    """What the CRM calls the user of an extension. Where there is no row, the extension is the user's name."""

    crm = models.ForeignKey(OutsideCrm, on_delete=models.CASCADE, related_name="users")
    extension = models.CharField(_("extension"), max_length=32)
    user = models.CharField(_("user in the CRM"), max_length=100)

    class Meta:
        ordering: ClassVar[list[str]] = ["extension"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["crm", "extension"], name="crm_extension_once"),
            models.UniqueConstraint(fields=["crm", "user"], name="crm_user_once"),
        ]

    def __str__(self) -> str:
        return f"{self.extension}: {self.user}"


class Webhook(Endpoint):
    """A receiver of Standard Webhooks. The secret of before signs too until ``old_secret_until``."""

    secret_sealed = models.BinaryField()
    old_secret_sealed = models.BinaryField(null=True)
    old_secret_until = models.DateTimeField(null=True)
    types = ArrayField(models.CharField(max_length=40))


class Delivery(OrganizationModel):
    """One message to one endpoint. Those of one ``key`` go out one after the other, by ``position``."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", pgettext_lazy("delivery", "Delivered")
        # Tried without success; tried again at ``next_at``.
        FAILED = "failed", _("Failed, will be tried again")
        GIVEN_UP = "given_up", _("Given up")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.UUIDField(default=new_id, unique=True)
    key = models.CharField(max_length=80)
    slot = models.CharField(max_length=100)
    type = models.CharField(max_length=40)
    # The line of the live log it comes from; 0 for a test.
    position = models.BigIntegerField()
    # JSON, as it is sent, but without the token.
    body = models.TextField()
    # What it can be searched by: numbers and extensions.
    words = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    # Trying for three days counts from here.
    tried_since = models.DateTimeField()
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    last_answer = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["endpoint", "key", "slot"], name="delivery_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["endpoint", "-id"]),
            models.Index(
                fields=["endpoint", "next_at"],
                condition=models.Q(state__in=("waiting", "failed")),
                name="delivery_due",
            ),
            models.Index(
                fields=["endpoint", "key", "position", "id"],
                condition=models.Q(state__in=("waiting", "failed")),
                name="delivery_order",
            ),
            models.Index(fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"
