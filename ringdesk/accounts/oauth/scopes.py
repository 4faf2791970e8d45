"""The scopes a program may ask for: those of API tokens, the same words."""

from typing import Any

from oauth2_provider.scopes import BaseScopes

from ringdesk.accounts.access import SCOPES

# What an assistant needs who books for clients: asked for by programs that do not say what they want.
ASSISTANT = ("bookings:read", "bookings:write", "reservations:read", "reservations:write")


class Scopes(BaseScopes):
    """What django-oauth-toolkit asks about scopes."""

    def get_all_scopes(self) -> dict[str, str]:
        return {scope: scope for scope in SCOPES}

    def get_available_scopes(self, *args: Any, **options: Any) -> list[str]:
        return list(SCOPES)

    def get_default_scopes(self, *args: Any, **options: Any) -> list[str]:
        return list(ASSISTANT)
