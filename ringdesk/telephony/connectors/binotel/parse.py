"""From Binotel's webhooks to call events. Pure.

Source: Binotel's documentation for developers and public implementations. Forms with nested arrays
(``callDetails[pbxNumberData][number]``), or the same as JSON; no signature, so the sender's address and companyID
are all there is to check. Live reports have no times; the report after the call has them all. What is new to us of
types and dispositions is passed over.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import orjson
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors import reading
from ringdesk.telephony.connectors.base import Link, Malformed, Parsed, Refused, Request, RouteQuestion

DIRECTIONS = {"0": Direction.IN, "1": Direction.OUT}
KINDS = {
    "receivedTheCall": Kind.RINGING,
    "answeredTheCall": Kind.ANSWERED,
    "transferredTheCall": Kind.TRANSFERRED,
    "hangupTheCall": Kind.ENDED,
}
RESULTS = {
    "ANSWER": Result.ANSWERED,
    "TRANSFER": Result.ANSWERED,
    "SUCCESS": Result.ANSWERED,
    "NOANSWER": Result.MISSED,
    # The caller spoke to the mailbox: nobody of us.
    "VM": Result.MISSED,
    "VMSUCCESS": Result.MISSED,
    "CANCEL": Result.CANCELLED,
    "BUSY": Result.BUSY,
    "CONGESTION": Result.FAILED,
    "CHANUNAVAIL": Result.FAILED,
    "FAILED": Result.FAILED,
}
REFERENCE = "binotel:"
_NO_RECORDING = {"", "disabled", "off", "none", "nothing"}
_DEEPEST = 4
_LONGEST = 86_400
_NUMBERS = ("pbxNumber", "didNumber", "did")

Values = Mapping[str, Any]


def parse(request: Request, link: Link, now: datetime) -> Parsed:
    """Return what a webhook says. Raises Refused for a strange sender, Malformed with a text that names the field."""
    check_sender(request.peer, link)
    values = read(request)
    kind = text(values, "requestType")
    details = values.get("callDetails")
    about = details if isinstance(details, dict) else values
    check_company(text(about, "companyID"), link)
    if kind == "apiCallSettings":
        line = _line(values)
        return Parsed(question=RouteQuestion(_phone(values, link, line) or "", line))
    if kind == "apiCallCompleted":
        if not isinstance(details, dict):
            raise Malformed(_("Field callDetails is missing."))
        return Parsed((_completed(details, link, now),))
    if kind not in KINDS:
        if not kind:
            raise Malformed(_("Field requestType is missing."))
        return Parsed()
    fact = _fact(KINDS[kind], values, link)
    if fact.kind is Kind.RINGING and fact.phone is None:
        raise Malformed(_("Field externalNumber is missing."))
    if fact.kind is Kind.ENDED:
        fact = replace(fact, result=_result(values))
    return Parsed((fact,))


def check_sender(peer: str, link: Link) -> None:
    """Raise Refused unless the sender's address is on the list; an empty list lets everybody in."""
    listed = [part.strip() for part in str(link.settings.get("addresses", "")).split(",") if part.strip()]
    if not listed:
        return
    try:
        address = ipaddress.ip_address(peer)
    except ValueError as error:
        raise Refused(_("The sender's address is not known.")) from error
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not any(address in ipaddress.ip_network(part, strict=False) for part in listed):
        raise Refused(_("%(address)s is not on the list of addresses that may report calls.") % {"address": peer})


def check_company(told: str, link: Link) -> None:
    """Raise Refused for a report of another company. Reports that name none are of whoever knows the address."""
    expected = str(link.settings.get("company_id", "")).strip()
    if expected and told and not reading.is_same(told, expected):
        raise Refused(_("companyID is that of another company."))


def read(request: Request) -> Values:
    """Return the body as nested dicts of texts, whether it is a form or JSON. Raises Malformed."""
    body = request.body
    try:
        if "json" in request.content_type or body.lstrip()[:1] == b"{":
            shape = orjson.loads(body)
        else:
            shape = nested(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000))
    except (ValueError, UnicodeDecodeError) as error:
        raise Malformed(_("The body is neither JSON nor form data in UTF-8.")) from error
    if not isinstance(shape, dict):
        raise Malformed(_("The body must be a JSON object."))
    return shape


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return ``a[b][c]=1`` as ``{"a": {"b": {"c": "1"}}}``. Deeper than it can be meant, it is cut."""
    shape: dict[str, Any] = {}
    for name, value in pairs:
        first, *rest = name.replace("]", "").split("[", _DEEPEST)
        place = shape
        for key in (first, *rest)[:-1]:
            inner = place.get(key)
            place[key] = place = inner if isinstance(inner, dict) else {}
        place[(first, *rest)[-1]] = value
    return shape


def text(values: Values, name: str) -> str:
    """Return a field as text, "" where it is missing, null or nested."""
    value = values.get(name)
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _fact(kind: Kind, values: Values, link: Link) -> CallEvent:
    external_id = text(values, "generalCallID")
    if not 0 < len(external_id) <= reading.MAX_ID:
        raise Malformed(_("Field generalCallID is missing or longer than 200 characters."))
    line = _line(values)
    direction = DIRECTIONS.get(text(values, "callType"))
    own, other = text(values, "internalNumber"), text(values, "externalNumber")
    if reading.is_internal(own, other, link):
        caller, called = (own, other) if direction is Direction.OUT else (other, own)
        return CallEvent(kind, external_id, Direction.INTERNAL, called, extensions=(caller, called), line=line)
    return CallEvent(kind, external_id, direction, _phone(values, link, line), reading.extension(own), line=line)


def _completed(details: Values, link: Link, now: datetime) -> CallEvent:
    fact = _fact(Kind.ENDED, details, link)
    result = _result(details)
    started_at = _start(details, now)
    waited, talked = _seconds(details, "waitsec"), _seconds(details, "billsec")
    answered_at = ended_at = None
    if started_at is not None:
        answered_at = started_at + waited if result is Result.ANSWERED else None
        ended_at = started_at + waited + talked
    has_recording = result is Result.ANSWERED and text(details, "recordingStatus").lower() not in _NO_RECORDING
    return replace(
        fact,
        extensions=_rung(details) if fact.direction is not Direction.INTERNAL else fact.extensions,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        result=result,
        recording_url=REFERENCE + fact.external_id if has_recording and fact.external_id else "",
        is_late=reading.is_late(ended_at, link, now),
    )


def _rung(details: Values) -> tuple[str, ...]:
    """Every extension that rang: a form has the legs as a dict of numbers, JSON as a list."""
    legs = details.get("historyData")
    steps = list(legs.values()) if isinstance(legs, dict) else legs if isinstance(legs, list) else []
    return reading.extensions(*(text(step, "internalNumber") for step in steps if isinstance(step, dict)))


def _line(values: Values) -> str:
    data = values.get("pbxNumberData")
    told = text(data, "number") if isinstance(data, dict) else ""
    return reading.line(told or next((number for name in _NUMBERS if (number := text(values, name))), ""))


def _phone(values: Values, link: Link, line: str) -> str | None:
    if "externalNumber" not in values:
        return None
    found = reading.phone(text(values, "externalNumber"), link, line)
    if found is None:
        raise Malformed(_("The client's number holds no digits."))
    return found


def _start(details: Values, now: datetime) -> datetime | None:
    try:
        return reading.seconds(text(details, "startTime"), now)
    except ValueError as error:
        raise Malformed(
            _("Parameter %(name)s must be Unix seconds, not before 2000 and not in the future.") % {"name": "startTime"}
        ) from error


def _seconds(details: Values, name: str) -> timedelta:
    told = text(details, name)
    return timedelta(seconds=min(int(told), _LONGEST)) if told.isascii() and told.isdigit() else timedelta(0)


def _result(values: Values) -> Result | None:
    word = text(values, "disposition").upper()
    return RESULTS.get("".join(letter for letter in word if letter.isalpha()))
