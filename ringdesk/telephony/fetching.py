"""The job that fetches recordings: a few at a time, and a source that is down holds up nobody else's."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from time import monotonic

from django.db import connections
from django.utils import timezone

from ringdesk.telephony import recordings
from ringdesk.telephony.models import Recording

AT_ONCE = 3
# Seconds after which a round takes on no more; the next one goes on.
ROUND = 50.0
_busy = threading.Lock()
logger = logging.getLogger(__name__)


def fetch_due() -> int:
    """Fetch what is due. Returns how many were tried; 0 while an earlier round of this process still goes on."""
    if not _busy.acquire(blocking=False):
        return 0
    try:
        return _round(monotonic() + ROUND)
    finally:
        _busy.release()


def _round(until: float) -> int:
    tried = 0
    down: set[int] = set()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="recording") as threads:
        while monotonic() < until:
            claimed = recordings.claim(timezone.now(), AT_ONCE, without=down)
            if not claimed:
                break
            reached = list(threads.map(_fetch, claimed))
            down |= {one.call.connector_id for one, good in zip(claimed, reached, strict=True) if not good}
            tried += len(claimed)
    return tried


def _fetch(recording: Recording) -> bool:
    now: datetime = timezone.now()
    try:
        return recordings.fetch(recording, now)
    except Exception:
        # Whatever is wrong with this one: it is tried again when its lease is over, and the others go on.
        logger.exception("Recording %s could not be fetched", recording.pk)
        return True
    finally:
        connections.close_all()
