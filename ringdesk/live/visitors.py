"""Who knocks at the live channel: a program by its token, or a member's browser by its session."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.http.cookie import parse_cookie

from ringdesk.accounts import seats
from ringdesk.accounts.access import SCOPES
from ringdesk.accounts.api_auth import by_token
from ringdesk.accounts.models import Member
from ringdesk.core.database import in_thread
from ringdesk.live.protocol import NO_TOKEN, NOT_ALLOWED, RESOURCES, Listener

PATH = "/ws/v1/events"
# Resource of the channel → what a member must be allowed to see.
_MEMBER_ACTIONS = {
    "calls": "calls.see",
    "reservations": "reservations.see",
    "bookings": "bookings.see",
    "clients": "clients.see",
}


class Turned(Exception):
    """The visitor may not listen; ``code`` is the close code that says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def admit(headers: Mapping[str, str], query: Mapping[str, str]) -> Listener:
    """Return who listens. Raises Turned.

    ``headers`` with lower-case names. A token comes in ``Authorization: Bearer`` or ``?token=``; the session
    cookie counts only when the page is of the same origin.
    """
    extension = query.get("extension") or None
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else query.get("token", "")
    if token:
        return await in_thread(_by_token, token, extension)
    cookie = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    if not cookie:
        raise Turned(NO_TOKEN)
    if not _is_same_origin(headers):
        raise Turned(NOT_ALLOWED)
    return await in_thread(_by_session, cookie, extension)


def _is_same_origin(headers: Mapping[str, str]) -> bool:
    origin = urlsplit(headers.get("origin", ""))
    return origin.netloc != "" and origin.netloc == headers.get("host")


def _by_token(plain: str, extension: str | None) -> Listener:
    caller = by_token(plain, PATH)
    if caller is None:
        raise Turned(NO_TOKEN)
    resources = frozenset(
        resource
        for resource in set(RESOURCES.values())
        if f"{resource}:read" in SCOPES and caller.may(f"{resource}:read")
    )
    if not resources:
        raise Turned(NOT_ALLOWED)
    if caller.token is not None:
        return Listener(caller.organization.pk, resources, token_id=caller.token.pk, extension=extension)
    assert caller.member is not None and caller.access is not None
    return Listener(
        caller.organization.pk,
        resources,
        member_id=caller.member.pk,
        program=caller.access.application_id,
        until=caller.access.expires,
        branches=_branches(caller.member),
        extension=extension,
    )


def _by_session(session_key: str, extension: str | None) -> Listener:
    request = HttpRequest()
    request.session = SessionStore(session_key)
    request.user = get_user(request)
    member = seats.current(request)
    if member is None:
        raise Turned(NO_TOKEN)
    resources = {resource for resource, action in _MEMBER_ACTIONS.items() if member.may(action)}
    return Listener(
        member.organization_id,
        frozenset(resources),
        member_id=member.pk,
        branches=_branches(member),
        extension=extension,
    )


def _branches(member: Member) -> frozenset[int] | None:
    limited = frozenset(member.branches.values_list("pk", flat=True))
    return limited or None
