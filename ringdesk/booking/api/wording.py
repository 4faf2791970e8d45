"""What the API's operations of this room have in common: whose things they are, and how fields are called."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.api_auth import Caller
from ringdesk.accounts.models import Branch, OrganizationModel
from ringdesk.accounts.resources import named
from ringdesk.core.problems import Invalid, RingdeskError

Row = TypeVar("Row", bound=OrganizationModel)
# What the fields of the actions are called here.
_FIELDS = {
    "category": "category_id",
    "job_title": "job_title_id",
    "member": "member_id",
    "client": "client_id",
    "pools": "pool_ids",
    "assistants": "assistant_ids",
    "length": "duration",
    "week": "week",
}


def branch_of(caller: Caller, branch_id: int | None) -> Branch:
    """Return the branch that is meant: the named one, or the only one there is. Raises Invalid."""
    branches = caller.branches().select_related("organization")
    if branch_id is not None:
        branch = named(branches, branch_id, "branch_id", _("There is no such branch."))
        assert branch is not None
        return branch
    found = list(branches[:2])
    if len(found) != 1:
        raise Invalid(_("Tell which branch."), field="branch_id")
    return found[0]


def of_caller(model: type[Row], caller: Caller) -> QuerySet[Row]:
    """Return the rows of the caller's branches."""
    rows: QuerySet[Row] = model.objects.for_org(caller.organization)
    return rows.filter(branch__in=caller.branches())


def narrowed(rows: QuerySet[Row], **conditions: object) -> QuerySet[Row]:
    """Return the rows for which every condition that is told holds."""
    return rows.filter(**{name: value for name, value in conditions.items() if value is not None})


@contextmanager
def in_our_words() -> Iterator[None]:
    """Name the fields of a refusal as this API does."""
    try:
        yield
    except RingdeskError as error:
        error.field = _FIELDS.get(error.field or "", error.field)
        raise
