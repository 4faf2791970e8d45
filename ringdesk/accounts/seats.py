"""Seats: which organization and which branch a signed-in user works in now."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import HttpRequest

from ringdesk.accounts.models import Branch, Member, Organization, User
from ringdesk.core.asked import positive_id
from ringdesk.core.rows import Query

SESSION_KEY = "member_id"
# Asked with every call of a booking function.
_OPEN_BRANCH = Query(
    "SELECT {branch} FROM accounts_branch branch WHERE id = %s AND organization_id = %s AND is_active", branch=Branch
)


def of_user(user: User) -> QuerySet[Member]:
    """Return the seats the user may sit in, oldest first."""
    return (
        Member.objects.filter(user=user, is_active=True)
        .select_related("organization", "current_branch", "user")
        .prefetch_related("branches")
        .order_by("id")
    )


def current(request: HttpRequest) -> Member | None:
    """Return the seat the session has chosen, else the user's first, else None."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return None
    chosen = request.session.get(SESSION_KEY)
    seats = list(of_user(user)[:50])
    return next((seat for seat in seats if seat.pk == chosen), seats[0] if seats else None)


def choose(request: HttpRequest, member: Member) -> None:
    """Remember in the session which seat the user sits in."""
    request.session[SESSION_KEY] = member.pk


def branches_of(member: Member) -> QuerySet[Branch]:
    """Return the branches this seat works in: all of the organization's, or those it is limited to."""
    return in_reach(member).filter(is_active=True)


def open_branches(organization: Organization, member: Member | None) -> QuerySet[Branch]:
    """Return the open branches that the member (None: a program of the organization) works in."""
    if member is not None:
        return branches_of(member)
    return Branch.objects.for_org(organization).filter(is_active=True)


def open_branch(organization_id: int, pk: int, member: Member | None) -> Branch | None:
    """Return the one of ``open_branches`` that has this id."""
    found = _OPEN_BRANCH.first([pk, organization_id])
    if found is None or (member is not None and not reaches(member, found)):
        return None
    branch: Branch = found[0]
    return branch


def branch_of_form(request: HttpRequest, member: Member, looked_at: Branch) -> Branch:
    """Return the branch that a form was opened for; by now another one may be looked at in another tab."""
    told = request.POST if request.method == "POST" else request.GET
    pk = positive_id(told.get("branch", ""))
    if pk is None or pk == looked_at.pk:
        return looked_at
    return branches_of(member).select_related("organization").filter(pk=pk).first() or looked_at


def in_reach(member: Member) -> QuerySet[Branch]:
    """Return the same, closed branches included."""
    branches = Branch.objects.for_org(member.organization_id)
    limited = [branch.pk for branch in member.branches.all()]
    return branches.filter(pk__in=limited) if limited else branches


def is_limited(member: Member) -> bool:
    """Tell whether the seat is limited to some branches."""
    return bool(member.branches.all())


def reaches(member: Member, branches: Sequence[Branch]) -> bool:
    """Tell whether the seat works in all of these; none of them stands for every branch there is."""
    limited = {branch.pk for branch in member.branches.all()}
    return not limited or (bool(branches) and {branch.pk for branch in branches} <= limited)


def current_branch(member: Member) -> Branch | None:
    """Return the branch the member looks at: the chosen one, else the first allowed."""
    branches = list(branches_of(member))
    chosen = next((branch for branch in branches if branch.pk == member.current_branch_id), None)
    return chosen or (branches[0] if branches else None)


def choose_branch(member: Member, branch: Branch) -> None:
    """Remember the branch the member wants to look at."""
    member.current_branch = branch
    member.save(update_fields=["current_branch"])
