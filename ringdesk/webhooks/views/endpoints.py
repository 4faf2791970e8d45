"""Outside CRMs and webhooks: the list, one of them, its settings, on and off, tried out."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ringdesk.accounts.addresses import base_url
from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import RingdeskError
from ringdesk.webhooks import deliveries, endpoints
from ringdesk.webhooks.forms import CrmForm, CrmUserForm, EndpointForm, WebhookForm
from ringdesk.webhooks.models import Delivery, Endpoint, OutsideCrm, Webhook
from ringdesk.webhooks.views.finding import RIGHT, found, particular

RECENT = 8
# Where outside programs have calls placed (file 6).
_DIALING_DOOR = "httpapiinteg/crmapi/v1/makecall"


@member_required(RIGHT)
def endpoint_list(request: SeatedRequest) -> HttpResponse:
    """List the outside CRMs and the webhooks with how each fares."""
    now = timezone.now()
    rows = [(one, one.circuit_state(now)) for one in endpoints.visible_to(request.member)]
    context = {
        "crms": [row for row in rows if row[0].is_crm],
        "hooks": [row for row in rows if not row[0].is_crm],
    }
    return render(request, "webhooks/endpoints.html", context)


@never_cache
@member_required(RIGHT)
def endpoint(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show one endpoint: state, secrets, users, latest deliveries."""
    one = found(request, pk)
    kind = particular(one)
    context = state_of(one) | {"kind": kind}
    if isinstance(kind, OutsideCrm):
        context |= {
            "key": endpoints.key(kind),
            "door": f"{base_url(request)}/{_DIALING_DOOR}",
            "users": kind.users.all(),
            "user_form": CrmUserForm(),
        }
    else:
        context |= {"secret": endpoints.secret(kind)}
    return render(request, "webhooks/endpoint.html", context)


@member_required(RIGHT)
def endpoint_state(request: SeatedRequest, pk: int) -> HttpResponse:
    """Show how the endpoint fares now (a fragment that refreshes itself)."""
    return render(request, "webhooks/_state.html", state_of(found(request, pk)))


@member_required(RIGHT)
def endpoint_change(request: SeatedRequest, pk: int) -> HttpResponse:
    """Change what was filled in."""
    one = found(request, pk)
    kind = particular(one)
    form = _form(request, kind)
    if request.method == "POST" and form.is_valid():
        try:
            endpoints.change(kind, by=request.member, **form.wishes())
        except RingdeskError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("Saved"))
            return redirect("webhooks:endpoint", pk)
    context = {"form": form, "endpoint": one}
    return render(request, "webhooks/endpoint_change.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(RIGHT)
def endpoint_switch(request: SeatedRequest, pk: int) -> HttpResponse:
    """Switch on or off."""
    endpoints.switch(found(request, pk), on=request.POST.get("on") == "1", by=request.member)
    return redirect("webhooks:endpoint", pk)


@require_POST
@member_required(RIGHT)
def endpoint_delete(request: SeatedRequest, pk: int) -> HttpResponse:
    """Delete the endpoint with its log."""
    one = found(request, pk)
    endpoints.delete(one, by=request.member)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": one.name})
    return redirect("webhooks:endpoints")


@require_POST
@member_required(RIGHT)
def endpoint_test(request: SeatedRequest, pk: int) -> HttpResponse:
    """Send a test message now and show what came of it."""
    one = found(request, pk)
    tested = deliveries.test(one)
    return render(request, "webhooks/_state.html", state_of(one) | {"tested": tested})


@require_POST
@member_required(RIGHT)
def endpoint_try_now(request: SeatedRequest, pk: int) -> HttpResponse:
    """Close the circuit."""
    one = found(request, pk)
    endpoints.try_now(one)
    return render(request, "webhooks/_state.html", state_of(one))


def state_of(one: Endpoint) -> dict[str, Any]:
    """Return how the endpoint fares, for the templates."""
    counts = deliveries.counts(one)
    return {
        "endpoint": one,
        "circuit": one.circuit_state(timezone.now()),
        "counts": counts,
        "undelivered": counts[Delivery.State.FAILED] + counts[Delivery.State.GIVEN_UP],
        "waiting": counts[Delivery.State.WAITING] + counts[Delivery.State.FAILED],
        "has_news": bool(
            one.last_error_at and (one.last_delivered_at is None or one.last_error_at > one.last_delivered_at)
        ),
        "recent": deliveries.search(one)[:RECENT],
        "is_served": "worker" in settings.PARTS,
    }


def _form(request: SeatedRequest, kind: OutsideCrm | Webhook) -> EndpointForm:
    first: dict[str, Any] = {"name": kind.name, "address": kind.address, "is_inside": kind.is_inside}
    if isinstance(kind, Webhook):
        return WebhookForm(request.POST or None, by=request.member, initial=first | {"types": kind.types})
    wishes = ("wants_events", "wants_history", "answers_contact")
    first |= {name: getattr(kind, name) for name in wishes}
    first["has_trunk_prefix"] = "on" if kind.has_trunk_prefix else ""
    return CrmForm(request.POST or None, by=request.member, is_stored=True, initial=first)
