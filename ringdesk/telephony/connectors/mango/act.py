"""The notifications by which the PBX would report a call, signed with the connector's own key. Pure."""

from datetime import timedelta
from typing import Any

from ringdesk.telephony.connectors.base import ActedCall, Course, Request
from ringdesk.telephony.connectors.mango import signing

RANG, TALKED = timedelta(seconds=6), timedelta(seconds=48)
FORM = "application/x-www-form-urlencoded"


def act(call: ActedCall) -> list[Request]:
    """Return the notifications of a call that rings now, or that has just been answered or missed."""
    leg = f"{call.call_id}:1"
    line = call.line or "74950000000"
    parties: dict[str, Any] = {
        "from": {"number": call.phone.strip()},
        "to": {"extension": call.extension, "number": line, "line_number": line} if call.extension else
              {"number": line, "line_number": line},
        "location": "abonent" if call.extension else "queue",
    }  # fmt: skip
    asked = call.at if call.course is Course.RINGING else call.at - RANG
    answered = asked if call.course is not Course.ANSWERED else call.at - TALKED
    asked = answered - RANG if call.course is Course.ANSWERED else asked

    def told(state: str, seq: int, at: Any, **more: Any) -> Request:
        about = {"entry_id": call.call_id, "call_id": leg, "timestamp": int(at.timestamp()), "seq": seq}
        return _request("events/call", about | {"call_state": state} | parties | more, call)

    started = told("Appeared", 1, asked)
    if call.course is Course.RINGING:
        return [started]
    talked = call.course is Course.ANSWERED
    reason = 1110 if talked else 1111
    summary = {
        "entry_id": call.call_id,
        "call_direction": 1,
        "from": parties["from"],
        "to": {"extension": call.extension, "number": line},
        "line_number": line,
        "create_time": int(asked.timestamp()),
        "forward_time": int(asked.timestamp()) if talked else 0,
        "talk_time": int(answered.timestamp()) if talked else 0,
        "end_time": int(call.at.timestamp()),
        "entry_result": 1 if talked else 0,
        "disconnect_reason": reason,
    }
    middle = [told("Connected", 2, answered)] if talked else []
    ended = told("Disconnected", 3, call.at, disconnect_reason=reason)
    return [started, *middle, ended, _request("events/summary", summary, call)]


def _request(path: str, shape: dict[str, Any], call: ActedCall) -> Request:
    return Request("POST", path, {}, FORM, signing.body(shape, call.secrets))
