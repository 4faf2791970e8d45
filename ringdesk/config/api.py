"""The HTTP API: every room's resources under /api/v1/, described by /api/v1/openapi.json."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI, Router
from ninja.openapi.docs import DocsBase
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from ringdesk.accounts.api import router as accounts
from ringdesk.accounts.idempotency import answers_once, claims_key
from ringdesk.accounts.resources import ROOT
from ringdesk.booking.api import routers as booking
from ringdesk.config import api_problems
from ringdesk.config.api_description import DESCRIPTION, describe
from ringdesk.crm.api import router as crm
from ringdesk.crm.interaction_api import router as interactions
from ringdesk.hall.api import routers as hall
from ringdesk.telephony.api import router as telephony
from ringdesk.telephony.dialing_api import router as dialing
from ringdesk.webhooks.api import router as webhooks


class Renderer(BaseRenderer):
    """JSON; times as RFC 3339 with their offset."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data)


class StrictParser(Parser):
    """JSON as RFC 8259 has it: no NaN, no lone surrogates, no bottomless nesting."""

    def parse_body(self, request: HttpRequest) -> Any:
        return orjson.loads(request.body)


class Docs(DocsBase):
    """The documentation to read and try out, with nothing from elsewhere and no inline script."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **parameters: Any) -> HttpResponse:
        settings = {"url": self.get_openapi_url(api, parameters), "deepLinking": True, "layout": "BaseLayout"}
        return render(request, "web/api_docs.html", {"swagger_settings": orjson.dumps(settings).decode()})


class Api(NinjaAPI):
    """The API with what every operation has in common written into its description."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        return describe(super().get_openapi_schema(**options), _scopes())

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


def _scopes() -> dict[tuple[str, str], str]:
    """Return the token scope of every operation by address and method."""
    return {
        (f"{ROOT}{path.lstrip('/')}", method.lower()): operation.auth_callbacks[0].scope  # type: ignore[attr-defined]
        for router in ROUTERS
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }


ROUTERS: tuple[Router, ...] = (*booking, *hall, accounts, crm, interactions, telephony, dialing, webhooks)
api = Api(
    title="Ringdesk",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    renderer=Renderer(),
    parser=StrictParser(),
    docs=Docs(),
)
api_problems.install(api)
api.add_decorator(answers_once, mode="view")
api.add_decorator(claims_key, mode="operation")
for router in ROUTERS:
    api.add_router("", router)
