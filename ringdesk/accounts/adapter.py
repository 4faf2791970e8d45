"""allauth's questions about our accounts."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from ringdesk.core.sealing import seal, unseal


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    """Nobody signs up by themselves: a seat is given by set-up or by an invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of the letter: under our own name where we know it: a request may claim any."""
        url: str = super().get_reset_password_from_key_url(key)
        return settings.PUBLIC_URL + urlsplit(url).path if settings.PUBLIC_URL else url

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth counts per host name of the request, which whoever guesses may choose anew each time.
        return str(credentials.get("email", "")).lower()


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second step's secrets lie sealed in the database, like every other secret."""

    def encrypt(self, text: str) -> str:
        return seal(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return str(unseal(encrypted_text.encode()))
