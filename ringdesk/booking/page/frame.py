"""Around every view of the booking page: which organization's it is, its language, who may frame it.

No cookie is set and no session is read, so that the page works inside the frame of another site; there is nothing a
forged request could act upon in a visitor's name, hence no CSRF token. What may be changed is named by signed links.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt

from ringdesk.booking import pages
from ringdesk.booking.page import limits
from ringdesk.booking.page.choice import Choice
from ringdesk.booking.page.limits import TooMany
from ringdesk.booking.public_models import BookingPage
from ringdesk.core.problems import RingdeskError

LANGUAGES = {"ru": "Рус", "en": "Eng"}


class Visit(HttpRequest):
    """A request of a visitor, as a view of the page gets it."""

    page: BookingPage
    choice: Choice


View = Callable[..., HttpResponseBase]


def public(view: View) -> View:
    """Let anybody in whose address names an open page; the others learn in plain words that there is none."""

    @csrf_exempt
    @functools.wraps(view)
    def framed(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
        page = pages.opened(slug)
        with translation.override(language_of(request, page)):
            if page is None:
                response: HttpResponseBase = render(request, "booking/page/closed.html", _frame(request), status=404)
            else:
                response = _answer(view, request, page, kwargs)
            return _finished(response, page)

    return framed


def show(request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Return a page of the booking page."""
    frame = _frame(request) | {"page": getattr(request, "page", None), "choice": getattr(request, "choice", None)}
    return render(request, f"booking/page/{template}", frame | dict(context), status=status)


def language_of(request: HttpRequest, page: BookingPage | None) -> str:
    """Return the language: the one switched to, else the browser's first that we speak, else the organization's."""
    asked = request.GET.get("lang") or request.POST.get("lang")
    if asked in LANGUAGES:
        return str(asked)
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", "")[:500])
    spoken = [code.partition("-")[0] for code, _weight in accepted]
    usual = page.organization.language if page else "ru"
    return next((code for code in spoken if code in LANGUAGES), usual)


def _answer(view: View, request: HttpRequest, page: BookingPage, kwargs: dict[str, Any]) -> HttpResponseBase:
    visit: Any = request
    visit.page, visit.choice = page, Choice.read(request.POST if request.method == "POST" else request.GET)
    try:
        limits.count(request, "pages", limits.PAGES)
        with timezone.override("UTC"):
            return view(visit, **kwargs)
    except Http404:
        text = _("There is nothing at this address. Perhaps a part of the link got lost.")
        return show(request, "problem.html", {"message": text}, status=404)
    except TooMany as error:
        return show(request, "problem.html", {"message": str(error)}, status=429)
    except RingdeskError as error:
        return show(request, "problem.html", {"message": str(error)}, status=409)


def _frame(request: HttpRequest) -> dict[str, Any]:
    current = translation.get_language()
    switches = []
    choice: Choice | None = getattr(request, "choice", None)
    for code, label in LANGUAGES.items():
        query = request.GET.copy()
        query["lang"] = code
        # What was chosen came in a form: in another language it stands in the address.
        url = choice.but(language=code).query if choice and request.method == "POST" else f"?{query.urlencode()}"
        switches.append((code, label, url, code == current))
    return {"switches": switches, "language": current}


def _finished(response: HttpResponseBase, page: BookingPage | None) -> HttpResponseBase:
    """Add who may frame the page; a visitor's own data is nobody's cache's."""
    response.xframe_options_exempt = True  # type: ignore[attr-defined]
    origins = page.origins if page else []
    response._csp_replace = {"frame-ancestors": ["'self'", *origins] if origins else ["*"]}  # type: ignore[attr-defined]
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Content-Language", translation.get_language() or "ru")
    patch_vary_headers(response, ["Accept-Language"])
    return response
