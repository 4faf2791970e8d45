"""Calls that are under way, ended and transferred from the screen (third-party call control)."""

from dataclasses import dataclass

from django.db import connection as database
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Member
from ringdesk.core.problems import Conflict, Forbidden, Invalid
from ringdesk.telephony import link_cache
from ringdesk.telephony.call_events import Kind, from_json
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Connector as Kinds
from ringdesk.telephony.connectors.base import OnLine
from ringdesk.telephony.models import Call, Extension


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody a call can be put through to."""

    number: str
    name: str


def may_control(member: Member, call: Call) -> bool:
    """Tell whether the member may end and transfer this call now: their own talk, at a PBX that can be asked."""
    return (
        call.state in (Call.State.ANSWERED, Call.State.HELD)
        and call.member_id == member.pk
        and bool(call.extension)
        and member.may("calls.place")
        and _kind(call).can_control
    )


def colleagues(call: Call) -> list[Colleague]:
    """Return who has another extension of the same PBX, by name."""
    found = Extension.objects.for_org(call.organization_id).filter(connector=call.connector_id, member__is_active=True)
    others = found.exclude(number=call.extension).select_related("member").order_by("member__name", "number")
    return [Colleague(one.number, one.member.name) for one in others]


def hang_up(member: Member, call: Call) -> None:
    """End the call. Not inside a transaction: the PBX is asked. Raises Forbidden, Conflict, CannotControl."""
    on_line = _on_line(member, call)
    _kind(call).hang_up(link_cache.link(call.connector), on_line)


def transfer(member: Member, call: Call, to: str) -> Colleague:
    """Put the other party through to a colleague's extension. Raises Forbidden, Conflict, Invalid, CannotControl."""
    colleague = next((one for one in colleagues(call) if one.number == to), None)
    if colleague is None:
        raise Invalid(_("Nobody here has this extension."), field="to")
    on_line = _on_line(member, call)
    _kind(call).transfer(link_cache.link(call.connector), on_line, to)
    return colleague


def _on_line(member: Member, call: Call) -> OnLine:
    if call.state == Call.State.ENDED:
        raise Conflict(_("This call is over."))
    if not may_control(member, call):
        raise Forbidden(_("You can end and transfer only a call that you talk on yourself."))
    legs = [
        told.leg
        for told in (from_json(dict(event.event)) for event in call.events.order_by("received_at", "id"))
        if told.kind is Kind.ANSWERED and told.extension == call.extension and told.leg
    ]
    if not database.in_atomic_block:
        # Back into the pool: a PBX that is slow to answer must not hold a connection meanwhile.
        database.close()
    return OnLine(call.external_id, legs[-1] if legs else "", call.extension or "")


def _kind(call: Call) -> Kinds:
    return registry()[call.connector.kind]
