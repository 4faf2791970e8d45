"""Asking the PBX: signed, within its limits, each command with a deadline."""

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from ringdesk.core import http
from ringdesk.core.problems import RingdeskError
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.connectors.mango import codes, config, signing
from ringdesk.telephony.connectors.mango.limits import Turns

# Seconds for the answer itself, once it is this command's turn.
ANSWERED_WITHIN = 10.0
# Turns are kept for so many keys; more have other worries.
_MOST_KEYS = 1000

_turns: dict[str, Turns] = {}
_lock = threading.Lock()


class NotDone(RingdeskError):
    """The PBX did not do it. ``details["code"]`` is its code, 0 where it gave none."""


class TooLate(NotDone):
    """Its turn would have come after its deadline, so it was not sent."""


def turn(link: Link, command: str, wait: float) -> float:
    """Return in how many seconds it is this command's turn. Raises TooLate when that is more than ``wait``.

    Turns are given out per process: several processes together may come over the limits, and are told so by 429.
    """
    now = time.monotonic()
    with _lock:
        if len(_turns) > _MOST_KEYS:
            _turns.clear()
        at = _turns.setdefault(link.secrets.get("api_key", ""), Turns()).take(command, now, now + wait)
    if at is None:
        raise TooLate(_("Too many commands at once: “%(command)s” was given up.") % {"command": command}, code=0)
    return max(0.0, at - now)


def ask(link: Link, command: str, shape: Mapping[str, Any], *, wait: float) -> http.Answer:
    """Send a command and return the answer. ``wait``: seconds it may stand in the queue. Raises NotDone. Blocks."""
    time.sleep(turn(link, command, wait))
    try:
        return _checked(http.fetch(_url(link, command), **_request(link, shape)))
    except http.Unreachable as error:
        raise NotDone(error.message, code=0) from error


async def ask_async(link: Link, command: str, shape: Mapping[str, Any], *, wait: float) -> http.Answer:
    """Send a command like ``ask`` without blocking."""
    await asyncio.sleep(turn(link, command, wait))
    try:
        return _checked(await http.fetch_async(_url(link, command), **_request(link, shape)))
    except http.Unreachable as error:
        raise NotDone(error.message, code=0) from error


def read(answer: http.Answer) -> dict[str, Any]:
    """Return the answer's JSON object, an empty one where it is none."""
    try:
        shape = answer.json()
    except ValueError:
        return {}
    return shape if isinstance(shape, dict) else {}


def _url(link: Link, command: str) -> str:
    return config.address(str(link.settings.get("address") or "")) + command


def _request(link: Link, shape: Mapping[str, Any]) -> dict[str, Any]:
    # A member typed the address in, so it may be a PBX's stand-in in our own network.
    return {
        "method": "POST",
        "data": signing.form(shape, link.secrets),
        "timeout": ANSWERED_WITHIN,
        "is_trusted": True,
    }


def _checked(answer: http.Answer) -> http.Answer:
    if answer.status == 401:
        raise NotDone(
            _("The PBX refuses every request for two minutes after a wrong one. Check its code and key."), code=0
        )
    if answer.status == 429:
        raise NotDone(_("The PBX is asked too often."), code=0)
    told = read(answer) if "json" in answer.headers.get("content-type", "") else {}
    code = _code(told.get("result"))
    if code not in (0, codes.DONE):
        raise NotDone(_("%(text)s (code %(code)s)") % {"text": codes.text(code), "code": code}, code=code)
    if answer.status >= 400:
        raise NotDone(_("The PBX answered %(status)s.") % {"status": answer.status}, code=0, status=answer.status)
    return answer


def _code(value: Any) -> int:
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else 0
