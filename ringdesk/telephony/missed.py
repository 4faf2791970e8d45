"""Missed calls that nobody returned: a to-do list that empties itself.

A number is on it from its miss until we and the caller have talked: somebody called back and was answered, or the
caller got through later. An attempt that nobody answered does not take it off; it is shown ("tried 12:40"). It goes
by hand ("settled"), too, and after ``DAYS``. Hidden callers cannot be called back and ignored numbers need not be, so
neither is on it; nor are calls of phones that do not tell whether somebody answered.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection
from django.db.models import Max, Q, QuerySet

from ringdesk.accounts.models import Member
from ringdesk.core import events
from ringdesk.telephony import frames, history
from ringdesk.telephony.models import Call, Extension

# Whoever was not called back in a month is not waiting any more.
DAYS = 30
# More than this the badge does not count.
COUNTED = 100
# More numbers than this no program asks for at once.
MOST_LISTED = 1000
# Seconds; a month ends without an event.
_COUNTED_AGAIN = 60
_SETTLED_FOR = timedelta(days=1)

# Hidden callers stand apart by their empty number. In order before they are sifted, so that a page stops early.
_MISSED = """
SELECT phone, max(first_received_at) AS at FROM telephony_call
WHERE organization_id = %(organization)s AND direction = 'in' AND state = 'ended' AND answered_at IS NULL
    AND settled_at IS NULL AND result IN ('missed', 'busy', 'cancelled', 'failed')
    AND first_received_at >= %(since)s AND phone <> ''
    AND (%(branches)s::bigint[] IS NULL OR branch_id IS NULL OR branch_id = ANY(%(branches)s))
GROUP BY phone
ORDER BY at DESC, phone DESC OFFSET 0
"""
# The last talk of each number is looked up by index; as "not exists" PostgreSQL reads every call there is.
_UNRETURNED = f"""
SELECT phone, at FROM ({_MISSED}) AS missed
WHERE (%(before)s::timestamptz IS NULL OR (at, phone) < (%(before)s, %(before_phone)s))
    AND coalesce((SELECT later.first_received_at FROM telephony_call later
        WHERE later.organization_id = %(organization)s AND later.phone = missed.phone
            AND later.first_received_at >= %(since)s AND (later.answered_at IS NOT NULL OR later.result = 'answered')
        ORDER BY later.first_received_at DESC LIMIT 1), '-infinity') <= missed.at
    AND NOT EXISTS (SELECT FROM telephony_ignorednumber ignored
        WHERE ignored.organization_id = %(organization)s AND ignored.phone = missed.phone)
"""
_LISTED = _UNRETURNED + " ORDER BY at DESC, phone DESC LIMIT %(limit)s"
_IDS = f"""
SELECT (SELECT id FROM telephony_call last
    WHERE last.organization_id = %(organization)s AND last.phone = listed.phone
        AND last.first_received_at = listed.at AND last.direction = 'in' ORDER BY id DESC LIMIT 1)
FROM ({_LISTED}) AS listed
"""
_COUNTED = f"SELECT count(*) FROM ({_UNRETURNED} LIMIT %(limit)s) AS few"


@dataclass(frozen=True, slots=True)
class Unreturned:
    """A number to call back: its latest miss, how many times it was missed since we talked, and our last attempt."""

    last: Call
    times: int
    rung: tuple[str, ...]
    tried_at: datetime | None

    @property
    def phone(self) -> str:
        return self.last.phone


@dataclass(frozen=True, slots=True)
class Settled:
    """A number that somebody took off the list by hand."""

    last: Call
    at: datetime


def count(member: Member, now: datetime) -> int:
    """Return how many numbers wait for a call back; counted up to COUNTED."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, _wish(member, now, COUNTED))
        return int(cursor.fetchone()[0])


def badge(member: Member, now: datetime) -> int:
    """Return ``count``, counted once after each event of the organization: every page shows it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_id FROM live_livecounter WHERE organization_id = %s", [member.organization_id])
        last = cursor.fetchone()
    branches = "-".join(str(branch.pk) for branch in member.branches.all())
    key = f"missed:{member.organization_id}:{branches}:{last[0] if last else 0}"
    found = cache.get(key)
    if found is None:
        found = count(member, now)
        cache.set(key, found, _COUNTED_AGAIN)
    return int(found)


def unreturned(
    member: Member, now: datetime, *, limit: int, after: tuple[datetime, str] | None = None
) -> list[Unreturned]:
    """Return the numbers to call back, the latest miss first; ``after``: the moment and number of the last row."""
    with connection.cursor() as cursor:
        cursor.execute(_LISTED, _wish(member, now, limit, after))
        numbers = [phone for phone, _at in cursor.fetchall()]
    calls = history.visible_to(member).filter(phone__in=numbers, first_received_at__gte=now - timedelta(days=DAYS))
    by_number: dict[str, list[Call]] = defaultdict(list)
    for call in history.with_names(calls).order_by(*history.NEWEST_FIRST):
        by_number[call.phone].append(call)
    names = _names(member, [call for found in by_number.values() for call in found])
    return [row for number in numbers if (row := _row(by_number[number], names)) is not None]


def is_missed(call: Call) -> bool:
    """Tell whether this is a miss that can be returned."""
    answered = call.answered_at is not None or call.result in (None, Call.Result.ANSWERED)
    return call.direction == Call.Direction.IN and call.state == Call.State.ENDED and not answered and bool(call.phone)


def last_misses(organization_id: int, member: Member | None, now: datetime) -> list[UUID]:
    """Return ids of the latest miss of each number to call back, at most MOST_LISTED; ``member`` None sees all."""
    with connection.cursor() as cursor:
        cursor.execute(_IDS, _wish_of(organization_id, member, now, MOST_LISTED))
        return [row[0] for row in cursor.fetchall()]


def hidden(member: Member, now: datetime) -> int:
    """Return how many calls of hidden callers were missed in the same days."""
    calls = history.visible_to(member).filter(phone="", direction=Call.Direction.IN, state=Call.State.ENDED)
    calls = calls.filter(answered_at__isnull=True, first_received_at__gte=now - timedelta(days=DAYS))
    return calls.exclude(result=None).exclude(result=Call.Result.ANSWERED).count()


def settle(organization_id: int, phone: str, now: datetime, *, by: Member | None) -> int:
    """Take a number off the list: nobody need call back. Returns how many misses that settles."""
    with events.atomic():
        misses = _misses(organization_id, phone).filter(settled_at__isnull=True, first_received_at__lte=now)
        changed = misses.update(settled_at=now, settled_by=by)
        if changed:
            _tell(organization_id, phone, now)
    return changed


def unsettle(organization_id: int, phone: str) -> int:
    """Put a number back onto the list: as it was before the last time it was settled."""
    with events.atomic():
        misses = _misses(organization_id, phone)
        last = misses.aggregate(at=Max("settled_at"))["at"]
        changed = misses.filter(settled_at=last).update(settled_at=None, settled_by=None) if last else 0
        if changed:
            _tell(organization_id, phone, None)
    return changed


def settled_lately(member: Member, now: datetime, limit: int = 20) -> list[Settled]:
    """Return the numbers that were settled by hand within a day, the latest first."""
    calls = history.visible_to(member).filter(settled_at__gte=now - _SETTLED_FOR).select_related("settled_by")
    found: dict[str, Settled] = {}
    for call in history.with_names(calls).order_by("-settled_at", *history.NEWEST_FIRST)[: limit * 5]:
        if call.settled_at:
            found.setdefault(call.phone, Settled(call, call.settled_at))
    return list(found.values())[:limit]


def _misses(organization_id: int, phone: str) -> QuerySet[Call]:
    calls = Call.objects.for_org(organization_id).filter(phone=phone, direction=Call.Direction.IN)
    return calls.filter(state=Call.State.ENDED, answered_at__isnull=True).exclude(
        Q(result=None) | Q(result=Call.Result.ANSWERED)
    )


def _wish(member: Member, now: datetime, limit: int, after: tuple[datetime, str] | None = None) -> dict[str, Any]:
    return _wish_of(member.organization_id, member, now, limit, after)


def _wish_of(
    organization_id: int,
    member: Member | None,
    now: datetime,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> dict[str, Any]:
    return {
        "organization": organization_id,
        "since": now - timedelta(days=DAYS),
        "branches": ([branch.pk for branch in member.branches.all()] or None) if member else None,
        "before": after[0] if after else None,
        "before_phone": after[1] if after else "",
        "limit": limit,
    }


def _row(calls: Sequence[Call], names: dict[tuple[int, str], str]) -> Unreturned | None:
    """``calls``: those of one number, newest first. None when it was settled between the two questions."""
    since_talk: list[Call] = []
    for call in calls:
        if call.answered_at or call.result == Call.Result.ANSWERED:
            break
        since_talk.append(call)
    misses = [call for call in since_talk if is_missed(call) and call.settled_at is None]
    if not misses:
        return None
    last = misses[0]
    tried = [
        call.first_received_at
        for call in since_talk
        if call.direction == Call.Direction.OUT and call.first_received_at > last.first_received_at
    ]
    rung = [names.get((call.connector_id, number), number) for call in misses for number in call.extensions]
    return Unreturned(last, len(misses), tuple(dict.fromkeys(rung)), max(tried, default=None))


def _names(member: Member, calls: Sequence[Call]) -> dict[tuple[int, str], str]:
    """Return who has which extension now."""
    numbers = {number for call in calls for number in call.extensions}
    found = Extension.objects.for_org(member.organization_id).filter(number__in=numbers).select_related("member")
    return {(one.connector_id, one.number): one.member.name for one in found}


def _tell(organization_id: int, phone: str, at: datetime | None) -> None:
    events.publish(organization_id, "call.settled", {"settled": {"phone": phone, "at": frames.moment(at)}})
