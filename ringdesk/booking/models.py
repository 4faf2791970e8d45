"""Services, those who provide them, and the bookings of them."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.models import Branch, Member, OrganizationModel
from ringdesk.core.intervals import Span
from ringdesk.crm.models import Client, folded, grams
from ringdesk.scheduling.models import Claim, Resource

DAY = 24 * 60
MOST_PRICE = Decimal("99999999.99")
_PRICES = [MinValueValidator(Decimal(0)), MaxValueValidator(MOST_PRICE)]
_CURRENCIES = [RegexValidator(r"^[A-Z]{3}\Z", _("A currency is three letters, like RUB."))]


class BookingSettings(OrganizationModel):
    """How a branch takes bookings. Minutes and days."""

    class Policy(models.TextChoices):
        RANDOM = "random", _("At random")
        LEAST_LOADED = "least_loaded", _("The least busy that day")
        IN_ORDER = "in_order", _("In the order of the list")

    class Categories(models.TextChoices):
        SERVICES = "service_categories", _("Service categories")
        JOB_TITLES = "job_titles", _("Job titles")

    branch = models.OneToOneField(Branch, on_delete=models.CASCADE, related_name="booking_settings")
    policy = models.CharField(
        _("who gets a booking for any specialist"), max_length=20, choices=Policy.choices, default=Policy.RANDOM
    )
    categories = models.CharField(
        _("what bots choose from first"), max_length=20, choices=Categories.choices, default=Categories.SERVICES
    )
    step = models.PositiveSmallIntegerField(
        _("step of the offered times, minutes"),
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(DAY)],
    )
    notice = models.PositiveIntegerField(
        _("booked online at the latest, minutes before"), default=0, validators=[MaxValueValidator(90 * DAY)]
    )
    horizon = models.PositiveSmallIntegerField(
        _("booked online at the earliest, days before"),
        default=365,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
    )
    hold_minutes = models.PositiveSmallIntegerField(
        _("how long a time is kept while a client decides, minutes"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(DAY)],
    )
    currency = models.CharField(_("currency"), max_length=3, default="RUB", validators=_CURRENCIES)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.branch)


class BranchVersion(OrganizationModel):
    """Numbers that become others with every change: of what can be booked, and of what is booked (versions.py)."""

    branch = models.OneToOneField(Branch, on_delete=models.CASCADE, related_name="+")
    catalogue = models.BigIntegerField(default=0)
    bookings = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.catalogue}.{self.bookings}"


class ServiceCategory(OrganizationModel):
    """Services that belong together. Its ids are odd, those of job titles even: bots ask for either by one number."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="service_categories")
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True, max_length=2000)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class JobTitle(OrganizationModel):
    """What a specialist is: hairdresser, dentist, teacher. Its ids are even, see ServiceCategory."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="job_titles")
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True, max_length=2000)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Pool(OrganizationModel):
    """Rooms or devices of one kind: a service that needs the pool needs any one of them."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="pools")
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Facility(OrganizationModel):
    """One room or device. Its time is kept by ``resource``."""

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="facilities")
    resource = models.OneToOneField(Resource, on_delete=models.PROTECT, related_name="facility")
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]
        verbose_name_plural = "facilities"

    def __str__(self) -> str:
        return self.name


class Service(OrganizationModel):
    """What can be booked. ``notice`` and ``horizon`` are the branch's unless the service has its own."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="services")
    category = models.ForeignKey(
        ServiceCategory, null=True, blank=True, on_delete=models.SET_NULL, related_name="services",
        verbose_name=_("category"),
    )  # fmt: skip
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True, max_length=4000)
    price = models.DecimalField(_("price"), max_digits=10, decimal_places=2, default=Decimal(0), validators=_PRICES)
    currency = models.CharField(_("currency"), max_length=3, default="RUB", validators=_CURRENCIES)
    duration = models.PositiveSmallIntegerField(
        _("duration, minutes"), default=60, validators=[MinValueValidator(5), MaxValueValidator(DAY)]
    )
    buffer_before = models.PositiveSmallIntegerField(
        _("preparation, minutes"), default=0, validators=[MaxValueValidator(DAY)]
    )
    buffer_after = models.PositiveSmallIntegerField(
        _("tidying up, minutes"), default=0, validators=[MaxValueValidator(DAY)]
    )
    capacity = models.PositiveSmallIntegerField(
        _("clients at once"), default=1, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    employees_needed = models.PositiveSmallIntegerField(
        _("specialists at once"), default=1, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    pools = models.ManyToManyField(Pool, blank=True, related_name="services")
    notice = models.PositiveIntegerField(
        _("booked online at the latest, minutes before"), null=True, blank=True,
        validators=[MaxValueValidator(90 * DAY)],
    )  # fmt: skip
    horizon = models.PositiveSmallIntegerField(
        _("booked online at the earliest, days before"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
    )  # fmt: skip
    is_online = models.BooleanField(_("booked online"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.title


class Employee(OrganizationModel):
    """A specialist of a branch; ``member`` is their seat, if they have one. Their time is kept by ``resource``."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="employees")
    resource = models.OneToOneField(Resource, on_delete=models.PROTECT, related_name="employee")
    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    job_title = models.ForeignKey(
        JobTitle, null=True, blank=True, on_delete=models.SET_NULL, related_name="employees",
        verbose_name=_("job title"),
    )  # fmt: skip
    name = models.CharField(pgettext_lazy("person", "name"), max_length=150)
    information = models.TextField(_("information"), blank=True, max_length=4000)
    photo = models.ImageField(_("photo"), upload_to="employees", blank=True)
    services = models.ManyToManyField(Service, through="EmployeeService", related_name="employees")
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class EmployeeService(OrganizationModel):
    """That a specialist provides a service, and for what price and how long where it is not the service's own."""

    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="skills")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="skills")
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True, validators=_PRICES)
    duration = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(5), MaxValueValidator(DAY)]
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["service__position", "service_id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["employee", "service"], name="employee_provides_once")
        ]

    def __str__(self) -> str:
        return f"{self.employee_id}: {self.service_id}"


class ExternalClient(OrganizationModel):
    """Who a bot's own id for a person is among our clients."""

    external_id = models.CharField(max_length=200)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "external_id"], name="external_client_once")
        ]

    def __str__(self) -> str:
        return self.external_id


class Booking(OrganizationModel):
    """A visit: services by one or several specialists at a time. Their time is what ``claim`` occupies.

    The clients of one group session share its claim. A booking held for a client who decides has ``held_until``.
    """

    class Status(models.TextChoices):
        HELD = "held", pgettext_lazy("booking", "Kept while the client decides")
        BOOKED = "booked", pgettext_lazy("booking", "Booked")
        ARRIVED = "arrived", pgettext_lazy("booking", "Arrived")
        NO_SHOW = "no_show", pgettext_lazy("booking", "No-show")
        CANCELLED = "cancelled", pgettext_lazy("booking", "Cancelled")

    class Source(models.TextChoices):
        STAFF = "staff", _("Staff")
        API = "api", _("API")
        BOT = "bot", _("Bot")
        ASSISTANT = "assistant", _("AI assistant")
        PAGE = "page", _("Booking page")

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="bookings")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="bookings")
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.SET_NULL, related_name="bookings")
    client_name = models.CharField(_("client's name"), max_length=200, blank=True)
    name_folded = models.GeneratedField(
        expression=folded("client_name"), output_field=models.CharField(max_length=400), db_persist=True
    )
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="bookings")
    assistants = models.ManyToManyField(Employee, blank=True, related_name="assisted")
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.BOOKED)
    held_until = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.STAFF)
    notes = models.TextField(_("notes"), blank=True, max_length=10_000)
    # What the visit costs where it is not the sum of its services.
    price = models.DecimalField(_("price"), max_digits=10, decimal_places=2, null=True, blank=True, validators=_PRICES)
    currency = models.CharField(_("currency"), max_length=3, default="RUB")
    # Visits that were booked as repetitions of one.
    series = models.UUIDField(null=True, blank=True, db_index=True)
    # The call it was made from. No foreign key: this room does not know telephony; web/ joins the two.
    call_id = models.UUIDField(null=True, blank=True)
    created_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="booking_in_order"),
            models.CheckConstraint(
                condition=Q(status="held", held_until__isnull=False) | (~Q(status="held") & Q(held_until=None)),
                name="booking_hold_ends",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organization", "branch", "starts_at"]),
            # What is not over yet is little, what is over grows for ever.
            models.Index(fields=["organization", "branch", "ends_at"]),
            models.Index(fields=["organization", "client", "starts_at"]),
            models.Index(fields=["employee", "starts_at"]),
            GinIndex(grams("name_folded"), name="booking_name_grams"),
        ]

    def __str__(self) -> str:
        return self.client_name or self.phone or f"{self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)

    @property
    def is_released(self) -> bool:
        """Tell whether its status has given the time back. A hold that has expired still says held."""
        return self.status in RELEASING

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def total(self) -> Decimal:
        """Return what the visit costs: the price agreed, else the sum of its services."""
        return self.price if self.price is not None else sum((line.price for line in self.lines.all()), Decimal(0))


class BookingLine(OrganizationModel):
    """A service of a booking as it was when it was booked."""

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="lines")
    service = models.ForeignKey(Service, null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=200)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    duration = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.title


RELEASING = frozenset({Booking.Status.NO_SHOW, Booking.Status.CANCELLED})

# Django looks for tables in this module.
from ringdesk.booking import public_models as public_models  # noqa: E402 - they need the tables above
from ringdesk.booking import sheet_models as sheet_models  # noqa: E402 - they need the tables above
