"""Programs that members have let in: whom a token belongs to, who has which, and putting one out."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Max, Min, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import access, audit, revocation
from ringdesk.accounts.models import Member, Organization
from ringdesk.accounts.oauth import applications, secrets
from ringdesk.accounts.oauth.validator import is_seated
from ringdesk.accounts.oauth_models import AccessToken, Application, RefreshToken
from ringdesk.core import events
from ringdesk.core.problems import Forbidden, NotFound
from ringdesk.core.sealing import fingerprint


@dataclass(frozen=True, slots=True)
class Program:
    """A program that a member has let in."""

    application: Application
    member: Member
    scopes: tuple[str, ...]
    since: datetime
    last_at: datetime


def authenticate(plain: str, path: str) -> AccessToken | None:
    """Return the valid access token this secret belongs to, with its seat, if it reaches the address."""
    if not plain.startswith(secrets.ACCESS) or len(plain) > secrets.LONGEST:
        return None
    found: AccessToken | None = (
        AccessToken.objects.select_related("member__organization", "member__user", "application")
        .prefetch_related("member__branches")
        .filter(token_checksum=fingerprint(plain), expires__gt=timezone.now(), application__revoked_at=None)
        .first()
    )
    if found is None or not is_seated(found.member) or not reaches(found.resource, path):
        return None
    return found


def reaches(resources: list[str], path: str) -> bool:
    """Tell whether a token that was given for these addresses of ours (none: all) may be used at this one."""
    if not resources:
        return True
    beginnings = [urlsplit(resource).path.rstrip("/") for resource in resources]
    return any(path == beginning or path.startswith(beginning + "/") for beginning in beginnings)


def grantable(member: Member, scopes: list[str]) -> list[str]:
    """Return what of these scopes the member may do, and so may let a program do, in our order."""
    return [scope for scope in access.SCOPES if scope in scopes and access.may_by_scope(member.role, scope)]


def of_organization(organization: Organization, member: Member | None = None) -> list[Program]:
    """Return the programs let in, of one member or of all, the latest first."""
    rows = RefreshToken.objects.filter(member__organization=organization, application__revoked_at=None)
    if member is not None:
        rows = rows.filter(member=member)
    groups = rows.values("member_id", "application_id").annotate(
        since=Min("created"), last_at=Max("created"), valid=Max("pk", filter=Q(revoked=None))
    )
    found = {group["valid"]: group for group in groups if group["valid"] is not None}
    tokens = RefreshToken.objects.select_related("member", "application", "access_token").in_bulk(found)
    programs = [
        Program(
            token.application,
            token.member,
            tuple(token.access_token.scope.split()) if token.access_token else (),
            found[pk]["since"],
            found[pk]["last_at"],
        )
        for pk, token in tokens.items()
    ]
    return sorted(programs, key=lambda program: program.last_at, reverse=True)


def put_out(member: Member, application: Application, *, by: Member) -> None:
    """Take back what a member gave to a program: its tokens are worthless, its sockets close."""
    if by.organization_id != member.organization_id:
        raise NotFound(_("There is no such program."))
    if by.pk != member.pk and not by.may("tokens.change"):
        raise Forbidden(_("Your role may not disconnect programs of others."))
    with events.atomic():
        applications.forget_tokens(application, member)
        revocation.tell_program(member.pk, application.pk)
        audit.record(member.organization_id, "program.disconnected", application, by=by, member=member.name)


def base_url(request: HttpRequest) -> str:
    """Return our own address, without a slash at its end."""
    return str(settings.PUBLIC_URL or request.build_absolute_uri("/")).rstrip("/")
