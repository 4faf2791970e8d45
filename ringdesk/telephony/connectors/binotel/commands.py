"""What is asked of Binotel: calls to be placed, addresses of recordings."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from ringdesk.core import http
from ringdesk.telephony.connectors import makecall
from ringdesk.telephony.connectors.base import CannotDial, Dial, Link, NoRecording, NotReady, Source
from ringdesk.telephony.connectors.binotel.config import API
from ringdesk.telephony.connectors.binotel.parse import REFERENCE

DIAL, RECORD = "/calls/internal-number-to-external-number.json", "/stats/call-record.json"


def dial(link: Link, wish: Dial) -> str:
    """Ring the extension, then dial; return generalCallID. Raises CannotDial."""
    body = {"internalNumber": wish.extension, "externalNumber": wish.phone.removeprefix("+")}
    try:
        answer = _ask(link, DIAL, body)
    except http.Unreachable as error:
        raise CannotDial(error.message) from error
    shape = makecall.read(answer)
    if not answer.is_success or shape.get("status") == "error":
        raise CannotDial(makecall.reason(answer, shape))
    return str(shape.get("generalCallID") or "")


def recording(link: Link, reference: str) -> Source:
    """Ask where the recording lies now; the address works for a short time only. Raises NotReady, NoRecording."""
    if not reference.startswith(REFERENCE):
        raise NoRecording(_("This is not a recording of Binotel."))
    try:
        answer = _ask(link, RECORD, {"generalCallID": reference.removeprefix(REFERENCE)})
    except http.Unreachable as error:
        raise NotReady(error.message) from error
    shape = makecall.read(answer)
    url = shape.get("url")
    if not answer.is_success or not isinstance(url, str) or not url.startswith("https://"):
        # Binotel uploads a recording minutes after the call, and says "no such record" until then.
        raise NotReady(makecall.reason(answer, shape))
    return Source(url=url)


def _ask(link: Link, path: str, body: dict[str, Any]) -> http.Answer:
    keys = {"key": link.secrets.get("api_key", ""), "secret": link.secrets.get("api_secret", "")}
    url = str(link.settings.get("api_url") or API).rstrip("/") + path
    return http.fetch(url, method="POST", json=keys | body, timeout=makecall.WITHIN, is_trusted=True)
