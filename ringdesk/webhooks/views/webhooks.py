"""What webhooks alone have: a signing secret."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import RingdeskError
from ringdesk.webhooks import endpoints
from ringdesk.webhooks.forms import WebhookForm
from ringdesk.webhooks.models import Webhook
from ringdesk.webhooks.views.finding import RIGHT, found_as


@member_required(RIGHT)
def webhook_add(request: SeatedRequest) -> HttpResponse:
    """Store a new webhook."""
    form = WebhookForm(request.POST or None, by=request.member)
    if request.method == "POST" and form.is_valid():
        try:
            webhook = endpoints.create_webhook(request.organization, by=request.member, **form.wishes())
        except RingdeskError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("webhooks:endpoint", webhook.pk)
    context = {"form": form, "is_crm": False}
    return render(request, "webhooks/endpoint_add.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(RIGHT)
def webhook_renew_secret(request: SeatedRequest, pk: int) -> HttpResponse:
    """Make another signing secret."""
    endpoints.renew_secret(found_as(request, pk, Webhook), by=request.member)
    messages.success(request, _("For 24 hours messages are signed with both secrets: the old one and the new one."))
    return redirect("webhooks:endpoint", pk)
