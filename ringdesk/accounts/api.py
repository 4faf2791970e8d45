"""HTTP API: the organization, its branches and members."""

from typing import Any

from django.db.models import QuerySet
from ninja import Field, Path, Query, Router

from ringdesk.accounts.api_auth import allowed
from ringdesk.accounts.models import Branch, Member, Organization
from ringdesk.accounts.resources import ApiRequest, own, page_of
from ringdesk.accounts.schemas import BranchOut, MemberOut, OrganizationOut
from ringdesk.core.schemas import Id, Page, Paging

router = Router()


class MemberFilter(Paging):
    """What the list of members is narrowed to."""

    is_active: bool | None = Field(None, description="Deactivated members are listed too unless told otherwise.")


@router.get("/organization", auth=allowed("organization:read"), response=OrganizationOut, tags=["organization"])
def get_organization(request: ApiRequest) -> Organization:
    """The organization that the token belongs to."""
    return request.auth.organization


@router.get("/branches", auth=allowed("branches:read"), response=Page[BranchOut], tags=["branches"])
def list_branches(request: ApiRequest, wish: Query[Paging]) -> dict[str, Any]:
    """Open branches, oldest first."""
    return page_of(request.auth.branches().prefetch_related("opening_hours"), wish)


@router.get("/branches/{id}", auth=allowed("branches:read"), response=BranchOut, tags=["branches"])
def get_branch(request: ApiRequest, id: Path[Id]) -> Branch:
    """One open branch."""
    return own(request.auth.branches(), id)


@router.get("/members", auth=allowed("members:read"), response=Page[MemberOut], tags=["members"])
def list_members(request: ApiRequest, wish: Query[MemberFilter]) -> dict[str, Any]:
    """Members, oldest first."""
    members = _members(request)
    if wish.is_active is not None:
        members = members.filter(is_active=wish.is_active)
    return page_of(members, wish)


@router.get("/members/{id}", auth=allowed("members:read"), response=MemberOut, tags=["members"])
def get_member(request: ApiRequest, id: Path[Id]) -> Member:
    """One member."""
    return own(_members(request), id)


def _members(request: ApiRequest) -> QuerySet[Member]:
    members: QuerySet[Member] = Member.objects.for_org(request.auth.organization)
    return members.select_related("user").prefetch_related("branches")
