"""HTTP API: services, their categories, job titles."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router, Status

from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.models import Branch
from ringdesk.accounts.resources import ApiRequest, made, named, own, page_of, shown
from ringdesk.booking import catalogue
from ringdesk.booking.api.schemas import GroupIn, GroupOut, GroupPatch, ServiceIn, ServiceOut, ServicePatch
from ringdesk.booking.api.wording import branch_of, in_our_words, narrowed, of_caller
from ringdesk.booking.models import JobTitle, Pool, Service, ServiceCategory
from ringdesk.core.preconditions import expected_version
from ringdesk.core.problems import Invalid
from ringdesk.core.schemas import Id, Page, Paging

router = Router()


class GroupFilter(Paging):
    """What the list is narrowed to."""

    branch_id: Id | None = None


class ServiceFilter(GroupFilter):
    """What the list of services is narrowed to."""

    category_id: Id | None = None
    employee_id: Id | None = None
    is_active: bool | None = None
    is_online: bool | None = None


@router.get(
    "/service-categories",
    auth=allowed("service-categories:read"),
    response=Page[GroupOut],
    tags=["service-categories"],
)
def list_service_categories(request: ApiRequest, wish: Query[GroupFilter]) -> dict[str, Any]:
    """Categories of services, oldest first."""
    return page_of(narrowed(of_caller(ServiceCategory, request.auth), branch=wish.branch_id), wish)


@router.post(
    "/service-categories",
    auth=allowed("service-categories:write"),
    response={201: GroupOut},
    tags=["service-categories"],
)
def create_service_category(request: ApiRequest, response: HttpResponse, body: GroupIn) -> Status[ServiceCategory]:
    """Add a category after the others."""
    branch = branch_of(request.auth, body.branch_id)
    category = catalogue.add_category(branch, name=body.name, description=body.description)
    return made(response, category, "service-categories")


@router.get(
    "/service-categories/{id}",
    auth=allowed("service-categories:read"),
    response=GroupOut,
    tags=["service-categories"],
)
def get_service_category(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> ServiceCategory:
    """One category."""
    return shown(response, own(of_caller(ServiceCategory, request.auth), id))


@router.patch(
    "/service-categories/{id}",
    auth=allowed("service-categories:write"),
    response=GroupOut,
    tags=["service-categories"],
)
def change_service_category(
    request: ApiRequest, response: HttpResponse, id: Path[Id], body: GroupPatch
) -> ServiceCategory:
    """Change what is sent; the rest stays."""
    category: ServiceCategory = own(of_caller(ServiceCategory, request.auth), id)
    version = expected_version(request, body.version)
    return shown(response, catalogue.change_group(category, version=version, **body.sent()))


@router.delete(
    "/service-categories/{id}",
    auth=allowed("service-categories:write"),
    response={204: None},
    tags=["service-categories"],
)
def delete_service_category(request: ApiRequest, id: Path[Id]) -> Status[None]:
    """Remove a category; its services stay, without one."""
    category: ServiceCategory = own(of_caller(ServiceCategory, request.auth), id)
    catalogue.remove_group(category, version=expected_version(request))
    return Status(204, None)


@router.get("/job-titles", auth=allowed("job-titles:read"), response=Page[GroupOut], tags=["job-titles"])
def list_job_titles(request: ApiRequest, wish: Query[GroupFilter]) -> dict[str, Any]:
    """What specialists are, oldest first."""
    return page_of(narrowed(of_caller(JobTitle, request.auth), branch=wish.branch_id), wish)


@router.post("/job-titles", auth=allowed("job-titles:write"), response={201: GroupOut}, tags=["job-titles"])
def create_job_title(request: ApiRequest, response: HttpResponse, body: GroupIn) -> Status[JobTitle]:
    """Add a job title after the others."""
    branch = branch_of(request.auth, body.branch_id)
    return made(
        response, catalogue.add_job_title(branch, name=body.name, description=body.description), "job-titles"
    )  # fmt: skip


@router.get("/job-titles/{id}", auth=allowed("job-titles:read"), response=GroupOut, tags=["job-titles"])
def get_job_title(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> JobTitle:
    """One job title."""
    return shown(response, own(of_caller(JobTitle, request.auth), id))


@router.patch("/job-titles/{id}", auth=allowed("job-titles:write"), response=GroupOut, tags=["job-titles"])
def change_job_title(request: ApiRequest, response: HttpResponse, id: Path[Id], body: GroupPatch) -> JobTitle:
    """Change what is sent; the rest stays."""
    title: JobTitle = own(of_caller(JobTitle, request.auth), id)
    version = expected_version(request, body.version)
    return shown(response, catalogue.change_group(title, version=version, **body.sent()))


@router.delete("/job-titles/{id}", auth=allowed("job-titles:write"), response={204: None}, tags=["job-titles"])
def delete_job_title(request: ApiRequest, id: Path[Id]) -> Status[None]:
    """Remove a job title; its specialists stay, without one."""
    title: JobTitle = own(of_caller(JobTitle, request.auth), id)
    catalogue.remove_group(title, version=expected_version(request))
    return Status(204, None)


@router.get("/services", auth=allowed("services:read"), response=Page[ServiceOut], tags=["services"])
def list_services(request: ApiRequest, wish: Query[ServiceFilter]) -> dict[str, Any]:
    """Services, oldest first."""
    found = narrowed(
        of_caller(Service, request.auth),
        branch=wish.branch_id,
        category=wish.category_id,
        employees=wish.employee_id,
        is_active=wish.is_active,
        is_online=wish.is_online,
    )
    return page_of(found.prefetch_related("pools"), wish)


@router.post("/services", auth=allowed("services:write"), response={201: ServiceOut}, tags=["services"])
def create_service(request: ApiRequest, response: HttpResponse, body: ServiceIn) -> Status[Service]:
    """Add a service after the others."""
    branch = branch_of(request.auth, body.branch_id)
    sent = {name: value for name, value in body.sent().items() if value is not None and name != "branch_id"}
    with in_our_words():
        return made(response, catalogue.add_service(branch, **_named(request.auth, branch, sent)), "services")


@router.get("/services/{id}", auth=allowed("services:read"), response=ServiceOut, tags=["services"])
def get_service(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> Service:
    """One service."""
    return shown(response, own(of_caller(Service, request.auth), id))


@router.patch("/services/{id}", auth=allowed("services:write"), response=ServiceOut, tags=["services"])
def change_service(request: ApiRequest, response: HttpResponse, id: Path[Id], body: ServicePatch) -> Service:
    """Change what is sent; the rest stays, and so does what is booked."""
    service: Service = own(of_caller(Service, request.auth).select_related("branch"), id)
    version = expected_version(request, body.version)
    with in_our_words():
        sent = _named(request.auth, service.branch, body.sent())
        return shown(response, catalogue.change_service(service, version=version, **sent))


@router.delete("/services/{id}", auth=allowed("services:write"), response={204: None}, tags=["services"])
def delete_service(request: ApiRequest, id: Path[Id]) -> Status[None]:
    """Remove a service; one that was ever booked is taken out of use instead."""
    catalogue.remove_service(own(of_caller(Service, request.auth), id), version=expected_version(request))
    return Status(204, None)


def _named(caller: Caller, branch: Branch, sent: dict[str, Any]) -> dict[str, Any]:
    """Put the category and the pools themselves in place of their ids."""
    if "category_id" in sent:
        rows = of_caller(ServiceCategory, caller).filter(branch=branch)
        text = _("There is no such category in this branch.")
        sent["category"] = named(rows, sent.pop("category_id"), "category_id", text)
    if "pool_ids" in sent:
        ids = set(sent.pop("pool_ids"))
        sent["pools"] = list(of_caller(Pool, caller).filter(branch=branch, pk__in=ids))
        if len(sent["pools"]) != len(ids):
            raise Invalid(_("There is no such thing in this branch."), field="pool_ids")
    return sent
