"""From NOTIFY_… to call events. Pure.

Source: the vendor's documentation and public library. ``pbx_call_id`` (``in_…``, ``out_…``) is the call;
NOTIFY_INTERNAL is told anew for every extension that rings. Times are of the account's own zone, which nobody tells,
so that offset is taken by which the call has just ended. Notifications we do not know are passed over.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors import reading
from ringdesk.telephony.connectors.base import Link, Malformed, Parsed, Refused, Request, RouteQuestion
from ringdesk.telephony.connectors.zadarma.signing import SIGNED, is_signed

KINDS = {
    "NOTIFY_START": Kind.RINGING,
    "NOTIFY_INTERNAL": Kind.RINGING,
    "NOTIFY_OUT_START": Kind.RINGING,
    "NOTIFY_ANSWER": Kind.ANSWERED,
    "NOTIFY_END": Kind.ENDED,
    "NOTIFY_OUT_END": Kind.ENDED,
    "NOTIFY_RECORD": Kind.RECORDED,
}
RESULTS = {
    "answered": Result.ANSWERED,
    "noanswer": Result.MISSED,
    "busy": Result.BUSY,
    "cancel": Result.CANCELLED,
    "failed": Result.FAILED,
    "nomoney": Result.FAILED,
    "unallocatednumber": Result.FAILED,
    "nolimit": Result.FAILED,
    "nodaylimit": Result.FAILED,
    "linelimit": Result.FAILED,
    "nomoney,nolimit": Result.FAILED,
}
REFERENCE = "zadarma:"
_ECHO = 200
_PART = re.compile(rb'name="(\w+)"\r?\n\r?\n(.*?)\r?\n--', re.DOTALL)
_TIME = "%Y-%m-%d %H:%M:%S"
_QUARTER = timedelta(minutes=15)
_FARTHEST = timedelta(hours=15)


def parse(request: Request, link: Link, now: datetime) -> Parsed:
    """Return what a notification says. Raises Refused for a wrong signature, Malformed naming the field."""
    if "zd_echo" in request.query:
        return Parsed(reply=request.query["zd_echo"][:_ECHO])
    values = read(request)
    event = values.get("event", "")
    if not event:
        raise Malformed(_("Field event is missing."))
    if event not in SIGNED:
        return Parsed()
    secret = link.secrets.get("api_secret", "")
    if not is_signed(values, request.headers.get("signature", ""), secret):
        raise Refused(_("The signature is wrong: compare the API secret with that of the cabinet."))
    if event not in KINDS:
        return Parsed()
    fact = _fact(KINDS[event], event, values, link)
    if fact.kind is Kind.ENDED:
        fact = _ended(fact, values, now)
    question = RouteQuestion(fact.phone or "", fact.line) if event == "NOTIFY_START" else None
    return Parsed((fact,), question)


def read(request: Request) -> dict[str, str]:
    """Return the fields of a form, as they were signed. Parts come with a wrong boundary: none is needed."""
    if "multipart/form-data" in request.content_type:
        parts = _PART.findall(request.body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        pairs = [(name.decode(), value.decode(errors="replace")) for name, value in parts]
    else:
        try:
            pairs = parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=100)
        except (UnicodeDecodeError, ValueError) as error:
            raise Malformed(_("The body is neither JSON nor form data in UTF-8.")) from error
    return dict(pairs)


def _fact(kind: Kind, event: str, values: Mapping[str, str], link: Link) -> CallEvent:
    external_id = values.get("pbx_call_id", "")
    if not 0 < len(external_id) <= reading.MAX_ID:
        raise Malformed(_("Field pbx_call_id is missing or longer than 200 characters."))
    recording = _recording(values)
    if kind is Kind.RECORDED:
        return CallEvent(kind, external_id, recording_url=recording)
    direction = _direction(event, external_id)
    caller, called = values.get("caller_id", ""), values.get("called_did", "")
    own, dialled = values.get("internal", ""), values.get("destination", "")
    line = reading.line(called) if direction is Direction.IN else ""
    other = dialled if direction is Direction.OUT else caller
    if reading.is_internal(own, other, link):
        first, second = (own, other) if direction is Direction.OUT else (other, own)
        return CallEvent(kind, external_id, Direction.INTERNAL, second, extensions=(first, second))
    phone = None if direction is None else reading.phone(other, link, line)
    if direction and phone is None:
        raise Malformed(_("The client's number holds no digits."))
    fact = CallEvent(kind, external_id, direction, phone, reading.extension(own), line=line)
    return replace(fact, recording_url=recording if kind is Kind.ENDED else "")


def _direction(event: str, external_id: str) -> Direction | None:
    if event.startswith("NOTIFY_OUT") or external_id.startswith("out_"):
        return Direction.OUT
    return None if event == "NOTIFY_ANSWER" and not external_id.startswith("in_") else Direction.IN


def _recording(values: Mapping[str, str]) -> str:
    id = values.get("call_id_with_rec", "")
    is_recorded = values.get("is_recorded", "1") in ("1", "true")
    return REFERENCE + id if id and is_recorded and len(id) <= reading.MAX_ID else ""


def _ended(fact: CallEvent, values: Mapping[str, str], now: datetime) -> CallEvent:
    word = "".join(values.get("disposition", "").lower().split())
    return replace(fact, result=RESULTS.get(word), started_at=_started(values, now))


def _started(values: Mapping[str, str], now: datetime) -> datetime | None:
    """The start by the offset (whole quarters of an hour) that fits; None where none of the earth's does."""
    told, length = values.get("call_start", ""), values.get("duration", "")
    try:
        local = datetime.strptime(told, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    talked = (
        timedelta(seconds=int(length)) if length.isascii() and length.isdigit() and len(length) < 7 else timedelta(0)
    )
    offset = round((now - local - talked) / _QUARTER) * _QUARTER
    return min(local + offset, now) if abs(offset) <= _FARTHEST else None
