"""Calls whose end never comes: concluded from silence, so that nothing rings for ever."""

from datetime import datetime, timedelta

from django.db import connection

from ringdesk.telephony import calls
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.link_cache import BY_ID, link_of
from ringdesk.telephony.models import Call

# Nobody lets it ring longer; nobody talks longer.
RINGING_AT_MOST = timedelta(minutes=5)
TALKING_AT_MOST = timedelta(hours=4)
_BATCH = 500


def sweep(now: datetime) -> int:
    """End the calls that have been silent for too long. Returns how many."""
    silent = Call.objects.exclude(state=Call.State.ENDED).filter(last_received_at__lt=now - timedelta(seconds=60))
    links: dict[int, Link] = {}
    swept = 0
    for call in silent.order_by("last_received_at")[:_BATCH]:
        link = links.get(call.connector_id) or links.setdefault(call.connector_id, _link(call.connector_id))
        if now - call.last_received_at > patience(call, link):
            calls.receive_sync(link, end_of(call, link, now), {"swept": True}, now)
            swept += 1
    return swept


def patience(call: Call, link: Link) -> timedelta:
    """Return how long this call may stay silent before it is thought to be over."""
    if call.state != Call.State.RINGING:
        return TALKING_AT_MOST
    if registry()[link.kind].ends_silently:
        return timedelta(seconds=max(link.popup_seconds, 60))
    return RINGING_AT_MOST


def end_of(call: Call, link: Link, now: datetime) -> CallEvent:
    """Return the end that is presumed of this call."""
    result = None
    if call.answered_at:
        result = Result.ANSWERED
    elif not registry()[link.kind].ends_silently:
        result = Result.MISSED
    return CallEvent(
        Kind.ENDED,
        None if call.external_id.startswith("~") else call.external_id,
        Direction(call.direction),
        call.phone,
        at=now,
        result=result,
        is_presumed=True,
    )


def _link(connector_id: int) -> Link:
    with connection.cursor() as cursor:
        cursor.execute(BY_ID, [connector_id])
        return link_of(cursor.fetchone())
