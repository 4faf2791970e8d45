"""The messages by which a connector service would report a call. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from ringdesk.telephony.connectors.base import ActedCall, Course, Request

RANG, TALKED = timedelta(seconds=6), timedelta(seconds=48)


def act(call: ActedCall) -> list[Request]:
    """Return the messages of a call that rings now, or that has just been answered or missed."""
    incoming = _event(call, "INCOMING")
    if call.course is Course.RINGING:
        return [incoming]
    if call.course is Course.MISSED:
        return [incoming, _history(call, "missed", call.at - RANG)]
    return [incoming, _event(call, "ACCEPTED"), _history(call, "success", call.at - RANG - TALKED)]


def _event(call: ActedCall, type_: str) -> Request:
    return _message(call, {"cmd": "event", "type": type_, "direction": "in"})


def _history(call: ActedCall, status: str, started_at: datetime) -> Request:
    times = {
        "start": _time(started_at),
        "end": _time(call.at),
        "duration": round((call.at - started_at).total_seconds()),
    }
    return _message(call, {"cmd": "history", "type": "in", "status": status, "link": ""} | times)


def _message(call: ActedCall, values: dict[str, Any]) -> Request:
    parties = {"user": call.extension, "ext": call.extension, "phone": call.phone, "diversion": call.line}
    secret = {"callid": call.call_id, "crm_token": call.secrets.get("crm_token", "")}
    return Request("POST", "", {}, "application/json", orjson.dumps(values | parties | secret))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
