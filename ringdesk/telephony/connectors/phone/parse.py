"""From what an automation app sends to a call event. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from ringdesk.core import phones
from ringdesk.telephony.call_events import CallEvent, Direction, Kind
from ringdesk.telephony.connectors.base import Link, Malformed, Parsed

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
NUMBER_FIELDS = ("phone", "number", "from", "caller")
KINDS = {"ringing": Kind.RINGING, "answered": Kind.ANSWERED, "ended": Kind.ENDED}
# %from%, %CNUM, [call_number], {number}, {{ caller }}, $number: the app did not fill its template in.
_TEMPLATE = re.compile(r"^\s*(%\w+%?|\[[^\]]*\]|\{+[^}]*\}+|\$\w+|<[a-z_ ]+>)\s*$", re.IGNORECASE)


def parse(values: Mapping[str, str], link: Link, now: datetime) -> Parsed:
    """Return the event the app reports. Raises Malformed with a text that says what to mend in the app."""
    kind = KINDS.get(values.get("event", "ringing").lower())
    if kind is None:
        raise Malformed(_("Field event must be ringing, answered or ended."))
    external_id = values.get("call_id") or None
    if external_id and (len(external_id) > 200 or _TEMPLATE.match(external_id)):
        raise Malformed(_("Field call_id is a template that was not filled in, or is too long."))
    at = _moment(values.get("timestamp", ""), now)
    event = CallEvent(
        kind,
        external_id,
        Direction.IN,
        _phone(values, link),
        line=phones.digits_of(values.get("line", ""))[:32],
        at=at,
        is_late=at is not None and now - at > timedelta(seconds=max(link.popup_seconds, 60)),
    )
    return Parsed((event,), agent_version=values.get("app_version", "")[:120])


def _phone(values: Mapping[str, str], link: Link) -> str:
    name = next((name for name in NUMBER_FIELDS if name in values), None)
    if name is None:
        # An app that knows no number sends the field empty: the caller hid it.
        return ""
    raw = values[name]
    if phones.is_hidden(raw):
        return ""
    if _TEMPLATE.match(raw):
        raise Malformed(
            _(
                "“%(value)s” is a template that the app did not fill in. Choose the caller's number from "
                "the app's list of variables instead of typing it."
            )
            % {"value": raw}
        )
    number = phones.normalize(raw, link.region)
    if not number:
        raise Malformed(_("“%(value)s” is not a phone number.") % {"value": raw[:40]})
    return number


def _moment(text: str, now: datetime) -> datetime | None:
    """Return when the phone says it rang; None when it says nothing certain or nothing possible."""
    if not text or _TEMPLATE.match(text):
        return None
    try:
        if re.fullmatch(r"\d{9,11}(\.\d+)?", text):
            moment = datetime.fromtimestamp(float(text), UTC)
        elif re.fullmatch(r"\d{12,14}", text):
            moment = datetime.fromtimestamp(int(text) / 1000, UTC)
        else:
            told = datetime.fromisoformat(text)
            if told.tzinfo is None:
                # A local time without its zone tells nothing certain.
                return None
            moment = told.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if _EARLIEST <= moment <= now + timedelta(days=1) else None
