"""Branches: adding, changing, closing."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit, opening_hours, seats
from ringdesk.accounts.models import Branch, Member, OpeningHours, Organization
from ringdesk.accounts.opening_hours import OpenSpan
from ringdesk.accounts.signals import branch_created
from ringdesk.accounts.validation import validate
from ringdesk.core import events
from ringdesk.core.problems import Conflict, Forbidden, NotFound

FIELDS = ("name", "address", "timezone", "region")


def add_branch(
    organization: Organization,
    *,
    name: str,
    by: Member | None,
    address: str = "",
    timezone: str = "Europe/Moscow",
    region: str = "RU",
    hours: Sequence[OpenSpan] = (),
) -> Branch:
    """Open a branch. Raises Invalid for a field it cannot have, Forbidden for a seat limited to some branches."""
    if by is not None and seats.is_limited(by):
        raise Forbidden(_("Your seat is limited to some branches, so it cannot add another one."))
    branch = Branch(
        organization=organization, name=name.strip(), address=address.strip(), timezone=timezone, region=region
    )
    validate(branch, *FIELDS)
    opening_hours.check(hours)
    with events.atomic():
        branch.save()
        _write_hours(branch, hours)
        audit.record(organization, "branch.created", branch, by=by)
        branch_created.send(sender=Branch, branch=branch, by=by)
    return branch


def change_branch(branch: Branch, *, by: Member, hours: Sequence[OpenSpan] | None = None, **fields: str) -> Branch:
    """Change name, address, timezone, region and (when given) all opening hours. Raises Invalid, NotFound."""
    _require_reach(by, branch)
    if unknown := fields.keys() - set(FIELDS):
        raise TypeError(f"A branch has no {', '.join(sorted(unknown))} to change.")
    with events.atomic():
        branch = Branch.objects.for_org(by.organization).select_for_update(no_key=True).get(pk=branch.pk)
        before = _state(branch)
        for field, value in fields.items():
            setattr(branch, field, value.strip())
        validate(branch, *FIELDS)
        branch.save(update_fields=FIELDS)
        if hours is not None:
            opening_hours.check(hours)
            OpeningHours.objects.for_org(branch.organization_id).filter(branch=branch).delete()
            _write_hours(branch, hours)
        if changed := audit.changes(before, _state(branch)):
            audit.record(branch.organization_id, "branch.changed", branch, by=by, **changed)
    return branch


def deactivate_branch(branch: Branch, *, by: Member) -> None:
    """Close a branch; what happened there stays. Raises Conflict for the last open one."""
    _require_reach(by, branch)
    with events.atomic():
        # Two people closing the last two branches at once: the second must see the first.
        Organization.objects.select_for_update(no_key=True).get(pk=branch.organization_id)
        if not _open(branch).exclude(pk=branch.pk).exists():
            raise Conflict(_("This is the last open branch. Open another one before closing it."))
        if _open(branch).filter(pk=branch.pk).update(is_active=False):
            audit.record(branch.organization_id, "branch.deactivated", branch, by=by)
    branch.is_active = False


def reactivate_branch(branch: Branch, *, by: Member) -> None:
    """Open a closed branch again."""
    _require_reach(by, branch)
    with events.atomic():
        closed = Branch.objects.for_org(branch.organization_id).filter(pk=branch.pk, is_active=False)
        if closed.update(is_active=True):
            audit.record(branch.organization_id, "branch.reactivated", branch, by=by)
    branch.is_active = True


def hours_of(branch: Branch) -> list[OpenSpan]:
    """Return the opening hours as they are stored."""
    return spans_of(OpeningHours.objects.for_org(branch.organization_id).filter(branch=branch))


def spans_of(rows: Iterable[OpeningHours]) -> list[OpenSpan]:
    """Return rows as spans, in the order of the week."""
    return sorted(OpenSpan(row.weekday, row.opens, row.closes) for row in rows)


def _open(branch: Branch) -> Any:
    return Branch.objects.for_org(branch.organization_id).filter(is_active=True)


def _require_reach(by: Member, branch: Branch) -> None:
    if branch.organization_id != by.organization_id or not seats.reaches(by, [branch]):
        raise NotFound(_("There is no such branch."))


def _state(branch: Branch) -> dict[str, Any]:
    hours = [[span.weekday, span.opens, span.closes] for span in hours_of(branch)]
    return {field: getattr(branch, field) for field in FIELDS} | {"hours": hours}


def _write_hours(branch: Branch, hours: Sequence[OpenSpan]) -> None:
    OpeningHours.objects.bulk_create(
        OpeningHours(
            organization_id=branch.organization_id,
            branch=branch,
            weekday=span.weekday,
            opens=span.opens,
            closes=span.closes,
        )
        for span in hours
    )
