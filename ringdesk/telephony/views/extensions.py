"""Which member has which extension."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Member
from ringdesk.core.problems import RingdeskError
from ringdesk.telephony import extensions, reach
from ringdesk.telephony.forms import ExtensionForm
from ringdesk.telephony.models import Extension

_RIGHT = "extensions.change"


@member_required(_RIGHT)
def extension_list(request: SeatedRequest) -> HttpResponse:
    """Show members beside their extensions, and the extensions that are nobody's."""
    return render(request, "telephony/extensions.html", table(request))


@member_required(_RIGHT)
def extension_table(request: SeatedRequest) -> HttpResponse:
    """Show the table alone (a fragment)."""
    return render(request, "telephony/_extensions.html", table(request))


@member_required(_RIGHT)
def extension_assign(request: SeatedRequest) -> HttpResponse:
    """Give a member an extension; what is known already comes in the query."""
    form = ExtensionForm(request.POST or None, by=request.member, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            extensions.assign(values["connector"], values["member"], values["number"], by=request.member)
        except RingdeskError as error:
            form.add_error(error.field, str(error))
        else:
            return HttpResponse(status=204, headers={"HX-Trigger": '{"drawer:close": "", "ringdesk:refresh": ""}'})
    return render(request, "telephony/_assign.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@member_required(_RIGHT)
def extension_unassign(request: SeatedRequest, pk: int) -> HttpResponse:
    """Take an extension from its member."""
    of = Extension.objects.for_org(request.organization).filter(connector__in=reach.connectors_of(request.member))
    found = get_object_or_404(of.select_related("member"), pk=pk)
    extensions.unassign(found, by=request.member)
    return render(request, "telephony/_extensions.html", table(request))


def table(request: SeatedRequest) -> dict[str, object]:
    """Return members × connectors with their extensions, and the unassigned ones."""
    connectors = list(reach.with_extensions(request.member))
    owned = {
        (extension.member_id, extension.connector_id): extension
        for extension in Extension.objects.for_org(request.organization)
    }
    members = Member.objects.for_org(request.organization).filter(is_active=True)
    rows = [
        {"member": member, "cells": [(one, owned.get((member.pk, one.pk))) for one in connectors]} for member in members
    ]
    names = {connector.pk: connector.name for connector in connectors}
    seen = [one for one in extensions.unassigned(request.organization) if one.connector_id in names]
    unassigned = [{"seen": one, "connector": names[one.connector_id]} for one in seen]
    return {"connectors": connectors, "rows": rows, "unassigned": unassigned}
