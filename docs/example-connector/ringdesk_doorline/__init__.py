"""Doorline, an invented PBX: it posts JSON at the start, the answer and the end of each call.

{"what": "ring", "call": "a7", "from": "8 923 000-00-01", "to": "100", "did": "3333333", "time": 1795251947}
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms

from ringdesk.core import phones
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors import fields
from ringdesk.telephony.connectors.base import ActedCall, Connector, Course, Link, Malformed, Parsed, Refused, Request

KINDS = {"ring": Kind.RINGING, "answer": Kind.ANSWERED, "end": Kind.ENDED}


class Doorline(Connector):
    """Incoming calls of a Doorline PBX."""

    kind: ClassVar[str] = "doorline"
    title: ClassVar[str] = "Doorline"
    summary: ClassVar[str] = "An invented PBX: an example of a connector of your own."

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        """Translate one request. Pure: no clock, no database, no network."""
        if link.secrets.get("password") and request.headers.get("x-doorline") != link.secrets["password"]:
            raise Refused("The header X-Doorline holds another password.")
        values = fields.read(request)
        kind = KINDS.get(values.get("what", ""))
        if kind is None or not values.get("call"):
            raise Malformed("what must be ring, answer or end; call must not be empty.")
        line = phones.digits_of(values.get("did", ""))
        known = link.lines.get(line)
        event = CallEvent(
            kind,
            values["call"][:200],
            Direction.IN,
            # A line's branch may stand in another country than the connector's.
            phones.normalize(values.get("from", ""), known[1] if known else link.region),
            values.get("to") or None,
            line=line,
            at=_moment(values.get("time", "")),
            result=_result(values) if kind is Kind.ENDED else None,
        )
        return Parsed((event,))

    def act(self, call: ActedCall) -> list[Request]:
        """Return what Doorline would send; "Test call" on the connector's page uses it."""
        courses = {
            Course.RINGING: ["ring"],
            Course.ANSWERED: ["ring", "answer", "end"],
            Course.MISSED: ["ring", "end"],
        }
        said = {"call": call.call_id, "from": call.phone, "to": call.extension, "did": call.line}
        talked = "yes" if call.course is Course.ANSWERED else "no"
        return [Request("POST", "", {"what": what, "talked": talked, **said}, "", b"") for what in courses[call.course]]

    def secret_fields(self) -> dict[str, forms.Field]:
        return {"password": forms.CharField(label="Password in X-Doorline", required=False, max_length=100)}


def _moment(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text.isdigit() and len(text) == 10 else None


def _result(values: dict[str, Any]) -> Result:
    return Result.ANSWERED if values.get("talked") == "yes" else Result.MISSED
