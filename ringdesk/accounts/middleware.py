"""Which seat the signed-in user sits in: request.organization, request.member, request.branch."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from ringdesk.accounts import seats


class SeatMiddleware:
    """Put the seat on the request, and the page into its language and its branch's time zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        member = seats.current(request)
        request.member = member  # type: ignore[attr-defined]
        request.organization = member.organization if member else None  # type: ignore[attr-defined]
        request.branch = seats.current_branch(member) if member else None  # type: ignore[attr-defined]
        if member is None:
            return self.get_response(request)
        zone = request.branch.zone if request.branch else None  # type: ignore[attr-defined]
        with translation.override(member.language), timezone.override(zone):
            request.LANGUAGE_CODE = member.language
            response = self.get_response(request)
            if hasattr(response, "render") and callable(response.render) and not response.is_rendered:  # type: ignore[attr-defined]
                response = response.render()
            response.headers.setdefault("Content-Language", member.language)
        return response
