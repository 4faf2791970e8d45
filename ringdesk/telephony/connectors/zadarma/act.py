"""The notifications by which the PBX would report a call. Pure."""

from datetime import timedelta
from urllib.parse import urlencode

from ringdesk.telephony.connectors.base import ActedCall, Course, Request
from ringdesk.telephony.connectors.zadarma.signing import SIGNED, signature

RANG, TALKED = timedelta(seconds=6), timedelta(seconds=48)
FORM = "application/x-www-form-urlencoded"


def act(call: ActedCall) -> list[Request]:
    """Return the notifications of a call that rings now, or that has just been answered or missed."""
    talked = TALKED if call.course is Course.ANSWERED else timedelta(0)
    started = call.at if call.course is Course.RINGING else call.at - RANG - talked
    values = {
        "call_start": f"{started:%Y-%m-%d %H:%M:%S}",
        "pbx_call_id": call.call_id,
        "caller_id": call.phone,
        "called_did": call.line,
        "internal": call.extension,
    }
    rings = _notify(call, "NOTIFY_INTERNAL", values)
    if call.course is Course.RINGING:
        return [rings]
    word = "answered" if talked else "no answer"
    ended = values | {"disposition": word, "duration": str(int(talked.total_seconds())), "is_recorded": "0"}
    answered = _notify(call, "NOTIFY_ANSWER", values | {"destination": call.line})
    return [rings, *([answered] if talked else []), _notify(call, "NOTIFY_END", ended)]


def _notify(call: ActedCall, event: str, values: dict[str, str]) -> Request:
    signed = "".join(values.get(name, "") for name in SIGNED[event])
    headers = {"signature": signature(signed, call.secrets.get("api_secret", ""))}
    return Request("POST", "", {}, FORM, urlencode({"event": event} | values).encode(), headers)
