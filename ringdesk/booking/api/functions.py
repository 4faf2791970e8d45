"""HTTP API: the thirteen functions of bots and assistants by name."""

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from ninja import Path, Router, Schema

from ringdesk.accounts.api_auth import Caller, allowed
from ringdesk.accounts.resources import ApiRequest
from ringdesk.booking.bots import calling, info
from ringdesk.booking.bots.calling import FUNCTIONS
from ringdesk.booking.bots.functions import Context
from ringdesk.booking.customers import Customer
from ringdesk.core.problems import NotFound, RingdeskError

router = Router(tags=["functions"])
INFO = "get_info_for_booking"


class FunctionIn(Schema):
    """A call: values in the order of the parameters, or by their names, and who the bot speaks with."""

    args: Any = None
    kwargs: Any = None
    client: Any = None


@router.post("/functions/{name}", auth=allowed("bookings:read"), response={200: Any})
def call_function(request: ApiRequest, name: str, body: FunctionIn | None = None) -> Any:
    """Call a booking function; the answer is its value.

    What is wrong with the arguments is answered `{"status": false, "message": …}` with 200. Functions that change
    something need `bookings:write`.
    """
    function = FUNCTIONS.get(name)
    if function is None:
        raise NotFound(_("There is no such function."))
    if function.is_writing:
        request.auth.require("bookings:write")
    said = body or FunctionIn()
    with translation.override(_language(request)):
        try:
            context = context_of(request.auth, said.client)
        except RingdeskError as error:
            return calling.refused(error)
        if name == INFO and not said.args and not said.kwargs:
            return _info(request, context)
        return calling.call(context, name, said.args or (), said.kwargs)


@router.get("/functions/{name}", auth=allowed("bookings:read"), response={200: Any, 304: None})
def get_function(request: ApiRequest, name: Path[Literal["get_info_for_booking"]]) -> Any:
    """What `get_info_for_booking` answers; with the `ETag` of before as `If-None-Match`: 304 while it is the same."""
    with translation.override(_language(request)):
        return _info(request, context_of(request.auth, None))


def context_of(caller: Caller, client: Any) -> Context:
    """Return on whose behalf functions are called. Raises Invalid for a client that is told wrongly."""
    return Context(caller.organization, Customer.read(client), by=caller.member)


def _info(request: ApiRequest, context: Context) -> HttpResponse:
    found = info.of(context.branches)
    tag = f'"{found.version}"'
    seen = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
    is_known = tag in seen or "*" in seen
    response = HttpResponse(status=304) if is_known else HttpResponse(found.body, content_type="application/json")
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _language(request: HttpRequest) -> str:
    """Return the language asked for; a bot that asks for none gets the organization's."""
    if request.headers.get("Accept-Language"):
        return translation.get_language() or "en"
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return caller.organization.language
