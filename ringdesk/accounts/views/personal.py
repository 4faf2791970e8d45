"""One's own profile, seat and branch."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ringdesk.accounts import members, seats
from ringdesk.accounts.addresses import next_url
from ringdesk.accounts.forms import told_beside
from ringdesk.accounts.forms.people import ProfileForm
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Branch, Member, User
from ringdesk.accounts.views import sent, shown
from ringdesk.core.asked import positive_id


@member_required()
def profile(request: SeatedRequest) -> HttpResponse:
    form = ProfileForm(sent(request), initial=ProfileForm.initial_of(request.member))
    if form.is_valid():
        with told_beside(form):
            members.set_preferences(request.member, **form.cleaned_data)
            with translation.override(request.member.language):
                messages.success(request, _("Saved."))
            return redirect("accounts:profile")
    return shown(request, "accounts/profile.html", {"form": form}, form)


@require_POST
@member_required()
def preferences(request: SeatedRequest) -> HttpResponse:
    """Take a switch of the member's menu: language, scheme or do not disturb (``change`` names an unticked box)."""
    wishes: dict[str, Any] = {field: request.POST[field] for field in ("language", "scheme") if field in request.POST}
    if "do_not_disturb" in (request.POST.get("change"), *request.POST):
        wishes["do_not_disturb"] = request.POST.get("do_not_disturb", "") in ("on", "1", "true")
    members.set_preferences(request.member, **wishes)
    if not request.headers.get("HX-Request"):
        return redirect(next_url(request, "accounts:profile"))
    return HttpResponse(status=204, headers={"HX-Refresh": "true"} if "language" in wishes else {})


@require_POST
@member_required()
def choose_branch(request: SeatedRequest) -> HttpResponse:
    branch = get_object_or_404(seats.branches_of(request.member), pk=_number(request, "branch"))
    seats.choose_branch(request.member, branch)
    return redirect(next_url(request, "/"))


@require_POST
@login_required
def choose_seat(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    seats.choose(request, get_object_or_404(seats.of_user(request.user), pk=_number(request, "member")))
    return redirect("/")


@login_required
def no_seat(request: HttpRequest) -> HttpResponse:
    """Say that no organization has a seat for this user, or none of the seat's branches is open."""
    member: Member | None = getattr(request, "member", None)
    branch: Branch | None = getattr(request, "branch", None)
    if member is not None and branch is not None:
        return redirect("/")
    return shown(request, "accounts/no_seat.html", {"member": member})


def _number(request: HttpRequest, field: str) -> int:
    return positive_id(request.POST.get(field, "")) or 0
