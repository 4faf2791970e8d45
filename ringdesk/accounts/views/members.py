"""Who works here, and who is invited to."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ringdesk.accounts import invitations, mail, members
from ringdesk.accounts.addresses import base_url
from ringdesk.accounts.forms import told_beside
from ringdesk.accounts.forms.people import InvitationForm, MemberForm
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Invitation, Member
from ringdesk.accounts.views import sent, shown, told_over
from ringdesk.core.asked import searched

PAGE = 25


@member_required("members.see")
def member_list(request: SeatedRequest) -> HttpResponse:
    query = searched(request.GET.get("q", ""))
    page = Paginator(_found(request, query), PAGE).get_page(request.GET.get("page"))
    by = request.member
    may_change = by.may("members.change")
    context = {
        "page": page,
        "rows": [(member, members.may_manage(by, member)) for member in page.object_list],
        "query": query,
        "may_change": may_change,
        "may_assign": by.may("extensions.change"),
        "offers": _offers(request) if may_change else [],
        "invited": request.GET.get("invited", ""),
    }
    return shown(request, "accounts/members.html", context)


@member_required("members.change")
def member(request: SeatedRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(Member.objects.for_org(request.organization).select_related("user"), pk=pk)
    members.require_may_manage(request.member, member)
    form = MemberForm(sent(request), by=request.member, initial=MemberForm.initial_of(member))
    if form.is_valid():
        with told_beside(form):
            members.change_member(
                member,
                by=request.member,
                name=form.cleaned_data["name"],
                role=form.cleaned_data["role"],
                branches=form.chosen_branches(),
            )
            messages.success(request, _("Saved."))
            return redirect("accounts:members")
    return shown(request, "accounts/member.html", {"edited": member, "form": form}, form)


@require_POST
@member_required("members.change")
def member_deactivate(request: SeatedRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(Member.objects.for_org(request.organization), pk=pk)
    with told_over(request):
        members.deactivate_member(member, by=request.member)
        messages.success(request, _("%(name)s cannot enter any more.") % {"name": member})
    return redirect("accounts:members")


@require_POST
@member_required("members.change")
def member_reactivate(request: SeatedRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(Member.objects.for_org(request.organization), pk=pk)
    members.reactivate_member(member, by=request.member)
    messages.success(request, _("%(name)s may enter again.") % {"name": member})
    return redirect("accounts:members")


@member_required("members.change")
def invite(request: SeatedRequest) -> HttpResponse:
    form = InvitationForm(sent(request), by=request.member, initial={"role": "hostess"})
    if form.is_valid():
        with told_beside(form):
            invitation = invitations.invite(
                request.organization,
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                role=form.cleaned_data["role"],
                branches=form.chosen_branches() or (),
                by=request.member,
            )
            if mail.is_configured():
                mail.send_later(invitation, base_url(request))
                messages.success(request, _("Invited. The letter with the link is on its way."))
            else:
                messages.success(request, _("Invited. Copy the link and send it."))
            return redirect(f"{reverse('accounts:members')}?invited={invitation.pk}")
    return shown(request, "accounts/invite.html", {"form": form, "has_mail": mail.is_configured()}, form)


@require_POST
@member_required("members.change")
def invitation_revoke(request: SeatedRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.for_org(request.organization), pk=pk)
    invitations.revoke(invitation, by=request.member)
    messages.success(request, _("The invitation of %(email)s is not valid any more.") % {"email": invitation.email})
    return redirect("accounts:members")


def _found(request: SeatedRequest, query: str) -> QuerySet[Member]:
    """Return the members whose name or address holds what was asked for; who may enter comes first."""
    found = Member.objects.for_org(request.organization)
    if query:
        found = found.filter(Q(name__icontains=query) | Q(user__email__icontains=query))
    return found.select_related("user").prefetch_related("branches").order_by("-is_active", "name", "id")


def _offers(request: SeatedRequest) -> list[tuple[Invitation, str]]:
    """Return pending invitations with their links; "" for the link of one that offers more than the member has."""
    pending = invitations.pending(request.organization).select_related("invited_by").prefetch_related("branches")
    base, by = base_url(request), request.member
    return [(one, invitations.link(one, base) if invitations.may_manage_invitation(by, one) else "") for one in pending]
