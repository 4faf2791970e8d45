"""Why a call's popup did, or did not, show: the story of one call, step by step."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ringdesk.accounts.models import Member
from ringdesk.core import phones
from ringdesk.crm.models import Phone
from ringdesk.telephony import ignoring
from ringdesk.telephony.models import Call, CallEvent, Extension, Line, Popup

TEST_PREFIX = "test-"


class Tone(StrEnum):
    """How a step looks: as it should be, worth a look, gone wrong."""

    FINE = ""
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trace."""

    at: datetime
    text: str
    tone: Tone = Tone.FINE


def steps(call: Call) -> list[Step]:
    """Return everything that happened to the call, in order. A handful of queries whatever the call's length."""
    told = list(call.events.all())
    popup = Popup.objects.filter(call=call).select_related("branch", "answered_by").first()
    story = [_received(call, told), _number(call), _branch(call)]
    story += _extensions(call)
    story.append(_popup(call, popup, told))
    story += _shown(call, popup)
    story += [step for event in told[1:] if (step := _event(event)) is not None]
    story += _gone(call, popup)
    # Sorted by time only: what happened in the same moment stays in the order of cause and effect.
    return sorted(story, key=lambda step: step.at)


def _received(call: Call, told: list[CallEvent]) -> Step:
    at = told[0].received_at if told else call.first_received_at
    if call.external_id.startswith(TEST_PREFIX):
        return Step(at, _("Test call placed from the page of “%(name)s”") % {"name": call.connector.name})
    return Step(at, _("Event received by “%(name)s” and understood") % {"name": call.connector.name})


def _number(call: Call) -> Step:
    at = call.first_received_at
    if not call.phone:
        return Step(at, _("The number is hidden: nobody to look for"), Tone.WARN)
    number = phones.display(call.phone)
    if any(entry.get("kind") == "linked" for entry in call.trace):
        return Step(at, _("%(number)s stood on nobody's card: anonymous guest") % {"number": number})
    if call.contract:
        return Step(at, _("%(number)s found: contract %(contract)s of %(client)s, by the whole number") % {
            "number": number, "contract": call.contract.number, "client": call.contract.client.name})  # fmt: skip
    if call.client:
        return Step(at, _("%(number)s found: %(client)s, by the whole number") % {
            "number": number, "client": call.client.name})  # fmt: skip
    if call.lead:
        return Step(at, _("%(number)s found: lead %(lead)s, by the whole number") % {
            "number": number, "lead": call.lead.name})  # fmt: skip
    cards = Phone.objects.for_org(call.organization_id).filter(number=call.phone).count()
    if cards > 1:
        text = ngettext("%(number)s stands on %(count)s card: who called is chosen by hand",
                        "%(number)s stands on %(count)s cards: who called is chosen by hand", cards)  # fmt: skip
        return Step(at, text % {"number": number, "count": cards}, Tone.WARN)
    return Step(at, _("%(number)s stands on nobody's card: anonymous guest") % {"number": number})


def _branch(call: Call) -> Step:
    at = call.first_received_at
    if call.branch is None:
        return Step(at, _("Neither the line nor the connector has a branch: the call is shown in every branch"))
    lines = Line.objects.for_org(call.organization_id).filter(connector=call.connector_id)
    line = lines.filter(number=call.line).first() if call.line else None
    named = f"{call.line} ({line.label})" if line and line.label else call.line
    values = {"line": named, "branch": call.branch.name}
    if line is not None and line.branch_id == call.branch_id:
        return Step(at, _("Line %(line)s belongs to “%(branch)s”") % values)
    if call.line:
        return Step(at, _("Line %(line)s has no branch of its own: the connector's, “%(branch)s”") % values)
    return Step(at, _("The line was not told: the connector's branch, “%(branch)s”") % values)


def _extensions(call: Call) -> list[Step]:
    if not call.extensions:
        return []
    owners = {
        extension.number: extension.member.name
        for extension in Extension.objects.filter(
            connector=call.connector_id, number__in=call.extensions
        ).select_related("member")
    }
    found: list[Step] = []
    for number in call.extensions:
        if number in owners:
            text = _("Extension %(number)s belongs to %(member)s")
            found.append(Step(call.first_received_at, text % {"number": number, "member": owners[number]}))
        else:
            text = _("Extension %(number)s belongs to nobody: assign it under “Extensions”")
            found.append(Step(call.first_received_at, text % {"number": number}, Tone.WARN))
    return found


def _popup(call: Call, popup: Popup | None, told: list[CallEvent]) -> Step:
    at = popup.created_at if popup else call.first_received_at
    if popup and popup.branch:
        return Step(at, _("Popup opened on the screens of “%(branch)s”") % {"branch": popup.branch.name})
    if popup:
        return Step(at, _("Popup opened on the screens of every branch"))
    return Step(at, _("No popup: %(reason)s") % {"reason": _why_not(call, told)}, Tone.WARN)


def _why_not(call: Call, told: list[CallEvent]) -> str:
    if call.direction == Call.Direction.OUT:
        return _("the call is outgoing")
    if call.direction == Call.Direction.INTERNAL:
        return _("the call is internal")
    if any(event.event.get("is_late") for event in told):
        return _("it was reported too late, when nobody was on the line any more; it is in the phone book")
    if ignoring.is_ignored(call.organization_id, call.phone):
        return _("the number is ignored")
    return _("popups are switched off in the organization's settings")


def _shown(call: Call, popup: Popup | None) -> list[Step]:
    entries = [entry for entry in call.trace if isinstance(entry, dict)]
    if popup and call.state == Call.State.ENDED and not any(entry.get("kind") == "shown" for entry in entries):
        text = _("Nobody had a page of Ringdesk open at that moment")
        return [Step(popup.created_at, text, Tone.WARN), *_linked(entries)]
    names = dict(
        Member.objects.for_org(call.organization_id)
        .filter(pk__in={entry.get("member_id") for entry in entries} - {None})
        .values_list("pk", "name")
    )
    return [step for entry in entries if (step := _screen(entry, names)) is not None] + _linked(entries)


def _linked(entries: list[dict[str, Any]]) -> list[Step]:
    """What linking.link_number noted."""
    text = _("Linked to %(name)s, whose card got this number")
    return [
        Step(at, text % {"name": entry.get("name", "")})
        for entry in entries
        if entry.get("kind") == "linked" and (at := parse_datetime(str(entry.get("at", ""))))
    ]


def _screen(entry: dict[str, Any], names: dict[int, str]) -> Step | None:
    at = parse_datetime(str(entry.get("at", "")))
    member = names.get(entry.get("member_id", 0))
    if at is None or member is None or entry.get("kind") != "shown":
        return None
    tabs = int(entry.get("tabs", 1))
    text = ngettext("Shown to %(member)s (%(count)s tab)", "Shown to %(member)s (%(count)s tabs)", tabs)
    return Step(at, text % {"member": member, "count": tabs})


def _event(event: CallEvent) -> Step | None:
    kind, extension = event.kind, event.event.get("extension")
    if kind == "noted":
        return _noted(event)
    if kind == "ended" and event.event.get("leg"):
        left = _("Extension %(number)s is out of the call") % {"number": extension} if extension else ""
        return Step(event.received_at, left or _("The caller left the voice menu or the queue"))
    if kind == "ended":
        presumed = event.event.get("is_presumed")
        if presumed:
            return Step(event.received_at, _("The end was not told; concluded from silence"), Tone.WARN)
        return Step(event.received_at, _("End reported"))
    plain: dict[str, tuple[str, str]] = {
        "ringing": (_("Ringing reported again"), _("Ringing reported at extension %(number)s")),
        "answered": (_("Answer reported"), _("Answer reported by extension %(number)s")),
        "held": (_("Put on hold"), _("Put on hold by extension %(number)s")),
        "transferred": (_("Transferred"), _("Transferred to extension %(number)s")),
        "recorded": (_("Recording reported"), _("Recording reported")),
    }
    if kind not in plain:
        return None
    without, with_extension = plain[kind]
    return Step(event.received_at, with_extension % {"number": extension} if extension else without)


def _noted(event: CallEvent) -> Step | None:
    what, _colon, value = str(event.event.get("note", "")).partition(":")
    if what != "dtmf":
        return None
    return Step(event.received_at, _("Keys pressed in the voice menu: %(keys)s") % {"keys": value})


def _gone(call: Call, popup: Popup | None) -> list[Step]:
    if popup is None:
        return []
    found: list[Step] = []
    if popup.answered_by and call.answered_at:
        text = _("%(member)s answered: the popup is gone from the others' screens")
        found.append(Step(max(call.answered_at, popup.created_at), text % {"member": popup.answered_by.name}))
    for dismissal in popup.dismissals.select_related("member"):
        text = _("%(member)s closed the popup by the cross")
        found.append(Step(dismissal.at, text % {"member": dismissal.member.name}))
    if popup.closed_at:
        became = {
            "reservation": _("Became a reservation: the popup is gone from every screen"),
            "booking": _("Became a booking: the popup is gone from every screen"),
        }
        text = became.get(popup.closed_reason, _("Popup closed"))
        found.append(Step(popup.closed_at, text))
    return found
