"""What must be in place before a connector service and Ringdesk work together: five conditions (file 5, 5.4)."""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F, Func, IntegerField
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Text
from ringdesk.telephony.connectors.base import Check, Link
from ringdesk.telephony.models import Call, Connector
from ringdesk.telephony.trace import TEST_PREFIX

# Of a refusal that is about the token or the signature; how the doors write it down.
_REFUSED = "403"
_SEEN = 5


def conditions(link: Link, *, has_token: bool, token_advice: Text) -> list[Check]:
    """Return the five conditions, each with what to do. ``has_token``: the other side's address and key are here."""
    connector = Connector.objects.get(pk=link.id)
    seen = seen_extensions(connector)
    return [
        published(connector),
        Check(_("The connector's address and token are entered here"), has_token, token_advice),
        known_there(connector),
        Check(
            _("The PBX's users have extensions"),
            bool(seen),
            _("Give the users extensions in the PBX's cabinet. The first call that mentions one puts a tick here."),
        ),
        members_have_extensions(link, seen),
    ]


def published(connector: Connector) -> Check:
    """Tell whether the address can be reached from outside: set, not this machine's own, and something has come."""
    label = _("Ringdesk is published: the connector can reach its address")
    if not settings.PUBLIC_URL:
        return Check(label, False, _("Set RINGDESK_PUBLIC_URL to the address by which the internet reaches Ringdesk."))
    if is_local(settings.PUBLIC_URL):
        return Check(label, False, _("The public address works on this computer only: set one that others can open."))
    has_come = bool(connector.last_event_at or connector.last_error_at)
    return Check(label, has_come, _("Nothing has come yet: call any of the PBX's numbers and look here again."))


def known_there(connector: Connector) -> Check:
    """Tell whether the other side has our address and token: the last thing it sent was let in."""
    label = _("This address and this token are entered at the connector")
    heard, failed = connector.last_event_at, connector.last_error_at
    was_refused = connector.last_error.startswith(_REFUSED) and _is_after(failed, heard)
    if was_refused:
        return Check(label, False, _("The last request had a wrong token or signature: copy it from here once more."))
    return Check(
        label, heard is not None, _("Enter the address and the token of this page in the connector's settings.")
    )


def members_have_extensions(link: Link, seen: list[str]) -> Check:
    """Tell whether members have extensions here; the advice names those that calls mention and that are nobody's."""
    label = _("Members have extensions in Ringdesk")
    unknown = [number for number in seen if number not in link.extensions]
    if unknown and not link.extensions:
        text = _("Assign extensions to members. In calls so far: %(numbers)s.") % {"numbers": ", ".join(unknown)}
        return Check(label, False, text)
    return Check(label, bool(link.extensions), _("Assign extensions to members, under “Extensions”."))


def seen_extensions(connector: Connector) -> list[str]:
    """Return a few of the extensions that real calls of the connector mentioned last."""
    calls = Call.objects.filter(organization_id=connector.organization_id, connector=connector)
    real = calls.exclude(external_id__startswith=TEST_PREFIX).alias(
        known=Func(F("extensions"), function="cardinality", output_field=IntegerField())
    )
    latest = real.filter(known__gt=0).order_by("-first_received_at", "-id").values_list("extensions", flat=True)
    return sorted({number for numbers in latest[:50] for number in numbers})[:_SEEN]


def is_local(url: str) -> bool:
    """Tell whether an address works on this computer only. Pure."""
    host = (urlsplit(url).hostname or "").lower()
    return host in ("localhost", "::1", "0.0.0.0", "") or host.startswith("127.")


def _is_after(moment: datetime | None, other: datetime | None) -> bool:
    return moment is not None and (other is None or moment > other)
