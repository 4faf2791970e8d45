"""Identifiers that sort by the time they were made."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """Return a UUID version 7 (RFC 9562)."""
    return uuid_utils.compat.uuid7()
