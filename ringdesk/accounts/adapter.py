"""allauth's questions about our accounts."""

import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from ringdesk.core.sealing import seal, unseal

logger = logging.getLogger(__name__)


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    """Nobody signs up by themselves: a seat is given by set-up or by an invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of the letter: under our own name where we know it: a request may claim any."""
        url: str = super().get_reset_password_from_key_url(key)
        return settings.PUBLIC_URL + urlsplit(url).path if settings.PUBLIC_URL else url

    def format_email_subject(self, subject: str) -> str:
        """Leave the subject as the template says it: no host name in front."""
        return subject

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a letter; a mail server that does not take it is the operator's to hear of, in the log.

        The page says the same as for an address that nobody here has: an error would tell the two apart.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError):
            logger.exception("A letter (%s) could not be sent.", template_prefix)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth counts per host name of the request, which whoever guesses may choose anew each time.
        return str(credentials.get("email", "")).lower()


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second step's secrets lie sealed in the database, like every other secret."""

    def encrypt(self, text: str) -> str:
        return seal(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return str(unseal(encrypted_text.encode()))
