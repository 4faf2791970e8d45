"""The log of changes."""

from django.core.paginator import Paginator
from django.http import HttpResponse

from ringdesk.accounts import audit
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.accounts.views import shown

PAGE = 50


@member_required("audit.see")
def audit_log(request: SeatedRequest) -> HttpResponse:
    page = Paginator(audit.entries(request.organization), PAGE).get_page(request.GET.get("page"))
    lines = [(entry, audit.describe(entry.action), audit.details(entry)) for entry in page.object_list]
    return shown(request, "accounts/audit.html", {"page": page, "lines": lines})
