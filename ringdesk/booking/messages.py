"""What clients are told about their bookings, and when: the only writer of MessageSettings, and of Message's rows.

Rows are written in the transaction that changes the booking, so that none is lost and none tells what was rolled
back; ``sending`` takes them from there. Nothing is told of a visit that has already begun.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch
from ringdesk.accounts.validation import validate
from ringdesk.booking import versions
from ringdesk.booking.models import Booking
from ringdesk.booking.public_models import Message, MessageSettings, PageRequest
from ringdesk.core import events
from ringdesk.core.problems import Invalid, Stale
from ringdesk.core.sealing import seal, unseal

if TYPE_CHECKING:
    from ringdesk.booking.offers import Offer

FIELDS = ("confirms", "reminders", "by_email", "gateway_url", "is_inside")
Kind, Channel, State = Message.Kind, Message.Channel, Message.State
_TOLD = {"booked": Kind.BOOKED, "restored": Kind.BOOKED, "moved": Kind.MOVED, "cancelled": Kind.CANCELLED}
_KEPT = object()


class Header(NamedTuple):
    """What the gateway wants to know us by: a header of the request."""

    name: str
    value: str


def settings_of(branch: Branch) -> MessageSettings:
    """Return which messages the branch's clients get; a branch that was never asked has the usual, unsaved."""
    found = MessageSettings.objects.for_org(branch.organization_id).filter(branch=branch).first()
    return found or MessageSettings(organization_id=branch.organization_id, branch=branch)


def change_settings(
    branch: Branch, *, version: int | None = None, header: Any = _KEPT, **fields: Any
) -> MessageSettings:
    """Change which messages there are, and by what. ``header`` None: the gateway wants none. Raises Invalid, Stale."""
    if unknown := set(fields) - set(FIELDS):
        raise TypeError(f"Messages have no {', '.join(sorted(unknown))} to change.")
    with events.atomic():
        MessageSettings.objects.get_or_create(organization_id=branch.organization_id, branch=branch)
        rows = MessageSettings.objects.for_org(branch.organization_id).filter(branch=branch)
        settings: MessageSettings = rows.select_for_update(no_key=True).get()
        if version is not None and version != settings.version:
            raise Stale(_("Somebody has changed this in the meantime."), current=settings)
        moved_elsewhere = fields.get("gateway_url", settings.gateway_url) != settings.gateway_url
        if moved_elsewhere:
            # What was allowed for one address inside the network is not allowed for another.
            fields.setdefault("is_inside", False)
        for field, value in fields.items():
            setattr(settings, field, value)
        settings.reminders = sorted(set(settings.reminders), reverse=True)
        validate(settings, *fields)
        if header is not _KEPT:
            settings.gateway_sealed = seal(list(_checked(header))) if isinstance(header, Header) else None
        elif moved_elsewhere:
            # A key is told to nobody but the gateway it was typed in for.
            settings.gateway_sealed = None
        settings.version += 1
        settings.save()
        versions.catalogue_changed(branch)
    return settings


def header_of(settings: MessageSettings) -> Header | None:
    """Return the header that the gateway wants."""
    return Header(*unseal(settings.gateway_sealed)) if settings.gateway_sealed else None


def follow(sender: object, *, booking: Booking, change: str, offer: "Offer | None" = None, **_more: object) -> None:
    """Write down what the client is to be told of this change (signal ``booking_changed``)."""
    if change in ("held", "changed"):
        return
    is_new = change == "booked" and booking.version == 1
    dropped = set() if is_new else _drop(booking)
    kind = _TOLD.get(change)
    if kind is None or booking.starts_at <= timezone.now():
        return
    if kind == Kind.MOVED and Kind.BOOKED in dropped:
        # Who has not been told of the booking yet is told of it as it is now.
        kind = Kind.BOOKED
    settings = settings_of(booking.branch) if offer is None else offer.messages
    if settings.confirms and not (kind == Kind.CANCELLED and _was_never_told(booking)):
        write(booking, kind, key=f"{kind}:{booking.pk}:{booking.version}", settings=settings)
    if kind != Kind.CANCELLED:
        _write_reminders(booking, settings)


def write(
    booking: Booking,
    kind: str,
    *,
    key: str,
    due_at: datetime | None = None,
    settings: MessageSettings | None = None,
    to: Iterable[tuple[str, str]] | None = None,
) -> list[Message]:
    """Write a message to the booking's client down, once for each way to reach them. It is sent when it is due."""
    now = timezone.now()
    reached = recipients(booking, settings or settings_of(booking.branch)) if to is None else to
    rows = [
        Message(
            organization_id=booking.organization_id,
            branch_id=booking.branch_id,
            booking=booking,
            kind=kind,
            channel=channel,
            to=address,
            key=key,
            due_at=due_at or now,
        )
        for channel, address in reached
    ]
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    if rows and (due_at is None or due_at <= now):
        _wake()
    return rows


def recipients(booking: Booking, settings: MessageSettings) -> list[tuple[str, str]]:
    """Return by what ways the client can be reached: (channel, address)."""
    found: list[tuple[str, str]] = []
    asked = request_of(booking)
    email = (asked.email if asked else "") or (booking.client.email if booking.client else "")
    if settings.by_email and email:
        found.append((Channel.EMAIL, email))
    if settings.gateway_url and booking.phone.startswith("+"):
        found.append((Channel.GATEWAY, booking.phone))
    return found


def language_of(booking: Booking) -> str:
    """Return the language of the client: the one they booked in, else the organization's."""
    asked = request_of(booking)
    return asked.language if asked else booking.branch.organization.language


def request_of(booking: Booking) -> PageRequest | None:
    """Return what the visitor of the page said about the booking; None for one made elsewhere."""
    if booking.version == 1 and booking.status != Booking.Status.HELD:
        return None  # Whatever was asked for by link or code was kept first.
    rows = PageRequest.objects.for_org(booking.organization_id)
    found: PageRequest | None = rows.filter(booking=booking).first()
    return found


def log(branch: Branch) -> QuerySet[Message]:
    """Return the branch's messages, the newest first."""
    rows: QuerySet[Message] = Message.objects.for_org(branch.organization_id)
    return rows.filter(branch=branch).select_related("booking__client").order_by("-id")


def again(message: Message) -> None:
    """Send a message that failed once more."""
    rows = Message.objects.for_org(message.organization_id).filter(pk=message.pk, state=State.FAILED)
    if rows.update(state=State.WAITING, attempts=0, due_at=timezone.now(), error=""):
        _wake()


def _write_reminders(booking: Booking, settings: MessageSettings) -> None:
    now = timezone.now()
    for minutes in settings.reminders:
        due_at = booking.starts_at - timedelta(minutes=minutes)
        if due_at > now:
            key = f"{Kind.REMINDER}:{booking.pk}:{booking.version}:{minutes}"
            write(booking, Kind.REMINDER, key=key, due_at=due_at, settings=settings)


def _drop(booking: Booking) -> set[str]:
    """Drop what has not been sent yet: it is no longer true. Returns the kinds of it."""
    waiting = Message.objects.for_org(booking.organization_id).filter(booking=booking, state=State.WAITING)
    kinds = set(waiting.values_list("kind", flat=True))
    if kinds:
        waiting.update(state=State.DROPPED)
    return kinds


def _was_never_told(booking: Booking) -> bool:
    """Tell whether it is a time that was only kept and given back: its client has no booking that could be missed."""
    asked = request_of(booking)
    if asked is None and booking.source == Booking.Source.STAFF:
        return False
    if asked is not None and asked.confirmed_at is not None:
        return False
    told = Message.objects.for_org(booking.organization_id).filter(booking=booking)
    return not told.filter(kind__in=(Kind.BOOKED, Kind.MOVED)).exists()


def _checked(header: Header) -> Header:
    name, value = header.name.strip(), header.value.strip()
    is_name = name.isascii() and name.replace("-", "").isalnum() and len(name) <= 100
    if not is_name or not value.isascii() or not value.isprintable() or len(value) > 1000:
        raise Invalid(_("A header is a name and a value, for example Authorization and Bearer …"), field="header_name")
    return Header(name, value)


def _wake() -> None:
    """Let the messages that are due go out once this is committed."""
    from ringdesk.booking.tasks import send_messages_soon

    transaction.on_commit(send_messages_soon)
