"""Calls whose end never comes: concluded from silence, so that nothing rings for ever."""

import logging
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Greatest

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
    links: dict[int, Link] = {}
    swept = 0
    # Beside their legs a call may be too old as well: it is ended once.
    due = {call.pk: call for call in (*_left_by_their_legs(now), *_ringing_too_long(now), *_talking_too_long(now))}
    for call in due.values():
        try:
            _end(call, links, now)
            swept += 1
        except Exception:
            # Whatever is wrong with this one: the others are ended now, and the next sweep comes back to it.
            logger.exception("Call %s could not be ended", call.pk)
    return swept


def _ringing_too_long(now: datetime) -> QuerySet[Call]:
    """Return what rings for ever; a source that never tells the end is believed as long as its popup stays."""
    silently = [kind for kind, connector in registry().items() if connector.ends_silently]
    shown = Greatest(F("organization__popup_seconds"), Value(int(RINGING_AT_LEAST.total_seconds())))
    popup_closed = Value(now) - ExpressionWrapper(shown * timedelta(seconds=1), DurationField())
    is_over = Q(last_received_at__lt=now - RINGING_AT_MOST) & ~Q(connector__kind__in=silently)
    is_past_its_popup = Q(last_received_at__lt=popup_closed, connector__kind__in=silently)
    ringing = Call.objects.filter(state=Call.State.RINGING, last_received_at__lt=now - RINGING_AT_LEAST)
    return ringing.filter(is_over | is_past_its_popup).order_by("last_received_at")[:_BATCH]


def _talking_too_long(now: datetime) -> QuerySet[Call]:
    states = (Call.State.ANSWERED, Call.State.HELD)
    talking = Call.objects.filter(state__in=states, last_received_at__lt=now - TALKING_AT_MOST)
    return talking.order_by("last_received_at")[:_BATCH]


def _left_by_their_legs(now: datetime) -> list[Call]:
    """Return open calls all of whose legs have ended, and that were silent since."""
    a_leg_ended = CallEvent.objects.filter(call=OuterRef("pk"), kind=Kind.ENDED, event__has_key="leg")
    silent = Call.objects.exclude(state=Call.State.ENDED).filter(last_received_at__lt=now - SILENT_AFTER_LEGS)
    told = Prefetch("events", CallEvent.objects.only("call", "event", "received_at"))
    found = silent.filter(Exists(a_leg_ended)).prefetch_related(told).order_by("last_received_at")[:_BATCH]
    return [call for call in found if legs_are_over([_received(event) for event in call.events.all()])]


def _received(event: CallEvent) -> Received:
    return Received(from_json(event.event), event.received_at)


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


def _end(call: Call, links: dict[int, Link], now: datetime) -> None:
    link = links.get(call.connector_id) or links.setdefault(call.connector_id, _link(call.connector_id))
    calls.receive_sync(link, end_of(call, link, now), {"swept": True}, now, call.pk)


def _link(connector_id: int) -> Link:
    with connection.cursor() as cursor:
        cursor.execute(BY_ID, [connector_id])
        return link_of(cursor.fetchone())
