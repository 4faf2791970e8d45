"""HTTP API: placing calls."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Field, Path, Router, Schema

from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.idempotency import outside_transactions
from ringdesk.accounts.models import Member
from ringdesk.accounts.resources import ApiRequest, made, named, own
from ringdesk.core.problems import Forbidden, Invalid
from ringdesk.core.schemas import Id, Input, Text
from ringdesk.telephony import dialing
from ringdesk.telephony.models import Extension, PlacedCall

router = Router(tags=["makecall"])


class MakeCallIn(Input):
    """Whom to call, and whose phone rings first. A signed-in member's page leaves the latter out: their own."""

    phone: Text = Field(max_length=60, description="Any spelling.")
    member_id: Id | None = Field(None, description="Whose phone rings first: this, or `user`.")
    user: Text | None = Field(None, max_length=254, description="A member’s extension or e-mail address.")


class PlacedCallOut(Schema):
    """A call as it was asked for."""

    id: int
    callid: str = Field(description="The PBX’s id of the call if it tells one, else ours.")
    state: Literal["asked", "accepted", "refused"]
    error: str = Field(description="What the PBX answered when it refused.")
    phone: str
    extension: str = Field(description="Rings first.")
    member_id: int | None
    connector_id: int
    created_at: datetime
    call_id: UUID | None = Field(description="Of `calls`, once the PBX has reported the call.")

    @staticmethod
    def resolve_callid(placed: PlacedCall) -> str:
        return placed.external_id or placed.command_id

    @staticmethod
    def resolve_call_id(placed: PlacedCall) -> UUID | None:
        call = dialing.call_of(placed) if placed.state != PlacedCall.State.REFUSED else None
        return call.pk if call else None


@router.post("/makecall", auth=allowed("makecall:write"), response={201: PlacedCallOut})
@outside_transactions
def place_call(request: ApiRequest, wish: MakeCallIn, response: HttpResponse) -> Any:
    """Ring a member's phone, then dial the number. The same number again within 15 s is the same call.

    Answers when the PBX has taken it on; 400 with the text of the PBX when it would not.
    """
    extension = _extension(request.auth, wish)
    placed = dialing.place(extension.member, wish.phone, connector=extension.connector)
    return made(response, dialing.require_accepted(dialing.wait_for_answer(placed)), "makecall")


@router.get("/makecall/{id}", auth=allowed("makecall:read"), response=PlacedCallOut)
def get_placed_call(request: ApiRequest, id: Path[Id]) -> PlacedCall:
    """What became of a call that was asked for."""
    placed: QuerySet[PlacedCall] = PlacedCall.objects.for_org(request.auth.organization)
    if request.auth.member is not None:
        placed = placed.filter(member=request.auth.member)
    return own(placed.select_related("connector"), id)


def _extension(caller: Caller, wish: MakeCallIn) -> Extension:
    if wish.user is not None:
        extension = dialing.extension_of(caller.organization, wish.user)
    else:
        member = named(_members(caller), wish.member_id, "member_id", _("There is no such member.")) or caller.member
        if member is None:
            raise Invalid(_("Say whose phone rings first."), field="member_id")
        extension = dialing.extension_for(member)
    if caller.member is not None and extension.member_id != caller.member.pk:
        raise Forbidden(_("Members place calls from their own phone only."))
    return extension


def _members(caller: Caller) -> QuerySet[Member]:
    members: QuerySet[Member] = Member.objects.for_org(caller.organization).filter(is_active=True)
    return members
