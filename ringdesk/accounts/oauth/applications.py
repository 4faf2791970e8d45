"""Programs that may ask members to be let in: registered by an organization for its own members, or by themselves."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit, revocation
from ringdesk.accounts.models import Member, Organization
from ringdesk.accounts.oauth import addresses, secrets
from ringdesk.accounts.oauth_models import AccessToken, Application, Grant, RefreshToken
from ringdesk.core import events
from ringdesk.core.problems import Conflict, Forbidden, Invalid, NotFound
from ringdesk.core.sealing import fingerprint

LONGEST_NAME = 100
# Of an organization.
MOST_REGISTERED = 100
# Programs that have registered themselves and that nobody has let in yet: more are refused, and they go after a day.
MOST_WAITING = 500
WAITS = timedelta(days=1)
SHORTEST_WAIT = timedelta(hours=1)
# A program that nobody lets in any more is forgotten after this.
FORGOTTEN = timedelta(days=120)


def register(
    organization: Organization, *, name: str, redirect_uris: Sequence[str], is_public: bool, by: Member
) -> tuple[Application, str]:
    """Register a program of the organization; the second value is its secret, shown once ("" for a public one)."""
    require_right(by, organization.pk)
    if Application.objects.filter(organization=organization, revoked_at=None).count() >= MOST_REGISTERED:
        raise Conflict(_("There are too many programs: remove one first."), field="name")
    application, secret = _made(name, redirect_uris, is_public=is_public)
    application.organization, application.registered_by = organization, by
    with events.atomic():
        application.save()
        audit.record(organization, "application.registered", application, by=by, addresses=application.redirects)
    return application, secret


def register_itself(*, name: str, redirect_uris: Sequence[str], is_public: bool) -> tuple[Application, str]:
    """Register a program that asks for it over the network. Raises Invalid, Conflict when too many wait."""
    application, secret = _made(name or str(_("Unnamed program")), redirect_uris, is_public=is_public)
    application.registration_source = Application.RegistrationSource.DCR
    if _waiting().count() >= MOST_WAITING:
        forget_unused(SHORTEST_WAIT)
        if _waiting().count() >= MOST_WAITING:
            raise Conflict(_("Too many programs have registered lately. Try again later."))
    application.save()
    return application, secret


def revoke(application: Application, *, by: Member) -> None:
    """Make a program of the organization worthless: it may not ask any more, and whoever let it in has not."""
    if application.organization_id is None:
        raise NotFound(_("There is no such program."))
    require_right(by, application.organization_id)
    with events.atomic():
        if Application.objects.filter(pk=application.pk, revoked_at=None).update(revoked_at=timezone.now()):
            forget_tokens(application)
            revocation.tell_application(application.pk)
            audit.record(application.organization_id, "application.revoked", application, by=by)
    application.refresh_from_db(fields=["revoked_at"])


def forget_tokens(application: Application, member: Member | None = None) -> None:
    """Delete codes and tokens of a program: all of them, or those of one seat."""
    narrowed = {"application": application} if member is None else {"application": application, "member": member}
    Grant.objects.filter(**narrowed).delete()
    RefreshToken.objects.filter(**narrowed).delete()
    AccessToken.objects.filter(**narrowed).delete()


def forget_unused(waits: timedelta = WAITS) -> int:
    """Delete programs that registered themselves and that nobody has let in (any more). Returns how many."""
    old = _waiting().filter(created__lt=timezone.now() - waits)
    count: int
    count, _models = Application.objects.filter(pk__in=old.values("pk")).delete()
    return count


def forget_expired() -> None:
    """Delete codes and tokens that serve nobody any more."""
    now = timezone.now()
    Grant.objects.filter(expires__lt=now).delete()
    RefreshToken.objects.filter(created__lt=now - FORGOTTEN).delete()
    # A refresh token is worth something as long as its access token is on record.
    AccessToken.objects.filter(expires__lt=now - timedelta(days=91)).delete()


def require_right(by: Member, organization_id: int) -> None:
    """Raise NotFound for a stranger, Forbidden for a member without the right."""
    if by.organization_id != organization_id:
        raise NotFound(_("There is no such program."))
    if not by.may("tokens.change"):
        raise Forbidden(_("Your role may not register or remove programs."))


def _made(name: str, redirect_uris: Sequence[str], *, is_public: bool) -> tuple[Application, str]:
    name = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(_("The name has 1 to %(most)s letters.") % {"most": LONGEST_NAME}, field="name")
    secret = "" if is_public else secrets.client_secret()
    application = Application(
        name=name,
        redirect_uris=" ".join(addresses.checked(list(redirect_uris))),
        client_type=Application.CLIENT_PUBLIC if is_public else Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        client_secret=fingerprint(secret) if secret else "",
        # Hashed by us: the library's hash is slow, as passwords need it and random secrets do not.
        hash_client_secret=False,
    )
    return application, secret


def _waiting() -> QuerySet[Application]:
    """Return the programs that registered themselves and hold nothing."""
    rows: QuerySet[Application] = Application.objects.filter(organization=None)
    for kind in (AccessToken, RefreshToken, Grant):
        rows = rows.filter(~Exists(kind.objects.filter(application=OuterRef("pk"))))
    return rows
