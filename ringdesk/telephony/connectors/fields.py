"""What several kinds share: reading the loose bodies that sources send (query, form or JSON, one flat set of text
fields; pure), and form fields of settings that mean the same everywhere.
"""

from urllib.parse import parse_qsl

import orjson
from django import forms
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.connectors.base import Malformed, Request


def smart_transfer() -> forms.Field:
    """Return the setting that puts callers through to their responsible member."""
    return forms.ChoiceField(
        label=_("Smart transfer"),
        required=False,
        choices=(("", _("As in the settings of calls")), ("on", _("On")), ("off", _("Off"))),
        help_text=_(
            "The PBX asks who is responsible for the caller, and routes there. "
            "Ringdesk answers with the extension of the client's responsible member."
        ),
    )


def read(request: Request) -> dict[str, str]:
    """Return query and body as one dict; what is empty is left out, the body wins. Raises Malformed."""
    values = {key: value.strip() for key, value in request.query.items() if value.strip()}
    if request.body.strip():
        values.update(_json(request.body) if _is_json(request) else _form(request.body))
    if any("\x00" in key or "\x00" in value for key, value in values.items()):
        raise Malformed(_("The request holds a zero byte."))
    return values


def _is_json(request: Request) -> bool:
    return "json" in request.content_type or request.body.lstrip()[:1] in (b"{", b"[")


def _json(body: bytes) -> dict[str, str]:
    try:
        shape = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(_("The body is not valid JSON.")) from error
    if not isinstance(shape, dict):
        raise Malformed(_("The body must be a JSON object."))
    values: dict[str, str] = {}
    for key, value in shape.items():
        if isinstance(value, bool) or value is None:
            continue
        if not isinstance(value, str | int | float):
            raise Malformed(_("A value of the JSON object is not a text or a number."))
        if str(value).strip():
            values[key] = str(value).strip()
    return values


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=False, max_num_fields=100)
    except (UnicodeDecodeError, ValueError) as error:
        raise Malformed(_("The body is neither JSON nor form data in UTF-8.")) from error
    return {key: value.strip() for key, value in pairs if value.strip()}
