"""Programs and assistants: where they connect, which of them are let in, those the organization has registered."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ringdesk.accounts.forms import told_beside
from ringdesk.accounts.forms.programs import ProgramForm
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Member
from ringdesk.accounts.oauth import applications, consent, programs
from ringdesk.accounts.oauth_models import Application
from ringdesk.accounts.views import sent, shown


@never_cache
@member_required()
def program_list(request: SeatedRequest) -> HttpResponse:
    is_keeper = request.member.may("tokens.change")
    listed = programs.of_organization(request.organization, None if is_keeper else request.member)
    context = {
        "programs": [(program, consent.told(program.scopes)) for program in listed],
        "mcp_url": f"{programs.base_url(request)}/mcp",
        "is_keeper": is_keeper,
    }
    return shown(request, "accounts/programs.html", context)


@require_POST
@member_required()
def program_put_out(request: SeatedRequest, member: int, application: int) -> HttpResponse:
    seats = Member.objects.for_org(request.organization)
    owner = get_object_or_404(seats, pk=member)
    if owner.pk != request.member.pk and not request.member.may("tokens.change"):
        # Whose program it is tells nothing to who may not see it.
        owner = get_object_or_404(seats.filter(pk=request.member.pk), pk=member)
    program = get_object_or_404(Application, pk=application)
    programs.put_out(owner, program, by=request.member)
    messages.success(request, _("%(name)s is disconnected.") % {"name": program.name})
    return redirect("accounts:programs")


@never_cache
@member_required("tokens.change")
def application_list(request: SeatedRequest) -> HttpResponse:
    registered = None
    form = ProgramForm(sent(request))
    if form.is_valid():
        with told_beside(form):
            registered = applications.register(request.organization, by=request.member, **form.cleaned_data)
            form = ProgramForm()
    own = Application.objects.filter(organization=request.organization, revoked_at=None)
    context = {
        "form": form,
        "registered": registered,
        "applications": own.select_related("registered_by"),
        "base_url": programs.base_url(request),
    }
    return shown(request, "accounts/applications.html", context, form)


@require_POST
@member_required("tokens.change")
def application_revoke(request: SeatedRequest, pk: int) -> HttpResponse:
    application = get_object_or_404(Application, pk=pk, organization=request.organization, revoked_at=None)
    applications.revoke(application, by=request.member)
    messages.success(request, _("%(name)s is removed.") % {"name": application.name})
    return redirect("accounts:applications")
