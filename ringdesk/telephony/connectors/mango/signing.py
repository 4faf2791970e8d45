"""The form that both directions send: ``vpbx_api_key``, ``sign``, ``json``. Pure.

Source: Mango Office VPBX API, "About the parameter sign": sha256 over key, json as transmitted, and salt.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from django.utils.translation import gettext_lazy as _

from ringdesk.telephony.connectors.base import Malformed, Refused

_MOST_FIELDS = 20


def sign(key: str, json: str, salt: str) -> str:
    """Return the signature of ``json`` as it is transmitted: lower-case hex."""
    return hashlib.sha256(f"{key}{json}{salt}".encode()).hexdigest()


def form(shape: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, str]:
    """Return the fields to send for a command or, acted out, for an event."""
    key, json = secrets.get("api_key", ""), orjson.dumps(dict(shape)).decode()
    return {"vpbx_api_key": key, "sign": sign(key, json, secrets.get("api_salt", "")), "json": json}


def body(shape: Mapping[str, Any], secrets: Mapping[str, str]) -> bytes:
    """Return ``form`` as the body of a request."""
    return urlencode(form(shape, secrets)).encode()


def read(body: bytes, secrets: Mapping[str, str]) -> dict[str, Any]:
    """Return what a signed body says. Raises Malformed, or Refused for another key or signature than ours."""
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise Malformed(_("The body is not form data in UTF-8.")) from error
    missing = [name for name in ("vpbx_api_key", "sign", "json") if name not in fields]
    if missing:
        raise Malformed(_("Parameter %(name)s is missing.") % {"name": missing[0]})
    _check(fields, secrets)
    json = fields["json"]
    if "\x00" in json or "\\u0000" in json:
        raise Malformed(_("The request holds a zero byte."))
    try:
        shape = orjson.loads(json)
    except orjson.JSONDecodeError as error:
        raise Malformed(_("Parameter json is not valid JSON.")) from error
    if not isinstance(shape, dict):
        raise Malformed(_("Parameter json must be a JSON object."))
    return shape


def _check(fields: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    key, salt = secrets.get("api_key", ""), secrets.get("api_salt", "")
    if not key or not salt:
        raise Refused(_("The PBX's code and the key for signatures are not entered here yet."))
    if not hmac.compare_digest(fields["vpbx_api_key"].encode(), key.encode()):
        raise Refused(_("The code of the PBX is not the one entered here."))
    expected = sign(key, fields["json"], salt)
    if not hmac.compare_digest(fields["sign"].strip().lower().encode(), expected.encode()):
        raise Refused(_("The signature is wrong: another key for signatures is entered here than in the PBX."))
