"""Halls, tables and the reservations of them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.calendar_addresses import SecretCalendar
from ringdesk.accounts.models import Branch, Member, OrganizationModel
from ringdesk.core import phones
from ringdesk.core.intervals import Span
from ringdesk.crm.models import Client, folded, grams
from ringdesk.scheduling.models import Claim, Resource


class HallSettings(OrganizationModel):
    """How a branch takes reservations. Minutes."""

    branch = models.OneToOneField(Branch, on_delete=models.CASCADE, related_name="hall_settings")
    default_duration = models.PositiveSmallIntegerField(
        _("default duration, minutes"), default=60, validators=[MinValueValidator(15), MaxValueValidator(24 * 60)]
    )

    def __str__(self) -> str:
        return str(self.branch)


class Hall(OrganizationModel):
    """A room or terrace with tables."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="halls")
    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Table(OrganizationModel):
    """Where guests sit. Its time is kept by ``resource``."""

    hall = models.ForeignKey(Hall, on_delete=models.CASCADE, related_name="tables")
    resource = models.OneToOneField(Resource, on_delete=models.PROTECT, related_name="table")
    name = models.CharField(_("number or name"), max_length=40)
    seats = models.PositiveSmallIntegerField(
        _("seats"), default=4, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["hall", "position", "id"]

    def __str__(self) -> str:
        return self.name


class ReservationStatus(OrganizationModel):
    """An editable label with a colour: standard, confirmed, VIP, banquet, deposit paid…"""

    class Colour(models.TextChoices):
        BLUE = "blue", _("Blue")
        GREEN = "green", _("Green")
        VIOLET = "violet", _("Violet")
        TEAL = "teal", _("Teal")
        AMBER = "amber", _("Amber")
        ROSE = "rose", _("Rose")
        GRAY = "gray", _("Gray")
        LIME = "lime", _("Lime")
        SKY = "sky", _("Sky")
        ORANGE = "orange", _("Orange")

    name = models.CharField(_("name"), max_length=40)
    colour = models.CharField(_("colour"), max_length=10, choices=Colour.choices, default=Colour.BLUE)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Reservation(OrganizationModel):
    """Tables for a party at a time. Which tables: the occupancies of ``claim``; none yet is allowed."""

    class Course(models.TextChoices):
        EXPECTED = "expected", _("Expected")
        ARRIVED = "arrived", _("Arrived")
        SEATED = "seated", _("Seated")
        FINISHED = "finished", _("Finished")
        NO_SHOW = "no_show", _("No-show")
        CANCELLED = "cancelled", _("Cancelled")

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="reservations")
    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, related_name="reservation")
    tables = models.ManyToManyField(Table, related_name="reservations")
    status = models.ForeignKey(ReservationStatus, on_delete=models.PROTECT, related_name="+")
    course = models.CharField(_("course"), max_length=10, choices=Course.choices, default=Course.EXPECTED)
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.SET_NULL, related_name="reservations")
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    guest_name = models.CharField(_("guest's name"), max_length=200, blank=True)
    name_folded = models.GeneratedField(
        expression=folded("guest_name"), output_field=models.CharField(max_length=400), db_persist=True
    )
    guests = models.PositiveSmallIntegerField(_("number of guests"), validators=[MinValueValidator(1)])
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    # When the party sat down and left: the bar of a finished visit ends where the guests left.
    seated_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    comment = models.TextField(_("comment"), blank=True)
    # The call it was made from. No foreign key: the hall does not know telephony; web/ joins the two.
    call_id = models.UUIDField(null=True, blank=True)
    created_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(starts_at__lt=models.F("ends_at")), name="reservation_in_order"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization", "branch", "starts_at"]),
            models.Index(fields=["organization", "call_id"]),
            GinIndex(grams("name_folded"), name="reservation_name_grams"),
        ]

    def __str__(self) -> str:
        return self.guest_name or self.phone

    @property
    def title(self) -> str:
        """Return what people call it: the guest's name, else the number, else that nobody has called ahead."""
        return self.guest_name or phones.display(self.phone) or gettext("Walk-in")

    @property
    def is_released(self) -> bool:
        """Tell whether its course has given the tables back."""
        return self.course in RELEASING

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)


class HallCalendar(SecretCalendar):
    """The calendar of a hall's reservations."""

    PREFIX, OWNER = "h", "hall"

    class Details(models.TextChoices):
        TABLES = "tables", _("Tables and numbers of guests only")
        NAMES = "names", _("Also guests’ names")
        PHONES = "phones", _("Also guests’ names and phones")

    hall = models.OneToOneField(Hall, on_delete=models.CASCADE, related_name="calendar")
    details = models.CharField(max_length=10, choices=Details.choices, default=Details.TABLES)


RELEASING = frozenset({Reservation.Course.FINISHED, Reservation.Course.NO_SHOW, Reservation.Course.CANCELLED})
