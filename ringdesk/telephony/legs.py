"""The course of a call as its people saw it: who was rung, who answered, held, transferred to whom, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from ringdesk.telephony.call_events import Kind, from_json
from ringdesk.telephony.fold import Received
from ringdesk.telephony.models import Call, Extension

# One of several who were rung, or who talked, is out of it; the call may go on.
LEFT = "left"
# Rung again or answered again is a repetition; held again is not.
_ONCE = (Kind.RINGING, Kind.ANSWERED, LEFT)
_NO_STEPS = (Kind.RECORDED, Kind.NOTED)


@dataclass(frozen=True, slots=True)
class Leg:
    """One step: what happened, to whom, and how many seconds it lasted until the next one (None: unknown)."""

    at: datetime
    kind: str
    who: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    kind: str
    extensions: tuple[str, ...]


def of(call: Call) -> list[Leg]:
    """Return the legs of a call with its events prefetched, in order."""
    received = [Received(from_json(dict(event.event)), event.received_at) for event in call.events.all()]
    found = steps(received)
    numbers = {number for step in found for number in step.extensions}
    owners = Extension.objects.for_org(call.organization_id).filter(connector=call.connector_id, number__in=numbers)
    names = {one.number: one.member.name for one in owners.select_related("member")}
    ends = [step.at for step in found[1:]]
    if call.state == Call.State.ENDED and call.ended_at and found and found[-1].kind != Kind.ENDED:
        found.append(_Step(call.ended_at, Kind.ENDED, ()))
        ends.append(call.ended_at)
    legs = []
    for position, step in enumerate(found):
        until = ends[position] if position < len(ends) else None
        seconds = max(0, round((until - step.at).total_seconds())) if until else None
        legs.append(Leg(step.at, step.kind, _who(step.extensions, names), None if step.kind == Kind.ENDED else seconds))
    return legs


def steps(received: Sequence[Received]) -> list[_Step]:
    """Return what the events of one call tell, by the source's clock where it says, repetitions left out. Pure."""
    found: list[_Step] = []
    for fact in sorted(received, key=_order):
        step = _step(fact)
        if step is None:
            continue
        same = [one for one in found if (one.kind, one.extensions) == (step.kind, step.extensions)]
        if (step.kind in _ONCE and same) or step in found or (same and found[-1] == same[-1]):
            continue
        if step.kind == Kind.ENDED:
            found = [one for one in found if one.kind != Kind.ENDED]
        found.append(step)
    return found


def _step(fact: Received) -> _Step | None:
    event = fact.event
    if event.kind in _NO_STEPS:
        return None
    if event.kind is Kind.ENDED:
        if not (event.is_leg or event.leg):
            return _Step(_time(fact), Kind.ENDED, ())
        return _Step(_time(fact), LEFT, (event.extension,)) if event.extension else None
    if event.kind is Kind.ANSWERED and event.extension:
        return _Step(_time(fact), event.kind, (event.extension,))
    numbers = tuple(dict.fromkeys(filter(None, (*event.extensions, event.extension))))
    return _Step(_time(fact), event.kind, numbers)


def _order(fact: Received) -> tuple[datetime, int]:
    return _time(fact), list(Kind).index(fact.event.kind)


def _time(fact: Received) -> datetime:
    """An end tells the whole course; when it happened is what counts here."""
    if fact.event.kind is Kind.ENDED:
        return fact.event.ended_at or fact.at
    return fact.at


def _who(extensions: Sequence[str], names: dict[str, str]) -> str:
    return ", ".join(f"{names[one]} ({one})" if one in names else _("extension %s") % one for one in extensions)
