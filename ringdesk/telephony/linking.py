"""Calls of a number that has come onto a card: those linked to nobody are linked, the others are left alone."""

from datetime import datetime
from typing import Any, LiteralString

from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from ringdesk.core import events
from ringdesk.crm import linking, matching
from ringdesk.crm.matching import Match, Row
from ringdesk.crm.models import Client, Interaction, Lead
from ringdesk.telephony import frames
from ringdesk.telephony.call_events import Direction, Result
from ringdesk.telephony.fold import CallState, State
from ringdesk.telephony.models import Call

_HAS_UNLINKED = """
SELECT FROM telephony_call
WHERE organization_id = %s AND phone = %s AND client_id IS NULL AND contract_id IS NULL AND lead_id IS NULL LIMIT 1
"""
_LINK: LiteralString = """
UPDATE telephony_call
SET client_id = %(client)s, contract_id = %(contract)s, lead_id = %(lead)s, trace = trace || %(note)s::jsonb
WHERE organization_id = %(organization)s AND {which}
  AND client_id IS NULL AND contract_id IS NULL AND lead_id IS NULL
RETURNING id
"""
_LINK_NUMBER = _LINK.format(which="phone = %(phone)s")
_LINK_ONE = _LINK.format(which="id = %(call)s")

_LINK_DOCUMENTS = """
UPDATE crm_interaction SET client_id = %(client)s, contract_id = %(contract)s, lead_id = %(lead)s
WHERE organization_id = %(organization)s AND call_id = ANY(%(calls)s)
"""


def link_number(organization_id: int, number: str, now: datetime) -> int:
    """Link the calls of ``number`` (normalized) that are linked to nobody. Returns how many.

    A number that stands on several cards is chosen by hand, so it links nothing.
    """
    if not number or not _is_waited_for(organization_id, number):
        return 0
    match = linking.identify(organization_id, number)
    if not match.is_known:
        return 0
    with events.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(_LINK_NUMBER, _values(organization_id, number, match, now))
            linked = [row[0] for row in cursor.fetchall()]
            cursor.execute(_LINK_DOCUMENTS, _values(organization_id, number, match, now) | {"calls": linked})
        for call in Call.objects.for_org(organization_id).filter(pk__in=linked).select_related("connector"):
            body = {"call": _frame(call, match)}
            events.publish(organization_id, "call.linked", body, branch_id=call.branch_id, extensions=call.extensions)
    return len(linked)


def choose(call: Call, card: Row, now: datetime) -> None:
    """Link the call, which is linked to nobody, to one of the cards on which its number stands."""
    match = matching.match([card])
    values = _values(call.organization_id, call.phone, match, now) | {"calls": [call.pk]}
    with events.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LINK_ONE, values | {"call": call.pk})
            if not cursor.fetchall():
                return
            cursor.execute(_LINK_DOCUMENTS, values)
        body = {"call": _frame(call, match)}
        events.publish(call.organization_id, "call.linked", body, branch_id=call.branch_id, extensions=call.extensions)


def follow_numbers(sender: object, *, organization: int, numbers: list[str], **card: object) -> None:
    """Hear crm.signals.numbers_changed."""
    for number in numbers:
        link_number(organization, number, timezone.now())


def follow_conversion(sender: object, *, organization: int, lead: Lead, client: Client, **_more: object) -> None:
    """Hear crm.signals.lead_converted: the lead's calls and documents are the client's as well."""
    for model in (Call, Interaction):
        model.objects.for_org(organization).filter(lead=lead, client=None).update(client=client)


def _is_waited_for(organization_id: int, number: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_HAS_UNLINKED, [organization_id, number])
        return cursor.fetchone() is not None


def _values(organization_id: int, number: str, match: Match, now: datetime) -> dict[str, Any]:
    named = match.client or match.contract or match.lead
    note = {"at": frames.moment(now), "kind": "linked", "name": named.name if named else ""}
    return {
        "organization": organization_id,
        "phone": number,
        "client": _id(match.client),
        "contract": _id(match.contract),
        "lead": _id(match.lead),
        "note": Jsonb([note]),
    }


def _id(named: matching.Named | None) -> int | None:
    return named.id if named else None


def _frame(call: Call, match: Match) -> dict[str, Any]:
    state = CallState(
        direction=Direction(call.direction),
        state=State(call.state),
        result=Result(call.result) if call.result else None,
        phone=call.phone,
        line=call.line,
        extension=call.extension,
        extensions=tuple(call.extensions),
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        duration=call.duration,
        recording_url=call.recording_url,
    )
    return frames.call(
        call.pk, state, match, member_id=call.member_id, branch_id=call.branch_id, source=call.connector.kind
    )
