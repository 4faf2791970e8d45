"""Messages on their way: by e-mail, or by a gateway that is sent JSON.

A message is leased before it is sent (``due_at`` moves on), so that a process that dies in the middle leaves it to be
sent again a few minutes later; its id is the same both times. What is no longer true by then is dropped.
"""

import logging
import smtplib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from math import inf
from time import monotonic

from django.conf import settings as installation
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ringdesk.booking import feeds, message_texts, messages
from ringdesk.booking.message_texts import Letter
from ringdesk.booking.models import Booking
from ringdesk.booking.public_models import Message, MessageSettings
from ringdesk.core import calendars, http
from ringdesk.core.problems import RingdeskError

BATCH = 20
# How long one way out may keep all others waiting in one run (seconds): what it has left then waits a minute.
PATIENCE = 20.0
LEASE = timedelta(minutes=5)
GATEWAY_TIMEOUT = 10.0
LARGEST_ANSWER = 64 * 1024
# How long to wait after each attempt that failed; after the last there is no other.
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180)]
# Answers by which a gateway says that asking again will not help.
_FINAL = frozenset({400, 401, 403, 404, 410, 413, 422})
Kind, Channel, State = Message.Kind, Message.Channel, Message.State
# A branch, and the channel by which its messages go out.
Way = tuple[int, str]
logger = logging.getLogger(__name__)


class NotSent(RingdeskError):
    """The message did not go out. ``is_final``: nor will it another time."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


def send_due(now: datetime | None = None) -> int:
    """Send what is due. Returns how many messages were taken up."""
    count = 0
    spent: defaultdict[Way, float] = defaultdict(float)
    while batch := _lease(now or timezone.now()):
        count += len(batch)
        for id in batch:
            _deliver(id, spent)
    return count


def send_test(settings: MessageSettings, channel: str, to: str, language: str) -> None:
    """Send a test message at once. Raises NotSent, saying why."""
    with translation.override(language):
        place = settings.branch.name
        letter = Letter(
            _("Test message — %(place)s") % {"place": place},
            _("This is how messages of %(place)s reach clients.") % {"place": place} + "\n",
            _("%(place)s: this is a test message.") % {"place": place},
        )
        if channel == Channel.EMAIL:
            _mail(to, letter, settings.branch.organization.name, key="")
        else:
            _post(settings, to, letter, {"id": "test", "kind": "test", "language": language, "booking": None})


def _lease(now: datetime) -> list[int]:
    with transaction.atomic():
        due = Message.objects.filter(state=State.WAITING, due_at__lte=now).order_by("due_at", "pk")
        ids = list(due.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
        Message.objects.filter(pk__in=ids).update(attempts=F("attempts") + 1, due_at=now + LEASE)
    return sorted(ids)


def _deliver(id: int, spent: dict[Way, float]) -> None:
    """Send one message and note what came of it. ``spent``: how long each way out has taken in this run."""
    # Read only now: those before it in the batch may have taken their time, and the booking may be another by now.
    rows = Message.objects.filter(pk=id, state=State.WAITING).prefetch_related("booking__lines")
    found = rows.select_related("booking__branch__organization", "booking__employee", "booking__client")
    message: Message | None = found.first()
    if message is None:
        return
    booking = message.booking
    if booking is None or not _is_needed(message, booking, timezone.now()):
        _note(message, state=State.DROPPED)
        return
    way = (message.branch_id, message.channel)
    if spent[way] > PATIENCE:
        _note(message, attempts=message.attempts - 1, due_at=timezone.now() + PAUSES[0])
        return
    began = monotonic()
    try:
        _send(message, booking)
    except NotSent as error:
        if not error.is_final:
            # Nothing goes out there at the moment.
            spent[way] = inf
        _failed(message, error)
    except Exception as error:
        # One message that cannot be made stops no other.
        logger.exception("Message %s could not be sent", message.pk)
        _failed(message, NotSent(type(error).__name__))
    else:
        _note(message, state=State.SENT, sent_at=timezone.now(), error="")
    spent[way] += monotonic() - began


def _is_needed(message: Message, booking: Booking, now: datetime) -> bool:
    if booking.starts_at <= now:
        return False
    status = Booking.Status(booking.status)
    match message.kind:
        case Kind.CANCELLED:
            return status == Booking.Status.CANCELLED
        case Kind.CODE | Kind.OFFER:
            return status == Booking.Status.HELD and booking.held_until is not None and booking.held_until > now
    return status == Booking.Status.BOOKED


def _send(message: Message, booking: Booking) -> None:
    language = messages.language_of(booking)
    with translation.override(language):
        letter = message_texts.compose(message.kind, booking)
        if message.channel == Channel.EMAIL:
            files = [_calendar(booking)] if message.kind in (Kind.BOOKED, Kind.MOVED) else []
            _mail(message.to, letter, booking.branch.organization.name, key=str(message.pk), files=files)
            return
        settings = messages.settings_of(booking.branch)
        visit = {
            "id": booking.pk,
            "branch_id": booking.branch_id,
            "starts_at": booking.starts_at.astimezone(booking.branch.zone).isoformat(),
        }
        _post(settings, message.to, letter, {"id": str(message.pk), "kind": message.kind, "language": language,
                                             "booking": visit})  # fmt: skip


def _calendar(booking: Booking) -> tuple[str, bytes, str]:
    place = booking.branch.address or booking.branch.name
    return "visit.ics", calendars.single(feeds.entry(booking, place)), "text/calendar"


def _mail(to: str, letter: Letter, sender: str, *, key: str, files: Iterable[tuple[str, bytes, str]] = ()) -> None:
    _name, address = parseaddr(installation.DEFAULT_FROM_EMAIL)
    headers = {"Message-ID": f"<booking-message-{key}@{address.rpartition('@')[2] or 'localhost'}>"} if key else {}
    subject = " ".join(letter.subject.split())
    mail = EmailMessage(subject, letter.text, formataddr((sender, address)), [to], headers=headers)
    for name, content, type in files:
        mail.attach(name, content.decode(), type)
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _said in error.recipients.values()]
        text = _("The mail server refuses this address.")
        raise NotSent(text, is_final=all(code >= 500 for code in codes)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(_("The mail server did not take it: %(reason)s") % {"reason": str(error)[:200]}) from error


def _post(settings: MessageSettings, to: str, letter: Letter, more: dict[str, object]) -> None:
    if not settings.gateway_url:
        raise NotSent(_("There is no gateway any more."), is_final=True)
    header = messages.header_of(settings)
    headers = {"Idempotency-Key": str(more["id"])} | ({header.name: header.value} if header else {})
    body = {"to": to, "text": letter.short} | more
    try:
        answer = http.fetch(
            settings.gateway_url, method="POST", json=body, headers=headers, timeout=GATEWAY_TIMEOUT,
            is_trusted=settings.is_inside, largest=LARGEST_ANSWER,
        )  # fmt: skip
    except http.LeadsInside as error:
        raise NotSent(str(error.message), is_final=True) from error
    except http.Unreachable as error:
        raise NotSent(str(error.message)) from error
    if not answer.is_success:
        said = " ".join(answer.text.split())[:200]
        text = _("The gateway answered %(status)s: %(text)s") % {"status": answer.status, "text": said}
        raise NotSent(text, is_final=answer.status in _FINAL)


def _failed(message: Message, error: NotSent) -> None:
    text = str(error.message)[:300]
    if error.is_final or message.attempts > len(PAUSES):
        _note(message, state=State.FAILED, error=text)
    else:
        _note(message, due_at=timezone.now() + PAUSES[message.attempts - 1], error=text)


def _note(message: Message, **fields: object) -> None:
    """Write down what came of it, unless it was dropped meanwhile."""
    Message.objects.filter(pk=message.pk, state=State.WAITING).update(**fields)
