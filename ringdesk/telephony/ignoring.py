"""Ignored numbers: their calls bother nobody. No popup, no window, nobody to call back; they stay in the list."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts import audit
from ringdesk.accounts.models import Member
from ringdesk.core import events, phones
from ringdesk.core.problems import Conflict, Forbidden, Invalid
from ringdesk.telephony.models import IgnoredNumber, Popup

AUDITED = {
    "number.ignored": _("Number ignored"),
    "number.heeded": _("Number not ignored any more"),
}
IGNORED = "ignored"


def of(organization_id: int) -> QuerySet[IgnoredNumber]:
    """Return the organization's ignored numbers, the latest first."""
    return IgnoredNumber.objects.for_org(organization_id).select_related("created_by")


def is_ignored(organization_id: int, phone: str) -> bool:
    """Tell whether this number (normalized) is ignored."""
    return bool(phone) and IgnoredNumber.objects.for_org(organization_id).filter(phone=phone).exists()


def add(number: str, note: str = "", *, region: str, by: Member) -> IgnoredNumber:
    """Ignore a number from now on, and take its waiting calls from the screens.

    Raises Invalid without digits, Conflict when it is ignored already, Forbidden.
    """
    _require(by)
    phone = phones.normalize(number, region)
    if not phone:
        raise Invalid(_("Write the number with its digits."), field="phone")
    with events.atomic():
        try:
            with transaction.atomic():
                ignored = IgnoredNumber.objects.create(
                    organization_id=by.organization_id, phone=phone, note=note.strip()[:200], created_by=by
                )
        except IntegrityError as error:
            raise Conflict(_("This number is ignored already."), field="phone") from error
        audit.record(by.organization_id, "number.ignored", phone, by=by)
        _close_popups(by.organization_id, phone)
        _tell(by.organization_id, phone, is_on=True)
    return ignored


def remove(ignored: IgnoredNumber, *, by: Member) -> None:
    """Heed a number again. Raises Forbidden."""
    _require(by)
    with events.atomic():
        ignored.delete()
        audit.record(ignored.organization_id, "number.heeded", ignored.phone, by=by)
        _tell(ignored.organization_id, ignored.phone, is_on=False)


def _require(by: Member) -> None:
    if not by.may("numbers.ignore"):
        raise Forbidden(_("You may not ignore numbers."))


def _close_popups(organization_id: int, phone: str) -> None:
    waiting = Popup.objects.for_org(organization_id).filter(call__phone=phone, closed_at__isnull=True)
    for popup in waiting.filter(expires_at__gt=timezone.now()):
        popup.closed_at, popup.closed_reason = timezone.now(), IGNORED
        popup.save(update_fields=["closed_at", "closed_reason"])
        body = {"popup": {"id": popup.pk, "call_id": str(popup.call_id), "reason": IGNORED}}
        events.publish(organization_id, "popup.closed", body, branch_id=popup.branch_id)


def _tell(organization_id: int, phone: str, *, is_on: bool) -> None:
    events.publish(organization_id, "call.ignored", {"number": {"phone": phone, "is_ignored": is_on}})
