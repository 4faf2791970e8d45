"""What several kinds share: reading the loose bodies that sources send (query, form or JSON, one flat set of text
fields; pure), and form fields of settings that mean the same everywhere.
"""

from urllib.parse import parse_qsl, urlsplit

import orjson
from django import forms
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.connectors.base import Link, Malformed, NoRecording, Request, Source


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


# Kept in ``Link.settings["recordings"]``.
AT_THE_PBX = "pbx"


def recordings() -> dict[str, forms.Field]:
    """Return the settings of kinds that bring recordings: where they are kept, and which inside host has them."""
    return {
        "recordings": forms.ChoiceField(
            label=_("Recordings of calls"),
            required=False,
            choices=(("", _("Fetch and keep here")), (AT_THE_PBX, _("Keep at the PBX"))),
            help_text=_("What is kept at the PBX is played through Ringdesk, for as long as the PBX has it."),
        ),
    }


def recording_host() -> dict[str, forms.Field]:
    """Return the setting that lets recordings be fetched from a PBX in our own network (``recording_source``)."""
    return {
        "recording_host": forms.CharField(
            label=_("Host of recordings in your own network"),
            max_length=200,
            required=False,
            help_text=_(
                "An address that an event brings is not opened when it leads inside your network, "
                "unless it is on this host. Example: 192.168.1.10"
            ),
            widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        ),
    }


def recording_source(link: Link, reference: str) -> Source:
    """Return the source of a recording whose address an event has brought: trusted on the host a member typed in."""
    typed = str(link.settings.get("recording_host", "")).strip().lower()
    try:
        parts = urlsplit(reference)
        host = (parts.hostname or "").lower()
        places = {host, f"{host}:{parts.port}"} if parts.port else {host}
    except ValueError as error:
        raise NoRecording(_("This is not an address that can be opened.")) from error
    return Source(url=reference, is_trusted=bool(typed) and bool(host) and typed in places)


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
