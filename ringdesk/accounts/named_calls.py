"""Calls as other rooms name them: whoever keeps calls answers whether there is one; the others need not know it."""

from collections.abc import Callable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Invalid

# Takes the organization's id and the call's.
IsThere = Callable[[int, UUID], bool]
_kept: list[IsThere] = []


def kept_by(is_there: IsThere) -> None:
    """Let this be asked whether an organization has a call."""
    _kept[:] = [is_there]


def require(organization_id: int, call_id: UUID | None) -> None:
    """Raise Invalid for a call that the organization does not have. None is no call."""
    if call_id is not None and not all(is_there(organization_id, call_id) for is_there in _kept):
        raise Invalid(_("There is no such call."), field="call_id")
