"""From the PBX's statistics (CSV, a row per leg) to what became of each call. Pure.

Source: Mango Office VPBX API, "Basic statistics": ``;`` between values, a line per leg, nothing escaped.
"""

from collections.abc import Iterator
from datetime import datetime

from ringdesk.telephony.call_events import CallEvent, Direction, Kind
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.connectors.mango import parse
from ringdesk.telephony.connectors.mango.parse import Told, extension, moment, number, phone, text

FIELDS = (
    "records", "start", "finish", "answer", "from_extension", "from_number", "to_extension", "to_number",
    "disconnect_reason", "line_number", "location", "entry_id", "create",
)  # fmt: skip


def events(csv: str, link: Link, now: datetime) -> Iterator[CallEvent]:
    """Return of each call its end, and its recordings. The same rows give the same events."""
    calls: dict[str, list[Told]] = {}
    for row in csv.splitlines():
        values = dict(zip(FIELDS, (value.strip() for value in row.split(";")), strict=False))
        entry = values.get("entry_id", "")
        # Without an id there is nothing to know it by; a line of headings has their names.
        if 0 < len(entry) <= 200 and entry != "entry_id":
            calls.setdefault(entry, []).append(values)
    for entry, legs in calls.items():
        legs.sort(key=lambda leg: (number(leg, "start"), number(leg, "finish"), sorted(leg.items())))
        end = _end(entry, legs, link, now)
        if end.ended_at is not None:
            yield end
            yield from _recordings(entry, legs, end)


def _end(entry: str, legs: list[Told], link: Link, now: datetime) -> CallEvent:
    outside = next((leg for leg in legs if not _is_internal(leg)), None)
    first = outside or legs[0]
    source, target = _side(first, "from"), _side(first, "to")
    line = parse.line_of(next((text(leg, "line_number") for leg in legs if text(leg, "line_number")), ""))
    direction = _direction(first)
    answered = [leg for leg in legs if _is_answer(leg, direction)]
    # Who talked last has the call.
    talk = answered[-1] if answered else None
    who: str | None = None
    if talk is not None:
        who = extension(_side(talk, "from" if direction is Direction.OUT else "to"))
    other: str | None
    if direction is Direction.IN:
        other = phone(source, link, line) or ""
    elif direction is Direction.OUT:
        other = phone(target, link, line)
    else:
        other = extension(target)
    mine = (extension(_side(leg, side)) for leg in legs for side in ("from", "to"))
    return CallEvent(
        Kind.ENDED,
        entry,
        direction,
        other,
        who,
        tuple(dict.fromkeys(one for one in mine if one and one in link.extensions)),
        line,
        started_at=min(filter(None, (_started(leg, now) for leg in legs)), default=None),
        answered_at=min(filter(None, (moment(leg, "answer", now) for leg in answered)), default=None),
        ended_at=max(filter(None, (moment(leg, "finish", now) for leg in legs)), default=None),
        result=parse.outcome(bool(answered), number(legs[-1], "disconnect_reason")),
        is_late=True,
        is_unique=True,
    )


def _started(leg: Told, now: datetime) -> datetime | None:
    return moment(leg, "create", now) or moment(leg, "start", now)


def _side(leg: Told, side: str) -> Told:
    return {"extension": leg.get(f"{side}_extension", ""), "number": leg.get(f"{side}_number", "")}


def _is_internal(leg: Told) -> bool:
    return bool(extension(_side(leg, "from")) and extension(_side(leg, "to")))


def _direction(leg: Told) -> Direction:
    if _is_internal(leg):
        return Direction.INTERNAL
    return Direction.OUT if extension(_side(leg, "from")) else Direction.IN


def _is_answer(leg: Told, direction: Direction) -> bool:
    """Tell whether somebody talked in this leg: a member, not a menu, and not a colleague who was consulted."""
    in_menu = text(leg, "location").partition(".")[0] in parse.MENUS
    return number(leg, "answer") > 0 and not in_menu and _direction(leg) is direction


def _recordings(entry: str, legs: list[Told], end: CallEvent) -> Iterator[CallEvent]:
    for leg in legs:
        for recording in text(leg, "records").strip("[]").split(","):
            if 0 < len(recording.strip()) <= 200:
                yield CallEvent(
                    Kind.RECORDED,
                    entry,
                    at=end.ended_at,
                    recording_url=f"{parse.RECORDING}{recording.strip()}",
                    is_late=True,
                    is_unique=True,
                )
