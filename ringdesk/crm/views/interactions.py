"""The list of «Call» documents, one document, and those on a client's card."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import Invalid, Stale
from ringdesk.crm import interactions
from ringdesk.crm.interaction_forms import InteractionFilterForm, NotesForm
from ringdesk.crm.models import Client, Interaction
from ringdesk.crm.views.answers import is_in_drawer, see

PER_PAGE = 50
ON_A_CARD = 20


@require_GET
@member_required("calls.see")
def interaction_list(request: SeatedRequest) -> HttpResponse:
    """Show the documents the filters leave, newest first."""
    form = InteractionFilterForm(request.GET)
    filters = form.filters()
    context = {
        "form": form,
        "text": filters.text,
        "is_filtered": filters != interactions.Filters(),
        "page": Paginator(interactions.search(request.member, filters), PER_PAGE).get_page(request.GET.get("page")),
        "query": request.GET.urlencode(),
    }
    return see(request, "crm/_interactions.html" if request.htmx else "crm/interactions.html", context)


@require_GET
@member_required("calls.see")
def client_interactions(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show the client's documents (a fragment for the client's card)."""
    client: Client = get_object_or_404(Client.objects.for_org(request.organization), pk=pk)
    if not request.htmx:
        return redirect("crm:client", pk)
    found = interactions.of_client(client, request.member)
    page = Paginator(found, ON_A_CARD).get_page(request.GET.get("page"))
    return see(request, "crm/_client_interactions.html", {"client": client, "page": page})


@require_http_methods(["GET", "POST"])
@member_required("calls.see")
def interaction(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show one document; its notes are written here."""
    found = interactions.visible_to(request.member).select_related("client", "contract__client", "lead", "member")
    document: Interaction = get_object_or_404(found, pk=pk)
    if request.method == "GET":
        return _shown(request, document, NotesForm(initial={"notes": document.notes, "version": document.version}))
    form = NotesForm(request.POST)
    if not form.is_valid():
        return _shown(request, document, form, 422)
    try:
        interactions.write(document, form.cleaned_data["notes"], version=form.cleaned_data["version"])
    except Stale as stale:
        form.add_error(None, _("Somebody has changed this card in the meantime. Save again to keep what stands here."))
        data: Any = form.data.copy()  # type: ignore[attr-defined]
        data["version"] = stale.details["version"]
        form.data = data
        return _shown(request, document, form, 409)
    except Invalid as problem:
        form.add_error("notes", str(problem))
        return _shown(request, document, form, 422)
    if request.htmx and is_in_drawer(request):
        return HttpResponse(status=204, headers={"HX-Trigger": "drawer:close"})
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("crm:interaction", args=[document.pk])})
    return redirect("crm:interaction", document.pk)


def _shown(request: SeatedRequest, document: Interaction, form: NotesForm, status: int = 200) -> HttpResponse:
    client = document.client or (document.contract.client if document.contract else None)
    context = {"document": document, "client": client, "form": form, "in_drawer": is_in_drawer(request)}
    template = "crm/_interaction.html" if request.htmx else "crm/interaction.html"
    return see(request, template, context, status=status)
