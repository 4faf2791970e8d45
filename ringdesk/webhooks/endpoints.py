"""Outside CRMs and webhooks as an organization sets them up: address, secrets, wishes, on and off, gone."""

import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit, seats
from ringdesk.accounts.models import Member, Organization
from ringdesk.core import sealing
from ringdesk.core.problems import Conflict, Forbidden, Invalid, Stale
from ringdesk.webhooks import signing
from ringdesk.webhooks.event_types import EVENT_TYPES
from ringdesk.webhooks.models import CrmUser, Endpoint, OutsideCrm, Webhook

SomeEndpoint = TypeVar("SomeEndpoint", bound=Endpoint)
_KEY_BYTES = 24
# Both secrets sign for so long after a renewal.
BOTH_SIGN = timedelta(hours=24)
_LONGEST = 500
_MOST = 50
_NEWEST = "SELECT last_id FROM live_livecounter WHERE organization_id = %s FOR UPDATE"

AUDITED = {
    "outside_crm.created": _("Outside CRM added"),
    "outside_crm.changed": _("Outside CRM changed"),
    "outside_crm.key_renewed": _("Outside CRM got a new key"),
    "outside_crm.switched_on": _("Outside CRM switched on"),
    "outside_crm.switched_off": _("Outside CRM switched off"),
    "outside_crm.deleted": _("Outside CRM deleted"),
    "webhook.created": _("Webhook added"),
    "webhook.changed": _("Webhook changed"),
    "webhook.secret_renewed": _("Webhook got a new secret"),
    "webhook.switched_on": _("Webhook switched on"),
    "webhook.switched_off": _("Webhook switched off"),
    "webhook.deleted": _("Webhook deleted"),
}


def visible_to(member: Member) -> QuerySet[Endpoint]:
    """Return the endpoints a member may open: they hear of every branch, so a seat limited to some sees none."""
    found: QuerySet[Endpoint] = Endpoint.objects.for_org(member.organization_id).select_related("outsidecrm", "webhook")
    return found.none() if seats.is_limited(member) else found


def create_crm(
    organization: Organization,
    *,
    name: str,
    address: str,
    token: str,
    is_inside: bool = False,
    by: Member | None = None,
    **wishes: bool,
) -> OutsideCrm:
    """Store an outside CRM with a key of its own. ``wishes``: wants_events, wants_history, answers_contact,
    has_trunk_prefix. Raises Invalid, Forbidden."""
    key = secrets.token_hex(_KEY_BYTES)
    crm = OutsideCrm(
        organization=organization,
        token_sealed=sealing.seal(token.strip()),
        key_hash=sealing.fingerprint(key),
        key_sealed=sealing.seal(key),
        **wishes,
    )
    return _create(crm, name, address, is_inside, by)


def create_webhook(
    organization: Organization,
    *,
    name: str,
    address: str,
    types: Collection[str],
    is_inside: bool = False,
    is_active: bool = True,
    by: Member | None = None,
) -> Webhook:
    """Store a webhook with a secret of its own. Raises Invalid, Forbidden."""
    webhook = Webhook(organization=organization, secret_sealed=sealing.seal(signing.new_secret()), is_active=is_active)
    webhook.types = _known(types)
    return _create(webhook, name, address, is_inside, by)


def change(
    endpoint: SomeEndpoint,
    *,
    version: int | None = None,
    by: Member | None = None,
    token: str = "",
    **wishes: Any,
) -> SomeEndpoint:
    """Save what is given; a token that is "" stays. Raises Invalid, Forbidden, Stale.

    Who may not vouch for an address inside the network, and changes the address, takes that word back with it.
    """
    _require_reach(by)
    with transaction.atomic():
        stored: SomeEndpoint = type(endpoint).objects.select_for_update().get(pk=endpoint.pk)
        if version is not None and version != stored.version:
            raise Stale(_("Somebody has changed this in the meantime. Look at it again."), version=stored.version)
        was_active = stored.is_active
        if "address" in wishes:
            wishes["address"] = _address(wishes["address"])
            if wishes["address"] != stored.address and not _may_vouch(by):
                wishes.setdefault("is_inside", False)
        if wishes.get("is_inside") and not stored.is_inside:
            _require_vouching(by)
        if "name" in wishes:
            wishes["name"] = _name(wishes["name"])
        if "types" in wishes:
            wishes["types"] = _known(wishes["types"])
        if token.strip():
            wishes["token_sealed"] = sealing.seal(token.strip())
        for field, value in wishes.items():
            setattr(stored, field, value)
        stored.version += 1
        changed = {*wishes, "version"}
        if stored.is_active and not was_active:
            stored.followed_to = _last_id(stored.organization_id)
            changed.add("followed_to")
        if wishes.keys() & {"address", "token_sealed", "is_inside"}:
            changed |= _close_circuit(stored)
        stored.save(update_fields=changed)
        _note("changed", stored, by)
    return stored


def switch(endpoint: Endpoint, *, on: bool, by: Member | None = None) -> None:
    """Switch on or off. Off, nothing is sent, and what happens meanwhile is not kept for it."""
    _require_reach(by)
    with transaction.atomic():
        changed = {"is_active", "version"}
        if on and not endpoint.is_active:
            endpoint.followed_to = _last_id(endpoint.organization_id)
            changed |= {"followed_to", *_close_circuit(endpoint)}
        endpoint.is_active = on
        endpoint.version += 1
        endpoint.save(update_fields=changed)
        _note("switched_on" if on else "switched_off", endpoint, by)


def delete(endpoint: Endpoint, *, version: int | None = None, by: Member | None = None) -> None:
    """Delete the endpoint with everything that was sent and is to be sent. Raises Stale."""
    _require_reach(by)
    with transaction.atomic():
        stored = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        if version is not None and version != stored.version:
            raise Stale(_("Somebody has changed this in the meantime. Look at it again."), version=stored.version)
        _note("deleted", stored, by)
        stored.delete()


def try_now(endpoint: Endpoint) -> None:
    """Close the circuit: what waits is sent at once, whenever it was to be tried again."""
    with transaction.atomic():
        endpoint.save(update_fields=_close_circuit(endpoint))
        open_ones = endpoint.deliveries.filter(state__in=("waiting", "failed"))
        open_ones.update(next_at=timezone.now())


def key(crm: OutsideCrm) -> str:
    """Return our API key for the CRM. Raises sealing.SealBroken."""
    return str(sealing.unseal(crm.key_sealed))


def renew_key(crm: OutsideCrm, *, by: Member | None = None) -> None:
    """Make another key; the one before is dead at once."""
    _require_reach(by)
    fresh = secrets.token_hex(_KEY_BYTES)
    crm.key_hash, crm.key_sealed = sealing.fingerprint(fresh), sealing.seal(fresh)
    crm.version += 1
    with transaction.atomic():
        crm.save(update_fields=["key_hash", "key_sealed", "version"])
        _note("key_renewed", crm, by)


def crm_of_key(key: str) -> OutsideCrm | None:
    """Return the CRM whose key this is, None when it is nobody's or the CRM is switched off."""
    found = OutsideCrm.objects.filter(key_hash=sealing.fingerprint(key), is_active=True)
    return found.select_related("organization").first()


def organization_of_key(key: str) -> Organization | None:
    """Return the organization whose CRM has this key."""
    crm = crm_of_key(key)
    return crm.organization if crm else None


def extension_of_user(key: str, user: str) -> str:
    """Return the extension of what the CRM with this key calls a user; the name itself where it is none."""
    named = CrmUser.objects.filter(crm__key_hash=sealing.fingerprint(key), user=user).first()
    return named.extension if named else user


def secret(webhook: Webhook) -> str:
    """Return the webhook's signing secret. Raises sealing.SealBroken."""
    return str(sealing.unseal(webhook.secret_sealed))


def renew_secret(webhook: Webhook, *, by: Member | None = None) -> None:
    """Make another signing secret; for a day messages are signed with both."""
    _require_reach(by)
    webhook.old_secret_sealed, webhook.old_secret_until = webhook.secret_sealed, timezone.now() + BOTH_SIGN
    webhook.secret_sealed = sealing.seal(signing.new_secret())
    webhook.version += 1
    with transaction.atomic():
        webhook.save(update_fields=["secret_sealed", "old_secret_sealed", "old_secret_until", "version"])
        _note("secret_renewed", webhook, by)


def name_user(crm: OutsideCrm, extension: str, user: str, *, by: Member | None = None) -> CrmUser:
    """Say what the CRM calls the user of an extension. Raises Invalid, Conflict."""
    _require_reach(by)
    extension, user = extension.strip(), user.strip()
    if not extension or not user:
        raise Invalid(_("Fill in both."), field="extension" if not extension else "user")
    if crm.users.filter(user=user).exclude(extension=extension).exists():
        raise Conflict(_("This user already has another extension."), field="user")
    with transaction.atomic():
        row, _made = CrmUser.objects.update_or_create(
            organization_id=crm.organization_id, crm=crm, extension=extension, defaults={"user": user}
        )
        _note("changed", crm, by)
    return row


def forget_user(crm: OutsideCrm, pk: int, *, by: Member | None = None) -> None:
    """Take a line from the table of users."""
    _require_reach(by)
    with transaction.atomic():
        crm.users.filter(pk=pk).delete()
        _note("changed", crm, by)


def _create(endpoint: SomeEndpoint, name: str, address: str, is_inside: bool, by: Member | None) -> SomeEndpoint:
    _require_reach(by)
    if is_inside:
        _require_vouching(by)
    endpoint.name, endpoint.address, endpoint.is_inside = _name(name), _address(address), is_inside
    with transaction.atomic():
        if Endpoint.objects.for_org(endpoint.organization).count() >= _MOST:
            raise Conflict(_("There are fifty already: delete one first."))
        endpoint.followed_to = _last_id(endpoint.organization_id)
        endpoint.save()
        _note("created", endpoint, by)
    return endpoint


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 100:
        raise Invalid(_("A name has 1 to 100 characters."), field="name")
    return name


def _address(address: str) -> str:
    address = address.strip()
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or len(address) > _LONGEST or not address.isprintable() or " " in address:
        raise Invalid(_("Write an address like https://crm.example/telephony."), field="address")
    return address


def _known(types: Collection[str]) -> list[str]:
    if unknown := set(types) - EVENT_TYPES.keys():
        text = _("There is no such event: %(type)s.") % {"type": ", ".join(sorted(unknown))}
        raise Invalid(text, field="types")
    if not types:
        raise Invalid(_("Choose at least one event."), field="types")
    return [type for type in EVENT_TYPES if type in types]


def _may_vouch(by: Member | None) -> bool:
    return by is not None and by.may("organization.change")


def _require_vouching(by: Member | None) -> None:
    if not _may_vouch(by):
        raise Forbidden(_("Only an administrator may allow an address inside the network."))


def _require_reach(by: Member | None) -> None:
    if by is not None and seats.is_limited(by):
        raise Forbidden(_("This concerns all branches: only members of all branches change it."))


def _close_circuit(endpoint: Endpoint) -> set[str]:
    endpoint.failures, endpoint.openings, endpoint.open_until = 0, 0, None
    return {"failures", "openings", "open_until"}


def _last_id(organization_id: int) -> int:
    """Return the newest line of the organization's live log: what came before is not told.

    The counter's row is locked until the commit, so nothing is written between this and the endpoint.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_id FROM live_livecounter WHERE organization_id = %s FOR UPDATE", [organization_id])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _note(action: str, endpoint: Model, by: Member | None) -> None:
    assert isinstance(endpoint, Endpoint)
    kind = "outside_crm" if endpoint.is_crm else "webhook"
    audit.record(endpoint.organization_id, f"{kind}.{action}", endpoint.name, by=by, endpoint=endpoint.pk)
