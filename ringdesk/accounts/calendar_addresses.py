"""Calendars of others' programs under secret addresses: made, changed, closed. Nobody else writes such a calendar.

A room says whose calendars it has (a model of its own) and what stands in them.
"""

from typing import Any, ClassVar, TypeVar, cast

from django.db import models, transaction
from django.utils import timezone

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member, OrganizationModel
from ringdesk.core import calendars
from ringdesk.core.sealing import fingerprint, seal, unseal


class SecretCalendar(OrganizationModel):
    """The secret address `/ical/<secret>.ics` of something's visits. Kept as a hash, and sealed.

    ``PREFIX`` is what its secrets begin with; ``OWNER`` names the field that says whose calendar it is: something with
    a name, a branch, and whether it is in use. ``Details``: what of people it may tell, the least first.
    """

    PREFIX: ClassVar[str]
    OWNER: ClassVar[str]
    Details: ClassVar[type[models.TextChoices]]

    secret_hash = models.CharField(max_length=64, unique=True)
    secret_sealed = models.BinaryField()
    # What of people leaves the house by this address.
    details = models.CharField(max_length=10)
    made_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.owner)

    @property
    def owner(self) -> Any:
        """Return whose calendar it is."""
        return getattr(self, self.OWNER)

    @property
    def path(self) -> str:
        """Return the address without scheme and host."""
        return f"/ical/{unseal(self.secret_sealed)}.ics"


Calendar = TypeVar("Calendar", bound=SecretCalendar)


def of(kind: type[Calendar], owner: Any) -> Calendar | None:
    """Return its calendar, None where none was made."""
    found: Calendar | None = kind.objects.for_org(owner.organization_id).filter(**{kind.OWNER: owner}).first()
    return found


def find(kind: type[Calendar], secret: str) -> Calendar | None:
    """Return the calendar with this secret, of something that is still in use."""
    rows = kind.objects.select_related(f"{kind.OWNER}__branch", "organization")
    found: Calendar | None = rows.filter(secret_hash=fingerprint(secret), **{f"{kind.OWNER}__is_active": True}).first()
    return found


def make(kind: type[Calendar], owner: Any, details: str, *, by: Member | None) -> Calendar:
    """Give its calendar a new address; the one it had answers no more."""
    secret = calendars.new_secret(kind.PREFIX)
    fresh: dict[str, Any] = {"secret_hash": fingerprint(secret), "secret_sealed": seal(secret)}
    fresh |= {"details": details, "made_at": timezone.now()}
    with transaction.atomic():
        calendar, _is_new = kind.objects.update_or_create(
            organization_id=owner.organization_id, **{kind.OWNER: owner}, defaults=fresh
        )
        audit.record(owner.organization_id, "calendar.made", owner.name, by=by, details=details)
    return cast(Calendar, calendar)


def show(calendar: SecretCalendar, details: str, *, by: Member | None) -> None:
    """Say what of people the calendar tells; the address stays."""
    if calendar.details == details:
        return
    with transaction.atomic():
        before, calendar.details = calendar.details, details
        calendar.save(update_fields=["details"])
        told = [before, details]
        audit.record(calendar.organization_id, "calendar.changed", calendar.owner.name, by=by, details=told)


def remove(calendar: SecretCalendar, *, by: Member | None) -> None:
    """Close the address."""
    with transaction.atomic():
        audit.record(calendar.organization_id, "calendar.removed", calendar.owner.name, by=by)
        calendar.delete()
