"""The address book."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.asked import searched
from ringdesk.telephony import address_book

PER_PAGE = 50
KINDS = (
    ("", _("All")),
    ("person", _("People")),
    ("company", _("Companies")),
    ("lead", _("Leads")),
    ("member", _("Colleagues")),
)


@require_GET
@member_required("clients.see")
def contacts(request: SeatedRequest) -> HttpResponse:
    """Show everybody with a number who fits; a click on a number calls."""
    text, kind = searched(request.GET.get("q", "")), request.GET.get("kind", "")
    found = address_book.search(request.organization, text, kind, region=request.branch.region)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "text": text,
        "kind": kind if kind in address_book.KINDS else "",
        "kinds": KINDS,
        "page": page,
        "entries": address_book.entries(request.organization, list(page.object_list)),
    }
    template = "telephony/_address_book.html" if request.htmx else "telephony/address_book.html"
    return render(request, template, context)
