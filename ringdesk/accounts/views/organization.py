"""The organization's own settings, its branches, and the table of roles."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ringdesk.accounts import access, branches, opening_hours, organizations, seats, timezones
from ringdesk.accounts.access import Role
from ringdesk.accounts.forms import told_beside
from ringdesk.accounts.forms.organization import BranchForm, HoursForm, OrganizationSettingsForm
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Branch
from ringdesk.accounts.views import sent, shown, told_over

# What is tried in this order when somebody opens the settings.
SECTIONS = (
    ("organization.change", "accounts:organization"),
    ("branches.change", "accounts:branches"),
    ("members.see", "accounts:members"),
)


@member_required()
def settings(request: SeatedRequest) -> HttpResponse:
    """Lead to the first section the member may open."""
    allowed = (page for action, page in SECTIONS if request.member.may(action))
    return redirect(next(allowed, "accounts:profile"))


@member_required("organization.change")
def organization(request: SeatedRequest) -> HttpResponse:
    form = OrganizationSettingsForm(sent(request), initial=OrganizationSettingsForm.initial_of(request.organization))
    if form.is_valid():
        with told_beside(form):
            organizations.change_organization(request.organization, by=request.member, **form.wishes())
            messages.success(request, _("Saved."))
            return redirect("accounts:organization")
    return shown(request, "accounts/organization.html", {"form": form}, form)


@member_required("branches.change")
def branch_list(request: SeatedRequest) -> HttpResponse:
    listed = seats.in_reach(request.member).prefetch_related("opening_hours").order_by("-is_active", "id")
    rows = [(branch, _hours(branch), timezones.label(branch.timezone)) for branch in listed]
    may_add = not seats.is_limited(request.member)
    return shown(request, "accounts/branches.html", {"rows": rows, "may_add": may_add})


@member_required("branches.change")
def branch_new(request: SeatedRequest) -> HttpResponse:
    initial = {"timezone": request.branch.timezone, "region": request.branch.region}
    form = BranchForm(sent(request), initial=initial)
    hours = HoursForm(sent(request), hours=organizations.DEFAULT_HOURS)
    if form.is_valid() and hours.is_valid():
        with told_beside(form, hours):
            branches.add_branch(
                request.organization, by=request.member, hours=hours.cleaned_data["hours"], **form.cleaned_data
            )
            messages.success(request, _("The branch is open."))
            return redirect("accounts:branches")
    return shown(request, "accounts/branch.html", {"form": form, "hours": hours}, form, hours)


@member_required("branches.change")
def branch(request: SeatedRequest, pk: int) -> HttpResponse:
    branch = get_object_or_404(seats.in_reach(request.member), pk=pk)
    form = BranchForm(sent(request), initial=BranchForm.initial_of(branch))
    hours = HoursForm(sent(request), hours=branches.hours_of(branch))
    if form.is_valid() and hours.is_valid():
        with told_beside(form, hours):
            # Untouched hours stay as they are: they may hold more than this form shows (a break at noon).
            spans = hours.cleaned_data["hours"] if hours.has_changed() else None
            branches.change_branch(branch, by=request.member, hours=spans, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("accounts:branches")
    return shown(request, "accounts/branch.html", {"branch": branch, "form": form, "hours": hours}, form, hours)


@require_POST
@member_required("branches.change")
def branch_deactivate(request: SeatedRequest, pk: int) -> HttpResponse:
    branch = get_object_or_404(seats.in_reach(request.member), pk=pk)
    with told_over(request):
        branches.deactivate_branch(branch, by=request.member)
        messages.success(request, _("%(name)s is closed.") % {"name": branch})
    return redirect("accounts:branches")


@require_POST
@member_required("branches.change")
def branch_reactivate(request: SeatedRequest, pk: int) -> HttpResponse:
    branch = get_object_or_404(seats.in_reach(request.member), pk=pk)
    branches.reactivate_branch(branch, by=request.member)
    messages.success(request, _("%(name)s is open again.") % {"name": branch})
    return redirect("accounts:branches")


@member_required()
def roles(request: SeatedRequest) -> HttpResponse:
    rows = [
        (access.LABELS[action], [(role.label, role in allowed) for role in Role])
        for action, allowed in access.ACTIONS.items()
    ]
    return shown(request, "accounts/roles.html", {"roles": list(Role), "rows": rows})


def _hours(branch: Branch) -> list[str]:
    return opening_hours.summary(branches.spans_of(branch.opening_hours.all()))
