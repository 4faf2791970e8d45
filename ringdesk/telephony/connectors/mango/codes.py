"""What the PBX's codes mean: of ended calls and of commands. Pure.

Source: Mango Office VPBX API, list of result codes. An unknown one means what its class does (1090 → 1000).
"""

from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Text
from ringdesk.telephony.call_events import Result

DONE = 1000
CALLER_HUNG_UP = 1110
# The one that rang is not to be had; the PBX may try the next one.
NOT_TAKEN = frozenset({1111, 1121, 1122, 1123, 1124, 1182})
# One half of a call that was asked for is over, and the other half begins.
HALVES = frozenset({1000, 1100})

RESULTS: dict[int, Result] = {
    1110: Result.CANCELLED,
    1111: Result.MISSED,
    1121: Result.BUSY,
    1122: Result.BUSY,
    1123: Result.BUSY,
    1124: Result.BUSY,
    1182: Result.MISSED,
}
TEXTS: dict[int, Text] = {
    1000: _("done"),
    1100: _("the call ended normally"),
    1110: _("the caller hung up"),
    1111: _("nobody answered"),
    1120: _("the called party hung up"),
    1121: _("the line is busy"),
    1122: _("the call was rejected"),
    1123: _("do not disturb is switched on"),
    1124: _("the call was rejected"),
    1182: _("somebody else took the call"),
    2000: _("the account of the PBX does not allow it: see its balance and limits"),
    3000: _("the PBX did not understand the request"),
    3102: _("the signature is wrong: compare the key for signatures with the one in the PBX"),
    3105: _("the PBX does not know its code: compare it with the one in the PBX"),
    3200: _("the number is wrong"),
    3310: _("there is no such call any more"),
    4000: _("the PBX cannot do it"),
    4100: _("the PBX cannot do it with this call"),
    4101: _("the call is already over"),
    4200: _("the party cannot be reached now"),
    5000: _("the PBX has an error of its own: try again later"),
    5001: _("the PBX is overloaded: try again later"),
}
_UNKNOWN = _("the PBX gave no reason")


def text(code: int) -> Text:
    """Return what a code means in words, of an unknown one its class."""
    return next((TEXTS[known] for known in _classes(code) if known in TEXTS), _UNKNOWN)


def result(code: int) -> Result | None:
    """Return what became of a call in which nobody talked; None where the code does not tell."""
    if code in RESULTS:
        return RESULTS[code]
    return None if code < 2000 else Result.FAILED


def _classes(code: int) -> tuple[int, int, int]:
    return code, code // 100 * 100, code // 1000 * 1000
