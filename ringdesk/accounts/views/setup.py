"""The first-run wizard: you, the organization, its branch. Until the last step the session alone keeps it.

Afterwards the same addresses change what was made, for the owner: going back in the wizard loses nothing.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from ringdesk.accounts import branches, members, organizations, setup
from ringdesk.accounts.access import Role
from ringdesk.accounts.forms import told_beside
from ringdesk.accounts.forms.organization import BranchForm, HoursForm, OrganizationForm
from ringdesk.accounts.forms.setup import AccountForm, KeyForm, OwnerForm
from ringdesk.accounts.guards import SeatedRequest
from ringdesk.accounts.models import Module
from ringdesk.accounts.opening_hours import OpenSpan
from ringdesk.accounts.views import sent, shown
from ringdesk.accounts.views.invitations import BACKEND

DRAFT = "setup"
AFTERWARDS = "telephony:wizard_connector"
Draft = dict[str, Any]


@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Take the secret of the printed address, while there is nobody who can sign in."""
    if not setup.is_open():
        raise Http404
    form = KeyForm(request.GET if "key" in request.GET else sent(request))
    if form.is_valid():
        if setup.is_key(form.cleaned_data["key"]):
            request.session.setdefault(DRAFT, {})
            return redirect("accounts:setup_account")
        form.add_error("key", _("This is not the key. Copy the address that Ringdesk printed when it started."))
    return shown(request, "accounts/setup_key.html", {"form": form}, form)


def _step(
    for_owner: Callable[[SeatedRequest], HttpResponse],
) -> Callable[[Callable[[HttpRequest, Draft], HttpResponse]], Callable[[HttpRequest], HttpResponse]]:
    """Let the first visitor in with the draft; once there is a user only an owner, who gets another view."""

    def decorate(view: Callable[[HttpRequest, Draft], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            if setup.is_open():
                draft = request.session.get(DRAFT)
                return redirect("accounts:setup") if draft is None else view(request, draft)
            member = getattr(request, "member", None)
            if member is None or member.role != Role.OWNER:
                raise Http404
            return for_owner(request)  # type: ignore[arg-type]

        return guarded

    return decorate


def _owners_account(request: SeatedRequest) -> HttpResponse:
    member = request.member
    form = OwnerForm(sent(request), initial={"name": member.name, "language": member.language})
    if form.is_valid():
        with told_beside(form):
            members.set_preferences(member, **form.cleaned_data)
            return redirect("accounts:setup_organization")
    return _page(request, "account", {"form": form}, form)


@_step(for_owner=_owners_account)
def account(request: HttpRequest, draft: Draft) -> HttpResponse:
    before = draft.get("account", {})
    given = {field: value for field, value in before.items() if field != "password"}
    form = AccountForm(sent(request), initial={"language": _language()} | given, has_password="password" in before)
    if form.is_valid():
        with told_beside(form):
            _keep(request, account=setup.account_draft(before=before, **form.cleaned_data))
            answer = redirect("accounts:setup_organization")
            # The next pages speak the language that was chosen here.
            answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, form.cleaned_data["language"], samesite="Lax")
            return answer
    return _page(request, "account", {"form": form}, form)


def _owners_organization(request: SeatedRequest) -> HttpResponse:
    own = request.organization
    initial = {"name": own.name, "language": own.language, "modules": own.modules}
    form = OrganizationForm(sent(request), initial=initial)
    if form.is_valid():
        with told_beside(form):
            organizations.change_organization(own, by=request.member, **form.cleaned_data)
            return redirect("accounts:setup_branch")
    return _page(request, "organization", {"form": form}, form)


@_step(for_owner=_owners_organization)
def organization(request: HttpRequest, draft: Draft) -> HttpResponse:
    if "account" not in draft:
        return redirect("accounts:setup_account")
    usual = {"language": draft["account"]["language"], "modules": Module.values}
    form = OrganizationForm(sent(request), initial=draft.get("organization", usual))
    if form.is_valid():
        _keep(request, organization=form.cleaned_data)
        return redirect("accounts:setup_branch")
    return _page(request, "organization", {"form": form}, form)


def _owners_branch(request: SeatedRequest) -> HttpResponse:
    form = BranchForm(sent(request), initial=BranchForm.initial_of(request.branch))
    hours = HoursForm(sent(request), hours=branches.hours_of(request.branch))
    if form.is_valid() and hours.is_valid():
        with told_beside(form, hours):
            spans = hours.cleaned_data["hours"] if hours.has_changed() else None
            branches.change_branch(request.branch, by=request.member, hours=spans, **form.cleaned_data)
            return redirect(AFTERWARDS)
    return _page(request, "branch", {"form": form, "hours": hours}, form, hours)


@_step(for_owner=_owners_branch)
def branch(request: HttpRequest, draft: Draft) -> HttpResponse:
    if "organization" not in draft:
        return redirect("accounts:setup_organization")
    kept = draft.get("branch", {})
    usual = {"name": draft["organization"]["name"], "timezone": "Europe/Moscow", "region": "RU"}
    form = BranchForm(sent(request), initial=usual | kept.get("fields", {}), browser_zone=not kept)
    hours = HoursForm(sent(request), hours=[OpenSpan(*span) for span in kept.get("hours", _USUAL_HOURS)])
    if form.is_valid() and hours.is_valid():
        spans: list[OpenSpan] = hours.cleaned_data["hours"]
        fields = form.cleaned_data
        _keep(request, branch={"fields": fields, "hours": [_plain(span) for span in spans]})
        with told_beside(form, hours):
            user, _made = setup.finish(draft["account"], draft["organization"], fields, spans)
            del request.session[DRAFT]
            auth.login(request, user, backend=BACKEND)
            return redirect(AFTERWARDS)
    return _page(request, "branch", {"form": form, "hours": hours}, form, hours)


def _plain(span: OpenSpan) -> list[int]:
    return [span.weekday, span.opens, span.closes]


_USUAL_HOURS = [_plain(span) for span in organizations.DEFAULT_HOURS]


def _page(request: HttpRequest, step: str, context: Draft, *filled: Any) -> HttpResponse:
    return shown(request, f"accounts/setup_{step}.html", context | {"steps": setup.steps(step)}, *filled)


def _keep(request: HttpRequest, **parts: Any) -> None:
    request.session[DRAFT] = request.session[DRAFT] | parts


def _language() -> str:
    return (get_language() or "en")[:2]
