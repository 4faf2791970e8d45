"""Pages that say what went wrong and what to do next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return HttpResponse(loader.get_template("400.html").render(), status=400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    # No request goes to the template: the context processors would ask the database that may just have failed.
    return HttpResponse(loader.get_template("500.html").render(), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if request.headers.get("HX-Request"):
        # Nobody's language is known yet this early: the page itself says it (assets/requests.ts).
        return HttpResponse(status=403, headers={"HX-Trigger": "page:stale", "HX-Reswap": "none"})
    text = _("This page is too old to be sent. Load it again and repeat; what you typed is kept.")
    return render(request, "web/problem.html", {"status": 403, "message": text}, status=403)
