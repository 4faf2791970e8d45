"""The log of what was sent to an endpoint."""

import json

import orjson
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.asked import searched
from ringdesk.webhooks import deliveries
from ringdesk.webhooks.forms import DeliveryFilter
from ringdesk.webhooks.models import Delivery
from ringdesk.webhooks.views.endpoints import state_of
from ringdesk.webhooks.views.finding import RIGHT, found, found_delivery

PAGE = 50


@member_required(RIGHT)
def delivery_list(request: SeatedRequest, pk: int) -> HttpResponse:
    """List deliveries, newest first."""
    endpoint = found(request, pk)
    form = DeliveryFilter(request.GET)
    wish = form.cleaned_data if form.is_valid() else {}
    rows = deliveries.search(endpoint, state=wish.get("state", ""), text=searched(wish.get("q", "")))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = state_of(endpoint) | {
        "form": form,
        "page": page,
        "rows": page.object_list,
        "is_narrowed": any(wish.values()),
    }
    return render(request, "webhooks/deliveries.html", context)


@member_required(RIGHT)
def delivery(request: SeatedRequest, pk: int, row: int) -> HttpResponse:
    """Show one delivery: what was sent, what was answered."""
    return _card(request, found_delivery(request, pk, row))


@require_POST
@member_required(RIGHT)
def delivery_again(request: SeatedRequest, pk: int, row: int) -> HttpResponse:
    """Send one again."""
    one = found_delivery(request, pk, row)
    deliveries.redeliver(one)
    one.refresh_from_db()
    response = _card(request, one)
    return _told(response, _("It is sent again."))


@require_POST
@member_required(RIGHT)
def deliveries_again(request: SeatedRequest, pk: int) -> HttpResponse:
    """Send everything again that failed."""
    count = deliveries.redeliver_failed(found(request, pk))
    text = ngettext("%(count)s message is sent again.", "%(count)s messages are sent again.", count) % {"count": count}
    return _told(HttpResponse(status=204), text)


def _card(request: SeatedRequest, one: Delivery) -> HttpResponse:
    context = {
        "delivery": one,
        "endpoint": one.endpoint,
        "body": _pretty(one.body),
        "answer": _pretty(one.last_answer),
    }
    return render(request, "webhooks/_delivery.html", context)


def _told(response: HttpResponse, text: str) -> HttpResponse:
    response.headers["HX-Trigger"] = json.dumps({"toast": {"text": text, "tone": "ok"}, "ringdesk:refresh": True})
    return response


def _pretty(text: str) -> str:
    """Return JSON spread over lines; what is none as it is."""
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return text
