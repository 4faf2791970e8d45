"""What members write about a call. The receiver leaves it alone, so a call may go on while somebody writes."""

import hashlib

from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Member
from ringdesk.core import events
from ringdesk.core.problems import Forbidden, Stale
from ringdesk.telephony.models import Call


def mark(text: str) -> str:
    """Return what tells this text from any other: who writes says by it which text they have seen. Pure.

    A version of the call would not do: it grows with every event of its PBX.
    """
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def write(call: Call, text: str, *, seen: str | None, by: Member) -> None:
    """Save the notes. Raises Stale when they are not those ``seen`` marks (None: whatever they are), Forbidden."""
    if not by.may("clients.change"):
        raise Forbidden(_("You may not write notes."))
    text = text.replace("\r\n", "\n").strip()
    with events.atomic():
        stored = Call.objects.for_org(by.organization_id).select_for_update().only("notes").get(pk=call.pk)
        if seen is not None and seen != mark(stored.notes) and stored.notes != text:
            call.notes = stored.notes
            told = _("Somebody has written here in the meantime: “%(text)s”. Add it to yours and save again.")
            raise Stale(told % {"text": stored.notes[:500]})
        stored.notes = call.notes = text
        stored.save(update_fields=["notes"])
        body = {"call": {"id": str(call.pk)}}
        events.publish(call.organization_id, "call.noted", body, branch_id=call.branch_id)
