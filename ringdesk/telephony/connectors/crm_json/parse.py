"""From the messages of a connector service to call events. Pure.

Source: file 5, 5.2, and what MegaFon's cloud PBX sends as a form: ``telnum`` for the line, further types of events,
times with a Z, a start and a duration without an end. Statuses are compared without case; what is not known of
types and statuses is passed over, never an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import orjson
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony import clocks
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors import fields, reading
from ringdesk.telephony.connectors.base import Link, Malformed, Parsed, Refused, Request, RouteQuestion

DIRECTIONS = {"in": Direction.IN, "out": Direction.OUT}
TYPES = {
    "incoming": (Kind.RINGING, Direction.IN),
    "outgoing": (Kind.RINGING, Direction.OUT),
    "accepted": (Kind.ANSWERED, None),
    "completed": (Kind.ENDED, None),
    "cancelled": (Kind.ENDED, None),
}
RESULTS = {
    "success": Result.ANSWERED,
    "missed": Result.MISSED,
    "noanswer": Result.MISSED,
    "cancel": Result.CANCELLED,
    "cancelled": Result.CANCELLED,
    "busy": Result.BUSY,
    "notavailable": Result.FAILED,
    "notallowed": Result.FAILED,
    "notfound": Result.FAILED,
    "failed": Result.FAILED,
}
HIDDEN = "hidden"
_BEARER = "bearer "
_TIME = "%Y%m%dT%H%M%S"
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Contact(Parsed):
    """A question who is calling. ``wants_name``: the form dialect shows the name on the phone."""

    wants_name: bool = False


def parse(request: Request, link: Link, now: datetime) -> Parsed:
    """Return what a message says. Raises Refused for a wrong token, Malformed with a text that names the field."""
    values = fields.read(request)
    # The token of an address that somebody opens does not count: addresses are logged on the way.
    told = fields.read(replace(request, query={})).get("crm_token", "")
    check_token(told, request.headers.get("authorization", ""), link)
    command = values.get("cmd", "").lower()
    if command == "contact":
        question = RouteQuestion(_phone(values, link) or "", _line(values))
        return Contact(question=question, wants_name=not _is_json(request))
    if "phone" not in values and is_named(request, "phone"):
        # An empty number is a hidden one; a field that is not there says nothing.
        values["phone"] = HIDDEN
    if command == "event":
        return _event(values, link)
    if command == "history":
        return Parsed((_history(values, link, now),))
    raise Malformed(_("Field cmd must be event, history or contact."))


def check_token(told: str, authorization: str, link: Link) -> None:
    """Raise Refused unless the token is there, and every one that is there is the connector's."""
    given = [told] if told else []
    if authorization.lower().startswith(_BEARER):
        given.append(authorization[len(_BEARER) :].strip())
    right = [reading.is_same(one, link.secrets.get("crm_token", "")) for one in given]
    if not right:
        raise Refused(_("The CRM token is missing: send crm_token in the body or as Authorization: Bearer."))
    if not all(right):
        raise Refused(_("The CRM token is wrong."))


def is_named(request: Request, name: str) -> bool:
    """Tell whether the body has this field, if only an empty one."""
    if _is_json(request):
        return name in orjson.loads(request.body)
    return name in dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def _event(values: Mapping[str, str], link: Link) -> Parsed:
    for name in ("type", "callid"):
        if name not in values:
            raise Malformed(_("Field %(name)s is missing.") % {"name": name})
    known = TYPES.get(values["type"].lower())
    if known is None:
        return Parsed()
    kind, direction = known
    direction = direction or DIRECTIONS.get(values.get("direction", "").lower())
    fact = _fact(kind, values, link, direction)
    if kind is Kind.RINGING and fact.phone is None:
        raise Malformed(_("Field phone is missing."))
    if values["type"].lower() == "completed":
        fact = replace(fact, result=Result.ANSWERED)
    elif values["type"].lower() == "cancelled":
        fact = _cancelled(fact)
    return Parsed((fact,))


def _cancelled(fact: CallEvent) -> CallEvent:
    """The caller gave up, or somebody else of the group answered: which of the two, other events tell."""
    if fact.direction is Direction.OUT:
        return replace(fact, result=Result.CANCELLED)
    return replace(fact, is_leg=fact.extension is not None)


def _history(values: Mapping[str, str], link: Link, now: datetime) -> CallEvent:
    direction = DIRECTIONS.get(values.get("type", "").lower())
    if direction is None:
        raise Malformed(_("Field type of a history must be in or out."))
    fact = _fact(Kind.ENDED, values, link, direction)
    started_at, ended_at = _course(values, now)
    later = clocks.correction(ended_at, now)
    ended_at = ended_at + later if ended_at else None
    return replace(
        fact,
        started_at=started_at + later if started_at else None,
        ended_at=ended_at,
        result=RESULTS.get(values.get("status", "").lower().replace(" ", "").replace("_", "")),
        recording_url=reading.address(values.get("link", "")),
        is_late=reading.is_late(ended_at, link, now),
    )


def _course(values: Mapping[str, str], now: datetime) -> tuple[datetime | None, datetime | None]:
    started_at, ended_at = _moment(values, "start", now), _moment(values, "end", now)
    length = _length(values)
    if length is not None and started_at and ended_at is None:
        ended_at = started_at + length
    elif length is not None and ended_at and started_at is None:
        started_at = ended_at - length
    return started_at, ended_at


def _fact(kind: Kind, values: Mapping[str, str], link: Link, direction: Direction | None) -> CallEvent:
    external_id = values.get("callid", "")
    if not 0 < len(external_id) <= reading.MAX_ID:
        raise Malformed(_("Field callid is missing or longer than 200 characters."))
    own, other = _extension(values), values.get("phone", "")
    if own and reading.is_internal(own, other, link):
        caller, called = (own, other) if direction is Direction.OUT else (other, own)
        return CallEvent(kind, external_id, Direction.INTERNAL, called, extensions=(caller, called), line=_line(values))
    return CallEvent(kind, external_id, direction, _phone(values, link), own, line=_line(values))


def _extension(values: Mapping[str, str]) -> str | None:
    return reading.extension(values.get("ext", "")) or reading.extension(values.get("user", ""))


def _line(values: Mapping[str, str]) -> str:
    return reading.line(values.get("diversion") or values.get("telnum") or values.get("line", ""))


def _phone(values: Mapping[str, str], link: Link) -> str | None:
    if "phone" not in values:
        return None
    found = reading.phone(values["phone"], link, _line(values))
    if found is None:
        raise Malformed(_("The client's number holds no digits."))
    return found


def _moment(values: Mapping[str, str], name: str, now: datetime) -> datetime | None:
    text = values.get(name, "").removesuffix("Z")
    if not text:
        return None
    try:
        moment = datetime.strptime(text, _TIME).replace(tzinfo=UTC)
        if not reading.is_sane(moment, now):
            raise ValueError(text)
    except ValueError as error:
        raise Malformed(
            _("Field %(name)s must be a time like 20230908T135640, not before 2000 and not in the future.")
            % {"name": name}
        ) from error
    return moment


def _length(values: Mapping[str, str]) -> timedelta | None:
    text = values.get("duration", "")
    try:
        length = timedelta(seconds=float(text)) if text else None
        if length is not None and not timedelta(0) <= length <= _LONGEST:
            raise ValueError(text)
    except (ValueError, OverflowError) as error:
        raise Malformed(_("Field duration must be seconds.")) from error
    return length


def _is_json(request: Request) -> bool:
    return "json" in request.content_type or request.body.lstrip()[:1] == b"{"
