"""«Call» documents: an Interaction for every call that is over, where the organization wants one. Exactly one.

They are made right after the end's commit (``Documents`` below), and a periodic job catches up on what a fall of
the process left out, from a mark that only moves on. Both go by one statement that changes nothing twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import close_old_connections, connection
from django.utils import timezone

from ringdesk.core import events, phones
from ringdesk.core.events import Event
from ringdesk.crm.models import Interaction
from ringdesk.telephony import windows
from ringdesk.telephony.call_events import Direction
from ringdesk.telephony.models import Call, CallDocuments, CallSettings, Extension, IgnoredNumber

# What may make or change a document.
TELLING = frozenset({"call.ended", "call.recording"})
# A transaction may commit this much after the time it writes.
OVERLAP = timedelta(minutes=5)
# A document shown later than this would come out of nowhere.
SHOWN_WITHIN = timedelta(minutes=1)
_AT_ONCE = 500
_PAUSE = 0.2
_MOST_WAITING = 20_000
logger = logging.getLogger(__name__)

_FACTS = (
    "branch_id, member_id, client_id, contract_id, lead_id, direction, phone, started_at, ended_at, duration, result"
)
_COURSE = "branch_id, member_id, direction, phone, started_at, ended_at, duration, result, has_recording"
_NEW, _OLD = (
    ", ".join(f"{table}.{name.strip()}" for name in _COURSE.split(",")) for table in ("excluded", "crm_interaction")
)
_CREATE = f"""
INSERT INTO crm_interaction (organization_id, call_id, {_FACTS}, has_recording, notes, version, created_at)
SELECT call.organization_id, call.id, {", ".join(f"call.{name.strip()}" for name in _FACTS.split(","))},
       call.recording_url <> '', call.notes, 1, %(now)s
FROM telephony_calldocuments mark
JOIN telephony_callsettings rules ON rules.organization_id = mark.organization_id
JOIN telephony_call call ON call.organization_id = mark.organization_id
WHERE {{which}} AND call.state = 'ended'
  AND (   call.direction = 'in' AND rules.create_incoming AND call.end_received_at >= mark.incoming_since
       OR call.direction = 'out' AND rules.create_outgoing AND call.end_received_at >= mark.outgoing_since)
ORDER BY call.end_received_at, call.id
ON CONFLICT (call_id) DO UPDATE SET ({_COURSE}) = ROW({_NEW})
WHERE ({_OLD}) IS DISTINCT FROM ({_NEW})
RETURNING id, xmax = 0
"""
_OF_CALLS = _CREATE.format(which="call.id = ANY(%(calls)s)")
_OF_ORGANIZATION = _CREATE.format(
    which="mark.organization_id = %(organization)s AND call.last_received_at > mark.until"
)


def create(calls: Sequence[UUID], now: datetime) -> list[int]:
    """Make the documents of these calls that are wanted and not there yet. Returns their ids."""
    with events.atomic():
        return _write(_OF_CALLS, {"calls": list(calls), "now": now}, now)


def catch_up(now: datetime) -> int:
    """Make every document that is missing. Returns how many. An organization that fails stops no other."""
    made = 0
    for organization_id in CallDocuments.objects.values_list("organization_id", flat=True).order_by("organization_id"):
        try:
            with events.atomic():
                made += len(_write(_OF_ORGANIZATION, {"organization": organization_id, "now": now}, now))
                marks = CallDocuments.objects.filter(organization=organization_id, until__lt=now - OVERLAP)
                marks.update(until=now - OVERLAP)
        except Exception:
            logger.exception("Documents of organization %s could not be created", organization_id)
    return made


def _write(statement: str, values: dict[str, Any], now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        made = [id for id, is_new in cursor.fetchall() if is_new]
    documents = Interaction.objects.filter(pk__in=made).select_related("client", "lead").order_by("pk")
    for document in documents:
        events.publish(document.organization_id, "interaction.created", {"interaction": _shape(document)},
                       branch_id=document.branch_id)  # fmt: skip
    _show(list(documents), now)
    return made


def _shape(document: Interaction) -> dict[str, Any]:
    return {
        "id": document.pk,
        "call_id": str(document.call_id),
        "direction": document.direction,
        "phone": document.phone,
        "member_id": document.member_id,
        "client_id": document.client_id,
        "lead_id": document.lead_id,
    }


def _show(documents: Sequence[Interaction], now: datetime) -> None:
    """Open the documents on the screens of the members whose calls they were, where that is set."""
    wishes = {rules.organization_id: rules for rules in CallSettings.objects.filter(
        organization__in={document.organization_id for document in documents})}  # fmt: skip
    for document in documents:
        rules = wishes[document.organization_id]
        if rules.show_created not in (document.direction, CallSettings.Shown.BOTH):
            continue
        call = Call.objects.for_org(document.organization_id).get(pk=document.call_id)
        if call.end_received_at is None or now - call.end_received_at > SHOWN_WITHIN or _is_ignored(call):
            continue
        person = document.client or document.lead
        window = {
            "call_id": str(call.pk),
            "moment": "created",
            "kind": "interaction",
            "url": f"/interactions/{document.pk}/",
            "notify": rules.notifications,
            "direction": call.direction,
            "phone": call.phone,
            "caller": person.name if person else phones.display(call.phone),
        }
        for member_id in _concerned(call):
            events.publish(call.organization_id, windows.FRAME, {"window": window}, member_id=member_id)


def _concerned(call: Call) -> list[int]:
    """Return whose call it was: who talked or called, else, of a missed one, everybody who was rung."""
    if call.member_id:
        return [call.member_id]
    if call.answered_at or call.direction == Direction.OUT:
        return []
    rung = Extension.objects.for_org(call.organization_id).filter(
        connector=call.connector_id, number__in=call.extensions, member__is_active=True
    )
    return sorted(set(rung.values_list("member_id", flat=True)))


def _is_ignored(call: Call) -> bool:
    return IgnoredNumber.objects.for_org(call.organization_id).filter(phone=call.phone).exists()


class Documents:
    """Makes the documents of the calls this process has just seen end, a few at a time, behind the doors."""

    def __init__(self) -> None:
        self.waiting: dict[UUID, None] = {}
        self.wake = asyncio.Event()

    def hear(self, told: Sequence[Event]) -> None:
        """Take note of the calls that frames just committed tell the end of. What is too much, the job makes."""
        for event in told:
            if event.type in TELLING and event.body["call"]["state"] == "ended" and len(self.waiting) < _MOST_WAITING:
                self.waiting[UUID(event.body["call"]["id"])] = None
                self.wake.set()

    async def work(self) -> None:
        """Make them, until cancelled."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            while self.waiting:
                calls = list(self.waiting)[:_AT_ONCE]
                for call in calls:
                    del self.waiting[call]
                await asyncio.to_thread(_create_alone, calls)
                await asyncio.sleep(_PAUSE)


def _create_alone(calls: list[UUID]) -> None:
    close_old_connections()
    try:
        create(calls, timezone.now())
    except Exception:
        logger.exception("Documents of %s calls could not be created now", len(calls))
    finally:
        connection.close()
