"""What every resource of the HTTP API does alike: who asks, whose it is, pages, versions, addresses."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Status

from ringdesk.accounts.api_auth import Caller
from ringdesk.core import paging
from ringdesk.core.preconditions import show_version
from ringdesk.core.problems import Invalid, NotFound
from ringdesk.core.schemas import Paging

ROOT = "/api/v1/"
SomeModel = TypeVar("SomeModel", bound=Model)
Versioned = TypeVar("Versioned", bound="HasVersion")
BY_ID = ("id",)


class HasVersion(Protocol):
    """What can be changed, and is known by number."""

    pk: Any
    version: int


class ApiRequest(HttpRequest):
    """A request whose caller is known."""

    auth: Caller


def own(rows: QuerySet[SomeModel], id: object) -> SomeModel:
    """Return the row of this id among those the caller may see. Raises NotFound."""
    found = rows.filter(pk=id).first()
    if found is None:
        raise NotFound(_("There is no such thing here."))
    return found


def named(rows: QuerySet[SomeModel], id: int | None, field: str, refusal: Any) -> SomeModel | None:
    """Return the row that a field of the request names, None for null. Raises Invalid for one that is not there."""
    found = None if id is None else rows.filter(pk=id).first()
    if id is not None and found is None:
        raise Invalid(refusal, field=field)
    return found


def page_of(rows: QuerySet[SomeModel], wish: Paging, order: Sequence[str] = BY_ID) -> dict[str, Any]:
    """Return one page as ``core.schemas.Page`` has it."""
    items, after = paging.page(rows, order, limit=wish.limit, after=wish.after)
    return {"items": items, "next": after}


def shown(response: HttpResponse, thing: Versioned) -> Versioned:
    """Return the thing, its version in the answer's ETag."""
    show_version(response, thing.version)
    return thing


def made(response: HttpResponse, thing: SomeModel, resource: str) -> Status[SomeModel]:
    """Return the answer to a request that has made something: 201, its address, its version if it has one."""
    response.headers["Location"] = f"{ROOT}{resource}/{thing.pk}"
    version = getattr(thing, "version", None)
    if version is not None:
        show_version(response, version)
    return Status(201, thing)


def region(caller: Caller) -> str:
    """Return the country whose numbers come without a country code: that of the caller's first branch."""
    branch = caller.branches().first()
    return branch.region if branch else "RU"
