"""A small API to try api_auth by: the pages' addresses, and two operations."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import NinjaAPI

from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.models import Member
from ringdesk.config.urls import urlpatterns as pages
from ringdesk.core.problems import Forbidden

api = NinjaAPI(urls_namespace="accounts-test")


class Asked(HttpRequest):
    auth: Caller


@api.exception_handler(Forbidden)
def forbidden(request: HttpRequest, problem: Any) -> HttpResponse:
    return HttpResponse(str(problem), status=403)


@api.get("/members/{pk}", auth=allowed("members:read"))
def read(request: Asked, pk: int) -> dict[str, Any]:
    member = get_object_or_404(Member.objects.for_org(request.auth.organization), pk=pk)
    by = request.auth.member
    return {"name": member.name, "by": by.name if by else None, "branches": request.auth.branches().count()}


@api.post("/members", auth=allowed("members:write"))
def write(request: Asked) -> dict[str, Any]:
    return {"done": True}


urlpatterns = [path("try/", api.urls), *pages]
