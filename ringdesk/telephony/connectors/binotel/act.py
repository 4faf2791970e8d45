"""The webhooks by which Binotel would report a call. Pure."""

from datetime import timedelta
from urllib.parse import urlencode

from ringdesk.telephony.connectors.base import ActedCall, Course, Request

RANG, TALKED = timedelta(seconds=6), timedelta(seconds=48)
FORM = "application/x-www-form-urlencoded"


def act(call: ActedCall) -> list[Request]:
    """Return the webhooks of a call that rings now, or that has just been answered or missed."""
    received = _webhook(call, "receivedTheCall")
    if call.course is Course.RINGING:
        return [received]
    if call.course is Course.MISSED:
        return [received, _completed(call, "NOANSWER", timedelta(0))]
    return [received, _webhook(call, "answeredTheCall"), _completed(call, "ANSWER", TALKED)]


def _webhook(call: ActedCall, kind: str) -> Request:
    return _form(call, {"requestType": kind, "pbxNumber": call.line} | _parties(call))


def _completed(call: ActedCall, disposition: str, talked: timedelta) -> Request:
    times = {
        "startTime": str(int((call.at - RANG - talked).timestamp())),
        "waitsec": str(int(RANG.total_seconds())),
        "billsec": str(int(talked.total_seconds())),
    }
    details = _parties(call) | times | {"disposition": disposition}
    shape = {f"callDetails[{name}]": value for name, value in details.items()}
    return _form(call, {"requestType": "apiCallCompleted", "callDetails[pbxNumberData][number]": call.line} | shape)


def _parties(call: ActedCall) -> dict[str, str]:
    return {
        "generalCallID": call.call_id,
        "callType": "0",
        "companyID": str(call.settings.get("company_id", "")),
        "externalNumber": call.phone,
        "internalNumber": call.extension,
    }


def _form(call: ActedCall, values: dict[str, str]) -> Request:
    listed = str(call.settings.get("addresses", "")).partition(",")[0].strip()
    peer = listed.partition("/")[0]
    return Request("POST", "", {}, FORM, urlencode(values).encode(), peer=peer)
