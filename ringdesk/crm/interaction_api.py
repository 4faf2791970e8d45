"""HTTP API: «Call» documents."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Field, Path, Query, Router, Schema

from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.resources import ApiRequest, own, page_of, region, shown
from ringdesk.core import phones
from ringdesk.core.preconditions import expected_version
from ringdesk.core.schemas import Id, Input, Moment, Page, Paging, Text, Version
from ringdesk.crm import interactions
from ringdesk.crm.models import Interaction

router = Router()
Direction = Literal["in", "out"]
Result = Literal["answered", "missed", "busy", "cancelled", "failed"]


class InteractionOut(Schema):
    """The document of one telephone call."""

    id: int
    call_id: UUID
    direction: Direction
    result: Result | None
    phone: str = Field(description="The other party’s number; empty when hidden.")
    client_id: int | None
    contract_id: int | None
    lead_id: int | None
    member_id: int | None = Field(description="Who talked or called.")
    branch_id: int | None
    started_at: datetime
    ended_at: datetime | None
    duration: int | None = Field(description="End minus start, in seconds.")
    has_recording: bool
    notes: str
    version: int
    created_at: datetime


class InteractionPatch(Input):
    """The notes as they become."""

    notes: Text = Field(max_length=interactions.LONGEST_NOTES)
    version: Version | None = Field(None, description="The version you have seen; as `If-Match`.")


class InteractionFilter(Paging):
    """What the list is narrowed to."""

    phone: Text | None = Field(None, max_length=60, description="Whole number in any spelling.")
    direction: Direction | None = None
    result: Result | None = None
    client_id: Id | None = None
    contract_id: Id | None = None
    lead_id: Id | None = None
    member_id: Id | None = None
    call_id: UUID | None = None
    since: Moment | None = Field(None, description="Created then or later.")
    until: Moment | None = Field(None, description="Created before.")


@router.get("/interactions", auth=allowed("interactions:read"), response=Page[InteractionOut], tags=["interactions"])
def list_interactions(request: ApiRequest, wish: Query[InteractionFilter]) -> dict[str, Any]:
    """“Call” documents, newest first."""
    found = _visible(request.auth)
    plain = ("direction", "result", "client_id", "contract_id", "lead_id", "member_id", "call_id")
    found = found.filter(**{name: value for name in plain if (value := getattr(wish, name)) is not None})
    if wish.phone is not None:
        found = found.filter(phone=phones.normalize(wish.phone, region(request.auth)))
    if wish.since:
        found = found.filter(created_at__gte=wish.since)
    if wish.until:
        found = found.filter(created_at__lt=wish.until)
    return page_of(found, wish, ("-id",))


@router.get("/interactions/{id}", auth=allowed("interactions:read"), response=InteractionOut, tags=["interactions"])
def get_interaction(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> Interaction:
    """One document."""
    return shown(response, own(_visible(request.auth), id))


@router.patch("/interactions/{id}", auth=allowed("interactions:write"), response=InteractionOut, tags=["interactions"])
def change_interaction(
    request: ApiRequest, response: HttpResponse, id: Path[Id], body: InteractionPatch
) -> Interaction:
    """Write the notes; the rest is what the PBX told."""
    document = own(_visible(request.auth), id)
    version = expected_version(request, body.version)
    return shown(response, interactions.write(document, body.notes, version=version))


def _visible(caller: Caller) -> QuerySet[Interaction]:
    if caller.member is not None:
        return interactions.visible_to(caller.member)
    found: QuerySet[Interaction] = Interaction.objects.for_org(caller.organization)
    return found
