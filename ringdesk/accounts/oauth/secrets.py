"""What the secrets of programs look like: their beginning tells what was found where it should not be."""

import secrets

from oauthlib.common import Request

ACCESS = "rdo_"
REFRESH = "rdr_"
SECRET = "rds_"
LONGEST = 100


def access_token(request: Request, refresh_token: bool = False) -> str:
    """Return a fresh access token."""
    return ACCESS + secrets.token_urlsafe(32)


def refresh_token(request: Request, refresh_token: bool = False) -> str:
    """Return a fresh refresh token."""
    return REFRESH + secrets.token_urlsafe(32)


def client_secret() -> str:
    """Return a fresh secret of a program."""
    return SECRET + secrets.token_urlsafe(32)
