"""What the OAuth server asks about programs, codes and tokens: each belongs to the seat of one member."""

import json
import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.crypto import constant_time_compare
from oauth2_provider.models import set_token_value
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors

from ringdesk.accounts import audit, revocation
from ringdesk.accounts.models import Member
from ringdesk.accounts.oauth_models import AccessToken, Application, Grant, RefreshToken
from ringdesk.core import events
from ringdesk.core.sealing import fingerprint


class Validator(OAuth2Validator):
    """The library's answers, where the seat or our own secrets do not change them."""

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        # Who keeps a secret proves by it that the code came to the right hands.
        application: Application = request.client
        return application.is_public

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        # Our secrets are random and long: a slow hash would protect nothing, and let anybody keep us busy.
        return bool(stored_secret) and constant_time_compare(fingerprint(provided_secret), stored_secret)

    def validate_code(self, client_id: str, code: str, client: Application, request: Request, *args: Any) -> bool:
        grant = Grant.objects.select_related("user", *_SEAT).filter(code=code, application=client).first()
        if grant is None:
            _end_what_came_of(code, client)
        if grant is None or grant.is_expired() or not is_seated(grant.member):
            return False
        request.scopes, request.user, request.member = grant.scope.split(), grant.user, grant.member
        return True

    def invalidate_authorization_code(self, client_id: str, code: str, request: Request, *args: Any) -> None:
        try:
            super().invalidate_authorization_code(client_id, code, request, *args)
        except errors.InvalidGrantError:
            # Two came with it at once, and one was faster.
            _end_what_came_of(code, request.client)
            raise

    def validate_refresh_token(self, refresh_token: str, client: Application, request: Request, *args: Any) -> bool:
        if not super().validate_refresh_token(refresh_token, client, request, *args):
            return False
        request.member = Member.objects.select_related("organization", "user").get(
            pk=request.refresh_token_instance.member_id
        )
        return is_seated(request.member)

    def revoke_token(self, token: str, token_type_hint: str, request: Request, *args: Any, **options: Any) -> None:
        given = {"token_checksum": fingerprint(token), "application_id": getattr(request.client, "pk", None)}
        seats = [
            member_id
            for kind in (AccessToken, RefreshToken)
            for member_id in kind.objects.filter(**given).values_list("member_id", flat=True)
        ]
        super().revoke_token(token, token_type_hint, request, *args, **options)
        for member_id in set(seats):
            revocation.tell_program(member_id, request.client.pk)

    def _create_authorization_code(self, request: Request, code: dict[str, str], expires: Any = None) -> Grant:
        if request.code_challenge and request.code_challenge_method != "S256":
            raise errors.InvalidRequestError(description="code_challenge_method must be S256.", request=request)
        grant: Grant = Grant.objects.create(
            application=request.client,
            user=request.user,
            member=request.member,
            code=code["code"],
            expires=expires or timezone.now() + timedelta(seconds=oauth2_settings.AUTHORIZATION_CODE_EXPIRE_SECONDS),
            redirect_uri=request.redirect_uri,
            scope=" ".join(request.scopes),
            code_challenge=request.code_challenge or "",
            code_challenge_method=request.code_challenge_method or "",
            claims=json.dumps({}),
            resource=getattr(request, "resource", None) or [],
        )
        return grant

    def _save_bearer_token(self, token: dict[str, Any], request: Request, *args: Any, **options: Any) -> None:
        super()._save_bearer_token(token, request, *args, **options)
        organization = request.member.organization
        token["organization"] = {"id": organization.pk, "slug": organization.slug, "name": organization.name}

    def _create_access_token(
        self,
        expires: Any,
        request: Request,
        token: dict[str, Any],
        source_refresh_token: RefreshToken | None = None,
    ) -> AccessToken:
        access_token = AccessToken(
            user=request.user,
            member=request.member,
            application=request.client,
            scope=token["scope"],
            expires=expires,
            source_refresh_token=source_refresh_token,
            resource=getattr(request, "resource", None) or [],
        )
        set_token_value(access_token, token["access_token"])
        access_token.save()
        return access_token

    def _create_refresh_token(
        self, request: Request, code: str, access_token: AccessToken, previous: RefreshToken | None
    ) -> RefreshToken:
        refresh_token = RefreshToken(
            user=request.user,
            member=request.member,
            application=request.client,
            access_token=access_token,
            token_family=previous.token_family if previous else family_of(request.code),
            resource=getattr(request, "resource", None) or [],
        )
        set_token_value(refresh_token, code)
        refresh_token.save()
        return refresh_token


_SEAT = ("member__organization", "member__user")


def family_of(code: str) -> uuid.UUID:
    """Return what the tokens that come of a code have in common: they are found by it once the code is gone."""
    return uuid.UUID(fingerprint(code)[:32])


def _end_what_came_of(code: str, application: Application) -> None:
    """Revoke the tokens given for a code that comes again: somebody has got hold of it (RFC 6749, 4.1.2)."""
    family = family_of(code)
    with events.atomic():
        rows = RefreshToken.objects.filter(token_family=family, application=application, revoked=None)
        seats = list(Member.objects.filter(pk__in=rows.values("member_id")))
        if seats:
            RefreshToken.revoke_family(family)
        for member in seats:
            revocation.tell_program(member.pk, application.pk)
            audit.record(member.organization_id, "program.code_reused", application, by=None, member=member.name)


def is_seated(member: Member) -> bool:
    """Tell whether the member still sits there and may sign in."""
    return member.is_active and member.user.is_active
