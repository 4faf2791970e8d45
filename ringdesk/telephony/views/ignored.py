"""The list of ignored numbers."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import RingdeskError
from ringdesk.telephony import ignoring
from ringdesk.telephony.forms import IgnoredForm

_RIGHT = "numbers.ignore"


@require_GET
@member_required(_RIGHT)
def ignored_numbers(request: SeatedRequest) -> HttpResponse:
    """Show the numbers whose calls bother nobody."""
    return _page(request, IgnoredForm())


@require_POST
@member_required(_RIGHT)
def ignore(request: SeatedRequest) -> HttpResponse:
    """Ignore a number: from the list of them, or from a call's menu (``next`` names the page to come back to)."""
    form = IgnoredForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            ignoring.add(values["phone"], values["note"], region=request.branch.region, by=request.member)
        except RingdeskError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    if form.errors:
        return _page(request, form, status=422)
    return _gone(request, _("This number is ignored from now on."))


@require_POST
@member_required(_RIGHT)
def heed(request: SeatedRequest, pk: int) -> HttpResponse:
    """Ignore a number no longer."""
    ignored = get_object_or_404(ignoring.of(request.organization.pk), pk=pk)
    ignoring.remove(ignored, by=request.member)
    return _gone(request, _("This number is not ignored any more."))


def _gone(request: SeatedRequest, text: str) -> HttpResponse:
    messages.success(request, text)
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("telephony:ignored")


def _page(request: SeatedRequest, form: IgnoredForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "numbers": ignoring.of(request.organization.pk)[:1000]}
    return render(request, "telephony/ignored.html", context, status=status)
