"""API tokens: issue, show once, revoke."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ringdesk.accounts import tokens
from ringdesk.accounts.forms import told_beside
from ringdesk.accounts.forms.tokens import TokenForm
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import ApiToken
from ringdesk.accounts.views import sent, shown


@never_cache
@member_required("tokens.change")
def token_list(request: SeatedRequest) -> HttpResponse:
    issued = None
    form = TokenForm(sent(request))
    if form.is_valid():
        with told_beside(form):
            issued = tokens.issue(request.organization, by=request.member, **form.cleaned_data)
            form = TokenForm()
    listed = ApiToken.objects.for_org(request.organization).select_related("created_by")
    context = {"form": form, "issued": issued, "tokens": listed.order_by("revoked_at", "-id")}
    # The secret is shown in this answer only: a reload of the page shows the list without it.
    template = "accounts/_tokens.html" if request.headers.get("HX-Request") else "accounts/tokens.html"
    return shown(request, template, context, form)


@require_POST
@member_required("tokens.change")
def token_revoke(request: SeatedRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.for_org(request.organization), pk=pk)
    tokens.revoke(token, by=request.member)
    messages.success(request, _("%(name)s is not valid any more.") % {"name": token.name})
    return redirect("accounts:tokens")
