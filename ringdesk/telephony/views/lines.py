"""Changing a line of a connector's table."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import RingdeskError
from ringdesk.telephony import lines, reach
from ringdesk.telephony.forms import LineForm


@member_required("connectors.change")
def line_edit(request: SeatedRequest, pk: int, line_pk: int) -> HttpResponse:
    """Show the form of a line in the panel at the side, or save it."""
    connector = get_object_or_404(reach.connectors_of(request.member), pk=pk)
    line = get_object_or_404(reach.lines_of(request.member, connector), pk=line_pk)
    first = {"number": line.number, "label": line.label, "branch": line.branch_id}
    form = LineForm(request.POST or None, by=request.member, initial=first)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            lines.save(connector, values["number"], values["label"], values["branch"], line=line)
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        except RingdeskError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    context = {"form": form, "connector": connector, "line": line}
    return render(request, "telephony/_line_form.html", context, status=422 if form.errors else 200)
