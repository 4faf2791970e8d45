"""Members: who sits where, with which role. Nobody gives what they do not have, and an owner always remains."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import access, audit, revocation, seats
from ringdesk.accounts.access import Role
from ringdesk.accounts.models import Branch, Member, Organization, User
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core.problems import Conflict, Forbidden, Invalid, NotFound


def add_member(
    organization: Organization,
    user: User,
    *,
    name: str,
    role: str,
    by: Member | None,
    branches: Sequence[Branch] = (),
    language: str = "",
) -> Member:
    """Give a user a seat. ``by`` is None for set-up and the command line. Raises Forbidden, Conflict, Invalid."""
    require_may_grant(by, role, branches)
    member = Member(
        organization=organization,
        user=user,
        name=name.strip(),
        role=role,
        language=language or organization.language,
    )
    validate(member, "name", "role", "language")
    with events.atomic():
        try:
            with transaction.atomic():
                member.save()
        except IntegrityError as error:
            raise Conflict(_("This person already works here."), field="email") from error
        member.branches.set(branches)
        audit.record(organization, "member.added", member, by=by, role=[None, str(role)])
    return member


def change_member(
    member: Member,
    *,
    by: Member | None,
    name: str | None = None,
    role: str | None = None,
    branches: Sequence[Branch] | None = None,
) -> Member:
    """Change what is given. Raises Forbidden for a role above one's own, Conflict when no owner would remain."""
    require_may_manage(by, member)
    if role is not None or branches is not None:
        granted = list(member.branches.all()) if branches is None else branches
        require_may_grant(by, role or member.role, granted)
    with events.atomic():
        member = _locked(member)
        before = _state(member)
        if role is not None and role != Role.OWNER:
            _require_other_owner(member)
        member.name = member.name if name is None else name.strip()
        member.role = role or member.role
        validate(member, "name", "role")
        member.save(update_fields=["name", "role"])
        if branches is not None:
            member.branches.set(branches)
        if changed := audit.changes(before, _state(member)):
            audit.record(member.organization_id, "member.changed", member, by=by, **changed)
            if changed.keys() & {"role", "branches"}:
                revocation.tell_member(member.pk)
    return member


def deactivate_member(member: Member, *, by: Member | None) -> None:
    """Take the seat away: sessions and sockets end. What the member made (tokens, invitations) stays."""
    require_may_manage(by, member)
    if by is not None and by.pk == member.pk:
        raise Conflict(_("You cannot deactivate yourself. Ask another owner or administrator."))
    with events.atomic():
        locked = _locked(member)
        _require_other_owner(locked)
        if locked.is_active:
            locked.is_active = False
            locked.save(update_fields=["is_active"])
            if not seats.of_user(locked.user).exists():
                end_sessions(locked.user)
            revocation.tell_member(locked.pk)
            audit.record(locked.organization_id, "member.deactivated", locked, by=by)
    member.is_active = False


def reactivate_member(member: Member, *, by: Member | None) -> None:
    """Give the seat back, as it was."""
    require_may_manage(by, member)
    with events.atomic():
        locked = _locked(member)
        if not locked.is_active:
            locked.is_active = True
            locked.save(update_fields=["is_active"])
            audit.record(locked.organization_id, "member.reactivated", locked, by=by)
    member.is_active = True


def end_sessions(user: User) -> None:
    """Sign the person out everywhere; their next request is an anonymous one."""
    User.objects.filter(pk=user.pk).update(session_generation=F("session_generation") + 1)
    user.refresh_from_db(fields=["session_generation"])


def set_preferences(
    member: Member,
    *,
    name: str | None = None,
    language: str | None = None,
    scheme: str | None = None,
    do_not_disturb: bool | None = None,
) -> Member:
    """Change what a member decides alone. Raises Invalid."""
    wishes = {"name": name, "language": language, "scheme": scheme, "do_not_disturb": do_not_disturb}
    given = {field: value for field, value in wishes.items() if value is not None}
    for field, value in given.items():
        setattr(member, field, value.strip() if isinstance(value, str) else value)
    validate(member, *given)
    if given:
        member.save(update_fields=list(given))
    return member


def may_manage(by: Member, member: Member) -> bool:
    """Tell whether ``by`` may change this member: same organization, not above, within the same branches."""
    return (
        by.organization_id == member.organization_id
        and by.may("members.change")
        and access.may_grant(by.role, member.role)
        and seats.reaches(by, list(member.branches.all()))
    )


def grantable_roles(by: Member) -> list[Role]:
    """Return the roles this member may give."""
    return [role for role in Role if access.may_grant(by.role, role)]


def require_may_manage(by: Member | None, member: Member) -> None:
    """Raise NotFound for a member of another organization, Forbidden for one that ``by`` may not change."""
    if by is None:
        return
    if by.organization_id != member.organization_id:
        raise NotFound(_("There is no such member."))
    if not by.may("members.change"):
        raise Forbidden(_("Your role may not change members."))
    if not may_manage(by, member):
        raise Forbidden(_("This member has rights that you do not have, so you cannot change them."))


def require_may_grant(by: Member | None, role: str, branches: Sequence[Branch]) -> None:
    """Raise Forbidden when ``by`` may not give that role in these branches (none means all of them)."""
    if role not in Role.values:
        raise Invalid(_("There is no such role."), field="role")
    if by is None:
        return
    if any(branch.organization_id != by.organization_id for branch in branches):
        raise NotFound(_("There is no such branch."), field="branches")
    if not by.may("members.change"):
        raise Forbidden(_("Your role may not change members."))
    if not access.may_grant(by.role, role):
        raise Forbidden(_("You cannot give a role above your own."), field="role")
    if not seats.reaches(by, branches):
        raise Forbidden(_("You can only give access to the branches you work in."), field="branches")


def _locked(member: Member) -> Member:
    # The organization's row first: two owners who remove each other at once must come one after the other.
    Organization.objects.select_for_update(no_key=True).get(pk=member.organization_id)
    locked: Member = Member.objects.for_org(member.organization_id).select_related("user").get(pk=member.pk)
    return locked


def _require_other_owner(member: Member) -> None:
    if member.role != Role.OWNER or not member.is_active:
        return
    owners = Member.objects.for_org(member.organization_id).filter(
        role=Role.OWNER, is_active=True, user__is_active=True
    )
    if not owners.exclude(pk=member.pk).exists():
        raise Conflict(_("This is the last owner. Make somebody else an owner first."), field="role")


def _state(member: Member) -> dict[str, object]:
    names = list(member.branches.order_by("pk").values_list("name", flat=True))
    return {"name": member.name, "role": str(member.role), "branches": names}
