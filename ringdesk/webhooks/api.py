"""HTTP API: webhooks."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router, Status

from ringdesk.accounts import seats
from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.resources import ApiRequest, made, own, page_of, shown
from ringdesk.core.preconditions import expected_version
from ringdesk.core.problems import Forbidden
from ringdesk.core.schemas import Id, Page, Paging
from ringdesk.webhooks import endpoints
from ringdesk.webhooks.models import Webhook
from ringdesk.webhooks.schemas import WebhookIn, WebhookOut, WebhookPatch, WebhookWithSecret

router = Router()


@router.get("/webhooks", auth=allowed("webhooks:read"), response=Page[WebhookOut], tags=["webhooks"])
def list_webhooks(request: ApiRequest, wish: Query[Paging]) -> dict[str, Any]:
    """Webhooks, oldest first."""
    return page_of(_visible(request.auth), wish)


@router.post("/webhooks", auth=allowed("webhooks:write"), response={201: WebhookWithSecret}, tags=["webhooks"])
def create_webhook(request: ApiRequest, response: HttpResponse, body: WebhookIn) -> Status[Webhook]:
    """Add a webhook. The answer tells its signing secret; only here and after `rotate`."""
    _visible(request.auth)
    webhook = endpoints.create_webhook(request.auth.organization, by=request.auth.member, **dict(body))
    return made(response, webhook, "webhooks")


@router.get("/webhooks/{id}", auth=allowed("webhooks:read"), response=WebhookOut, tags=["webhooks"])
def get_webhook(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> Webhook:
    """One webhook."""
    return shown(response, own(_visible(request.auth), id))


@router.patch("/webhooks/{id}", auth=allowed("webhooks:write"), response=WebhookOut, tags=["webhooks"])
def change_webhook(request: ApiRequest, response: HttpResponse, id: Path[Id], body: WebhookPatch) -> Webhook:
    """Change what is sent; the rest stays."""
    webhook = own(_visible(request.auth), id)
    version = expected_version(request, body.version)
    return shown(response, endpoints.change(webhook, version=version, by=request.auth.member, **body.sent()))


@router.delete("/webhooks/{id}", auth=allowed("webhooks:write"), response={204: None}, tags=["webhooks"])
def delete_webhook(request: ApiRequest, id: Path[Id]) -> Status[None]:
    """Delete a webhook; what still waits is not sent."""
    endpoints.delete(own(_visible(request.auth), id), version=expected_version(request), by=request.auth.member)
    return Status(204, None)


@router.post(
    "/webhooks/{id}/rotate", auth=allowed("webhooks:write"), response={200: WebhookWithSecret}, tags=["webhooks"]
)
def rotate_webhook_secret(request: ApiRequest, response: HttpResponse, id: Path[Id]) -> Webhook:
    """Make another signing secret; for 24 hours messages carry the signatures of both."""
    webhook = own(_visible(request.auth), id)
    endpoints.renew_secret(webhook, by=request.auth.member)
    return shown(response, webhook)


def _visible(caller: Caller) -> QuerySet[Webhook]:
    if caller.member is not None and seats.is_limited(caller.member):
        raise Forbidden(_("This concerns all branches: only members of all branches change it."))
    webhooks: QuerySet[Webhook] = Webhook.objects.for_org(caller.organization)
    return webhooks
