"""What was sent and is to be sent: looked through, sent again by hand, tried out, forgotten in time."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from ringdesk.core.ids import new_id
from ringdesk.webhooks import dialect, recipients
from ringdesk.webhooks.models import Delivery, Endpoint
from ringdesk.webhooks.requests import Verdict
from ringdesk.webhooks.sending import send

KEPT = timedelta(days=7)
KEPT_UNDELIVERED = timedelta(days=30)
TEST = "test"
_UNDELIVERED = (Delivery.State.FAILED, Delivery.State.GIVEN_UP)
# A number nobody has: the CRM is asked whose it is.
_NOBODYS_NUMBER = "+70000000000"


def search(endpoint: Endpoint, *, state: str = "", text: str = "") -> QuerySet[Delivery]:
    """Return the endpoint's deliveries, newest first, of a state, with a part of a number, extension or call id."""
    found: QuerySet[Delivery] = Delivery.objects.for_org(endpoint.organization_id).filter(endpoint_id=endpoint.pk)
    if state:
        found = found.filter(state=state)
    if text and _is_call(text):
        found = found.filter(key=text)
    elif text:
        found = found.filter(words__icontains=text.lstrip("+"))
    return found.order_by("-id")


def counts(endpoint: Endpoint) -> dict[str, int]:
    """Return how many there are in each state."""
    rows = endpoint.deliveries.order_by().values_list("state").annotate(Count("id"))
    return {state: 0 for state in Delivery.State.values} | dict(rows)


def redeliver(delivery: Delivery) -> None:
    """Send it again, now, whatever became of it."""
    with transaction.atomic():
        _again(Delivery.objects.filter(pk=delivery.pk))


def redeliver_failed(endpoint: Endpoint) -> int:
    """Send everything again that failed or was given up. Returns how many."""
    with transaction.atomic():
        return _again(endpoint.deliveries.filter(state__in=_UNDELIVERED))


def test(endpoint: Endpoint) -> Delivery:
    """Try the endpoint out at once, past the queue, and keep what came of it. Takes up to the sender's timeout.

    A webhook gets a message of the type ``ringdesk.test``; a CRM is asked whose number +70000000000 is.
    """
    now = timezone.now()
    body: dict[str, Any] = dialect.standard("ringdesk.test", now, {})
    type = TEST
    if endpoint.is_crm:
        trunk = endpoint.outsidecrm.has_trunk_prefix
        type, body = dialect.CONTACT, dialect.question(_NOBODYS_NUMBER, has_trunk_prefix=trunk)
    message_id, text = new_id(), orjson.dumps(body).decode()
    verdict = async_to_sync(send)(recipients.load(endpoint.pk, now), str(message_id), type, text, now)
    with transaction.atomic():
        if verdict.is_alive:
            endpoint.failures, endpoint.openings, endpoint.open_until = 0, 0, None
            endpoint.last_delivered_at = now
            endpoint.save(update_fields=["failures", "openings", "open_until", "last_delivered_at"])
        return _kept(endpoint, message_id, type, text, verdict, now)


def forget_old(now: datetime) -> int:
    """Delete what was delivered a week ago and what could not be a month ago. Returns how many."""
    old = Delivery.objects.filter(state=Delivery.State.DELIVERED, at__lt=now - KEPT)
    lost = Delivery.objects.filter(state=Delivery.State.GIVEN_UP, at__lt=now - KEPT_UNDELIVERED)
    return int(old.delete()[0]) + int(lost.delete()[0])


def _again(found: QuerySet[Delivery]) -> int:
    now = timezone.now()
    count = found.update(state=Delivery.State.WAITING, next_at=now, tried_since=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [recipients.CHANNEL])
    return count


def _kept(endpoint: Endpoint, message_id: UUID, type: str, text: str, verdict: Verdict, now: datetime) -> Delivery:
    state = Delivery.State.DELIVERED if verdict.is_delivered else Delivery.State.GIVEN_UP
    name = uuid4().hex
    return Delivery.objects.create(
        organization_id=endpoint.organization_id, endpoint_id=endpoint.pk, message_id=message_id,
        key=f"test:{name}", slot=name, type=type, position=0, body=text, state=state, attempts=1,
        at=now, tried_since=now, next_at=now, last_at=now,
        last_status=verdict.status, last_error=verdict.error, last_answer=verdict.answer,
    )  # fmt: skip


def _is_call(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
