"""Calls of the past for tests, stored as receive leaves them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ringdesk.accounts.models import Organization
from ringdesk.telephony import links
from ringdesk.telephony.models import Call, CallEvent, Connector, PhoneBookEntry, Popup

NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)


def make_call(connector: Connector, number: int = 1, *, is_waiting: bool = False, **fields: Any) -> Call:
    """Store an incoming call that was missed ``number`` minutes before noon, or one that rings and waits."""
    call = past_call(connector, number, is_waiting=is_waiting, **fields)
    call.save(force_insert=True)
    if is_waiting:
        Popup.objects.create(
            organization=call.organization,
            branch=call.branch,
            call=call,
            created_at=call.first_received_at,
            expires_at=call.first_received_at + timedelta(minutes=5),
        )
    return call


def past_call(connector: Connector, number: int, *, is_waiting: bool = False, **fields: Any) -> Call:
    """Return such a call, not stored yet."""
    at = fields.pop("at", NOON - timedelta(minutes=number))
    values: dict[str, Any] = {
        "organization": connector.organization,
        "connector": connector,
        "branch": connector.branch,
        "external_id": f"past-{connector.pk}-{number}",
        "direction": "in",
        "state": "ringing" if is_waiting else "ended",
        "result": None if is_waiting else "missed",
        "phone": f"+7923000{number:04}",
        "started_at": at,
        "ended_at": None if is_waiting else at + timedelta(seconds=20),
        "duration": None if is_waiting else 20,
        "first_received_at": at,
        "last_received_at": at,
    }
    return Call(**values | fields)


def call_of(organization: Organization) -> Call:
    """A call of an organization that has had none yet."""
    return make_call(links.create(organization, "http_events", "Test", None))


def note(call: Call, kind: str = "ringing", **event: Any) -> CallEvent:
    """Store an event of the call."""
    return CallEvent.objects.create(
        organization=call.organization,
        call=call,
        kind=kind,
        received_at=call.first_received_at,
        digest=f"{call.events.count():016}".encode(),
        event={"kind": kind} | event,
        raw={"query": {"event": "1"}},
    )


def enter(call: Call, calls: int = 1) -> PhoneBookEntry:
    """Enter the call's number into the phone book."""
    return PhoneBookEntry.objects.create(
        organization=call.organization,
        phone=call.phone,
        calls=calls,
        first_at=call.started_at,
        last_at=call.started_at,
        last_call=call,
    )
