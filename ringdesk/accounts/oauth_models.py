"""Programs that members let in by OAuth 2.0: who they are, and what was given to them.

Tables of django-oauth-toolkit, with the seat that a member has let the program sit in: whatever is given to a program
is given by one member for one organization. Secrets and tokens are stored as their hashes.
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from django.db import models
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)
from oauthlib.common import Request

from ringdesk.accounts.models import Member, Organization, User


class Application(AbstractApplication):
    """A program. Without an organization it has registered itself (RFC 7591) and may ask anybody here."""

    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    organization = models.ForeignKey(Organization, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    registered_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        verbose_name = _("program")

    @property
    def is_public(self) -> bool:
        """Tell whether it can keep no secret: a program on its user's device."""
        return bool(self.client_type == self.CLIENT_PUBLIC)

    @property
    def redirects(self) -> list[str]:
        return str(self.redirect_uris).split()

    def is_usable(self, request: Request) -> bool:
        return self.revoked_at is None

    def get_allowed_schemes(self) -> list[str]:
        """Return where its users may be sent back to: only what was checked when it was registered."""
        return [urlsplit(uri).scheme for uri in self.redirects]


class Grant(AbstractGrant):
    """An authorization code, for a minute."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")


class AccessToken(AbstractAccessToken):
    """What a program sends with every request, for an hour."""

    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")


class RefreshToken(AbstractRefreshToken):
    """What a program gets its next access token for, once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")

    class Meta(AbstractRefreshToken.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["token_family"]),
            models.Index(fields=["member", "application", "revoked"]),
        ]


class IDToken(AbstractIDToken):
    """Never issued; the library's other tables refer to it."""

    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
