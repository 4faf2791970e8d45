"""What is asked of the API: calls to be placed, addresses of recordings."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from ringdesk.core import http
from ringdesk.telephony.connectors import makecall
from ringdesk.telephony.connectors.base import CannotDial, Dial, Link, NoRecording, NotReady, Source
from ringdesk.telephony.connectors.zadarma.config import API
from ringdesk.telephony.connectors.zadarma.parse import REFERENCE
from ringdesk.telephony.connectors.zadarma.signing import authorization

DIAL, RECORD = "/v1/request/callback/", "/v1/pbx/record/request/"


def dial(link: Link, wish: Dial) -> str:
    """Ring the extension, then dial. The API tells no id of the call. Raises CannotDial."""
    try:
        answer = _ask(link, DIAL, {"from": wish.extension, "to": wish.phone.removeprefix("+")})
    except http.Unreachable as error:
        raise CannotDial(error.message) from error
    shape = makecall.read(answer)
    if not answer.is_success or shape.get("status") == "error":
        raise CannotDial(makecall.reason(answer, shape))
    return ""


def recording(link: Link, reference: str) -> Source:
    """Ask where the recording lies now; the address works for a short time only. Raises NotReady, NoRecording."""
    if not reference.startswith(REFERENCE):
        raise NoRecording(_("This is not a recording of Zadarma."))
    try:
        answer = _ask(link, RECORD, {"call_id": reference.removeprefix(REFERENCE)})
    except http.Unreachable as error:
        raise NotReady(error.message) from error
    shape = makecall.read(answer)
    url = shape.get("link")
    if not answer.is_success or not isinstance(url, str) or not url.startswith("https://"):
        # It is there about 40 seconds after the notification, and not found until then.
        raise NotReady(makecall.reason(answer, shape))
    return Source(url=url)


def _ask(link: Link, path: str, params: Mapping[str, str]) -> http.Answer:
    asked = dict(sorted((dict(params) | {"format": "json"}).items()))
    header = authorization(path, asked, link.secrets.get("api_key", ""), link.secrets.get("api_secret", ""))
    url = str(link.settings.get("api_url") or API).rstrip("/") + path
    return http.fetch(url, params=asked, headers={"Authorization": header}, timeout=makecall.WITHIN, is_trusted=True)
