"""How the pages about clients answer: a page, a fragment, or the way to another page."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from ringdesk.accounts.guards import SeatedRequest
from ringdesk.accounts.models import Module
from ringdesk.core.problems import RingdeskError, Stale
from ringdesk.crm import phone_rows
from ringdesk.crm.phone_rows import PhoneRow

DRAWER = "drawer"


def see(request: SeatedRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Show a template with what every one of them asks: are clients guests here, and may this member change them."""
    common = {
        "has_guests": request.organization.has_module(Module.HALL),
        "words": _words(request),
        "has_contracts": request.organization.has_module(Module.CALLS),
        "may_change": request.member.may("clients.change"),
        "may_forget": request.member.may("recordings.delete"),
    }
    return render(request, template, common | context, status=status)


def _words(request: SeatedRequest) -> dict[str, str]:
    """Return what clients are called here: guests where there is a hall."""
    if request.organization.has_module(Module.HALL):
        return {"all": _("Guests"), "new": _("New guest"), "none": _("No guests yet")}
    return {"all": _("Clients"), "new": _("New client"), "none": _("No clients yet")}


def gone_to(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to another page."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


def is_in_drawer(request: HttpRequest) -> bool:
    """Tell whether the answer goes into the panel at the right."""
    return request.headers.get("HX-Target") == DRAWER


def region_of(request: SeatedRequest) -> str:
    """Return the country whose numbers come without a country code."""
    return request.branch.region if request.branch else "RU"


def refuse(form: forms.Form, rows: list[PhoneRow], problem: RingdeskError) -> list[PhoneRow]:
    """Put what an action refused beside its field; returns the rows, the number it is about marked."""
    if problem.field == "phones":
        form.add_error(None, _("One of the numbers cannot be kept as it is."))
        return phone_rows.refused(rows, problem.details.get("number"), str(problem))
    form.add_error(problem.field if problem.field in form.fields else None, str(problem))
    return rows


def refuse_stale(form: forms.Form, stale: Stale) -> None:
    """Say that somebody was faster; what was typed stays, and saving again saves it."""
    form.add_error(None, _("Somebody has changed this card in the meantime. Save again to keep what stands here."))
    data: Any = form.data.copy()  # type: ignore[attr-defined]
    data["version"] = stale.details["version"]
    form.data = data
