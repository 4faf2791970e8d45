"""Calls whose end never comes: concluded from silence, so that nothing rings for ever."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef

from ringdesk.telephony import calls
from ringdesk.telephony.call_events import CallEvent as Fact
from ringdesk.telephony.call_events import Direction, Kind, Result, from_json
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.fold import Received, legs_are_over
from ringdesk.telephony.link_cache import BY_ID, link_of
from ringdesk.telephony.models import Call, CallEvent

# Nobody lets it ring longer; nobody talks longer.
RINGING_AT_LEAST = timedelta(seconds=60)
RINGING_AT_MOST = timedelta(minutes=5)
# Every leg has ended, and nothing says that the call has: its last report is lost.
SILENT_AFTER_LEGS = timedelta(seconds=20)
TALKING_AT_MOST = timedelta(hours=4)
_BATCH = 500
logger = logging.getLogger(__name__)


def sweep(now: datetime) -> int:
    """End the calls that have been silent for too long. Returns how many. One that cannot be ended stops no other."""
    ringing = Call.objects.filter(state=Call.State.RINGING, last_received_at__lt=now - RINGING_AT_LEAST)
    talking = Call.objects.filter(
        state__in=(Call.State.ANSWERED, Call.State.HELD), last_received_at__lt=now - TALKING_AT_MOST
    )
    links: dict[int, Link] = {}
    swept = 0
    silent = [*ringing.order_by("last_received_at")[:_BATCH], *talking.order_by("last_received_at")[:_BATCH]]
    for call in [*silent, *_left_by_their_legs(now, {call.pk for call in silent})]:
        try:
            swept += _end(call, links, now)
        except Exception:
            # Whatever is wrong with this one: the others are ended now, and the next sweep comes back to it.
            logger.exception("Call %s could not be ended", call.pk)
    return swept


def patience(call: Call, link: Link) -> timedelta:
    """Return how long this call may stay silent before it is thought to be over."""
    if _is_left_by_its_legs(call):
        return SILENT_AFTER_LEGS
    if call.state != Call.State.RINGING:
        return TALKING_AT_MOST
    if registry()[link.kind].ends_silently:
        return timedelta(seconds=max(link.popup_seconds, 60))
    return RINGING_AT_MOST


def _left_by_their_legs(now: datetime, without: set[UUID]) -> list[Call]:
    """Return open calls that lost a leg and then were silent, whatever became of their other legs."""
    a_leg_ended = CallEvent.objects.filter(call=OuterRef("pk"), kind=Kind.ENDED, event__has_key="leg")
    open_ = Call.objects.exclude(state=Call.State.ENDED).filter(last_received_at__lt=now - SILENT_AFTER_LEGS)
    found = open_.exclude(pk__in=without).filter(Exists(a_leg_ended)).order_by("last_received_at")[:_BATCH]
    return [call for call in found if _is_left_by_its_legs(call)]


def _is_left_by_its_legs(call: Call) -> bool:
    told = call.events.values_list("event", "received_at")
    return legs_are_over([Received(from_json(event), received_at) for event, received_at in told])


def end_of(call: Call, link: Link, now: datetime) -> Fact:
    """Return the end that is presumed of this call."""
    result = None
    if call.answered_at:
        result = Result.ANSWERED
    elif not registry()[link.kind].ends_silently:
        result = Result.MISSED
    return Fact(
        Kind.ENDED,
        call.external_id,
        Direction(call.direction),
        call.phone,
        at=now,
        result=result,
        is_presumed=True,
    )


def _end(call: Call, links: dict[int, Link], now: datetime) -> bool:
    link = links.get(call.connector_id) or links.setdefault(call.connector_id, _link(call.connector_id))
    if now - call.last_received_at <= patience(call, link):
        return False
    calls.receive_sync(link, end_of(call, link, now), {"swept": True}, now, call.pk)
    return True


def _link(connector_id: int) -> Link:
    with connection.cursor() as cursor:
        cursor.execute(BY_ID, [connector_id])
        return link_of(cursor.fetchone())
