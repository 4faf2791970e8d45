"""A report beside what was known: the call folded anew, what is to be written and what is to be told. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from ringdesk.core.events import Event
from ringdesk.core.ids import new_id
from ringdesk.crm.matching import Match
from ringdesk.telephony import frames, windows
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result, to_json
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.fold import CallState, Known, Received, State, fold, is_same_call


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it came in at ``now`` (aware). ``call_id``: it is that call's, whatever its source's id says."""

    link: Link
    event: CallEvent
    raw: dict[str, Any]
    now: datetime
    call_id: UUID | None = None

    @property
    def external_id(self) -> str:
        """What the call is found by: the source's id, else the number itself (a tilde keeps the two apart)."""
        event = self.event
        return event.external_id if event.external_id is not None else f"~{event.phone or ''}"

    @property
    def key(self) -> tuple[int, str]:
        """Reports under one key wait for each other."""
        return self.link.id, self.external_id

    def facts(self) -> list[Received]:
        """Return the event, and what else is true with it."""
        facts = [Received(self.event, self.now)]
        if self.event.is_late and self.event.kind is Kind.RINGING:
            # Nobody is on the line any more: into the phone book, not onto the screen.
            facts.append(Received(_late_end(self.event), self.now))
        return facts


@dataclass(frozen=True, slots=True)
class Stored:
    """A call as the database knows it before this report."""

    id: UUID
    generation: int
    version: int
    branch_id: int | None
    match: Match
    known: Known


class Report:
    """One event beside what was known: what to write and what to tell."""

    def __init__(self, told: Told, stored: Sequence[Stored], match: Match) -> None:
        """``stored``: the last calls under the event's id. LookupError when the event's own call is not there."""
        self.told, self.link, self.event, self.now = told, told.link, told.event, told.now
        self.current = self._current(stored)
        current = self.current
        known = {fact.event for fact in current.known.facts} if current else set()
        self.new_facts = [fact for fact in told.facts() if fact.event not in known]
        self.before = fold(current.known.facts) if current else None
        self.state = fold([*(current.known.facts if current else ()), *self.new_facts])
        self.id = current.id if current else new_id()
        self.generation = current.generation if current else max((call.generation for call in stored), default=0) + 1
        self.match = current.match if current else match
        self.branch_id = current.branch_id if current else self._branch_id()
        self.member_id = self.link.extensions.get(self.state.extension or "")
        self.frames = self._frames()

    @property
    def is_repetition(self) -> bool:
        """Tell whether all of it was known."""
        return self.current is not None and not self.new_facts

    @property
    def is_plain(self) -> bool:
        """Tell whether it is a new call that just rings, told by one event and one frame.

        A call's frame says the same of every card; what a window says depends on which it is.
        """
        return (
            self.current is None
            and self.state.state is State.RINGING
            and len(self.new_facts) == len(self.frames) == 1
            and "call" in self.frames[0].body
        )

    @property
    def is_shown(self) -> bool:
        """Tell whether this report opens a popup."""
        return (
            self.current is None
            and self.state.direction is Direction.IN
            and self.link.popup_seconds > 0
            and not self.event.is_late
            and self.state.phone not in self.link.ignored
            and not (self.state.state is State.ENDED and self.state.result is Result.ANSWERED)
        )

    @property
    def is_noted(self) -> bool:
        """Tell whether this report counts in the phone book."""
        return self.current is None and self.state.direction is Direction.IN and bool(self.state.phone)

    def link_to(self, match: Match) -> None:
        """Say whose number it has turned out to be."""
        self.match = match
        self.frames = self._frames()

    def row(self) -> dict[str, Any]:
        """Return the call as ``writing`` takes it."""
        state, match = self.state, self.match
        return {
            "id": self.id,
            "version": self.current.version if self.current else 0,
            "connector": self.link.id,
            "external_id": self.told.external_id,
            "generation": self.generation,
            "branch": self.branch_id,
            "client": match.client.id if match.client else None,
            "contract": match.contract.id if match.contract else None,
            "lead": match.lead.id if match.lead else None,
            "now": self.now,
            "end_received_at": self.now if state.state is State.ENDED else None,
            "direction": state.direction,
            "state": state.state,
            "result": state.result,
            "phone": state.phone,
            "line": state.line,
            "extension": state.extension,
            "extensions": state.extensions,
            "member": self.member_id,
            "started_at": state.started_at,
            "answered_at": state.answered_at,
            "ended_at": state.ended_at,
            "duration": state.duration,
            "recording_url": state.recording_url,
            "expires_at": self.now + timedelta(seconds=self.link.popup_seconds) if self.is_shown else None,
            "answered_by": self._answered_by(),
            "is_taken": self.current is not None and self._answered_by() != self._answered_by_before(),
            "is_noted": self.is_noted,
        }

    def fact_rows(self) -> list[dict[str, Any]]:
        """Return the new events as ``writing`` takes them."""
        rows = []
        for fact in self.new_facts:
            event = to_json(fact.event)
            rows.append(
                {
                    "call": self.id,
                    "kind": fact.event.kind,
                    "received_at": self.now,
                    "digest": _digest(event),
                    "event": event,
                    "raw": self.told.raw,
                }
            )
        return rows

    def frame_rows(self) -> list[dict[str, Any]]:
        """Return the frames as ``writing`` takes them."""
        return [
            {"call": self.id, "type": one.type, "at": self.now, "audience": one.audience, "body": one.body}
            for one in self.frames
        ]

    def _current(self, stored: Sequence[Stored]) -> Stored | None:
        if self.told.call_id:
            if not stored:
                raise LookupError(self.told.call_id)
            return stored[0]
        return next((call for call in stored if is_same_call(call.known, self.event, self.now)), None)

    def _frames(self) -> list[Event]:
        """Return what to tell the world: nothing for a repetition."""
        if not self.new_facts:
            return []
        types = _frame_types(self.before, self.state)
        source = self.link.kind
        body = {
            "call": frames.call(
                self.id, self.state, self.match, member_id=self.member_id, branch_id=self.branch_id, source=source
            )
        }
        audience: dict[str, Any] = {"extensions": list(self.state.extensions)}
        if self.branch_id is not None:
            audience["branch"] = self.branch_id
        if self.state.recording_url:
            # For outside CRMs alone: sockets are not told where recordings lie.
            audience["recording_url"] = self.state.recording_url
        told = [Event(self.link.organization_id, type, body, audience) for type in types]
        # What is told late opens nothing: nobody is on the line any more.
        opening = () if self.event.is_late else windows.frames_for(
            self.before, self.state, self.link, self.match, self.id
        )  # fmt: skip
        return [*told, *opening]

    def _answered_by(self) -> int | None:
        return self.member_id if self.state.answered_at else None

    def _answered_by_before(self) -> int | None:
        if self.before is None or not self.before.answered_at:
            return None
        return self.link.extensions.get(self.before.extension or "")

    def _branch_id(self) -> int | None:
        line = self.link.lines.get(self.state.line)
        return line[0] if line else self.link.branch_id


def _digest(shape: dict[str, Any]) -> str:
    return hashlib.blake2b(orjson.dumps(shape, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _frame_types(before: CallState | None, after: CallState) -> list[str]:
    types = []
    if after.state is State.ENDED:
        if before is None or before.state is not State.ENDED or before.result != after.result:
            types.append("call.ended")
    elif before is None or before.state is not after.state:
        types.append(f"call.{after.state}")
    elif before.extension != after.extension and after.state is not State.RINGING:
        types.append("call.transferred")
    elif before.extensions != after.extensions and after.state is State.RINGING:
        types.append("call.ringing")
    if after.recording_url and (before is None or before.recording_url != after.recording_url):
        types.append("call.recording")
    return types


def _late_end(event: CallEvent) -> CallEvent:
    return CallEvent(Kind.ENDED, event.external_id, event.direction, event.phone, at=event.at, is_presumed=True)
