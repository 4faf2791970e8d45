"""The endpoint a page is about: of the member's organization, and within the seat's reach."""

from typing import Any, TypeVar

from django.shortcuts import get_object_or_404

from ringdesk.accounts.guards import SeatedRequest
from ringdesk.webhooks import endpoints
from ringdesk.webhooks.models import Delivery, Endpoint, OutsideCrm, Webhook

RIGHT = "connectors.change"
Kind = TypeVar("Kind", OutsideCrm, Webhook)


def found(request: SeatedRequest, pk: int) -> Endpoint:
    """Return the endpoint. Raises Http404."""
    endpoint: Endpoint = get_object_or_404(endpoints.visible_to(request.member), pk=pk)
    return endpoint


def found_as(request: SeatedRequest, pk: int, kind: type[Kind]) -> Kind:
    """Return the endpoint, which is of this kind. Raises Http404."""
    rows: Any = kind.objects.for_org(request.organization).filter(pk__in=endpoints.visible_to(request.member))
    endpoint: Kind = get_object_or_404(rows, pk=pk)
    return endpoint


def particular(endpoint: Endpoint) -> OutsideCrm | Webhook:
    """Return the endpoint as what it is."""
    return endpoint.outsidecrm if endpoint.is_crm else endpoint.webhook


def found_delivery(request: SeatedRequest, pk: int, row: int) -> Delivery:
    """Return a delivery to this endpoint. Raises Http404."""
    deliveries = Delivery.objects.for_org(request.organization).filter(endpoint=found(request, pk))
    delivery: Delivery = get_object_or_404(deliveries, pk=row)
    return delivery
