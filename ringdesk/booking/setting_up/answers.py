"""How the settings answer: a drawer or a page with a form, what was typed kept whatever happens."""

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from ringdesk.accounts.guards import SeatedRequest, member_required
from ringdesk.core.problems import Conflict, Invalid, Stale

CHANGE = member_required("services.change")
PER_PAGE = 50


def triggers(*names: str, toast: str = "", tone: str = "ok") -> dict[str, str]:
    """Return the headers that make the page do these things: ``drawer:close``, ``ringdesk:refresh``, a message."""
    events: dict[str, Any] = {name: {} for name in names}
    if toast:
        events["toast"] = {"text": toast, "tone": tone}
    return {"HX-Trigger": json.dumps(events)}


def telling(response: HttpResponse, *names: str, toast: str = "") -> HttpResponse:
    """Let an answer do these things to the page besides (``triggers``)."""
    for header, value in triggers(*names, toast=toast).items():
        response[header] = value
    return response


def done(request: SeatedRequest, text: str, back: str) -> HttpResponse:
    """Answer a saved drawer: it closes, lists refresh, a message says what happened. Without htmx: the list."""
    if request.htmx:
        return HttpResponse(status=204, headers=triggers("drawer:close", "ringdesk:refresh", toast=text))
    messages.success(request, text)
    return redirect(back)


def gone_to(request: SeatedRequest, text: str, url: str) -> HttpResponse:
    """Send the browser to another page, where a message says what happened."""
    messages.success(request, text)
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def posted(request: SeatedRequest) -> QueryDict | None:
    """Return what was sent, None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None


def edit(
    request: SeatedRequest,
    form: forms.Form,
    save: Callable[[dict[str, Any]], object],
    answer: Callable[[], HttpResponse],
    *,
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Show a form, or save it: 422 with what is wrong beside its field, 409 when somebody was faster."""
    status = 200
    if request.method == "POST":
        status = saved(form, save)
        if status == 200:
            return answer()
    return render(request, template, {"form": form} | context, status=status)


def saved(form: forms.Form, save: Callable[[dict[str, Any]], object]) -> int:
    """Save a posted form; returns 200, or the status of what stands in its way, told in the form."""
    if not form.is_valid():
        return 422
    try:
        save(dict(form.cleaned_data))
    except Stale as stale:
        _tell_stale(form, stale)
        return 409
    except (Invalid, Conflict) as problem:
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        return 422
    return 200


def act(request: SeatedRequest, do: Callable[[], str | None], back: str) -> HttpResponse:
    """Do what a button of a list or a drawer asks for; ``do`` returns what to tell."""
    try:
        text = do() or ""
    except Conflict as problem:
        if not request.htmx:
            messages.error(request, str(problem))
            return redirect(back)
        return HttpResponse(status=409, headers=triggers(toast=str(problem), tone="warn") | {"HX-Reswap": "none"})
    if not request.htmx:
        return redirect(back)
    names = ("drawer:close", "ringdesk:refresh") if text else ("ringdesk:refresh",)
    return HttpResponse(status=204, headers=triggers(*names, toast=text))


def left(request: SeatedRequest, text: str, name: str) -> HttpResponse:
    """Answer the removal of what a page of its own was about."""
    return gone_to(request, text, reverse(name))


def page_of(request: SeatedRequest, rows: QuerySet[Any]) -> Page[Any]:
    """Return the page of a list that the address asks for."""
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def _tell_stale(form: forms.Form, stale: Stale) -> None:
    """Say that somebody was faster and what is stored now; what was typed stays, and saving again saves it."""
    current = stale.details["current"]
    form.add_error(None, _("Somebody has changed this in the meantime. Save again to keep what stands here."))
    stored = getattr(type(form), "initial_of", dict)(current)
    for name, value in stored.items():
        if name != "version" and name in form.fields and form.cleaned_data.get(name) != value:
            text = form.fields[name].prepare_value(value)
            if isinstance(text, str | int | float) or hasattr(text, "quantize"):
                label = form.fields[name].label
                form.add_error(None, _("Stored now: %(label)s — %(value)s") % {"label": label, "value": _said(text)})
    data: Any = form.data.copy()  # type: ignore[attr-defined]
    data["version"] = current.version
    form.data = data


def _said(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)[:200]
