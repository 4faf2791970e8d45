"""Publishing: an action tells the world what changed, true once its transaction commits.

The log is two tables owned by ``live``: a counter row per organization, locked until commit, so that the order
of ids is the order of commits and a reader by id misses nothing; and the events themselves. Because that row
is what every ringing call of the organization needs as well, events are written as the last thing before the
commit: open the transaction with :func:`atomic`.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection, transaction
from psycopg.errors import ForeignKeyViolation

from ringdesk.core.problems import Gone

CHANNEL = "ringdesk_live"

_COUNTER = """
counter AS (
    INSERT INTO live_livecounter (organization_id, last_id) VALUES (%(organization)s, %(count)s)
    ON CONFLICT (organization_id) DO UPDATE SET last_id = live_livecounter.last_id + %(count)s
    RETURNING last_id - %(count)s AS base
)
"""
_INSERT = """
INSERT INTO live_liveevent (organization_id, id, type, at, audience, body)
SELECT %(organization)s, base + position, event->>'type', %(at)s, event->'audience', event->'body'
FROM counter, jsonb_array_elements(%(events)s::jsonb) WITH ORDINALITY AS one(event, position)
RETURNING id
"""
APPEND = f"WITH {_COUNTER} {_INSERT}"
# The same, waking the hubs at the commit.
APPEND_AND_NOTIFY = f"""
WITH {_COUNTER}, added AS ({_INSERT})
SELECT pg_notify(%(channel)s, %(organization)s || ':' || max(id)) FROM added
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the live log.

    ``body`` is what the frame says beside id, type and at. ``audience`` narrows who hears it: ``branch`` and
    ``member`` ids, ``extensions``; an absent key does not narrow.
    """

    organization_id: int
    type: str
    body: dict[str, Any]
    audience: dict[str, Any] = field(default_factory=dict)


class _Pending(threading.local):
    depth = 0

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.last: set[tuple[str, int]] = set()


_pending = _Pending()


@contextmanager
def atomic(*, savepoint: bool = True) -> Iterator[None]:
    """Open a transaction (or a savepoint of one) whose published events are written just before it commits.

    Without ``savepoint`` an error inside is the end of the whole transaction: for what raises nothing that a caller
    could go on from. Raises Gone where a row is removed that another, written at the same moment, refers to: the
    database sees that with the commit, and no sooner.
    """
    outermost = _pending.depth == 0
    is_transaction = not connection.in_atomic_block
    before = len(_pending.events)
    _pending.depth += 1
    try:
        with transaction.atomic(savepoint=savepoint):
            yield
            if outermost:
                _write(_pending.events, _pending.last, is_transaction)
    except BaseException as error:
        del _pending.events[before:]
        if outermost and isinstance(error.__cause__, ForeignKeyViolation):
            raise Gone from error
        raise
    finally:
        _pending.depth -= 1
        if outermost:
            _pending.events.clear()
            _pending.last.clear()


def publish(
    organization_id: int,
    type: str,
    body: dict[str, Any],
    *,
    branch_id: int | None = None,
    member_id: int | None = None,
    extensions: list[str] | None = None,
) -> None:
    """Tell everybody of the organization (or of one branch, or one member) that something changed.

    ``extensions``: those of a call, for listeners that narrow to one of them.
    """
    narrowing = {"branch": branch_id, "member": member_id, "extensions": extensions}
    audience = {key: value for key, value in narrowing.items() if value is not None}
    _pending.events.append(Event(organization_id, type, body, audience))
    if _pending.depth == 0:
        with atomic():
            pass


def last(statement: str, key: int) -> None:
    """Run the statement (which says ``%(key)s``) when all else of the outermost ``atomic`` is done, once for the key.

    For rows that everybody locks; they are taken in one order, so that two transactions cannot wait for each other.
    """
    _pending.last.add((statement, key))
    if _pending.depth == 0:
        with atomic():
            pass


def is_pending(statement: str, key: int) -> bool:
    """Tell whether the statement will be run for the key at the end of the ``atomic`` that is open."""
    return (statement, key) in _pending.last


def rows(organization_id: int, events: list[Event], at: datetime) -> dict[str, Any]:
    """Return the parameters of APPEND for events of one organization."""
    return {
        "organization": organization_id,
        "count": len(events),
        "at": at,
        "events": dumps(events),
    }


def dumps(events: list[Event]) -> str:
    """Return the events as the JSON that the log's statements take apart."""
    shapes = [{"type": event.type, "audience": event.audience, "body": event.body} for event in events]
    return orjson.dumps(shapes).decode()


def _write(events: list[Event], last: Iterable[tuple[str, int]], commits: bool) -> None:
    """Send it all at once, the commit too: locks that everybody waits for are not held until this thread runs again."""
    by_organization: dict[int, list[Event]] = {}
    for event in events:
        by_organization.setdefault(event.organization_id, []).append(event)
    # By the key first: whoever moves two rows moves them in the same order, whatever is done to each.
    statements, said = _numbered(sorted(last, key=lambda one: one[::-1]))
    with connection.cursor() as cursor:
        # Sorted, so that two transactions that touch two organizations cannot wait for each other.
        organizations = sorted(by_organization)
        for organization_id in organizations:
            said |= rows(organization_id, by_organization[organization_id], datetime.now(UTC)) | {"channel": CHANNEL}
            statements.append(APPEND_AND_NOTIFY)
            if organization_id != organizations[-1]:
                cursor.execute(";".join(statements), said)
                statements = []
        if statements:
            cursor.execute(";".join([*statements, *(["COMMIT"] if commits else [])]), said)


def _numbered(last: list[tuple[str, int]]) -> tuple[list[str], dict[str, Any]]:
    """Return the statements as they can be sent together, each with a parameter of its own."""
    statements = [text.replace("%(key)s", f"%(key{place})s") for place, (text, _key) in enumerate(last)]
    return statements, {f"key{place}": key for place, (_text, key) in enumerate(last)}
