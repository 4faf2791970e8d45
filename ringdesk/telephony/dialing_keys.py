"""The key by which outside programs have calls placed: one of each organization's own, and those others tell of."""

import secrets
from collections.abc import Callable

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit, seats
from ringdesk.accounts.models import Member, Organization
from ringdesk.core import events, sealing
from ringdesk.core.problems import Forbidden
from ringdesk.telephony.models import DialingKey

AUDITED = {"dialing_key.renewed": _("Key for placing calls made")}
# Whose key it is; None: not one of theirs.
Resolver = Callable[[str], Organization | None]
# The extension that the holder of a key means by the name of a user; the name itself where it is none of theirs.
Names = Callable[[str, str], str]
_LONGEST = 200
_BYTES = 24
_resolvers: dict[Resolver, Names] = {}


def register(resolver: Resolver, names: Names = lambda key, user: user) -> None:
    """Let another room's keys open the door too. Called when the application starts."""
    _resolvers[resolver] = names


def find(key: str) -> Organization | None:
    """Return the organization that this key places calls for, None for a key that is nobody's."""
    if not 0 < len(key) <= _LONGEST:
        return None
    own = DialingKey.objects.filter(key_hash=sealing.fingerprint(key)).select_related("organization").first()
    if own is not None:
        return own.organization
    return next((found for resolver in _resolvers if (found := resolver(key)) is not None), None)


def user_of(key: str, user: str) -> str:
    """Return what the holder of this key means by a user: an extension, or the name as it is."""
    for resolver, names in _resolvers.items():
        if resolver(key) is not None:
            return names(key, user)
    return user


def shown(organization: Organization) -> str:
    """Return the organization's own key, "" while it has none. Raises sealing.SealBroken."""
    key = DialingKey.objects.filter(organization=organization).first()
    return str(sealing.unseal(key.key_sealed)) if key else ""


def renew(organization: Organization, *, by: Member | None = None) -> str:
    """Make the organization's key, or another one: the one before is dead at once. Raises Forbidden."""
    if by is not None and seats.is_limited(by):
        raise Forbidden(_("The key works in all branches: only members of all branches make it."))
    plain = secrets.token_hex(_BYTES)
    fresh = {
        "key_hash": sealing.fingerprint(plain),
        "key_sealed": sealing.seal(plain),
        "made_at": timezone.now(),
    }
    with events.atomic():
        DialingKey.objects.update_or_create(organization=organization, defaults=fresh)
        audit.record(organization, "dialing_key.renewed", organization.name, by=by)
    return plain
