from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ringdesk.crm.matching import NOBODY, Match, Named, Row
from ringdesk.telephony import windows
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors.base import Link
from ringdesk.telephony.fold import Received, fold
from ringdesk.telephony.rules import Moment, Rules

CALL = UUID("018f0000-0000-7000-8000-000000000001")
START = datetime(2026, 11, 21, 5, tzinfo=UTC)
ANNA, BORIS, VERA = 1, 2, 3
CLIENT = Match(client=Named(7, "Irina Sokolova"))


def link(**rules: object) -> Link:
    return Link(
        id=1,
        organization_id=5,
        kind="http_events",
        is_active=True,
        branch_id=None,
        region="RU",
        popup_seconds=300,
        extensions={"100": ANNA, "101": BORIS, "102": VERA},
        rules=Rules(**rules),  # type: ignore[arg-type]
        ignored=frozenset({"+79130000000"}),
    )


def event(kind: Kind, *, direction: Direction = Direction.IN, phone: str = "+79230000001", **more: object) -> CallEvent:
    return CallEvent(kind, "1", direction, phone, **more)  # type: ignore[arg-type]


def opened(link: Link, events: list[CallEvent], match: Match = CLIENT) -> list[list[int]]:
    """Return for each event, arriving in this order, on whose screens a window opens."""
    facts: list[Received] = []
    seen = []
    for second, one in enumerate(events):
        before = fold(facts) if facts else None
        facts.append(Received(one, START + timedelta(seconds=second)))
        frames = windows.frames_for(before, fold(facts), link, match, CALL)
        seen.append([frame.audience["member"] for frame in frames])
    return seen


RING = event(Kind.RINGING, extension="100")
GROUP = event(Kind.RINGING, extensions=("100", "101"))
ANSWER = event(Kind.ANSWERED, extension="101")
END = event(Kind.ENDED, result=Result.ANSWERED, extension="101")
MISSED = event(Kind.ENDED, result=Result.MISSED)


def test_each_moment_of_an_answered_call_of_a_group() -> None:
    course = [GROUP, ANSWER, END]
    assert opened(link(incoming_window=Moment.RINGING), course) == [[ANNA, BORIS], [], []]
    assert opened(link(incoming_window=Moment.ANSWERED), course) == [[], [BORIS], []]
    assert opened(link(incoming_window=Moment.ENDED), course) == [[], [], [BORIS]]
    assert opened(link(outgoing_window=Moment.ENDED), course) == [[], [], []]
    assert opened(link(), course) == [[], [], []]


def test_a_missed_call_opens_at_its_end_for_those_who_were_rung() -> None:
    assert opened(link(incoming_window=Moment.ENDED), [GROUP, MISSED]) == [[], [ANNA, BORIS]]
    assert opened(link(incoming_window=Moment.ANSWERED), [GROUP, MISSED]) == [[], []]


def test_an_outgoing_call_opens_for_who_calls() -> None:
    out = Direction.OUT
    course = [
        event(Kind.RINGING, direction=out, extension="102"),
        event(Kind.ANSWERED, direction=out, extension="102"),
        event(Kind.ENDED, direction=out, result=Result.ANSWERED, extension="102"),
    ]
    assert opened(link(outgoing_window=Moment.RINGING), course) == [[VERA], [], []]
    assert opened(link(outgoing_window=Moment.ANSWERED), course) == [[], [VERA], []]
    assert opened(link(outgoing_window=Moment.ENDED), course) == [[], [], [VERA]]
    assert opened(link(incoming_window=Moment.RINGING), course) == [[], [], []]


def test_a_ring_that_moves_on_opens_for_the_next_one_only() -> None:
    course = [RING, event(Kind.RINGING, extension="101"), ANSWER]
    assert opened(link(incoming_window=Moment.RINGING), course) == [[ANNA], [BORIS], []]


def test_a_call_handed_over_opens_for_who_takes_it() -> None:
    course = [RING, event(Kind.ANSWERED, extension="100"), event(Kind.TRANSFERRED, extension="101")]
    assert opened(link(incoming_window=Moment.ANSWERED), course) == [[], [ANNA], [BORIS]]
    assert opened(link(incoming_window=Moment.RINGING), course) == [[ANNA], [], [BORIS]]


def test_nobody_is_bothered_by_colleagues_ignored_numbers_and_unknown_extensions() -> None:
    everything = link(incoming_window=Moment.RINGING, outgoing_window=Moment.RINGING)
    internal = event(Kind.RINGING, direction=Direction.INTERNAL, extension="100")
    ignored = event(Kind.RINGING, phone="+79130000000", extension="100")
    unknown = event(Kind.RINGING, extension="999")
    assert [opened(everything, [one]) for one in (internal, ignored, unknown)] == [[[]], [[]], [[]]]


def test_an_end_nobody_told_of_a_call_nobody_took_opens_nothing() -> None:
    end = event(Kind.ENDED, is_presumed=True)
    assert opened(link(incoming_window=Moment.ENDED), [RING, end]) == [[], []]


def test_what_the_screen_is_told() -> None:
    state = fold([Received(RING, START)])
    everything = link(incoming_window=Moment.RINGING, notifications=True)
    twins = Match(candidates=(Row("client", 7, "Irina"), Row("client", 8, "Vera")))
    shapes = [
        windows.frames_for(None, state, everything, match, CALL)[0].body["window"] for match in (CLIENT, NOBODY, twins)
    ]
    base = {
        "call_id": str(CALL),
        "moment": "ringing",
        "url": f"/calls/{CALL}/window/",
        "notify": True,
        "direction": "in",
        "phone": "+79230000001",
    }
    assert shapes == [
        base | {"kind": "client", "caller": "Irina Sokolova"},
        base | {"kind": "unknown", "caller": "+7 923 000-00-01"},
        base | {"kind": "choice", "caller": "+7 923 000-00-01"},
    ]


COURSES = st.lists(st.sampled_from([RING, GROUP, ANSWER, END, MISSED]), min_size=1, max_size=8)


@given(COURSES, st.sampled_from([Moment.RINGING, Moment.ANSWERED, Moment.ENDED]))
def test_once_per_call_and_moment_however_shuffled_and_repeated(course: list[CallEvent], moment: Moment) -> None:
    told = [member for members in opened(link(incoming_window=moment), course) for member in members]
    assert len(told) == len(set(told))


@given(COURSES)
def test_never_means_never(course: list[CallEvent]) -> None:
    assert not any(opened(link(outgoing_window=Moment.RINGING), course))
