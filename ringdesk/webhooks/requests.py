"""What is sent to an endpoint, and what its answer means. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.utils.translation import gettext as _

from ringdesk.webhooks import dialect, signing

# Statuses by which an endpoint that is alive refuses one message; every other refusal is a failure of the endpoint.
_VERDICTS = frozenset({400, 409, 413, 415, 422})
_KEPT_ANSWER = 2000
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Recipient:
    """An endpoint as the sender knows it: a CRM has a ``token``, a webhook has ``keys`` to sign with."""

    id: int
    organization_id: int
    address: str
    is_inside: bool
    language: str = "ru"
    token: str | None = None
    keys: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    wishes: dialect.Wishes = field(default_factory=dialect.Wishes)

    @property
    def is_crm(self) -> bool:
        return self.token is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a request. ``is_alive``: the endpoint itself works, whatever it thinks of the message."""

    is_delivered: bool
    is_alive: bool
    error: str = ""
    status: int | None = None
    answer: str = ""


def request(recipient: Recipient, message_id: str, body: str, now: datetime) -> tuple[dict[str, str], bytes]:
    """Return headers and body. A CRM finds its token in the body; a webhook's message is signed."""
    if recipient.token is not None:
        content = orjson.dumps(orjson.loads(body) | {"crm_token": recipient.token})
        # An older message sent again is told apart from a new one by this, where the CRM looks.
        return JSON | {"webhook-id": message_id}, content
    signed = signing.headers(recipient.keys, message_id, int(now.timestamp()), body)
    return JSON | signed, body.encode()


def judge(recipient: Recipient, type: str, status: int, body: bytes) -> Verdict:
    """Return what an answer means. A CRM must say ``{"success": true}``; a webhook's 2xx is enough."""
    answer = body.decode(errors="replace").replace("\x00", "")[:_KEPT_ANSWER]
    if not 200 <= status < 300:
        text = _refusals().get(status) or _("Answered with status %(status)s.") % {"status": status}
        return Verdict(False, status in _VERDICTS, text, status, answer)
    if not recipient.is_crm:
        return Verdict(True, True, "", status, answer)
    said = _object(body)
    if type == dialect.CONTACT:
        is_fine = "responsible" in said
        error = "" if is_fine else _("The answer has no “responsible”.")
        return Verdict(is_fine, is_fine, error, status, answer)
    if said.get("success") is True:
        return Verdict(True, True, "", status, answer)
    return Verdict(False, said.get("success") is False, _('The answer is not {"success": true}.'), status, answer)


def unreachable(error: str) -> Verdict:
    """Return the verdict on an endpoint that gave no answer."""
    return Verdict(False, False, error[:300])


def _refusals() -> dict[int, str]:
    return {
        401: _("The key is refused (401)."),
        403: _("The token is refused (403)."),
        404: _("There is nothing at this address (404)."),
        410: _("The address is gone (410)."),
        429: _("Too many requests (429)."),
        **dict.fromkeys((301, 302, 303, 307, 308), _("The address sends elsewhere: enter the one it leads to.")),
    }


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
