"""From the query parameters of a PBX to call events. Pure.

Source: the protocol's published parameters; names seen beside them in real traffic (``short_src_num``,
``short_dst_num``, ``pbxdstnum``, ``last_called``, event 4, ``_id…`` suffixes) are understood too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from ringdesk.core import phones
from ringdesk.telephony import clocks
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors import reading
from ringdesk.telephony.connectors.base import Link, Malformed, Parsed, RouteQuestion

STARTED, ENDED, ANSWERED, LEG_ENDED = "1", "2", "3", "4"
INCOMING, OUTGOING = "1", "2"
RESULTS = {
    "ANSWER": Result.ANSWERED,
    "ANSWERED": Result.ANSWERED,
    "NOANSWER": Result.MISSED,
    "BUSY": Result.BUSY,
    "CANCEL": Result.CANCELLED,
    "CONGESTION": Result.FAILED,
    "CHANUNAVAIL": Result.FAILED,
    "FAILED": Result.FAILED,
}
MAX_ID = 200
_ID_SUFFIX = re.compile(r"_id\d*$")
SINCE_2000 = 946_684_800
A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Parties:
    direction: Direction | None
    phone: str | None
    extensions: tuple[str, ...]


def parse(values: Mapping[str, str], link: Link, now: datetime) -> Parsed:
    """Return what the parameters say. Raises Malformed with a text that names the parameter."""
    event = values.get("event", "")
    if event == LEG_ENDED:
        return Parsed()
    if event not in (STARTED, ENDED, ANSWERED):
        raise Malformed(_("Parameter event must be 1 (started), 3 (answered) or 2 (ended)."))
    external_id = values.get("call_id", "")
    if not 0 < len(external_id) <= MAX_ID:
        raise Malformed(_("Parameter call_id is missing or longer than 200 characters."))
    line = phones.digits_of(values.get("line") or values.get("pbxdstnum", ""))[:32]
    parties = _parties(values, link, line)
    first = parties.extensions[0] if len(parties.extensions) == 1 else None
    several = parties.extensions if len(parties.extensions) > 1 else ()
    question = None
    if event == STARTED:
        if values.get("smart_transfer_is_required") == "1":
            question = RouteQuestion(parties.phone or "", line)
        elif parties.phone is None:
            raise Malformed(_("An event 1 needs src_num and dst_num."))
        fact = CallEvent(Kind.RINGING, external_id, parties.direction, parties.phone, first, several, line)
    elif event == ANSWERED:
        fact = CallEvent(Kind.ANSWERED, external_id, parties.direction, parties.phone, first, several, line)
    else:
        ended_at = _moment(values, "timestamp", now)
        fact = CallEvent(
            Kind.ENDED,
            external_id,
            parties.direction,
            parties.phone,
            first,
            several,
            line,
            started_at=_later(_moment(values, "call_start_timestamp", now), clocks.correction(ended_at, now)),
            answered_at=_later(_moment(values, "call_answer_timestamp", now), clocks.correction(ended_at, now)),
            ended_at=_later(ended_at, clocks.correction(ended_at, now)),
            result=_result(values),
            recording_url=reading.address(values.get("call_record_link", "")),
            is_late=ended_at is not None and now - ended_at > timedelta(seconds=max(link.popup_seconds, 60)),
        )
    return Parsed((fact,), question)


def _parties(values: Mapping[str, str], link: Link, line: str) -> _Parties:
    source = _ID_SUFFIX.sub("", values.get("src_num", ""))
    target = _ID_SUFFIX.sub("", values.get("dst_num", ""))
    source_short = values.get("short_src_num") or source
    target_short = values.get("short_dst_num") or target
    source_type = values.get("src_type")
    if source_type not in (None, INCOMING, OUTGOING):
        raise Malformed(_("Parameter src_type must be 1 (incoming) or 2 (outgoing)."))
    if source_short in link.extensions and target_short in link.extensions:
        return _Parties(Direction.INTERNAL, target_short, reading.extensions(source_short, target_short))
    if source_type == OUTGOING:
        return _Parties(Direction.OUT, _phone(target, link, line) if target else None, reading.extensions(source_short))
    direction = Direction.IN if source_type or source else None
    rung = values.get("last_called", "").split("&") if values.get("event") == STARTED and not target else [target_short]
    return _Parties(direction, _phone(source, link, line) if source else None, reading.extensions(*rung))


def _phone(number: str, link: Link, line: str) -> str:
    found = reading.phone(number, link, line)
    if found is None:
        raise Malformed(_("The client's number holds no digits."))
    return found


def _moment(values: Mapping[str, str], name: str, now: datetime) -> datetime | None:
    text = values.get(name, "")
    if not text or text == "0":
        return None
    try:
        seconds = float(text)
        if not SINCE_2000 <= seconds <= now.timestamp() + A_DAY:
            raise ValueError(text)
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed(
            _("Parameter %(name)s must be Unix seconds, not before 2000 and not in the future.") % {"name": name}
        ) from error


def _later(moment: datetime | None, by: timedelta) -> datetime | None:
    return moment + by if moment else None


def _result(values: Mapping[str, str]) -> Result | None:
    status = values.get("status", "").upper().replace(" ", "").replace("_", "")
    # A word we do not know is stored with the raw event; the call's own events then tell how it went.
    return RESULTS.get(status)
