"""Secrets at rest: what a leaked dump must not open. AES-128-CBC with HMAC (Fernet)."""

import base64
import hashlib
from functools import cache
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from ringdesk.core.problems import RingdeskError


class SealBroken(RingdeskError):
    """The secret was sealed with another key."""


@cache
def _fernet(secret: str) -> Fernet:
    key = hashlib.blake2b(secret.encode(), digest_size=32, person=b"ringdesk-seal").digest()
    return Fernet(base64.urlsafe_b64encode(key))


def seal(value: Any) -> bytes:
    """Return ``value`` (anything JSON can say) encrypted under the installation's secret key."""
    return _fernet(settings.SECRET_KEY).encrypt(orjson.dumps(value))


def unseal(sealed: bytes | memoryview) -> Any:
    """Return what ``seal`` was given. Raises SealBroken when the secret key is not the one it was sealed with."""
    try:
        return orjson.loads(_fernet(settings.SECRET_KEY).decrypt(bytes(sealed)))
    except InvalidToken as error:
        raise SealBroken(
            "The secret key of this installation is not the one these secrets were sealed with."
        ) from error


def fingerprint(secret: str) -> str:
    """Return the SHA-256 by which a random secret is looked up without being stored. Hex, 64 characters."""
    return hashlib.sha256(secret.encode()).hexdigest()
