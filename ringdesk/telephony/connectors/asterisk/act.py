"""The messages by which an Asterisk would report a test call. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ringdesk.telephony.connectors.asterisk import ami
from ringdesk.telephony.connectors.base import ActedCall, Course, Request

RANG, TALKED = timedelta(seconds=6), timedelta(seconds=48)
_TRUNK, _MEMBER = "trunk", "member"


def act(call: ActedCall) -> list[Request]:
    """Return one request whose body is the stream of a call that rings now, or was just answered or missed."""
    stream = b"".join(ami.dumps(message) for message in _messages(call))
    return [Request("POST", "", {}, "text/plain", stream)]


def _messages(call: ActedCall) -> Iterator[ami.Message]:
    over = call.course is not Course.RINGING
    end = call.at
    answer = end - TALKED if call.course is Course.ANSWERED else end
    start = answer - RANG if over else call.at
    caller = {"CallerIDNum": call.phone, "Context": "from-trunk", "Exten": call.line or "s"}
    yield _of(call, _TRUNK, "Newchannel", start) | caller
    yield _of(call, _TRUNK, "Newstate", start) | {"ChannelState": "4"}
    dialled = {
        "DestChannel": _channel(call, _MEMBER),
        "DestUniqueid": f"{call.call_id}-2",
        "DestLinkedid": call.call_id,
    }
    if call.extension:
        yield _of(call, _MEMBER, "Newchannel", start) | {"CallerIDNum": call.extension, "Context": "internal"}
        yield _of(call, _TRUNK, "DialBegin", start) | dialled
    if call.course is Course.ANSWERED:
        if call.extension:
            yield _of(call, _TRUNK, "DialEnd", answer) | dialled | {"DialStatus": "ANSWER"}
        else:
            yield _of(call, _MEMBER, "Newchannel", start) | {"Context": "internal", "CallerIDNum": ""}
            yield _of(call, _MEMBER, "BridgeEnter", answer)
    elif over and call.extension:
        yield _of(call, _TRUNK, "DialEnd", end) | dialled | {"DialStatus": "NOANSWER"}
    if over:
        if call.extension or call.course is Course.ANSWERED:
            yield _of(call, _MEMBER, "Hangup", end)
        yield _of(call, _TRUNK, "Hangup", end)


def _of(call: ActedCall, leg: str, name: str, at: datetime) -> ami.Message:
    return {
        "Event": name,
        "Timestamp": f"{at.timestamp():.6f}",
        "Channel": _channel(call, leg),
        "Uniqueid": call.call_id if leg == _TRUNK else f"{call.call_id}-2",
        "Linkedid": call.call_id,
    }


def _channel(call: ActedCall, leg: str) -> str:
    return "PJSIP/trunk-00000001" if leg == _TRUNK else f"PJSIP/{call.extension or 'member'}-00000002"
