"""What can stand against a booking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Conflict, Invalid, Text


@dataclass(frozen=True, slots=True)
class Alternative:
    """A time that is free for the same visit. ``starts_at`` in the branch's zone."""

    starts_at: datetime
    employee_id: int
    employee_name: str

    def as_json(self) -> dict[str, Any]:
        """Return it as programs read it."""
        return {
            "starts_at": self.starts_at.isoformat(),
            "employee_id": self.employee_id,
            "employee_name": self.employee_name,
        }


class SlotTaken(Conflict):
    """Nobody who could is free for the visit at that time. ``free``: the nearest times, soonest first."""

    default: ClassVar[Text] = _("This time is not free.")

    def __init__(self, free: Sequence[Alternative], message: Text = default, *, reason: str = "busy") -> None:
        self.free = list(free)
        self.reason = reason
        super().__init__(message, field="starts_at", reason=reason, alternatives=[each.as_json() for each in self.free])


class NotOffered(Invalid):
    """What was asked for is not offered: no such service here, or not by this specialist, or not online."""


class HoldExpired(Conflict):
    """The time was kept for the client for a while; that while is over and somebody else has it."""
