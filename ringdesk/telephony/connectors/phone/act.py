"""The requests by which an automation app would report a call. Pure."""

from datetime import timedelta

import orjson

from ringdesk.telephony.connectors.base import ActedCall, Course, Request

RANG, TALKED = timedelta(seconds=6), timedelta(seconds=48)


def act(call: ActedCall) -> list[Request]:
    """Return the reports of a call that rings now, or that has just been answered or missed."""
    if call.course is Course.RINGING:
        return [_report(call, "ringing", timedelta())]
    if call.course is Course.MISSED:
        return [_report(call, "ringing", RANG), _report(call, "ended", timedelta())]
    return [
        _report(call, "ringing", RANG + TALKED),
        _report(call, "answered", TALKED),
        _report(call, "ended", timedelta()),
    ]


def _report(call: ActedCall, event: str, ago: timedelta) -> Request:
    values = {
        "phone": call.phone,
        "event": event,
        "call_id": call.call_id,
        "line": call.line,
        "timestamp": (call.at - ago).isoformat(),
    }
    return Request("POST", "", {}, "application/json", orjson.dumps(values))
