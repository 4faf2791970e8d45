"""Two or more cards of the same person made one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.asked import positive_id
from ringdesk.core.problems import RingdeskError
from ringdesk.crm import clients, merging
from ringdesk.crm.models import Client
from ringdesk.crm.views.answers import see


@dataclass(frozen=True, slots=True)
class Twin:
    """A card to be merged, and how many records of other rooms hang on it."""

    client: Client
    records: int


@require_http_methods(["GET", "POST"])
@member_required("clients.merge")
def merge(request: SeatedRequest) -> HttpResponse:
    """Show what would become of the chosen cards, and on POST make them one."""
    chosen = _chosen(request, request.POST if request.method == "POST" else request.GET)
    if len(chosen) < 2:
        messages.warning(request, _("Choose at least two clients to merge."))
        return redirect("crm:clients")
    kept = next((client for client in chosen if str(client.pk) == request.POST.get("kept")), None)
    error = ""
    if kept is not None:
        try:
            merged = clients.merge(kept, [client for client in chosen if client != kept], request.member)
        except RingdeskError as problem:
            error = str(problem)
        else:
            messages.success(request, _("Merged into %(name)s.") % {"name": merged.name})
            return redirect("crm:client", pk=merged.pk)
    twins = [Twin(client, merging.count_records(client)) for client in chosen]
    best = kept or max(twins, key=lambda twin: (twin.records, -twin.client.pk)).client
    context = {"twins": twins, "best": best, "error": error, "back": reverse("crm:clients")}
    return see(request, "crm/merge.html", context, status=422 if error else 200)


def _chosen(request: SeatedRequest, data: object) -> Sequence[Client]:
    ids = [pk for text in data.getlist("client") if (pk := positive_id(text))]  # type: ignore[attr-defined]
    found = Client.objects.for_org(request.organization).filter(pk__in=ids[: merging.MOST])
    return list(found.select_related("company", "responsible").prefetch_related("phones").order_by("id"))
