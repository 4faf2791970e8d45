"""What an organization has set for its calls: windows, documents, digits compared, forwarding. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class Moment(StrEnum):
    """When a call window opens."""

    NEVER = "never"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class Shown(StrEnum):
    """Which «Call» documents open by themselves once created."""

    NEVER = "never"
    IN = "in"
    OUT = "out"
    BOTH = "both"


LAST_DIGITS = 5
MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of one organization, with the defaults of one that has set nothing."""

    incoming_window: Moment = Moment.NEVER
    outgoing_window: Moment = Moment.NEVER
    create_incoming: bool = False
    create_outgoing: bool = False
    show_created: Shown = Shown.NEVER
    last_digits: int = LAST_DIGITS
    forwarding: bool = False
    notifications: bool = False


def from_row(row: Mapping[str, Any] | None) -> Rules:
    """Return the rules of a stored row (column → value); None is nothing set."""
    if not row:
        return Rules()
    values = {field.name: row[field.name] for field in fields(Rules)}
    values["incoming_window"] = Moment(values["incoming_window"])
    values["outgoing_window"] = Moment(values["outgoing_window"])
    values["show_created"] = Shown(values["show_created"])
    return Rules(**values)
