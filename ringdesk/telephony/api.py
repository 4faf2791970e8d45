"""HTTP API: calls."""

from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Field, Path, Query, Router, Status

from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.resources import ApiRequest, own, page_of, region
from ringdesk.core import phones
from ringdesk.core.problems import NotFound
from ringdesk.core.schemas import Id, Moment, Page, Paging, Text
from ringdesk.telephony import history, missed, playing, recordings
from ringdesk.telephony.models import Call, Recording
from ringdesk.telephony.schemas import CallDetail, CallOut, Direction, Result, State

router = Router()
RANGE = {"in": "header", "name": "Range", "required": False, "schema": {"type": "string"},
         "description": "One range of bytes, as `bytes=1000-`."}  # fmt: skip
_AUDIO = {"content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}}
SOUND = {200: {"description": "All of it."} | _AUDIO, 206: {"description": "The part asked for."} | _AUDIO,
         416: {"description": "The part asked for begins behind the end."},
         502: {"description": "It is kept at the PBX, which did not hand it out."}}  # fmt: skip
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
    missed: Literal["unreturned"] | None = Field(
        None,
        description="The latest missed call of every number nobody has talked to since; of 30 days, 1000 at most.",
    )
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
    if wish.missed:
        found = found.filter(
            pk__in=missed.last_misses(request.auth.organization.pk, request.auth.member, timezone.now())
        )
    return page_of(_between(found, wish.since, wish.until), wish, _NEWEST_FIRST)


@router.get("/calls/{id}", auth=allowed("calls:read"), response=CallDetail, tags=["calls"])
def get_call(request: ApiRequest, id: Path[UUID]) -> Call:
    """One call with its events."""
    return own(_visible(request.auth).prefetch_related("events"), id)


@router.get(
    "/calls/{id}/recording",
    auth=allowed("calls:read"),
    tags=["calls"],
    openapi_extra={"responses": SOUND, "parameters": [RANGE]},
)
def get_recording(request: ApiRequest, id: Path[UUID]) -> HttpResponse:
    """The sound of a call, whole or the part that Range asks for. Needs recordings:read, or that it is one's own."""
    call: Call = own(_visible(request.auth).select_related("recording"), id)
    recording = _recording(call)
    caller = request.auth
    if caller.access is not None or caller.member is None or not recordings.may_listen(caller.member, call):
        caller.require("recordings:read")
    answer = playing.answer(request, recording)
    if answer.status_code in (200, 206):
        token = caller.token.name if caller.token else ""
        recordings.note_listening(recording, timezone.now(), by=caller.member, token=token, is_download=True)
    return cast(HttpResponse, answer)


@router.delete("/calls/{id}/recording", auth=allowed("recordings:write"), response={204: None}, tags=["calls"])
def delete_recording(request: ApiRequest, id: Path[UUID]) -> Status[None]:
    """Delete the sound of a call for good; the call stays."""
    call: Call = own(_visible(request.auth).select_related("recording"), id)
    recordings.delete(_recording(call), timezone.now(), by=request.auth.member)
    return Status(204, None)


def _recording(call: Call) -> Recording:
    found: Recording | None = getattr(call, "recording", None)
    if found is None:
        raise NotFound(_("There is no recording to listen to."))
    found.call = call
    return found


def _visible(caller: Caller) -> QuerySet[Call]:
    calls: QuerySet[Call] = Call.objects.for_org(caller.organization)
    if caller.member is not None:
        calls = history.visible_to(caller.member)
    return calls.select_related("connector", "client", "contract", "lead").defer("trace")


def _between(calls: QuerySet[Call], since: datetime | None, until: datetime | None) -> QuerySet[Call]:
    if since:
        calls = calls.filter(first_received_at__gte=since)
    return calls.filter(first_received_at__lt=until) if until else calls
