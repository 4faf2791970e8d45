"""Calls to be placed: the member's own device rings first, then the number is dialled.

Pressing twice does not call twice: the first wish of the last seconds is found under the lock of the member's row,
whichever process and tab it came from. The PBX is asked outside of any transaction: it may take seconds to answer.
"""

import logging
import time
from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ringdesk.accounts.models import Member, Organization
from ringdesk.core import phones
from ringdesk.core.ids import new_id
from ringdesk.core.problems import Conflict, Forbidden, Invalid, RingdeskError
from ringdesk.telephony import link_cache
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import CannotDial, Dial, Link
from ringdesk.telephony.models import Call, Connector, Extension, PlacedCall

# The same number again is the same wish, and another one waits while a call is being placed.
SAME_WITHIN = timedelta(seconds=15)
BUSY_WITHIN = timedelta(seconds=5)
# Whoever has read the error presses again; whoever presses twice has not read it yet.
REFUSED_WITHIN = timedelta(seconds=2)
# A call that its PBX does not name is the placed one when it begins this soon.
STARTS_WITHIN = timedelta(minutes=2)
_LONGEST_ERROR, _LONGEST_ID = 500, 200
_LOOKS_EVERY = 0.2
logger = logging.getLogger(__name__)


class CannotPlace(RingdeskError):
    """The PBX would not place the call."""


class NoExtension(Invalid):
    """The member has no extension, so there is no phone to ring first."""


def place(member: Member, phone: str, *, connector: Connector | None = None) -> PlacedCall:
    """Ring the member's own device, then dial ``phone``, and return what the PBX said to that.

    ``connector``: that of the call it is about, or by which it must go. The same number within 15 s gives the first
    PlacedCall again. Not inside a transaction. Raises Forbidden, Invalid (hidden number, no extension), Conflict.
    """
    if not member.is_active:
        raise Forbidden(_("This member is deactivated."))
    extension = extension_for(member, connector)
    link = link_cache.link(extension.connector)
    number = phones.normalize(phone, link.region)
    if not number:
        raise Invalid(_("The number is hidden: there is nobody to call back."), field="phone")
    placed, is_new = _claim(extension, number, timezone.now())
    if is_new:
        _dial(placed, link)
    return placed


def extension_for(member: Member, connector: Connector | None = None) -> Extension:
    """Return the extension whose device rings first: on this connector if it can dial, else on the one that took the
    member's last call, else on the first that is set up for it.

    Raises NoExtension, Invalid where none of the member's connectors places calls.
    """
    own = Extension.objects.for_org(member.organization_id).filter(member=member, connector__is_active=True)
    own = own.filter(connector__removed_at=None).select_related("connector").order_by("connector__name", "pk")
    found = list(own)
    if not found:
        text = _("%(member)s has no extension, so there is no phone to ring first.") % {"member": member.name}
        raise NoExtension(text, field="member_id")
    able: list[Extension] = sorted((one for one in found if _can_dial(one)), key=_is_unprepared)
    if not able:
        names = ", ".join(_("“%(name)s”") % {"name": one.connector.name} for one in found)
        raise Invalid(_("%(connectors)s cannot place calls: dial on your phone.") % {"connectors": names})
    if len(able) == 1:
        return able[0]
    accepted = PlacedCall.objects.for_org(member.organization_id).filter(member=member, state=PlacedCall.State.ACCEPTED)
    wanted = [connector.pk] if connector else []
    wanted += accepted.order_by("-created_at").values_list("connector_id", flat=True)[:1]
    by_connector = {one.connector_id: one for one in able if not _is_unprepared(one)}
    return next((by_connector[pk] for pk in wanted if pk in by_connector), able[0])


def extension_of(organization: Organization | int, user: str) -> Extension:
    """Return the extension that an outside program means by ``user``: an extension, or a member's e-mail address.

    Raises Invalid where nobody, or more than one, is meant.
    """
    user = user.strip()
    present = Extension.objects.for_org(organization).filter(member__is_active=True, connector__is_active=True)
    present = present.filter(connector__removed_at=None).select_related("connector", "member")
    numbered = present.filter(number=user).order_by("connector__name", "pk")
    found: list[Extension] = [one for one in numbered if _can_dial(one)]
    if len({one.member_id for one in found}) > 1:
        raise Invalid(
            _("The extension %(number)s is of several members: name the member by e-mail.") % {"number": user},
            field="user",
        )
    if found:
        return found[0]
    if known := numbered.first():
        return extension_for(known.member, known.connector)
    members = Member.objects.for_org(organization).filter(is_active=True, user__email__iexact=user)
    if not user or (member := members.first()) is None:
        raise Invalid(_("Nobody here has the extension or e-mail address “%(user)s”.") % {"user": user}, field="user")
    return extension_for(member)


def wait_for_answer(placed: PlacedCall, seconds: float = 10.0) -> PlacedCall:
    """Return the placed call once the PBX has answered another request for it; as it is when that takes longer."""
    until = time.monotonic() + seconds
    while placed.state == PlacedCall.State.ASKED and time.monotonic() < until:
        time.sleep(_LOOKS_EVERY)
        placed.refresh_from_db(fields=["state", "error", "external_id"])
    return placed


def refusal(placed: PlacedCall) -> str:
    """Return what the member is told of a call that the PBX would not place."""
    return _(
        "An error occurred while sending the request to “%(connector)s”: %(error)s. "
        "Please contact the support of “%(connector)s”."
    ) % {"connector": placed.connector.name, "error": placed.error.rstrip(". ")}


def require_accepted(placed: PlacedCall) -> PlacedCall:
    """Return the placed call. Raises CannotPlace where the PBX refused it."""
    if placed.state == PlacedCall.State.REFUSED:
        raise CannotPlace(refusal(placed))
    return placed


def call_of(placed: PlacedCall) -> Call | None:
    """Return the call that the PBX has reported of it: the one it names, else the first of the kind soon after."""
    calls = Call.objects.for_org(placed.organization_id).filter(connector=placed.connector_id)
    named = [name for name in (placed.external_id, placed.command_id) if name]
    exact: Call | None = calls.filter(external_id__in=named).order_by("first_received_at").first()
    if exact is not None:
        return exact
    soon = calls.filter(
        phone=placed.phone,
        extensions__contains=[placed.extension],
        first_received_at__range=(placed.created_at, placed.created_at + STARTS_WITHIN),
    )
    first: Call | None = soon.exclude(direction=Call.Direction.IN).order_by("first_received_at").first()
    return first


def placed_as(call: Call) -> PlacedCall | None:
    """Return the click that this call came of, None for a call nobody has placed from here."""
    accepted = PlacedCall.objects.for_org(call.organization_id).filter(connector=call.connector_id)
    accepted = accepted.exclude(state=PlacedCall.State.REFUSED).select_related("member", "connector")
    named = accepted.filter(external_id=call.external_id) | accepted.filter(command_id=call.external_id)
    exact: PlacedCall | None = named.first()
    if exact is not None:
        return exact
    if call.direction == Call.Direction.IN:
        return None
    before = (call.first_received_at - STARTS_WITHIN, call.first_received_at)
    near = accepted.filter(phone=call.phone, extension__in=call.extensions, created_at__range=before)
    # The latest click may belong to another call of the same number: each call has one click, each click one call.
    return next((placed for placed in near if call_of(placed) == call), None)


def _can_dial(extension: Extension) -> bool:
    kind = registry().get(extension.connector.kind)
    return kind is not None and kind.can_dial


def _is_unprepared(extension: Extension) -> bool:
    """Tell whether what the connector needs for placing calls is not filled in."""
    needed = registry()[extension.connector.kind].dial_needs
    return not all(extension.connector.settings.get(name) for name in needed)


def _claim(extension: Extension, number: str, now: datetime) -> tuple[PlacedCall, bool]:
    """Return the wish to be carried out, or the one that stands already (False)."""
    # Durable: a wish that others cannot see yet would not keep them from calling too.
    with transaction.atomic(durable=True):
        Member.objects.select_for_update(no_key=True).get(pk=extension.member_id)
        lately = PlacedCall.objects.for_org(extension.organization_id).filter(
            member=extension.member_id, created_at__gt=now - SAME_WITHIN
        )
        for placed in lately.select_related("connector"):
            age = now - placed.created_at
            if placed.phone == number and (placed.state != PlacedCall.State.REFUSED or age < REFUSED_WITHIN):
                return placed, False
            if placed.state == PlacedCall.State.ASKED and age < BUSY_WITHIN:
                raise Conflict(_("Another call is just being placed. Try again in a few seconds."))
        placed = PlacedCall.objects.create(
            organization_id=extension.organization_id,
            connector=extension.connector,
            member_id=extension.member_id,
            extension=extension.number,
            phone=number,
            command_id=new_id().hex,
            created_at=now,
        )
    return placed, True


def _dial(placed: PlacedCall, link: Link) -> None:
    if not database.in_atomic_block:
        # Back into the pool: a PBX that is slow to answer must not hold a connection meanwhile.
        database.close()
    try:
        wish = Dial(placed.extension, placed.phone, placed.command_id)
        placed.external_id = registry()[link.kind].dial(link, wish)[:_LONGEST_ID]
        placed.state = PlacedCall.State.ACCEPTED
    except CannotDial as error:
        placed.state, placed.error = PlacedCall.State.REFUSED, str(error)[:_LONGEST_ERROR]
    except Exception:
        logger.exception("A %s connector failed to place a call", link.kind)
        placed.state, placed.error = PlacedCall.State.REFUSED, str(_UNKNOWN)
    answer = {"external_id": placed.external_id, "state": placed.state, "error": placed.error}
    # Some PBXes tell by an event that it came to nothing, and that may be here before their answer is.
    if not PlacedCall.objects.filter(pk=placed.pk, state=PlacedCall.State.ASKED).update(**answer):
        placed.refresh_from_db(fields=list(answer))


_UNKNOWN = gettext_lazy("the request could not be sent")
