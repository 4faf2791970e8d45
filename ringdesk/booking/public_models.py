"""What stands between a booking and the client: the public page, messages, the waiting list, calendars of others."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.calendar_addresses import SecretCalendar
from ringdesk.accounts.models import Branch, Organization, OrganizationModel
from ringdesk.booking.models import Booking, Employee, Service
from ringdesk.crm.models import Client

DAY = 24 * 60


class BookingPage(OrganizationModel):
    """The page `/book/<slug>/` on which clients book themselves, and its widget."""

    class Confirmation(models.TextChoices):
        NONE = "none", _("Not needed")
        EMAIL = "email", _("A link by e-mail")
        CODE = "code", _("A code by text message")

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="booking_page")
    is_open = models.BooleanField(_("clients book on the page"), default=False)
    welcome = models.TextField(_("welcome"), blank=True, max_length=1000)
    confirmation = models.CharField(
        _("how a client confirms"), max_length=10, choices=Confirmation.choices, default=Confirmation.NONE
    )
    # Who may show the widget: origins such as https://example.com; none: everybody.
    origins = ArrayField(models.CharField(max_length=200), default=list, blank=True, verbose_name=_("sites"))
    # Minutes before the visit up to which clients move and cancel themselves.
    change_notice = models.PositiveIntegerField(
        _("clients move and cancel at the latest, minutes before"),
        default=0,
        validators=[MaxValueValidator(30 * DAY)],
    )
    # Scheme and host under which members reach Ringdesk: for links in messages where RINGDESK_PUBLIC_URL is not set.
    # A visitor's request may claim any host, so theirs is never asked.
    base_url = models.CharField(max_length=200, blank=True)
    # Where the visitor reads what becomes of the data they type in; none: the consent line stands alone.
    privacy_url = models.URLField(_("address of the privacy policy"), blank=True, max_length=500)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.organization_id)


class PageRequest(OrganizationModel):
    """What the visitor of the page said about a booking, and whether it has still to be confirmed (by link or code).

    The e-mail address is of this booking alone: a stranger changes no card by knowing its number.
    """

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="request")
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=5, default="ru")
    # "" where nothing has to be confirmed, and for a link (which is signed).
    code_hash = models.CharField(max_length=128, blank=True)
    expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.booking_id)


class MessageSettings(OrganizationModel):
    """Which messages the clients of a branch get, and by what. The gateway's header is sealed (core.sealing)."""

    branch = models.OneToOneField(Branch, on_delete=models.CASCADE, related_name="message_settings")
    confirms = models.BooleanField(_("confirm bookings, moves and cancellations"), default=True)
    # Minutes before the visit, e.g. [1440, 120].
    reminders = ArrayField(
        models.PositiveIntegerField(validators=[MinValueValidator(5), MaxValueValidator(30 * DAY)]),
        default=list, blank=True, size=5, verbose_name=_("reminders, minutes before"),
    )  # fmt: skip
    by_email = models.BooleanField(_("by e-mail"), default=True)
    # A POST of JSON {"to", "text", …} to an SMS gateway or anything else that delivers messages.
    gateway_url = models.URLField(_("address of the gateway"), blank=True, max_length=500)
    gateway_sealed = models.BinaryField(null=True, blank=True)
    # The gateway stands inside the network: only who may change the organization says so.
    is_inside = models.BooleanField(_("inside my network"), default=False)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.branch)


class Message(OrganizationModel):
    """A message to a client about a booking, to be sent at ``due_at``. The log of what was sent."""

    class Kind(models.TextChoices):
        BOOKED = "booked", _("Confirmation")
        MOVED = "moved", _("Moved")
        CANCELLED = "cancelled", _("Cancelled")
        REMINDER = "reminder", _("Reminder")
        OFFER = "offer", _("A time has become free")
        CODE = "code", _("Code")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        GATEWAY = "gateway", _("Text message")

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("message", "Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", pgettext_lazy("message", "Failed")
        DROPPED = "dropped", _("No longer needed")

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="+")
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, null=True, blank=True, related_name="messages")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    to = models.CharField(max_length=254)
    # What makes it one message: the same key is never sent twice.
    key = models.CharField(max_length=100)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "key", "channel"], name="message_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="message_due"),
            models.Index(fields=["organization", "-id"]),
        ]

    def __str__(self) -> str:
        return self.key


class WaitingClient(OrganizationModel):
    """Somebody who waits for a time to become free. ``offered``: the hold that is kept for them meanwhile."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        OFFERED = "offered", _("Offered a time")
        BOOKED = "booked", _("Booked")
        REMOVED = "removed", _("Removed")
        EXPIRED = "expired", _("Too late")

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="waiting_clients")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    client_name = models.CharField(_("client's name"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(max_length=5, blank=True)
    services = models.ManyToManyField(Service, related_name="+")
    employee = models.ForeignKey(Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    # Minutes of the day between which the visit may begin.
    earliest = models.PositiveSmallIntegerField(default=0)
    latest = models.PositiveSmallIntegerField(default=DAY, validators=[MaxValueValidator(DAY)])
    notes = models.TextField(_("notes"), blank=True, max_length=2000)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    offered = models.ForeignKey(Booking, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    offered_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization", "branch", "state", "created_at"]),
        ]

    def __str__(self) -> str:
        return self.client_name or self.phone


class CalendarFeed(SecretCalendar):
    """The calendar of a specialist's bookings."""

    PREFIX, OWNER = "s", "employee"

    class Details(models.TextChoices):
        SERVICES = "services", _("Services only")
        NAMES = "names", _("Services and clients’ names")
        PHONES = "phones", _("Services, clients’ names and phones")

    employee = models.OneToOneField(Employee, on_delete=models.CASCADE, related_name="calendar_feed")
    details = models.CharField(max_length=10, choices=Details.choices, default=Details.SERVICES)
