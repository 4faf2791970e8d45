"""Who calls the API: a program by its token, or a signed-in member's page. For django-ninja's ``auth=``.

``auth=allowed("clients:read")`` on an operation; ``request.auth`` is then a Caller. Every query of the operation
begins with ``for_org(request.auth.organization)``: what belongs to others is not there (404).
"""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja.security import APIKeyCookie, HttpBearer

from ringdesk.accounts import access, seats, tokens
from ringdesk.accounts.models import ApiToken, Branch, Member, Organization
from ringdesk.accounts.oauth import programs
from ringdesk.accounts.oauth_models import AccessToken
from ringdesk.core.problems import Forbidden


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf an operation runs: exactly one of ``member`` and ``token`` is there.

    ``access`` is what a program acts by for the member: never for more than the member may at this moment.
    """

    organization: Organization
    member: Member | None = None
    token: ApiToken | None = None
    access: AccessToken | None = None

    def may(self, scope: str) -> bool:
        """Tell whether the token has the scope, or the member's role the right it stands for."""
        if self.token is not None:
            return scope in self.token.scopes
        if self.access is not None and scope not in self.access.scope.split():
            return False
        return self.member is not None and self.member.is_active and access.may_by_scope(self.member.role, scope)

    def require(self, scope: str) -> None:
        """Raise Forbidden without the scope: for a right that depends on what is asked for."""
        if not self.may(scope):
            raise Forbidden(_("This needs the permission %(scope)s.") % {"scope": scope}, scope=scope)

    @property
    def name(self) -> str:
        """Return who it is for a whole day or longer: the same for every access token of a program."""
        if self.token is not None:
            return f"token:{self.token.pk}"
        member = f"member:{self.member.pk if self.member else 0}"
        return f"program:{self.access.application_id}.{member}" if self.access is not None else member

    def branches(self) -> QuerySet[Branch]:
        """Return the open branches that the caller sees: a limited seat's own, else all."""
        return seats.open_branches(self.organization, self.member)


def by_token(plain: str, path: str) -> Caller | None:
    """Return who sent this token, an organization's own or one that a member let a program have, to this address."""
    token = tokens.authenticate(plain)
    if token is not None:
        return Caller(token.organization, token=token)
    access_token = programs.authenticate(plain, path)
    if access_token is not None:
        return Caller(access_token.member.organization, member=access_token.member, access=access_token)
    return None


class TokenAuth(HttpBearer):
    """``Authorization: Bearer …`` with the scope. Raises Forbidden for a token without it; unknown: None (401)."""

    def __init__(self, scope: str) -> None:
        self.scope = _known(scope)
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        caller = by_token(token.strip(), request.path)
        if caller is not None:
            caller.require(self.scope)
        return caller


class SessionAuth(APIKeyCookie):
    """The cookie of a signed-in member whose role has the right; writing needs the CSRF token."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self, scope: str) -> None:
        self.scope = _known(scope)
        super().__init__(csrf=True)

    def __call__(self, request: HttpRequest) -> Caller | None:
        # Who sent a token is judged by it alone, and who has no seat has no session worth a CSRF check.
        if "Authorization" in request.headers or getattr(request, "member", None) is None:
            return None
        caller: Caller | None = super().__call__(request)
        return caller

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        member: Member = request.member  # type: ignore[attr-defined]
        caller = Caller(member.organization, member=member)
        caller.require(self.scope)
        return caller


def allowed(scope: str) -> list[TokenAuth | SessionAuth]:
    """Return what an operation passes as ``auth=``: a token with this scope, or a member with the right."""
    return [TokenAuth(scope), SessionAuth(scope)]


def _known(scope: str) -> str:
    if scope not in access.SCOPE_ACTIONS:
        raise KeyError(scope)
    return scope
