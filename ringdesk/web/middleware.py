"""Domain errors become HTTP answers here and nowhere else (pages; the API has its own handler)."""

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ringdesk.core.problems import Conflict, Forbidden, Invalid, NotFound, RingdeskError

STATUSES: tuple[tuple[type[RingdeskError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Invalid, 422),
)


def status_of(error: RingdeskError) -> int:
    """Return the HTTP status of a domain error."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 400)


def toast_header(text: str, tone: str = "bad") -> str:
    """Return a value of HX-Trigger that shows a message over the page."""
    return json.dumps({"toast": {"text": text, "tone": tone}})


class DomainErrorMiddleware:
    """Answer a RingdeskError no view has caught: a message over the page for htmx, else a page of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RingdeskError):
            return None
        status = status_of(exception)
        if getattr(request, "htmx", False):
            headers = {"HX-Trigger": toast_header(str(exception)), "HX-Reswap": "none"}
            return HttpResponse(status=status, headers=headers)
        return render(request, "web/problem.html", {"status": status, "message": str(exception)}, status=status)
