"""API tokens: keys of programs. Shown once, stored as their hash."""

import secrets
from collections.abc import Collection
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit, revocation, seats
from ringdesk.accounts.access import SCOPES
from ringdesk.accounts.models import ApiToken, Member, Organization
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core.problems import Forbidden, Invalid, NotFound
from ringdesk.core.rows import Query
from ringdesk.core.sealing import fingerprint

PREFIX = "rd_"
_LONGEST = 100
# Writing on every request would make each of them an update of the same row.
_USED_STEP = timedelta(minutes=1)
# Asked with every request of a program.
_VALID = Query(
    """
    SELECT {token}, {organization} FROM accounts_apitoken token
    JOIN accounts_organization organization ON organization.id = token.organization_id
    WHERE token.token_hash = %s AND token.revoked_at IS NULL
    """,
    token=ApiToken,
    organization=Organization,
)


def issue(organization: Organization, *, name: str, scopes: Collection[str], by: Member | None) -> tuple[ApiToken, str]:
    """Make a token; the second value is what the program sends, and is not kept. Raises Invalid, Forbidden."""
    _require_right(by, organization.pk)
    if unknown := set(scopes) - set(SCOPES):
        raise Invalid(
            _("There is no such permission: %(scope)s.") % {"scope": ", ".join(sorted(unknown))}, field="scopes"
        )
    if not scopes:
        raise Invalid(_("Choose at least one permission."), field="scopes")
    plain = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        organization=organization,
        name=name.strip(),
        prefix=plain[: len(PREFIX) + 6],
        token_hash=fingerprint(plain),
        scopes=[scope for scope in SCOPES if scope in scopes],
        created_by=by,
    )
    validate(token, "name")
    with events.atomic():
        token.save()
        audit.record(organization, "token.issued", token, by=by, scopes=[None, token.scopes])
    return token, plain


def revoke(token: ApiToken, *, by: Member | None) -> None:
    """Make the token worthless from now on, and close the sockets opened with it."""
    _require_right(by, token.organization_id)
    with events.atomic():
        valid = ApiToken.objects.for_org(token.organization_id).filter(pk=token.pk, revoked_at=None)
        if valid.update(revoked_at=timezone.now()):
            audit.record(token.organization_id, "token.revoked", token, by=by)
            revocation.tell_token(token.pk)
    token.refresh_from_db(fields=["revoked_at"])


def authenticate(plain: str) -> ApiToken | None:
    """Return the valid token this secret belongs to, with its organization; note its use once a minute."""
    if not plain.startswith(PREFIX) or len(plain) > _LONGEST:
        return None
    found = _VALID.first([fingerprint(plain)])
    if found is None:
        return None
    token: ApiToken
    token, token.organization = found
    _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at <= now - _USED_STEP:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - _USED_STEP)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
        token.last_used_at = now


def _require_right(by: Member | None, organization_id: int) -> None:
    if by is None:
        return
    if by.organization_id != organization_id:
        raise NotFound(_("There is no such token."))
    if not by.may("tokens.change"):
        raise Forbidden(_("Your role may not issue or revoke API tokens."))
    # A token works in every branch, so who is limited to some would get through it what they do not have.
    if seats.is_limited(by):
        raise Forbidden(_("API tokens work in all branches: only members of all branches issue or revoke them."))
