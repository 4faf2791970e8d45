"""Click-to-call at sources that take it over HTTP (file 5, 5.3): ``POST …/makecall`` with ``X-API-KEY``."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ringdesk.core import http
from ringdesk.telephony.connectors.base import CannotDial, Dial, Link

PATH = "/httpapiinteg/crmapi/v1/makecall"
# Seconds; a member waits for it.
WITHIN = 10.0
LONGEST_ERROR = 300
_ID_LENGTH = 200


def settings_fields() -> dict[str, forms.Field]:
    """Return the field of the address."""
    return {
        "makecall_url": forms.URLField(
            label=_("Address for placing calls"),
            required=False,
            max_length=300,
            assume_scheme="https",
            help_text=_(
                "Where the PBX takes calls to be placed: the address that ends in /httpapiinteg/crmapi/v1/makecall, "
                "or what stands before that. Empty: calls cannot be placed from here."
            ),
        ),
    }


def secret_fields() -> dict[str, forms.Field]:
    """Return the field of the key."""
    return {
        "makecall_key": forms.CharField(
            label=_("Key for placing calls"), required=False, max_length=300, help_text=_("Sent as X-API-KEY.")
        )
    }


def address(typed: str) -> str:
    """Return the whole address for what was typed in: all of it, up to ``/crmapi/v1``, or the host alone. Pure."""
    bare = typed.strip().rstrip("/")
    if not bare or bare.endswith("/makecall"):
        return bare
    return bare + ("/makecall" if bare.endswith("/crmapi/v1") else PATH)


def dial(link: Link, wish: Dial) -> str:
    """Ask the source to ring the extension and then dial; return its id of the call, "" when it tells none.

    Raises CannotDial with the text it answered. Blocks.
    """
    url = address(str(link.settings.get("makecall_url", "")))
    if not url:
        raise CannotDial(_("The address for placing calls is not set on this connector's page."))
    # Sources of this protocol want digits alone.
    body = {"user": wish.extension, "phone": wish.phone.removeprefix("+")}
    headers = {"X-API-KEY": link.secrets.get("makecall_key", ""), "Accept": "application/json"}
    try:
        answer = http.fetch(url, method="POST", json=body, headers=headers, timeout=WITHIN, is_trusted=True)
    except http.Unreachable as error:
        raise CannotDial(error.message) from error
    shape = read(answer)
    if not answer.is_success or shape.get("error"):
        raise CannotDial(reason(answer, shape))
    return str(shape.get("callid") or "")[:_ID_LENGTH]


def read(answer: http.Answer) -> dict[str, Any]:
    """Return the answer's JSON object, an empty one where it is none."""
    try:
        shape = answer.json()
    except ValueError:
        return {}
    return shape if isinstance(shape, dict) else {}


def reason(answer: http.Answer, shape: dict[str, Any]) -> str:
    """Return in the source's own words why it refused, or the number of its answer where it has none."""
    for name in ("error", "message", "error_description", "detail"):
        told = shape.get(name)
        if isinstance(told, dict):
            told = told.get("message")
        if isinstance(told, str | int) and str(told).strip():
            return str(told).strip()[:LONGEST_ERROR]
    is_prose = not any(word in answer.headers.get("content-type", "") for word in ("html", "json"))
    text = " ".join(answer.text.split()) if is_prose else ""
    return text[:LONGEST_ERROR] or f"HTTP {answer.status}"
