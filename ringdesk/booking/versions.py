"""What has changed since: two numbers of a branch, moved by every change, read by whoever keeps an answer.

Moving one locks its row until the commit, and whoever books or changes anything in the branch moves one: it is done
as the last thing of the transaction. Until then what is read may be newer than the number says (``is_changing``).
"""

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from ringdesk.accounts.models import Branch
from ringdesk.core import events

# Out of a sequence, so that a number seen in a transaction that was rolled back never comes again.
_MOVE = """
INSERT INTO booking_branchversion (organization_id, branch_id, catalogue, bookings)
SELECT organization_id, id, nextval('booking_version'), nextval('booking_version')
FROM accounts_branch WHERE id = %(key)s
ON CONFLICT (branch_id) DO UPDATE SET
"""
MOVE_CATALOGUE = _MOVE + "catalogue = nextval('booking_version')"
MOVE_BOOKINGS = _MOVE + "bookings = nextval('booking_version')"

READ = """
SELECT branch_id, catalogue, bookings FROM booking_branchversion WHERE organization_id = %s AND branch_id = ANY(%s)
"""


class Version(NamedTuple):
    """``catalogue``: services, staff, schedules, settings. ``bookings``: what is booked."""

    catalogue: int
    bookings: int


NEVER = Version(0, 0)


def catalogue_changed(branch: Branch) -> None:
    """Say that what can be booked in the branch is another from now on."""
    events.last(MOVE_CATALOGUE, branch.pk)


def hold(branch: Branch) -> None:
    """Let whoever books or changes anything in the branch commit before this, or wait until this transaction ends.

    They lock rows first and move a number last: what is to be locked besides is locked before.
    """
    with connection.cursor() as cursor:
        cursor.execute(MOVE_CATALOGUE, {"key": branch.pk})


def schedule_changed(branch_id: int, **_rest: object) -> None:
    """The same, told by the signal that somebody's working time has changed."""
    events.last(MOVE_CATALOGUE, branch_id)


def is_changing(branch: Branch) -> bool:
    """Tell whether this very transaction has changed what can be booked, and the number does not say so yet."""
    return events.is_pending(MOVE_CATALOGUE, branch.pk)


def bookings_changed(branch: Branch) -> None:
    """Say that the branch's bookings are others once the transaction commits."""
    events.last(MOVE_BOOKINGS, branch.pk)


def of(branch: Branch) -> Version:
    """Return the numbers of the branch."""
    return of_all(branch.organization_id, [branch.pk]).get(branch.pk, NEVER)


def of_all(organization_id: int, branches: Collection[int]) -> dict[int, Version]:
    """Return the numbers of these branches (ids); a branch without changes is not in it."""
    with connection.cursor() as cursor:
        cursor.execute(READ, [organization_id, list(branches)])
        return {branch: Version(*numbers) for branch, *numbers in cursor.fetchall()}
