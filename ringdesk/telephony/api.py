"""HTTP API: calls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from ninja import Field, Path, Query, Router

from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.resources import ApiRequest, own, page_of, region
from ringdesk.core import phones
from ringdesk.core.schemas import Id, Moment, Page, Paging, Text
from ringdesk.telephony import history
from ringdesk.telephony.models import Call
from ringdesk.telephony.schemas import CallDetail, CallOut, Direction, Result, State

router = Router()
# By arrival, not by the PBX's clock, which may be years off.
_NEWEST_FIRST = ("-first_received_at", "-id")


class CallFilter(Paging):
    """What the list of calls is narrowed to."""

    phone: Text | None = Field(None, max_length=60, description="Whole number in any spelling.")
    direction: Direction | None = None
    state: State | None = None
    result: Result | None = None
    extension: Text | None = Field(None, max_length=32, description="Who answered or was rung.")
    member_id: Id | None = None
    branch_id: Id | None = None
    client_id: Id | None = None
    since: Moment | None = Field(None, description="Received then or later.")
    until: Moment | None = Field(None, description="Received before.")


@router.get("/calls", auth=allowed("calls:read"), response=Page[CallOut], tags=["calls"])
def list_calls(request: ApiRequest, wish: Query[CallFilter]) -> dict[str, Any]:
    """Calls, newest first."""
    found = _visible(request.auth)
    plain = ("direction", "state", "result", "member_id", "branch_id", "client_id")
    found = found.filter(**{name: value for name in plain if (value := getattr(wish, name)) is not None})
    if wish.phone is not None:
        found = found.filter(phone=phones.normalize(wish.phone, region(request.auth)))
    if wish.extension:
        found = found.filter(extensions__contains=[wish.extension]) | found.filter(extension=wish.extension)
    return page_of(_between(found, wish.since, wish.until), wish, _NEWEST_FIRST)


@router.get("/calls/{id}", auth=allowed("calls:read"), response=CallDetail, tags=["calls"])
def get_call(request: ApiRequest, id: Path[UUID]) -> Call:
    """One call with its events."""
    return own(_visible(request.auth).prefetch_related("events"), id)


def _visible(caller: Caller) -> QuerySet[Call]:
    calls: QuerySet[Call] = Call.objects.for_org(caller.organization)
    if caller.member is not None:
        calls = history.visible_to(caller.member)
    return calls.select_related("connector", "client", "contract", "lead").defer("trace")


def _between(calls: QuerySet[Call], since: datetime | None, until: datetime | None) -> QuerySet[Call]:
    if since:
        calls = calls.filter(first_received_at__gte=since)
    return calls.filter(first_received_at__lt=until) if until else calls
