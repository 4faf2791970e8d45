"""Calls that nobody told us of, while we or the line were down: asked for afterwards where the source remembers."""

import logging
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils.translation import override

from ringdesk.core.problems import RingdeskError
from ringdesk.telephony import calls, link_cache
from ringdesk.telephony.call_events import CallEvent as Fact
from ringdesk.telephony.call_events import Kind
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.models import Call, CallEvent, Connector

# How far back it is looked, and how fresh a call must not be: its own reports may still be on their way.
LOOKED_BACK = timedelta(hours=6)
SETTLED_AFTER = timedelta(minutes=3)
logger = logging.getLogger(__name__)


def fill_all(now: datetime) -> int:
    """Fill the gaps of every connector whose source keeps a history. Returns how many events were new to us.

    What goes wrong with one is noted on its page, and stops no other.
    """
    kinds = [name for name, kind in registry().items() if kind.keeps_history]
    # The PBX of a demo is invented: there is nobody to ask.
    real = Connector.objects.filter(kind__in=kinds, removed_at=None, organization__is_demo=False)
    active = real.filter(is_active=True).select_related("organization")
    filled = 0
    for connector in active.order_by("pk"):
        try:
            filled += fill(connector, now)
        except RingdeskError as error:
            with override(connector.organization.language):
                _note(connector, str(error.message), now)
        except Exception:
            logger.exception("The gaps of connector %s could not be filled", connector.pk)
    return filled


def fill(connector: Connector, now: datetime) -> int:
    """Receive what the source remembers of the last hours and we have not heard. Returns how many events were new.

    Raises RingdeskError. Blocks.
    """
    link = link_cache.link(connector)
    if not link.secrets:
        return 0
    told = list(registry()[connector.kind].history(link, now - LOOKED_BACK, now - SETTLED_AFTER, now))
    heard = _heard(connector, {event.external_id or "" for event in told})
    filled = 0
    for event in told:
        if event.kind is Kind.ENDED and heard.get(event.external_id or "", (False, ""))[0]:
            continue
        if event.kind is Kind.RECORDED and _has_recording(heard, event):
            continue
        filled += calls.receive_sync(link, event, {"history": True}, now).changed
    return filled


def _heard(connector: Connector, ids: set[str]) -> dict[str, tuple[bool, str]]:
    """Return of each call we know whether its end was told, and which recording it has."""
    known = Call.objects.for_org(connector.organization_id).filter(connector=connector, external_id__in=ids)
    guessed = CallEvent.objects.filter(call=OuterRef("pk"), kind="ended", event__is_presumed=True)
    rows = known.annotate(is_guessed=Exists(guessed)).order_by("generation")
    facts = rows.values_list("external_id", "state", "is_guessed", "recording_url")
    return {name: (state == Call.State.ENDED and not is_guessed, url) for name, state, is_guessed, url in facts}


def _has_recording(heard: dict[str, tuple[bool, str]], event: Fact) -> bool:
    return bool(heard.get(event.external_id or "", (False, ""))[1])


def _note(connector: Connector, text: str, now: datetime) -> None:
    Connector.objects.filter(pk=connector.pk).update(last_error=text[:500], last_error_at=now)
