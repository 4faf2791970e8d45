"""The requests by which a PBX would report a call. Pure."""

from datetime import timedelta

from ringdesk.telephony.connectors.base import ActedCall, Course, Request

RANG, TALKED = timedelta(seconds=6), timedelta(seconds=48)


def act(call: ActedCall) -> list[Request]:
    """Return the reports of a call that rings now, or that has just been answered or missed."""
    started = _report(call, {"event": "1"})
    if call.course is Course.RINGING:
        return [started]
    if call.course is Course.MISSED:
        return [started, _report(call, {"event": "2", "status": "NOANSWER"} | _times(call, talked=False))]
    ended = _report(call, {"event": "2", "status": "ANSWER"} | _times(call, talked=True))
    return [started, _report(call, {"event": "3"}), ended]


def _times(call: ActedCall, *, talked: bool) -> dict[str, str]:
    end = int(call.at.timestamp())
    answer = end - int(TALKED.total_seconds()) if talked else end
    times = {"call_start_timestamp": str(answer - int(RANG.total_seconds())), "timestamp": str(end)}
    return times | ({"call_answer_timestamp": str(answer)} if talked else {})


def _report(call: ActedCall, values: dict[str, str]) -> Request:
    parties = {
        "src_type": "1",
        "call_id": call.call_id,
        "line": call.line,
        "src_num": call.phone,
        "dst_num": call.extension,
    }
    return Request("GET", "", parties | values, "", b"")
