"""What an organization sets for all its calls: read, changed. Nobody else writes CallSettings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member, Organization
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core.problems import Stale
from ringdesk.telephony.models import CallDocuments, CallSettings

FIELDS = (
    "incoming_window",
    "outgoing_window",
    "create_incoming",
    "create_outgoing",
    "show_created",
    "last_digits",
    "forwarding",
    "notifications",
    "search_engine",
    "recording_days",
)
audit.register({"call_settings.changed": _("Settings of calls changed")})


def of(organization: Organization | int) -> CallSettings:
    """Return the settings as stored, or the defaults of an organization that has set nothing (version 0)."""
    organization_id = organization if isinstance(organization, int) else organization.pk
    stored = CallSettings.objects.filter(organization=organization_id).first()
    return stored or CallSettings(organization_id=organization_id, version=0)


def change(
    organization: Organization, wishes: Mapping[str, Any], *, version: int | None = None, by: Member | None = None
) -> CallSettings:
    """Save what differs. Raises Stale when ``version`` is not the stored one, Invalid with the wrong field."""
    if unknown := set(wishes) - set(FIELDS):
        raise TypeError(f"There is no {', '.join(sorted(unknown))} to change.")
    with events.atomic():
        settings = _locked(organization)
        if version is not None and version != settings.version:
            raise Stale(_("Somebody has changed these settings in the meantime."), version=settings.version)
        before = {field: getattr(settings, field) for field in wishes}
        for field, value in wishes.items():
            setattr(settings, field, value)
        validate(settings, *wishes)
        changed = audit.changes(before, dict(wishes))
        if changed or not settings.version:
            settings.version += 1
            settings.save()
            _note_documents(settings, timezone.now())
            audit.record(organization, "call_settings.changed", organization, by=by, **changed)
    return settings


def _locked(organization: Organization) -> CallSettings:
    # The row of one that has set nothing yet is made first, so that two people wait for each other from the start.
    CallSettings.objects.bulk_create([CallSettings(organization=organization, version=0)], ignore_conflicts=True)
    return CallSettings.objects.select_for_update().get(organization=organization)


def _note_documents(settings: CallSettings, now: datetime) -> None:
    """Remember since when documents are wanted: calls that were over before get none."""
    mark, _made = CallDocuments.objects.select_for_update().get_or_create(
        organization_id=settings.organization_id, defaults={"until": now}
    )
    if not (mark.incoming_since or mark.outgoing_since):
        mark.until = now
    mark.incoming_since = (mark.incoming_since or now) if settings.create_incoming else None
    mark.outgoing_since = (mark.outgoing_since or now) if settings.create_outgoing else None
    mark.save()
