"""Organizations, their branches and the people who work there."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ringdesk.accounts import access
from ringdesk.accounts.access import Role
from ringdesk.accounts.querysets import OrganizationQuerySet


def validate_timezone(value: str) -> None:
    """Refuse a name that is no IANA time zone."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("Unknown time zone “%(value)s”. Write it like Europe/Moscow."), params={"value": value})


class UserManager(BaseUserManager["User"]):
    """People are known by their e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Store a person; without a password nobody can sign in as them."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Store somebody of the platform's own staff (Django admin)."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What they may do is decided by their seats (Member)."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=150, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("platform staff"), default=False)
    date_joined = models.DateTimeField(auto_now_add=True)
    # Part of what a session is checked against: counting it up ends every session of this person.
    session_generation = models.PositiveIntegerField(default=1, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email

    def get_session_auth_hash(self) -> str:
        """Return what a session must carry to stay this person's (Django asks with every request)."""
        return self._of_this_generation(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under the secret keys of before (SECRET_KEY_FALLBACKS)."""
        return map(self._of_this_generation, super().get_session_auth_fallback_hash())

    def _of_this_generation(self, session_hash: str) -> str:
        return f"{session_hash}.{self.session_generation}"


class Module(models.TextChoices):
    """A part of the product that an organization switches on."""

    HALL = "hall", _("Hostess panel")
    BOOKING = "booking", pgettext_lazy("module", "Bookings")
    CALLS = "calls", _("Calls and clients")


def default_modules() -> list[str]:
    return [Module.HALL, Module.CALLS]


class Organization(models.Model):
    """The tenant. Nothing is ever visible across two of them."""

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    language = models.CharField(_("language"), max_length=5, choices=[("ru", _("Russian")), ("en", _("English"))],
                                default="ru")  # fmt: skip
    modules = ArrayField(models.CharField(max_length=20), default=default_modules)
    popup_seconds = models.PositiveIntegerField(_("how long a popup waits, seconds"), default=300)
    subscription_until = models.DateField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def has_module(self, module: str) -> bool:
        return module in self.modules


class OrganizationModel(models.Model):
    """What belongs to one organization."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        abstract = True


class Branch(OrganizationModel):
    """A place with an address and a time zone."""

    name = models.CharField(_("name"), max_length=200)
    address = models.CharField(_("address"), max_length=300, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Moscow", validators=[validate_timezone])
    region = models.CharField(_("country of its phone numbers"), max_length=2, default="RU")
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)


class OpeningHours(OrganizationModel):
    """When a branch is open on a weekday (0 = Monday), in minutes from midnight; past midnight is over 1440."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField()
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["branch", "weekday", "opens"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6, opens__lt=models.F("closes"), closes__lte=2880, opens__lte=1439),
                name="opening_hours_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday}: {self.opens}–{self.closes}"


class Member(OrganizationModel):
    """A user's seat in an organization."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="seats")
    name = models.CharField(pgettext_lazy("person", "name"), max_length=150)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    branches = models.ManyToManyField(Branch, blank=True, related_name="+", verbose_name=_("only these branches"))
    current_branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(_("language"), max_length=5, choices=[("ru", _("Russian")), ("en", _("English"))],
                                default="ru")  # fmt: skip
    scheme = models.CharField(
        _("colours"),
        max_length=5,
        choices=[("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))],
        default="auto",
    )
    do_not_disturb = models.BooleanField(_("do not disturb"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "user"], name="one_seat_per_user")
        ]

    def __str__(self) -> str:
        return self.name

    def may(self, action: str) -> bool:
        """Tell whether this seat may do ``action`` (a key of ``access.ACTIONS``)."""
        return self.is_active and access.may(self.role, action)


class Invitation(OrganizationModel):
    """A seat offered to an e-mail address. The link's secret: hashed to find it, sealed to show it again."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(pgettext_lazy("person", "name"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    branches = models.ManyToManyField(Branch, blank=True, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    token_sealed = models.BinaryField()
    invited_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.email


class ApiToken(OrganizationModel):
    """A key of a program: belongs to the organization, shown once, stored as its hash."""

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=12)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    created_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEntry(OrganizationModel):
    """Who changed what that matters: members, roles, tokens, connectors."""

    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["organization", "-id"])]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class IdempotentAnswer(OrganizationModel):
    """What a caller's POST with an Idempotency-Key was answered, to answer a repetition the same (idempotency.py)."""

    # "token:5" or "member:7": the keys of two programs have nothing to do with each other.
    caller = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    request_digest = models.BinaryField(max_length=32)
    # Null while the first request is still at work.
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "caller", "key"], name="idempotency_key_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"


# Django looks for tables in this module.
from ringdesk.accounts import oauth_models as oauth_models  # noqa: E402 - they need the tables above
