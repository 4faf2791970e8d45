"""The first page after signing in: where this role works."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse

from ringdesk.accounts import setup
from ringdesk.accounts.access import Role
from ringdesk.accounts.models import Member, Module

_HALL, _DIARY, _CALLS = "hall:day", "booking:diary", "telephony:calls"
_CLIENTS, _SETTINGS = "crm:clients", "accounts:settings"
# The pages where a role works, the first that its organization's modules allow.
PAGES: dict[Role, tuple[str, ...]] = {
    Role.OWNER: (_HALL, _DIARY, _CALLS, _SETTINGS),
    Role.ADMINISTRATOR: (_HALL, _DIARY, _CALLS, _SETTINGS),
    Role.ACCOUNTANT: (_SETTINGS, _CALLS),
    Role.MANAGER: (_HALL, _DIARY, _CALLS),
    Role.OPERATOR: (_CALLS, _HALL, _DIARY),
    Role.HOSTESS: (_HALL, _DIARY, _CALLS),
    Role.CASHIER: (_CALLS, _CLIENTS),
}
_MODULE = {_HALL: Module.HALL, _DIARY: Module.BOOKING, _CALLS: Module.CALLS}
_RIGHT = {_HALL: "reservations.see", _DIARY: "bookings.see", _CALLS: "calls.see", _CLIENTS: "clients.see"}


def page_of(member: Member) -> str:
    """Return the URL name of the page where this member works."""
    return next((name for name in PAGES[Role(member.role)] if _is_open(name, member)), _CLIENTS)


def home(request: HttpRequest) -> HttpResponse:
    """Lead to where the member works; a stranger to the login; the very first visitor to the one-time address."""
    if not request.user.is_authenticated:
        if setup.is_open():
            return render(request, "web/first_run.html")
        return redirect("account_login")
    member: Member | None = getattr(request, "member", None)
    if member is None:
        return redirect("accounts:no_seat")
    return redirect(page_of(member))


def _is_open(name: str, member: Member) -> bool:
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    module, right = _MODULE.get(name), _RIGHT.get(name)
    return (module is None or member.organization.has_module(module)) and (right is None or member.may(right))
