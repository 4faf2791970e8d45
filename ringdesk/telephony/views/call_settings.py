"""The page of what an organization sets for all its calls."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import Invalid, Stale
from ringdesk.telephony import call_settings
from ringdesk.telephony.settings_form import CallSettingsForm


@require_http_methods(["GET", "POST"])
@member_required("connectors.change")
def settings(request: SeatedRequest) -> HttpResponse:
    """Show and change windows, documents and the rest."""
    if request.method == "POST":
        return _saved(request)
    initial = CallSettingsForm.initial_of(call_settings.of(request.organization))
    return _shown(request, CallSettingsForm(initial=initial))


def _saved(request: SeatedRequest) -> HttpResponse:
    form = CallSettingsForm(request.POST)
    if not form.is_valid():
        return _shown(request, form, 422)
    try:
        call_settings.change(
            request.organization, form.wishes(), version=form.cleaned_data["version"], by=request.member
        )
    except Stale as stale:
        text = _("Somebody has changed these settings in the meantime. Save again to keep what stands here.")
        form.add_error(None, text)
        data: Any = form.data.copy()  # type: ignore[attr-defined]
        data["version"] = stale.details["version"]
        form.data = data
        return _shown(request, form, 409)
    except Invalid as problem:
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        return _shown(request, form, 422)
    messages.success(request, _("Saved."))
    if form.shows_nothing:
        messages.warning(request, _("The events to be shown are not created: creating is switched off."))
    return redirect("telephony:call_settings")


def _shown(request: SeatedRequest, form: CallSettingsForm, status: int = 200) -> HttpResponse:
    return render(request, "telephony/call_settings.html", {"form": form}, status=status)
