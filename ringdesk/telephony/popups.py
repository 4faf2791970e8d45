"""The queue of waiting calls: who sees which popup, and what closes it."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from ringdesk.accounts.models import Branch, Member
from ringdesk.core import events
from ringdesk.telephony.models import Call, Popup, PopupDismissal


def waiting(member: Member, branch: Branch | None, now: datetime) -> QuerySet[Popup]:
    """Return the popups this member sees at ``branch`` now, oldest first.

    Calls of no branch wait in every branch. A call somebody else answered waits for nobody else any more.
    """
    if not member.may("popups.see"):
        return Popup.objects.none()
    return (
        Popup.objects.for_org(member.organization_id)
        .filter(closed_at__isnull=True, expires_at__gt=now)
        .filter(Q(branch=branch) | Q(branch__isnull=True))
        .filter(Q(answered_by__isnull=True) | Q(answered_by=member))
        .exclude(dismissals__member=member)
        .order_by("created_at", "id")
    )


def dismiss(popup: Popup, member: Member) -> None:
    """Take the popup from all screens of this member. Pressing the cross twice changes nothing."""
    dismiss_all([popup], member)


def dismiss_all(popups: list[Popup], member: Member) -> None:
    """Take these popups from all screens of this member."""
    with events.atomic():
        gone = set(PopupDismissal.objects.filter(member=member, popup__in=popups).values_list("popup_id", flat=True))
        fresh = [popup for popup in popups if popup.pk not in gone]
        PopupDismissal.objects.bulk_create(
            [PopupDismissal(organization_id=popup.organization_id, popup=popup, member=member) for popup in fresh],
            ignore_conflicts=True,
        )
        for popup in fresh:
            _tell(popup, "dismissed", member_id=member.pk)


def close_for_outcome(organization_id: int, call_id: UUID, kind: str, outcome_id: str) -> None:
    """Note that the call became a reservation (or an order …) and take its popup from everybody's screens."""
    with events.atomic():
        updated = Call.objects.for_org(organization_id).filter(pk=call_id)
        updated.update(outcome_kind=kind, outcome_id=outcome_id)
        popup = Popup.objects.for_org(organization_id).filter(call_id=call_id, closed_at__isnull=True).first()
        if popup is None:
            return
        popup.closed_at, popup.closed_reason = timezone.now(), kind
        popup.save(update_fields=["closed_at", "closed_reason"])
        _tell(popup, kind)


def _tell(popup: Popup, reason: str, *, member_id: int | None = None) -> None:
    body = {"popup": {"id": popup.pk, "call_id": str(popup.call_id), "reason": reason}}
    events.publish(popup.organization_id, "popup.closed", body, branch_id=popup.branch_id, member_id=member_id)
