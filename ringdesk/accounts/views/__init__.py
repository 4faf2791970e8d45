"""Pages of the settings, of invitations and of the first run."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ringdesk.accounts.forms import are_refused
from ringdesk.core.problems import Conflict


def shown(
    request: HttpRequest, template: str, context: Mapping[str, Any], *filled: BaseForm, status: int = 200
) -> HttpResponse:
    """Render a page with forms; 422 when one of them comes back with errors."""
    return render(request, template, dict(context), status=422 if are_refused(*filled) else status)


def sent(request: HttpRequest) -> Any:
    """Return what was posted, None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None


@contextmanager
def told_over(request: HttpRequest) -> Iterator[None]:
    """Show what a button without a form could not do over the page it leads to."""
    try:
        yield
    except Conflict as problem:
        messages.error(request, str(problem))
