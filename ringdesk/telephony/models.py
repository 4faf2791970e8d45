"""Where calls come from and what became of them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch, Member, Organization, OrganizationModel
from ringdesk.core.ids import new_id
from ringdesk.crm.models import Client, Contract, Lead, grams
from ringdesk.telephony.rules import LAST_DIGITS, MOST_DIGITS


class Connector(OrganizationModel):
    """One configured link to one PBX or phone. Its address holds a secret: hashed to find it, sealed to show it."""

    kind = models.CharField(max_length=30)
    name = models.CharField(_("name"), max_length=100)
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
                               verbose_name=_("branch"))  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)
    token_hash = models.CharField(max_length=64, unique=True)
    token_sealed = models.BinaryField()
    settings = models.JSONField(default=dict, blank=True)
    secrets_sealed = models.BinaryField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    # Deleted by a member: gone from every page but those of its calls.
    removed_at = models.DateTimeField(null=True, editable=False)
    # Health. Written every few seconds by the doors, not with every event.
    last_event_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True)
    events_received = models.BigIntegerField(default=0)
    requests_refused = models.BigIntegerField(default=0)
    received_while_off = models.BigIntegerField(default=0)
    agent_version = models.CharField(max_length=120, blank=True)
    # Of a source that is listened to: since when the connection stands, and when that was last confirmed.
    connected_at = models.DateTimeField(null=True)
    connection_seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class CallSettings(models.Model):
    """What an organization has set for all its calls. Where there is no row, rules.Rules' defaults hold."""

    class Moment(models.TextChoices):
        NEVER = "never", _("Never")
        RINGING = "ringing", _("When it rings")
        ANSWERED = "answered", _("When answered")
        ENDED = "ended", _("When the talk ends")

    class Shown(models.TextChoices):
        NEVER = "never", _("Never")
        IN = "in", _("Incoming only")
        OUT = "out", _("Outgoing only")
        BOTH = "both", _("Incoming and outgoing")

    class Engine(models.TextChoices):
        YANDEX = "yandex", _("Yandex")
        GOOGLE = "google", "Google"
        DUCKDUCKGO = "duckduckgo", "DuckDuckGo"

    organization = models.OneToOneField(Organization, primary_key=True, on_delete=models.CASCADE,
                                        related_name="call_settings")  # fmt: skip
    incoming_window = models.CharField(max_length=10, choices=Moment.choices, default=Moment.NEVER)
    outgoing_window = models.CharField(max_length=10, choices=Moment.choices, default=Moment.NEVER)
    create_incoming = models.BooleanField(default=False)
    create_outgoing = models.BooleanField(default=False)
    show_created = models.CharField(max_length=10, choices=Shown.choices, default=Shown.NEVER)
    last_digits = models.PositiveSmallIntegerField(
        default=LAST_DIGITS, validators=[MinValueValidator(1), MaxValueValidator(MOST_DIGITS)]
    )
    forwarding = models.BooleanField(default=False)
    notifications = models.BooleanField(default=False)
    search_engine = models.CharField(max_length=12, choices=Engine.choices, default=Engine.YANDEX)
    # Days a recording is kept; empty: for ever.
    recording_days = models.PositiveSmallIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.organization_id)


class CallDocuments(models.Model):
    """How far the «Call» documents of an organization are created, and since when it wants which of them."""

    organization = models.OneToOneField(Organization, primary_key=True, on_delete=models.CASCADE, related_name="+")
    incoming_since = models.DateTimeField(null=True)
    outgoing_since = models.DateTimeField(null=True)
    # Calls last heard of before this have their documents.
    until = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.organization_id)


class Line(OrganizationModel):
    """An external number that is called, and the branch it belongs to."""

    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="lines")
    number = models.CharField(_("number"), max_length=32)
    label = models.CharField(_("name"), max_length=60, blank=True)
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
                               verbose_name=_("branch"))  # fmt: skip

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["connector", "number"], name="line_once_per_connector")
        ]

    def __str__(self) -> str:
        return self.label or self.number


class Extension(OrganizationModel):
    """A PBX-internal number of a member: one record per member and connector."""

    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="extensions")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="extensions")
    number = models.CharField(_("extension"), max_length=32)

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["connector", "number"], name="extension_once_per_connector"),
            models.UniqueConstraint(fields=["connector", "member"], name="extension_one_per_member"),
        ]

    def __str__(self) -> str:
        return self.number


class Call(OrganizationModel):
    """One conversation attempt, folded from its events. ``calls.receive`` is the only writer of its course."""

    class Direction(models.TextChoices):
        IN = "in", _("Incoming")
        OUT = "out", _("Outgoing")
        INTERNAL = "internal", _("Internal")

    class State(models.TextChoices):
        RINGING = "ringing", _("Ringing")
        ANSWERED = "answered", _("Answered")
        HELD = "held", _("On hold")
        ENDED = "ended", _("Ended")

    class Result(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        MISSED = "missed", _("Missed")
        BUSY = "busy", _("Busy")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # A ringing phone waits for every index and every check. Indexes below begin with organization or connector, nobody
    # asks for a branch alone; and the connector vouches for the organization.
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="calls", db_index=False)
    branch = models.ForeignKey(Branch, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    # What the PBX calls it. PBXes use an id again for another call: ``generation`` tells them apart.
    external_id = models.CharField(max_length=200)
    generation = models.PositiveIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)
    direction = models.CharField(max_length=10, choices=Direction.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    result = models.CharField(max_length=10, choices=Result.choices, null=True)  # noqa: DJ001 - null is "not known"
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    line = models.CharField(_("line"), max_length=32, blank=True)
    extension = models.CharField(_("extension"), max_length=32, null=True)  # noqa: DJ001 - null is "not known"
    extensions = ArrayField(models.CharField(max_length=32), default=list)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    client = models.ForeignKey(Client, null=True, on_delete=models.SET_NULL, related_name="+")
    contract = models.ForeignKey(Contract, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    lead = models.ForeignKey(Lead, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    duration = models.PositiveIntegerField(_("duration, seconds"), null=True)
    recording_url = models.TextField(blank=True)
    first_received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    end_received_at = models.DateTimeField(null=True)
    # What it was turned into: ("reservation", "17").
    outcome_kind = models.CharField(max_length=20, blank=True)
    outcome_id = models.CharField(max_length=40, blank=True)
    trace = models.JSONField(default=list)
    # What members wrote about it, and who said that nobody need call back. The receiver leaves both alone.
    notes = models.TextField(_("notes"), blank=True, default="", db_default="")
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        # Arrival, not the PBX's clock: some clocks are years off, and lists must not lose a call by that.
        ordering: ClassVar[list[str]] = ["-first_received_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["connector", "external_id", "generation"], name="call_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization", "-first_received_at", "-id"]),
            models.Index(fields=["organization", "phone", "-first_received_at"]),
            models.Index(fields=["last_received_at"], condition=~models.Q(state="ended"), name="call_open"),
            models.Index(
                fields=["organization", "last_received_at"], condition=models.Q(state="ended"), name="call_over"
            ),
            # Any part of a number, once nobody waits for the call any more; the few open ones are looked through.
            # Each is sorted in at once (fastupdate): put off, the sorting of hundreds falls to one.
            GinIndex(grams("phone"), name="call_phone_grams", condition=models.Q(state="ended"), fastupdate=False),
            models.Index(
                fields=["organization", "-first_received_at", "phone"],
                condition=models.Q(
                    direction="in",
                    state="ended",
                    answered_at__isnull=True,
                    settled_at__isnull=True,
                    result__in=["missed", "busy", "cancelled", "failed"],
                ),
                name="call_missed",
            ),
            models.Index(
                fields=["organization", "-settled_at"],
                condition=models.Q(settled_at__isnull=False),
                name="call_settled",
            ),
            # Most calls have none of these.
            models.Index(fields=["contract"], condition=models.Q(contract__isnull=False), name="call_contract"),
            models.Index(fields=["lead"], condition=models.Q(lead__isnull=False), name="call_lead"),
            models.Index(fields=["settled_by"], condition=models.Q(settled_by__isnull=False), name="call_settled_by"),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.phone} {self.state}"


class CallEvent(OrganizationModel):
    """One immutable fact a connector reported: as it came (``raw``) and in our words (``event``)."""

    # Written with its call, which vouches for the organization.
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=12)
    received_at = models.DateTimeField()
    # The same report received again for the same call is stored once.
    digest = models.BinaryField(max_length=16)
    event = models.JSONField()
    raw = models.JSONField()

    class Meta:
        ordering: ClassVar[list[str]] = ["received_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["call", "digest"], name="call_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.received_at:%H:%M:%S}"


class Popup(OrganizationModel):
    """One waiting call in the operators' queue of a branch (of every branch when the call has none)."""

    # Written with its call, which vouches for both.
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    branch = models.ForeignKey(
        Branch, null=True, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="popup")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Once a member has answered, only that member goes on seeing it.
    answered_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["organization", "expires_at"],
                condition=models.Q(closed_at__isnull=True),
                name="popup_open",
            ),
            models.Index(
                fields=["answered_by"], condition=models.Q(answered_by__isnull=False), name="popup_answered_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_id}"


class PopupDismissal(OrganizationModel):
    """A member pressed the cross: gone for that member on all screens."""

    popup = models.ForeignKey(Popup, on_delete=models.CASCADE, related_name="dismissals")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["popup", "member"], name="popup_dismissed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.popup_id} {self.member_id}"


class PhoneBookEntry(OrganizationModel):
    """An incoming number: how often it called, when, and its last call."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    phone = models.CharField(max_length=32)
    calls = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_call = models.ForeignKey(Call, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["-last_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "phone"], name="phone_book_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["organization", "-last_at"])]

    def __str__(self) -> str:
        return self.phone


class IgnoredNumber(OrganizationModel):
    """A number whose calls bother nobody: no popup, no window, nothing to call back. They are still in the list."""

    phone = models.CharField(_("phone"), max_length=32)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "phone"], name="ignored_once"),
        ]

    def __str__(self) -> str:
        return self.phone


class Recording(OrganizationModel):
    """The sound of a call: where the source keeps it, and our own copy of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Being fetched")
        STORED = "stored", _("Stored")
        # Played through us from where the source keeps it, as the connector is set.
        PROXIED = "proxied", _("Kept by the PBX")
        FAILED = "failed", _("Could not be fetched")
        DELETED = "deleted", _("Deleted")

    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="recording")
    reference = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    file = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=60, blank=True)
    size = models.BigIntegerField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    stored_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(state="waiting"), name="recording_waiting"),
            models.Index(
                fields=["organization", "stored_at"], condition=models.Q(state="stored"), name="recording_stored"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_id} {self.state}"


class RecordingListening(OrganizationModel):
    """Somebody heard or downloaded a recording."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="listenings")
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    # Where no member listened: the name of the API token.
    by_token = models.CharField(max_length=100, blank=True)
    is_download = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.recording_id} {self.at:%H:%M:%S}"


class PlacedCall(OrganizationModel):
    """A click on a number: the member's own device is rung first, then the number is dialled."""

    class State(models.TextChoices):
        ASKED = "asked", _("Being placed")
        ACCEPTED = "accepted", _("Accepted by the PBX")
        REFUSED = "refused", _("Refused by the PBX")

    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    extension = models.CharField(max_length=32)
    phone = models.CharField(max_length=32)
    # Ours, sent to the source; and what the source calls the call, if it says.
    command_id = models.CharField(max_length=64, unique=True)
    external_id = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["member", "phone", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.extension} → {self.phone}"


class DialingKey(models.Model):
    """An organization's key for programs that have calls placed: hashed to find it, sealed to show it."""

    organization = models.OneToOneField(Organization, primary_key=True, on_delete=models.CASCADE, related_name="+")
    key_hash = models.CharField(max_length=64, unique=True)
    key_sealed = models.BinaryField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.organization_id)
