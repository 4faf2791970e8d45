"""Who may enter a view: signed in, seated, with the right to an action of access.ACTIONS."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.middleware import HtmxDetails

from ringdesk.accounts.models import Branch, Member, Organization

View = Callable[..., HttpResponse]


class SeatedRequest(HttpRequest):
    """A request of a signed-in member, as a guarded view gets it."""

    member: Member
    organization: Organization
    branch: Branch
    htmx: HtmxDetails


def member_required(action: str | None = None) -> Callable[[View], View]:
    """Let members in; with ``action`` only those whose role may do it (403 for the others)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(_after_sign_in(request))
            seated = cast(SeatedRequest, request)
            if seated.member is None or seated.branch is None:
                return redirect("accounts:no_seat")
            if action is not None and not seated.member.may(action):
                raise PermissionDenied
            return view(seated, *args, **kwargs)

        return guarded

    return decorate


def _after_sign_in(request: HttpRequest) -> str:
    """Return the page to come back to: a fragment or what was posted is none."""
    is_page = request.method in ("GET", "HEAD") and "HX-Request" not in request.headers
    return request.get_full_path() if is_page else "/"
