"""What is told of a booking: on the live channel, to outgoing webhooks."""

from datetime import UTC, datetime
from typing import Any

from ringdesk.booking.models import Booking
from ringdesk.core import events


def publish(booking: Booking, change: str) -> None:
    """Tell the branch what has become of the booking: the frame ``booking.changed``."""
    body = {"booking": payload(booking) | {"change": change}}
    events.publish(booking.organization_id, "booking.changed", body, branch_id=booking.branch_id)


def payload(booking: Booking) -> dict[str, Any]:
    """Return the ``booking`` object of the frame."""
    lines = list(booking.lines.all())
    return {
        "id": booking.pk,
        "version": booking.version,
        "branch_id": booking.branch_id,
        "employee_id": booking.employee_id,
        "starts_at": _moment(booking.starts_at),
        "ends_at": _moment(booking.ends_at),
        "status": booking.status,
        "client_id": booking.client_id,
        "client_name": booking.client_name,
        "phone": booking.phone,
        "service_ids": [line.service_id for line in lines if line.service_id],
        "services": [line.title for line in lines],
        "source": booking.source,
        "call_id": str(booking.call_id) if booking.call_id else None,
    }


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
