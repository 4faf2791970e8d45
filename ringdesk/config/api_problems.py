"""Errors of the HTTP API: `application/problem+json` (RFC 9457) for whatever goes wrong."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from ringdesk.accounts.idempotency import KeyReused
from ringdesk.config.validation_texts import text_of
from ringdesk.core.problems import Conflict, Forbidden, Invalid, NotFound, RingdeskError, Stale

CONTENT_TYPE = "application/problem+json"
PREFIX = "/api/"
TYPE = "urn:ringdesk:problem:"
MOST_ALTERNATIVES = 3
STATUSES: tuple[tuple[type[RingdeskError], int, str], ...] = (
    (Stale, 409, "stale"),
    (Conflict, 409, "conflict"),
    (NotFound, 404, "not-found"),
    (Forbidden, 403, "forbidden"),
    (KeyReused, 422, "idempotency-key-reused"),
    (Invalid, 400, "invalid"),
)
CODES = {401: "unauthorized", 403: "forbidden", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
# What an error says of itself that a program can use.
_SAID = ("version", "reservations", "clients")


def problem(status: int, code: str = "", detail: str = "", **more: Any) -> HttpResponse:
    """Return a problem document."""
    body = {
        "type": TYPE + (code or CODES.get(status, "error")),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return HttpResponse(orjson.dumps(body | more), status=status, content_type=CONTENT_TYPE)


def of_domain(request: HttpRequest, error: RingdeskError | type[RingdeskError]) -> HttpResponse:
    """Return what our own errors look like here."""
    assert isinstance(error, RingdeskError)
    status, code = next(
        ((status, code) for kind, status, code in STATUSES if isinstance(error, kind)), (400, "invalid")
    )
    more = {name: error.details[name] for name in _SAID if _is_plain(error.details.get(name))}
    if status == HTTPStatus.CONFLICT:
        more["alternatives"] = list(error.details.get("alternatives", []))[:MOST_ALTERNATIVES]
    current = error.details.get("current")
    if current is not None:
        more["version"] = current.version
    if error.field:
        more["errors"] = [{"field": error.field, "detail": str(error)}]
    return problem(status, code, str(error), **more)


def of_validation(request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
    """Return what is wrong with the form of a request, field by field."""
    assert isinstance(error, ValidationError)
    errors = [{"field": _place(each["loc"]), "detail": text_of(each)} for each in error.errors]
    return problem(400, "malformed", _("The request is not as the documentation says."), errors=errors)


def install(api: NinjaAPI) -> None:
    """Make the API answer every error this way."""
    api.add_exception_handler(RingdeskError, of_domain)
    api.add_exception_handler(ValidationError, of_validation)
    handlers: Iterable[tuple[type[Exception], Callable[[Exception], HttpResponse]]] = (
        (AuthenticationError, _of_nobody),
        (HttpError, lambda error: problem(getattr(error, "status_code", 400), "malformed", str(error))),
        (Http404, lambda error: problem(404, detail=_("There is no such thing here."))),
        (PermissionDenied, lambda error: problem(403, detail=_("This is not allowed."))),
        (RequestDataTooBig, lambda error: too_large()),
    )
    for kind, answer in handlers:
        api.add_exception_handler(kind, _handler(answer))


def too_large() -> HttpResponse:
    """Return what a request over 1 MiB is told."""
    return problem(413, detail=_("The request is larger than 1 MiB."))


class ApiProblemMiddleware:
    """Say it the API's way also where the API itself was not asked: no such address or method, a crash."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path.startswith(PREFIX):
            return response
        if response.headers.get("Content-Type", "").startswith("application/"):
            return response
        answer = problem(response.status_code, detail=_detail(response.status_code))
        answer.headers["Content-Length"] = str(len(answer.content))
        for name in ("Allow", "WWW-Authenticate", "Retry-After"):
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        return answer


def _detail(status: int) -> str:
    details = {
        403: _("This is not allowed."),
        404: _("There is no such thing here."),
        405: _("This address knows other methods: see Allow."),
        413: _("The request is larger than 1 MiB."),
    }
    return details.get(status, "")


def _of_nobody(error: Exception) -> HttpResponse:
    answer = problem(401, detail=_("Send a valid token: Authorization: Bearer rd_…"))
    answer.headers["WWW-Authenticate"] = 'Bearer realm="Ringdesk"'
    return answer


def _handler(answer: Callable[[Exception], HttpResponse]) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda request, error: answer(error)


def _is_plain(value: object) -> bool:
    return isinstance(value, (int, str, list))


def _place(place: Iterable[object]) -> str:
    """Return `phones.0.number` of what validation calls ("body", "wish", "phones", 0, "number")."""
    source, *rest = place
    names = rest[1:] if source == "body" and len(rest) > 1 else rest
    return ".".join(str(name) for name in names if _is_of_the_request(name)) or ".".join(map(str, names))


def _is_of_the_request(name: object) -> bool:
    """Tell what the caller has named from the names pydantic gives to the forms of a value (PhoneIn, …)."""
    return isinstance(name, int) or (isinstance(name, str) and name.isidentifier() and not name[0].isupper())
