"""Connectors as an organization sets them up: their secret addresses, on and off, gone.

The doors hear of every change by the database (link_cache), so nothing has to be told to them here.
"""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit
from ringdesk.accounts.models import Branch, Member, Organization
from ringdesk.core import events, sealing
from ringdesk.core.problems import Invalid
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.models import Connector

# 32 random bytes: nobody guesses an address.
_TOKEN_BYTES = 32
_SECRET_BYTES = 24
QUIET_AFTER = timedelta(hours=24)
# A process that listens confirms its connections more often than that.
CONFIRMED_WITHIN = timedelta(seconds=45)


class Condition(StrEnum):
    """How a connector fares, in one word."""

    OFF = "off"
    NEVER = "never"
    ERROR = "error"
    QUIET = "quiet"
    WORKS = "works"


AUDITED = {
    "connector.created": _("Integration added"),
    "connector.changed": _("Integration changed"),
    "connector.address_renewed": _("Integration got a new address"),
    "connector.secret_renewed": _("Integration got a new secret"),
    "connector.switched_on": _("Integration switched on"),
    "connector.switched_off": _("Integration switched off"),
    "connector.deleted": _("Integration deleted"),
    "extension.assigned": _("Extension assigned"),
    "extension.unassigned": _("Extension taken away"),
}


def condition(connector: Connector, now: datetime) -> Condition:
    """Return how the connector fares: the latest of what it said and what was refused decides."""
    if not connector.is_active:
        return Condition.OFF
    heard, failed = connector.last_event_at, connector.last_error_at
    if connected_since(connector, now):
        return Condition.WORKS
    if failed and (heard is None or failed > heard):
        return Condition.ERROR
    if heard is None:
        return Condition.NEVER
    return Condition.QUIET if now - heard > QUIET_AFTER else Condition.WORKS


def connected_since(connector: Connector, now: datetime) -> datetime | None:
    """Return since when a source that is listened to is connected; None when it is not."""
    seen = connector.connection_seen_at
    return connector.connected_at if seen and now - seen < CONFIRMED_WITHIN else None


def create(
    organization: Organization,
    kind: str,
    name: str,
    branch: Branch | None,
    settings: dict[str, Any] | None = None,
    *,
    own_secrets: dict[str, str] | None = None,
    by: Member | None = None,
) -> Connector:
    """Store a new connector with a secret address of its own. Raises Invalid for an unknown kind.

    ``own_secrets``: those of the kind's ``secret_fields``; its ``generated`` ones are made here.
    """
    if kind not in registry():
        raise Invalid(_("There is no such kind of connector."), field="kind")
    token = secrets.token_hex(_TOKEN_BYTES)
    made = {name: secrets.token_hex(_SECRET_BYTES) for name in registry()[kind].generated}
    with events.atomic():
        connector = Connector.objects.create(
            organization=organization,
            kind=kind,
            name=name,
            branch=branch,
            settings=settings or {},
            token_hash=sealing.fingerprint(token),
            token_sealed=sealing.seal(token),
            secrets_sealed=_seal(made | (own_secrets or {})),
        )
        _note("connector.created", connector, by, kind=kind)
    return connector


def token(connector: Connector) -> str:
    """Return the secret part of the address. Raises sealing.SealBroken."""
    return str(sealing.unseal(connector.token_sealed))


def address(connector: Connector, base_url: str) -> str:
    """Return the address that the PBX or phone opens. ``base_url`` is this installation's, without the last slash."""
    return f"{base_url.rstrip('/')}/pbx/{token(connector)}/"


def own_secrets(connector: Connector) -> dict[str, str]:
    """Return the connector's secrets. Raises sealing.SealBroken."""
    return dict(sealing.unseal(connector.secrets_sealed)) if connector.secrets_sealed else {}


def change(
    connector: Connector,
    *,
    name: str,
    branch: Branch | None,
    settings: dict[str, Any],
    new_secrets: dict[str, str] | None = None,
    by: Member | None = None,
) -> None:
    """Save name, branch and settings; of the secrets those that are given, the others stay."""
    connector.name, connector.branch, connector.settings = name, branch, settings
    connector.version += 1
    changed = ["name", "branch", "settings", "version"]
    if new_secrets:
        connector.secrets_sealed = _seal(own_secrets(connector) | new_secrets)
        changed.append("secrets_sealed")
    with events.atomic():
        connector.save(update_fields=changed)
        _note("connector.changed", connector, by)


def renew_secret(connector: Connector, name: str, *, by: Member | None = None) -> None:
    """Make another generated secret; the one before is dead at once. Raises Invalid for one that is not generated."""
    if name not in registry()[connector.kind].generated:
        raise Invalid(_("This secret is not made here."))
    connector.secrets_sealed = _seal(own_secrets(connector) | {name: secrets.token_hex(_SECRET_BYTES)})
    connector.version += 1
    with events.atomic():
        connector.save(update_fields=["secrets_sealed", "version"])
        _note("connector.secret_renewed", connector, by, secret=name)


def renew_address(connector: Connector, *, by: Member | None = None) -> None:
    """Give the connector another secret address; the one it had is dead at once."""
    fresh = secrets.token_hex(_TOKEN_BYTES)
    connector.token_hash, connector.token_sealed = sealing.fingerprint(fresh), sealing.seal(fresh)
    connector.version += 1
    with events.atomic():
        connector.save(update_fields=["token_hash", "token_sealed", "version"])
        _note("connector.address_renewed", connector, by)


def switch(connector: Connector, *, on: bool, by: Member | None = None) -> None:
    """Switch the connector on or off. Off, its address answers 404 and counts what came."""
    connector.is_active = on
    connector.version += 1
    with events.atomic():
        connector.save(update_fields=["is_active", "version"])
        _note("connector.switched_on" if on else "connector.switched_off", connector, by)


def delete(connector: Connector, *, by: Member | None = None) -> None:
    """Remove the connector: its address is dead, its lines and extensions are gone. Its calls stay."""
    dead = secrets.token_hex(_TOKEN_BYTES)
    with events.atomic():
        connector.extensions.all().delete()
        connector.lines.all().delete()
        connector.is_active, connector.removed_at = False, timezone.now()
        connector.token_hash, connector.token_sealed = sealing.fingerprint(dead), sealing.seal("")
        connector.secrets_sealed = None
        connector.save(update_fields=["is_active", "removed_at", "token_hash", "token_sealed", "secrets_sealed"])
        _note("connector.deleted", connector, by)


def _seal(values: dict[str, str]) -> bytes | None:
    return sealing.seal(values) if values else None


def _note(action: str, connector: Connector, by: Member | None, **data: Any) -> None:
    audit.record(connector.organization_id, action, connector.name, by=by, connector=connector.pk, **data)
