"""What has changed since: two numbers of a branch, moved by every change, read by whoever keeps an answer.

Moving one locks its row until the commit, so it is the last thing an action does before it publishes.
"""

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from ringdesk.accounts.models import Branch
from ringdesk.booking.models import BranchVersion

# Out of a sequence, so that a number seen in a transaction that was rolled back never comes again.
_MOVE = """
INSERT INTO booking_branchversion (organization_id, branch_id, catalogue, bookings)
VALUES (%s, %s, nextval('booking_version'), nextval('booking_version'))
ON CONFLICT (branch_id) DO UPDATE SET
"""
MOVE_CATALOGUE = _MOVE + "catalogue = nextval('booking_version')"
MOVE_BOOKINGS = _MOVE + "bookings = nextval('booking_version')"


class Version(NamedTuple):
    """``catalogue``: services, staff, schedules, settings. ``bookings``: what is booked."""

    catalogue: int
    bookings: int


NEVER = Version(0, 0)


def catalogue_changed(branch: Branch) -> None:
    """Say that what can be booked in the branch is another from now on."""
    _move(branch, MOVE_CATALOGUE)


def bookings_changed(branch: Branch) -> None:
    """Say that the branch's bookings are others from now on."""
    _move(branch, MOVE_BOOKINGS)


def of(branch: Branch) -> Version:
    """Return the numbers of the branch."""
    return of_all(branch.organization_id, [branch.pk]).get(branch.pk, NEVER)


def of_all(organization_id: int, branches: Collection[int]) -> dict[int, Version]:
    """Return the numbers of these branches (ids); a branch without changes is not in it."""
    rows = BranchVersion.objects.for_org(organization_id).filter(branch__in=branches)
    return {branch: Version(*numbers) for branch, *numbers in rows.values_list("branch", "catalogue", "bookings")}


def _move(branch: Branch, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [branch.organization_id, branch.pk])
