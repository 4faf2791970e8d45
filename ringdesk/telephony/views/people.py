"""Taking extensions over from the PBX: first shown, then saved."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import ngettext

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.models import Member
from ringdesk.core.problems import RingdeskError
from ringdesk.telephony import people, reach
from ringdesk.telephony.connectors import registry
from ringdesk.telephony.models import Connector

_FIELD = "member-"
_MOST = 1000


@member_required("extensions.change")
def connector_people(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show whose extensions the PBX knows beside our members; save those that were chosen."""
    connector = get_object_or_404(reach.connectors_of(request.member), pk=pk)
    if not registry()[connector.kind].tells_people:
        raise Http404
    members = list(Member.objects.for_org(request.organization).filter(is_active=True))
    if request.method == "POST":
        return _save(request, connector, members)
    context: dict[str, object] = {"connector": connector, "members": members}
    try:
        context["proposals"] = people.ask(connector)
    except RingdeskError as error:
        context["error"] = str(error)
    return render(request, "telephony/_people.html", context)


def _save(request: SeatedRequest, connector: Connector, members: list[Member]) -> HttpResponse:
    by_id = {str(member.pk): member for member in members}
    fields = [(name.removeprefix(_FIELD), value) for name, value in request.POST.items() if name.startswith(_FIELD)]
    chosen = {number: by_id[value] for number, value in fields[:_MOST] if value in by_id}
    done, problems = people.take_over(connector, chosen, by=request.member)
    text = ngettext("%(count)s extension taken over", "%(count)s extensions taken over", done) % {"count": done}
    context = {"connector": connector, "done": text, "problems": problems}
    answer = render(request, "telephony/_people.html", context)
    answer["HX-Trigger"] = '{"ringdesk:refresh": ""}'
    return answer
