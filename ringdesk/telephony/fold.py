"""From the events of a call, in any order and any of them twice, to what the call is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result

REUSED_AFTER = timedelta(seconds=10)
# Seconds; what a clock gone mad may make of a call still fits where it is kept.
LONGEST = 2**31 - 1
REPEATED_WITHIN = timedelta(seconds=90)


class State(StrEnum):
    """Where a call stands."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Received:
    """An event and when it reached us."""

    event: CallEvent
    received_at: datetime

    @property
    def at(self) -> datetime:
        return self.event.at or self.received_at


@dataclass(frozen=True, slots=True)
class CallState:
    """What the events of one call add up to. Times are aware; ``duration`` is end minus start in seconds."""

    direction: Direction
    state: State
    result: Result | None
    phone: str
    line: str
    extension: str | None
    extensions: tuple[str, ...]
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration: int | None
    recording_url: str


def fold(received: Iterable[Received]) -> CallState:
    """Return the call that these events tell of. Raises ValueError when there are none."""
    facts = list(set(received))
    if len(facts) > 1:
        # A phone that begins to ring does not pay for an order.
        facts.sort(key=_order)
    if not facts:
        raise ValueError("a call has at least one event")
    ends = _ends(facts)
    direction = _direction(facts)
    told = [fact for fact in facts if not _is_aside(fact.event, direction)]
    talks = sorted((fact for fact in told if fact.event.kind in _TALK), key=_in_time(facts))
    answered_at = _answered_at(told)
    result = _result(direction, ends, was_answered=answered_at is not None)
    is_missed = bool(ends) and result is not Result.ANSWERED
    if is_missed:
        answered_at = None
    rung = _rung(told)
    started_at = min(
        (fact.event.started_at for fact in facts if fact.event.started_at),
        # A recording is made known after the call, so it tells of the start only where nothing else does.
        default=min(fact.at for fact in [f for f in facts if f.event.kind not in _ASIDE] or facts),
    )
    if answered_at is not None:
        answered_at = min(answered_at, _latest_answer(facts, ends, answered_at))
        # Seen in real traffic: an answer that is older than its call.
        answered_at = max(answered_at, started_at)
    ended_at = _ended_at(ends, started_at, answered_at)
    return CallState(
        direction=direction,
        state=_state(ends, talks),
        result=result if ends else None,
        phone=_first(fact.event.phone for fact in told),
        line=_first(fact.event.line for fact in facts),
        extension=_extension(told, talks, rung, is_missed=is_missed),
        extensions=rung,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        duration=min(round((ended_at - started_at).total_seconds()), LONGEST) if ended_at else None,
        recording_url=_first(fact.event.recording_url for fact in reversed(facts)),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A call already stored: its events, when its source last spoke of it, and whether its id's latest use."""

    facts: tuple[Received, ...]
    last_received_at: datetime
    is_latest: bool


def is_same_call(call: Known, event: CallEvent, received_at: datetime) -> bool:
    """Tell whether the event belongs to this call rather than to another one under the same id.

    PBXes use ids again. Other parties or another direction: another call. A start that arrives more than 10 s
    after the call's end arrived, or after a younger call took the id: another call. Without ids (a phone) the
    number is the id, and a report within 90 s of the last one is a repetition (spec, "One call or two?").
    Arrival times count, not the times inside.
    """
    if event.is_unique:
        return _is_same_by_id(call, event, received_at)
    state = fold(call.facts)
    if event.direction and _says_direction(call) and event.direction is not state.direction:
        return False
    if event.phone is not None and _says_phone(call) and event.phone != state.phone:
        return False
    ends = _ends(call.facts)
    is_repetition = received_at - call.last_received_at <= REPEATED_WITHIN
    if event.kind is not Kind.RINGING:
        was_told = any(not end.event.is_presumed for end in ends)
        return event.external_id is not None or not was_told or is_repetition
    if ends and received_at - min(end.received_at for end in ends) > REUSED_AFTER:
        return event.external_id is None and ends[0].event.is_presumed and is_repetition
    return is_repetition if event.external_id is None else call.is_latest


_TALK = (Kind.ANSWERED, Kind.HELD, Kind.TRANSFERRED)
_ASIDE = (Kind.RECORDED, Kind.NOTED)
_RANK = {kind: rank for rank, kind in enumerate(Kind)}


def legs_are_over(facts: Sequence[Received]) -> bool:
    """Tell whether every leg told of has ended, so that the call's own end should have come by now."""
    return bool(_last_of_legs(facts)) and all(last.event.kind is Kind.ENDED for last in _last_of_legs(facts))


def _is_same_by_id(call: Known, event: CallEvent, received_at: datetime) -> bool:
    """The id is enough, unless the PBX's own clock says that this is a start after the end."""
    if any(fact.event == event for fact in call.facts):
        return True
    ends = [end for end in _ends(call.facts) if not end.event.is_presumed]
    if event.kind is not Kind.RINGING or not ends or event.at is None:
        return True
    if received_at - min(end.received_at for end in ends) <= REUSED_AFTER:
        return True
    return event.at <= max(end.event.ended_at or end.at for end in ends) + REUSED_AFTER


def _direction(facts: Sequence[Received]) -> Direction:
    """A report on the whole call knows best. Two extensions in a leg may well be a colleague who is consulted."""
    spoken = [fact.event for fact in facts if fact.event.direction]
    final = [e for e in spoken if e.is_unique and not e.leg and e.kind is Kind.ENDED]
    plain = [e for e in spoken if not (e.leg and e.direction is Direction.INTERNAL)]
    return next((e.direction for e in (*final, *plain, *spoken) if e.direction), Direction.IN)


def _is_aside(event: CallEvent, direction: Direction) -> bool:
    """Tell whether a leg is talk beside the call: a member who consults somebody while the client waits."""
    if not event.leg or event.direction in (None, direction):
        return False
    return event.direction is Direction.INTERNAL or direction is Direction.IN


def _in_time(facts: Sequence[Received]) -> Callable[[Received], tuple[object, ...]]:
    """Return a key by which reports stand in the order of what happened: in a leg its own count goes first."""
    moments: dict[tuple[str, int], datetime] = {}
    for leg in {fact.event.leg for fact in facts if fact.event.leg}:
        latest = None
        for fact in sorted((f for f in facts if f.event.leg == leg), key=lambda f: (f.event.step, f.at)):
            latest = max(latest, fact.at) if latest else fact.at
            moments[leg, fact.event.step] = latest

    def key(fact: Received) -> tuple[object, ...]:
        return (moments.get((fact.event.leg, fact.event.step), fact.at), fact.event.step, _order(fact))

    return key


def _ends(facts: Sequence[Received]) -> list[Received]:
    """The ends of the whole call that were told, else those of its legs when the last one is over, else those that
    were concluded from silence and not belied by anything told after them.
    """
    ends = [fact for fact in facts if fact.event.kind is Kind.ENDED and not fact.event.is_leg and not fact.event.leg]
    told = [end for end in ends if not end.event.is_presumed] or _ends_of_legs(facts)
    if told or not ends:
        return told or _legs_over(facts)
    signs = (f.received_at for f in facts if f.event.kind in _TALK or (f.event.leg and f.event.kind is Kind.RINGING))
    last_sign = max(signs, default=None)
    return [end for end in ends if last_sign is None or end.received_at >= last_sign]


def _legs_over(facts: Sequence[Received]) -> list[Received]:
    """The ends of ringing, once no extension rings any more and nobody has answered."""
    legs = [fact for fact in facts if fact.event.kind is Kind.ENDED and fact.event.is_leg]
    over = {fact.event.extension for fact in legs}
    is_over = not any(fact.event.kind in _TALK for fact in facts) and over.issuperset(_rung(facts))
    return legs if is_over else []


def _ends_of_legs(facts: Sequence[Received]) -> list[Received]:
    lasts = _last_of_legs(facts)
    if not lasts or any(last.event.kind is not Kind.ENDED for last in lasts):
        return []
    latest = max(last.at for last in lasts)
    is_over = any(last.at == latest and not last.event.is_passed_on for last in lasts)
    return lasts if is_over else []


def _last_of_legs(facts: Sequence[Received]) -> list[Received]:
    """Return of each leg its latest report by the leg's own count."""
    lasts: dict[str, Received] = {}
    for fact in facts:
        leg, kind = fact.event.leg, fact.event.kind
        if not leg or kind in _ASIDE:
            continue
        before = lasts.get(leg)
        if before is None or (fact.event.step, _RANK[kind]) >= (before.event.step, _RANK[before.event.kind]):
            lasts[leg] = fact
    return list(lasts.values())


def _order(fact: Received) -> tuple[object, ...]:
    event = fact.event
    return (
        _RANK[event.kind],
        fact.at,
        event.step,
        event.extension or "",
        event.line,
        event.phone or "",
        repr(event),
        fact.received_at,
    )


def _first(values: Iterable[str | None]) -> str:
    return next((value for value in values if value), "")


def _says_phone(call: Known) -> bool:
    return any(fact.event.phone is not None for fact in call.facts)


def _says_direction(call: Known) -> bool:
    return any(fact.event.direction for fact in call.facts)


def _answered_at(facts: Sequence[Received]) -> datetime | None:
    told = [fact.event.answered_at for fact in facts if fact.event.answered_at]
    if told:
        return min(told)
    return min((fact.at for fact in facts if fact.event.kind in _TALK), default=None)


def _latest_answer(facts: Sequence[Received], ends: Sequence[Received], answered_at: datetime) -> datetime:
    """An answer whose time nobody told arrived late when it arrived after the end that was told."""
    told = [fact.event.ended_at for fact in ends if fact.event.ended_at]
    is_told = any(fact.event.answered_at for fact in facts) or any(
        fact.event.at for fact in facts if fact.event.kind in _TALK
    )
    return answered_at if is_told or not told else max(told)


def _result(direction: Direction, ends: Sequence[Received], *, was_answered: bool) -> Result | None:
    told = [fact.event.result for fact in ends if fact.event.result]
    # A leg knows of itself only; that another one was answered, its reports have told.
    if Result.ANSWERED in told or (was_answered and (not told or all(end.event.leg for end in ends))):
        return Result.ANSWERED
    if not told and all(end.event.is_presumed for end in ends):
        return None
    result = min(told, key=list(Result).index, default=Result.MISSED)
    # A caller who gave up is a missed call of ours; only our own attempt can be cancelled.
    return Result.MISSED if result is Result.CANCELLED and direction is Direction.IN else result


def _state(ends: Sequence[Received], talks: Sequence[Received]) -> State:
    if ends:
        return State.ENDED
    if not talks:
        return State.RINGING
    return State.HELD if talks[-1].event.kind is Kind.HELD else State.ANSWERED


def _rung(facts: Sequence[Received]) -> tuple[str, ...]:
    rung: dict[str, None] = {}
    for fact in facts:
        for extension in (*fact.event.extensions, fact.event.extension):
            if extension:
                rung.setdefault(extension)
    return tuple(rung)


def _extension(
    facts: Sequence[Received], talks: Sequence[Received], rung: tuple[str, ...], *, is_missed: bool
) -> str | None:
    if not is_missed:
        # Who took over follows who answered, whichever of the two reached us first.
        in_turn = sorted(talks, key=lambda fact: fact.event.at is None and fact.event.kind is Kind.TRANSFERRED)
        who = [fact.event.extension for fact in in_turn if fact.event.extension]
        if who:
            return who[-1]
        ends = [fact.event for fact in facts if fact.event.kind is Kind.ENDED and not fact.event.leg]
        ended = [end.extension for end in ends if end.extension]
        if ended:
            return ended[0]
    return rung[0] if len(rung) == 1 else None


def _ended_at(ends: Sequence[Received], started_at: datetime, answered_at: datetime | None) -> datetime | None:
    if not ends:
        return None
    told = [fact.event.ended_at for fact in ends if fact.event.ended_at]
    ended_at = max(told) if told else min(fact.at for fact in ends)
    return max(ended_at, answered_at or started_at)
