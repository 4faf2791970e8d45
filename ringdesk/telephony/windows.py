"""Which call window opens at which moment, and on whose screens. Pure.

A window opens for the member whose extension it is, once per call and moment: on ringing for everybody rung, on the
answer for who answered, at the end for who talked or, where nobody did, for everybody who was rung.
"""

from collections.abc import Set
from uuid import UUID

from ringdesk.core import phones
from ringdesk.core.events import Event
from ringdesk.crm.matching import Match
from ringdesk.telephony.call_events import Direction, Result
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.fold import CallState, State
from ringdesk.telephony.rules import Moment

FRAME = "window.open"


def frames_for(before: CallState | None, state: CallState, link: Link, match: Match, call_id: UUID) -> list[Event]:
    """Return what tells the members' screens to open the call's window now. ``before``: the call as it was known."""
    moment = _moment(state, link)
    if moment is Moment.NEVER or state.phone in link.ignored:
        return []
    members = _due(moment, state, link) - _had(moment, before, link)
    window = {
        "call_id": str(call_id),
        "moment": str(moment),
        "kind": kind_of(match),
        "url": address_of(call_id),
        "notify": link.rules.notifications,
        "direction": str(state.direction),
        "phone": state.phone,
        "caller": name_of(match) or phones.display(state.phone),
    }
    return [
        Event(link.organization_id, FRAME, {"window": window}, {"member": member_id}) for member_id in sorted(members)
    ]


def kind_of(match: Match) -> str:
    """Return which card the number opens: a client's, one to choose, or that of an unknown number."""
    if match.is_known:
        return "client"
    return "choice" if match.candidates else "unknown"


def name_of(match: Match) -> str:
    """Return the name of who calls, "" where it is not known or not decided."""
    person = match.client or match.lead
    return person.name if person and not match.candidates else ""


def address_of(call_id: UUID) -> str:
    """Return the address of the call's window."""
    return f"/calls/{call_id}/window/"


def concerned(state: CallState, link: Link) -> frozenset[int]:
    """Return whose call it is: the member who talked or called, else, of a missed one, those who were rung."""
    if state.direction is Direction.OUT or _was_talk(state):
        return _talking(state, link)
    return _rung(state, link)


def _moment(state: CallState, link: Link) -> Moment:
    wishes = {Direction.IN: link.rules.incoming_window, Direction.OUT: link.rules.outgoing_window}
    return wishes.get(state.direction, Moment.NEVER)


def _due(moment: Moment, state: CallState, link: Link) -> Set[int]:
    """Return the members for whom the moment is there, or has been before."""
    if moment is Moment.ENDED:
        # An end that is only presumed of a call nobody took: nobody has put anything down.
        is_over = state.state is State.ENDED and (state.result is not None or _was_talk(state))
        return concerned(state, link) if is_over else frozenset()
    if state.state is State.ENDED:
        return frozenset()
    if moment is Moment.ANSWERED:
        return _talking(state, link) if _was_talk(state) else frozenset()
    return _talking(state, link) if _was_talk(state) else _rung(state, link)


def _had(moment: Moment, before: CallState | None, link: Link) -> Set[int]:
    """Return the members who have had this call's window of this moment."""
    if before is None:
        return frozenset()
    if moment is Moment.RINGING:
        return _rung(before, link)
    if moment is Moment.ANSWERED:
        return _talking(before, link) if _was_talk(before) else frozenset()
    # A call ends once, whatever is learnt of it afterwards.
    everybody = frozenset(link.extensions.values())
    return everybody if before.state is State.ENDED else frozenset()


def _was_talk(state: CallState) -> bool:
    return state.answered_at is not None and state.result in (None, Result.ANSWERED)


def _talking(state: CallState, link: Link) -> frozenset[int]:
    return _members([state.extension] if state.extension else [], link)


def _rung(state: CallState, link: Link) -> frozenset[int]:
    return _members(state.extensions, link)


def _members(extensions: list[str] | tuple[str, ...], link: Link) -> frozenset[int]:
    return frozenset(link.extensions[one] for one in extensions if one in link.extensions)
