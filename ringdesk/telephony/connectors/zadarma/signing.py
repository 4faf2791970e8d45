"""Signatures of notifications, and of what is asked of the API. Pure.

Source: the vendor's public library. What it calls base64 of HMAC-SHA1 is base64 of the digest's hexadecimal text;
its prose can be read as base64 of the digest itself, so that is accepted too.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

# What of an event is signed, in this order, with nothing in between.
SIGNED = {
    "NOTIFY_START": ("caller_id", "called_did", "call_start"),
    "NOTIFY_INTERNAL": ("caller_id", "called_did", "call_start"),
    "NOTIFY_IVR": ("caller_id", "called_did", "call_start"),
    "NOTIFY_END": ("caller_id", "called_did", "call_start"),
    "NOTIFY_ANSWER": ("caller_id", "destination", "call_start"),
    "NOTIFY_OUT_START": ("internal", "destination", "call_start"),
    "NOTIFY_OUT_END": ("internal", "destination", "call_start"),
    "NOTIFY_RECORD": ("pbx_call_id", "call_id_with_rec"),
}


def signature(text: str, secret: str) -> str:
    """Return the signature of a text."""
    return b64encode(_digest(text, secret).hexdigest().encode()).decode()


def is_signed(values: Mapping[str, str], given: str, secret: str) -> bool:
    """Tell whether the notification was signed with the secret."""
    text = "".join(values.get(name, "") for name in SIGNED[values["event"]])
    plain = b64encode(_digest(text, secret).digest()).decode()
    told = given.encode()
    by_hex = hmac.compare_digest(told, signature(text, secret).encode())
    by_digest = hmac.compare_digest(told, plain.encode())
    return bool(secret) and (by_hex or by_digest)


def authorization(path: str, params: Mapping[str, str], key: str, secret: str) -> str:
    """Return the Authorization header of a request to the API."""
    query = urlencode(sorted(params.items()))
    # The vendor's protocol wants MD5 here; nothing is kept secret by it.
    summed = hashlib.md5(query.encode(), usedforsecurity=False).hexdigest()
    return f"{key}:{signature(path + query + summed, secret)}"


def _digest(text: str, secret: str) -> hmac.HMAC:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha1)
