"""Taking the time of resources: the only writer of Claim and Occupancy.

Whoever takes asks for the locks of all its resources first, always in the same order, so that parties who join
several tables wait for each other instead of deadlocking. The exclusion constraint of Occupancy says the last no
all the same, also to a writer that would ask for no lock.

Everything runs in a savepoint of the caller's transaction: a refusal leaves what the caller did before untouched.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg.errors import DeadlockDetected, ExclusionViolation

from ringdesk.core.intervals import Span
from ringdesk.core.problems import Conflict, Invalid, NotFound
from ringdesk.scheduling.models import Claim

# The upper bytes of the lock's number say that it is a resource's, the lower ones which.
LOCK_CLASS = 0x6F63 << 48
ATTEMPTS = 2
Result = TypeVar("Result")

LOCK = "SELECT pg_advisory_xact_lock(%s + id) FROM unnest(%s::bigint[]) AS resource(id)"
FORGET_EXPIRED = """
DELETE FROM scheduling_occupancy
WHERE resource_id = ANY(%s) AND organization_id = %s AND active AND expires_at <= %s
"""
INSERT = """
INSERT INTO scheduling_occupancy (organization_id, resource_id, claim_id, during, active, expires_at)
SELECT organization_id, id, %s, tstzrange(%s, %s, '[)'), %s, %s
FROM scheduling_resource WHERE id = ANY(%s) AND organization_id = %s
ORDER BY id
"""
# All that a new claim needs, in one round trip: each statement sees what was committed while it waited for the locks.
TAKE = """
SAVEPOINT taking;
SELECT pg_advisory_xact_lock(%(locks)s + id) FROM unnest(%(wanted)s::bigint[]) AS resource(id);
DELETE FROM scheduling_occupancy
WHERE resource_id = ANY(%(wanted)s) AND organization_id = %(organization)s AND active AND expires_at <= %(now)s;
WITH claim AS (
    INSERT INTO scheduling_claim (organization_id, kind, created_at) VALUES (%(organization)s, %(kind)s, %(now)s)
    RETURNING id
)
INSERT INTO scheduling_occupancy (organization_id, resource_id, claim_id, during, active, expires_at)
SELECT organization_id, resource.id, claim.id, tstzrange(%(start)s, %(end)s, '[)'), true, %(expires_at)s
FROM scheduling_resource resource, claim WHERE resource.id = ANY(%(wanted)s) AND organization_id = %(organization)s
ORDER BY resource.id
RETURNING claim_id;
RELEASE SAVEPOINT taking
"""
GIVE_UP = "ROLLBACK TO SAVEPOINT taking; RELEASE SAVEPOINT taking"
BUSY = """
SELECT resource_id, claim_id, lower(during), upper(during), expires_at
FROM scheduling_occupancy
WHERE organization_id = %s AND active AND during && tstzrange(%s, %s, '[)')
      AND (expires_at IS NULL OR expires_at > %s) AND resource_id = ANY(%s)
ORDER BY resource_id, lower(during)
"""


class Taken(Conflict):
    """At least one of the resources belongs to somebody else at that time: ``claims`` are the ids in the way."""

    def __init__(self, claims: Collection[int]) -> None:
        self.claims = sorted(set(claims))
        super().__init__(_("This time is already taken."), claims=self.claims)


class Contended(Conflict):
    """Others were taking the same resources at this very moment, twice; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(_("Somebody else is saving the same place right now. Please try again."))


class Busy(NamedTuple):
    """A time at which a resource is taken; ``expires_at`` is set for a hold."""

    resource_id: int
    claim_id: int
    start: datetime
    end: datetime
    expires_at: datetime | None


def take(
    organization_id: int,
    kind: str,
    resources: Collection[int],
    span: Span,
    *,
    expires_at: datetime | None = None,
) -> Claim:
    """Give a new claim all of these resources (ids) for this time; ``expires_at`` makes it a hold. Raises Taken."""
    _check(span)
    wanted = sorted(set(resources))
    if not wanted:
        return Claim.objects.create(organization_id=organization_id, kind=kind)
    now = timezone.now()
    said: dict[str, Any] = {
        "locks": LOCK_CLASS,
        "wanted": wanted,
        "organization": organization_id,
        "kind": kind,
        "now": now,
        "start": span.start,
        "end": span.end,
        "expires_at": expires_at,
    }

    # Without a transaction of the caller's there has to be one around the savepoint.
    with nullcontext() if connection.in_atomic_block else transaction.atomic():
        claims = _write(organization_id, None, wanted, span, lambda: _insert(said), _given_up)
        claim = Claim(pk=claims[0] if claims else None, organization_id=organization_id, kind=kind, created_at=now)
        if len(claims) != len(wanted):
            Claim.objects.for_org(organization_id).filter(pk__in=claims).delete()
            raise NotFound(_("There is no such place in this organization."))
    return claim


def move(
    claim: Claim,
    resources: Collection[int],
    span: Span,
    *,
    active: bool = True,
    expires_at: datetime | None = None,
) -> None:
    """Let the claim have these resources at this time in place of what it had. Raises Taken, then nothing changed.

    With ``active=False`` it only notes what a released claim would take. A hold becomes lasting by being moved
    without ``expires_at``, even if it has expired by now.
    """
    _check(span)
    wanted = sorted(set(resources))

    def replace() -> None:
        _lock(claim, wanted)
        _replace(claim, wanted, span, active, expires_at)

    _write(claim.organization_id, claim.pk, wanted, span, replace)


def release(claim: Claim) -> None:
    """Give back what the claim has; the rows stay, so that it can be taken again."""
    claim.occupancies.update(active=False)


def forget(claims: Collection[int]) -> None:
    """Delete claims (ids) that nothing speaks of any more, with what they had."""
    Claim.objects.filter(pk__in=claims).delete()


def retake(claim: Claim) -> None:
    """Take again what the claim had when it was released. Raises Taken, then it stays released."""
    rows = list(claim.occupancies.values_list("resource_id", "during"))
    if rows:
        span = Span(min(during.lower for _id, during in rows), max(during.upper for _id, during in rows))
        wanted = sorted(resource_id for resource_id, _during in rows)

        def revive() -> None:
            _lock(claim, wanted)
            claim.occupancies.update(active=True)

        _write(claim.organization_id, claim.pk, wanted, span, revive)


def busy(organization_id: int, resources: Collection[int], span: Span, *, now: datetime | None = None) -> list[Busy]:
    """Return who has these resources within the span, by resource and start. Holds that have expired do not count."""
    at = now or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(BUSY, [organization_id, span.start, span.end, at, list(resources)])
        return [Busy(*row) for row in cursor.fetchall()]


def _write(
    organization_id: int,
    claim_id: int | None,
    wanted: list[int],
    span: Span,
    change: Callable[[], Result],
    savepoint: Callable[[], AbstractContextManager[object]] = transaction.atomic,
) -> Result:
    """Run the change, which locks all resources it touches; answer the database's no in our words."""
    for _attempt in range(ATTEMPTS):
        try:
            with savepoint():
                return change()
        except IntegrityError as error:
            if not isinstance(error.__cause__, ExclusionViolation):
                raise
            others = [row.claim_id for row in busy(organization_id, wanted, span) if row.claim_id != claim_id]
            if others:
                raise Taken(others) from error
            # Whoever was in the way has gone in between.
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    raise Contended


def _insert(said: dict[str, Any]) -> list[int]:
    """Return the claim, once for each resource it has got."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, said)
        claims: list[int] = []
        while True:
            if cursor.description:
                claims = [row[0] for row in cursor.fetchall()]
            if not cursor.nextset():
                return claims


@contextmanager
def _given_up() -> Iterator[None]:
    """Undo what TAKE began and could not end."""
    try:
        yield
    except DatabaseError:
        with connection.cursor() as cursor:
            cursor.execute(GIVE_UP)
        raise


def _check(span: Span) -> None:
    if span.start >= span.end:
        raise Invalid(_("The end must come after the start."))


def _lock(claim: Claim, wanted: list[int]) -> None:
    had = claim.occupancies.values_list("resource_id", flat=True)
    touched = sorted({*wanted, *had})
    if touched:
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [LOCK_CLASS, touched])
            cursor.execute(FORGET_EXPIRED, [touched, claim.organization_id, timezone.now()])


def _replace(claim: Claim, wanted: list[int], span: Span, active: bool, expires_at: datetime | None) -> None:
    claim.occupancies.all().delete()
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [claim.pk, span.start, span.end, active, expires_at, wanted, claim.organization_id])
        if cursor.rowcount != len(wanted):
            raise NotFound(_("There is no such place in this organization."))
