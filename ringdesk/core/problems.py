"""The tree of errors that Ringdesk itself raises. Their HTTP status is decided at the edge."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class RingdeskError(Exception):
    """Something the user or the calling system can understand and act upon.

    ``message`` is written for people; ``field`` names the form field it belongs to, if any.
    """

    def __init__(self, message: Text, *, field: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details

    def __str__(self) -> str:
        return str(self.message)


class Invalid(RingdeskError):
    """The input cannot be used as it is."""


class Conflict(RingdeskError):
    """The wish collides with what is there; ``details["alternatives"]`` may name free ones."""


class Gone(Conflict):
    """What it needs was removed, or what it removes came into use, while it was being done. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__(_("Somebody has just removed what this needs, or begun to use it. Look again and repeat it."))


class Stale(Conflict):
    """Somebody changed the object in the meantime."""


class Forbidden(RingdeskError):
    """The member or token may not do this."""


class NotFound(RingdeskError):
    """There is no such object in this organization."""
