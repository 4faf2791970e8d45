"""What outside CRMs alone have: a key of ours, users."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import RingdeskError
from ringdesk.webhooks import endpoints
from ringdesk.webhooks.forms import CrmForm, CrmUserForm
from ringdesk.webhooks.models import OutsideCrm
from ringdesk.webhooks.views.finding import RIGHT, found_as


@member_required(RIGHT)
def crm_add(request: SeatedRequest) -> HttpResponse:
    """Store a new outside CRM."""
    first = {"wants_events": True, "wants_history": True, "has_trunk_prefix": "on"}
    form = CrmForm(request.POST or None, by=request.member, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            crm = endpoints.create_crm(request.organization, by=request.member, **form.wishes())
        except RingdeskError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("webhooks:endpoint", crm.pk)
    context = {"form": form, "is_crm": True}
    return render(request, "webhooks/endpoint_add.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(RIGHT)
def crm_renew_key(request: SeatedRequest, pk: int) -> HttpResponse:
    """Make another key for the CRM."""
    endpoints.renew_key(found_as(request, pk, OutsideCrm), by=request.member)
    messages.success(request, _("The old one is dead. Enter the new one where the old one stood."))
    return redirect("webhooks:endpoint", pk)


@require_POST
@member_required(RIGHT)
def crm_user_save(request: SeatedRequest, pk: int) -> HttpResponse:
    """Name the user of an extension."""
    crm = found_as(request, pk, OutsideCrm)
    form = CrmUserForm(request.POST)
    if form.is_valid():
        try:
            endpoints.name_user(crm, form.cleaned_data["extension"], form.cleaned_data["user"], by=request.member)
            form = CrmUserForm()
        except RingdeskError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    return _users(request, crm, form)


@require_POST
@member_required(RIGHT)
def crm_user_forget(request: SeatedRequest, pk: int, row: int) -> HttpResponse:
    """Take a line from the table of users."""
    crm = found_as(request, pk, OutsideCrm)
    endpoints.forget_user(crm, row, by=request.member)
    return _users(request, crm, CrmUserForm())


def _users(request: SeatedRequest, crm: OutsideCrm, form: CrmUserForm) -> HttpResponse:
    context = {"endpoint": crm, "users": crm.users.all(), "user_form": form}
    return render(request, "webhooks/_users.html", context, status=422 if form.errors else 200)
