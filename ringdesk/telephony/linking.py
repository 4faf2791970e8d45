"""Calls of a number that has come onto a card: those linked to nobody are linked, the others are left alone."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from ringdesk.core import events
from ringdesk.crm import linking, matching
from ringdesk.crm.matching import Match
from ringdesk.telephony import frames
from ringdesk.telephony.call_events import Direction, Result
from ringdesk.telephony.fold import CallState, State
from ringdesk.telephony.models import Call

_LINK = """
UPDATE telephony_call
SET client_id = %(client)s, contract_id = %(contract)s, lead_id = %(lead)s, trace = trace || %(note)s::jsonb
WHERE organization_id = %(organization)s AND phone = %(phone)s
  AND client_id IS NULL AND contract_id IS NULL AND lead_id IS NULL
RETURNING id
"""


def link_number(organization_id: int, number: str, now: datetime) -> int:
    """Link the calls of ``number`` (normalized) that are linked to nobody. Returns how many.

    A number that stands on several cards is chosen by hand, so it links nothing.
    """
    match = linking.identify(organization_id, number)
    if not number or not match.is_known:
        return 0
    with events.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LINK, _values(organization_id, number, match, now))
            linked = [row[0] for row in cursor.fetchall()]
        for call in Call.objects.for_org(organization_id).filter(pk__in=linked).select_related("connector"):
            body = {"call": _frame(call, match)}
            events.publish(organization_id, "call.linked", body, branch_id=call.branch_id, extensions=call.extensions)
    return len(linked)


def follow_numbers(sender: object, *, organization: int, numbers: list[str], **card: object) -> None:
    """Hear crm.signals.numbers_changed."""
    for number in numbers:
        link_number(organization, number, timezone.now())


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
