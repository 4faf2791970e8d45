"""Invitations: a link that becomes a seat. Valid seven days, once."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import access, audit, members, seats
from ringdesk.accounts.models import Branch, Invitation, Member, Organization, User
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core.problems import Conflict, Forbidden, Invalid, NotFound
from ringdesk.core.sealing import fingerprint, seal, unseal

LIFETIME = timedelta(days=7)


def invite(
    organization: Organization,
    *,
    email: str,
    role: str,
    by: Member | None,
    name: str = "",
    branches: Sequence[Branch] = (),
) -> Invitation:
    """Offer a seat. Raises Forbidden for a role above one's own, Conflict when the address has a seat or an offer."""
    members.require_may_grant(by, role, branches)
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(
        organization=organization,
        email=email.strip().lower(),
        name=name.strip(),
        role=role,
        token_hash=fingerprint(secret),
        token_sealed=seal(secret),
        invited_by=by,
        expires_at=timezone.now() + LIFETIME,
    )
    validate(invitation, "email", "name", "role")
    with events.atomic():
        _require_free(organization, invitation.email)
        invitation.save()
        invitation.branches.set(branches)
        audit.record(organization, "invitation.sent", invitation, by=by, role=[None, str(role)])
    return invitation


def pending(organization: Organization) -> QuerySet[Invitation]:
    """Return the offers that can still be accepted."""
    return Invitation.objects.for_org(organization).filter(accepted_at=None, expires_at__gt=timezone.now())


def is_pending(invitation: Invitation) -> bool:
    """Tell whether this offer can still be accepted."""
    return invitation.accepted_at is None and invitation.expires_at > timezone.now()


def link(invitation: Invitation, base_url: str) -> str:
    """Return the address to open, under ``base_url`` (scheme and host, no slash at the end)."""
    return base_url + reverse("accounts:invitation", args=[unseal(invitation.token_sealed)])


def may_manage_invitation(by: Member, invitation: Invitation) -> bool:
    """Tell whether ``by`` may see the link of this offer and revoke it: only of a seat they could give themselves."""
    return (
        by.organization_id == invitation.organization_id
        and access.may_grant(by.role, invitation.role)
        and seats.reaches(by, list(invitation.branches.all()))
    )


def find(secret: str) -> Invitation | None:
    """Return the offer behind a link if it can still be accepted."""
    valid = Invitation.objects.filter(token_hash=fingerprint(secret), accepted_at=None, expires_at__gt=timezone.now())
    return valid.select_related("organization", "invited_by").first()


def has_account(invitation: Invitation) -> bool:
    """Tell whether the invited address signs in already."""
    return User.objects.filter(email__iexact=invitation.email).exists()


def accept_as_new(invitation: Invitation, *, name: str, password: str, language: str) -> Member:
    """Make the person's account and seat. Raises Invalid for a weak password, Conflict when the account exists."""
    user = User(email=invitation.email, name=name.strip())
    check_password(password, user)
    with events.atomic():
        try:
            with transaction.atomic():
                user = User.objects.create_user(invitation.email, password, name=name.strip())
        except IntegrityError as error:
            raise Conflict(_("This address has an account already. Sign in to accept.")) from error
        return _accept(invitation, user, name=name, language=language)


def accept_as(invitation: Invitation, user: User, *, language: str) -> Member:
    """Give the seat to somebody who signs in already. Raises Forbidden for another address than the invited one."""
    if user.email.lower() != invitation.email.lower() or not user.is_active:
        raise Forbidden(_("This invitation is for another e-mail address."))
    with events.atomic():
        return _accept(invitation, user, name=invitation.name or user.name or user.email, language=language)


def revoke(invitation: Invitation, *, by: Member | None) -> None:
    """Make the link worthless. Raises Forbidden for an offer of more than one has oneself."""
    if by is not None and by.organization_id != invitation.organization_id:
        raise NotFound(_("There is no such invitation."))
    if by is not None and not by.may("members.change"):
        raise Forbidden(_("Your role may not change members."))
    if by is not None and not may_manage_invitation(by, invitation):
        raise Forbidden(_("This invitation gives rights that you do not have, so you cannot revoke it."))
    with events.atomic():
        deleted, _by_model = (
            Invitation.objects.for_org(invitation.organization_id).filter(pk=invitation.pk, accepted_at=None).delete()
        )
        if deleted:
            audit.record(invitation.organization_id, "invitation.revoked", invitation.email, by=by)


def check_password(password: str, user: User) -> None:
    """Raise Invalid for a password that is too easy to guess."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error


def _accept(invitation: Invitation, user: User, *, name: str, language: str) -> Member:
    # Locked, so that a link opened twice at once makes one seat.
    offer = Invitation.objects.select_for_update().filter(pk=invitation.pk, accepted_at=None).first()
    if offer is None or offer.expires_at <= timezone.now():
        raise Conflict(_("This invitation is not valid any more. Ask for a new one."))
    member = members.add_member(
        invitation.organization,
        user,
        name=name,
        role=offer.role,
        branches=list(offer.branches.all()),
        language=language,
        by=None,
    )
    offer.accepted_at = timezone.now()
    offer.save(update_fields=["accepted_at"])
    audit.record(invitation.organization, "invitation.accepted", offer, by=member)
    return member


def _require_free(organization: Organization, email: str) -> None:
    seat = Member.objects.for_org(organization).filter(user__email__iexact=email).first()
    if seat is not None and seat.is_active:
        raise Conflict(_("This person already works here."), field="email")
    if seat is not None:
        raise Conflict(_("This person worked here before. Reactivate the member instead."), field="email")
    if pending(organization).filter(email__iexact=email).exists():
        raise Conflict(_("This address is invited already. Copy its link or revoke it first."), field="email")
