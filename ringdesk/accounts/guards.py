"""Who may enter a view: signed in, seated, with the right to an action of access.ACTIONS."""

from collections.abc import Callable
from functools import wraps
from operator import attrgetter
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from ringdesk.accounts import seats
from ringdesk.accounts.models import Branch, Member, Organization

Row = TypeVar("Row", bound=Model)
View = Callable[..., HttpResponse]


class SeatedRequest(HttpRequest):
    """A request of a signed-in member, as a guarded view gets it."""

    member: Member
    organization: Organization
    branch: Branch
    htmx: HtmxDetails
    is_elsewhere: bool
    home: str


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


def found_where_it_is(
    request: SeatedRequest, rows: QuerySet[Row], pk: int, *, home: str, branch: str = "branch"
) -> Row:
    """Find what an address is about in any branch of this seat, and turn the page to that branch.

    So a link a colleague sends works whichever branch is chosen. ``branch``: the field that leads to it; ``home``: see
    ``look_at``. Raises Http404.
    """
    own = rows.filter(**{f"{branch}__in": seats.branches_of(request.member)})
    found = get_object_or_404(own.select_related(f"{branch}__organization"), pk=pk)
    look_at(request, attrgetter(branch.replace("__", "."))(found), home=home)
    return found


def look_at(request: SeatedRequest, branch: Branch, *, home: str) -> None:
    """Let this one page, its clock and its header be about this branch; the chosen one stays: other tabs show it.

    ``home``: name of the page that choosing a branch in the header leads to, as this one is about its own for ever.
    """
    request.is_elsewhere = branch.pk != request.branch.pk
    request.home = home
    request.branch = branch
    timezone.activate(branch.zone)  # SeatMiddleware puts the thread's zone back


def asked_branch(request: SeatedRequest, *, home: str) -> Branch:
    """Return the branch a page or a form is asked for (``branch``), turning the page to it; else the chosen one."""
    branch = seats.branch_of_form(request, request.member, request.branch)
    if branch.pk != request.branch.pk:
        look_at(request, branch, home=home)
    return branch


def elsewhere(request: SeatedRequest) -> str:
    """Return what keeps a link (that has a query) of such a page in its branch; nothing where the chosen one is."""
    return f"&branch={request.branch.pk}" if getattr(request, "is_elsewhere", False) else ""


def _after_sign_in(request: HttpRequest) -> str:
    """Return the page to come back to: a fragment or what was posted is none."""
    is_page = request.method in ("GET", "HEAD") and "HX-Request" not in request.headers
    return request.get_full_path() if is_page else "/"
