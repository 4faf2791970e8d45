from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result, from_json, to_json
from ringdesk.telephony.fold import CallState, Known, Received, State, fold, is_same_call

START = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
PHONE = "+79991234567"

times = st.integers(0, 600).map(lambda seconds: START + timedelta(seconds=seconds))
events = st.builds(
    CallEvent,
    kind=st.sampled_from(Kind),
    external_id=st.just("32323"),
    direction=st.sampled_from([Direction.IN, None]),
    phone=st.sampled_from([PHONE, None]),
    extension=st.sampled_from(["100", "101", None]),
    extensions=st.sampled_from([(), ("100", "101")]),
    line=st.sampled_from(["", "3333333"]),
    at=st.none() | times,
    answered_at=st.none() | times,
    ended_at=st.none() | times,
    result=st.none() | st.sampled_from(Result),
    recording_url=st.sampled_from(["", "https://pbx.example/recording.mp3"]),
    is_presumed=st.booleans(),
    is_leg=st.booleans(),
)
facts = st.lists(st.builds(Received, events, times), min_size=1, max_size=8)


def received(*told: CallEvent) -> list[Received]:
    return [Received(event, START + timedelta(seconds=5 * position)) for position, event in enumerate(told)]


def event(kind: Kind, **values: object) -> CallEvent:
    return CallEvent(kind, "32323", **{"direction": Direction.IN, "phone": PHONE, **values})  # type: ignore[arg-type]


RINGING = event(Kind.RINGING, extension="100", line="3333333")
ANSWERED = event(Kind.ANSWERED, extension="100", line="3333333")
ENDED = event(
    Kind.ENDED,
    line="3333333",
    started_at=START,
    answered_at=START + timedelta(seconds=5),
    ended_at=START + timedelta(seconds=50),
    result=Result.ANSWERED,
    recording_url="https://pbx.example/recording.mp3",
)


@given(facts, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_is_the_same_call(told: list[Received], random: st.DrawFn) -> None:
    shuffled = [*told, *random.choices(told, k=3)]  # type: ignore[attr-defined]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(shuffled) == fold(told)


@given(st.permutations([RINGING, ANSWERED, ENDED, ANSWERED, RINGING]))
def test_however_the_reports_arrive_the_call_ends_the_same(order: list[CallEvent]) -> None:
    assert fold(received(*order)) == CallState(
        direction=Direction.IN,
        state=State.ENDED,
        result=Result.ANSWERED,
        phone=PHONE,
        line="3333333",
        extension="100",
        extensions=("100",),
        started_at=START,
        answered_at=START + timedelta(seconds=5),
        ended_at=START + timedelta(seconds=50),
        duration=50,
        recording_url="https://pbx.example/recording.mp3",
    )


@given(facts)
def test_times_stand_in_order(told: list[Received]) -> None:
    state = fold(told)
    moments = [moment for moment in (state.started_at, state.answered_at, state.ended_at) if moment]
    assert moments == sorted(moments)
    assert (state.ended_at is None) == (state.state is not State.ENDED)
    assert state.answered_at is None or state.result in (None, Result.ANSWERED)


@given(events)
def test_an_event_survives_its_json(told: CallEvent) -> None:
    assert from_json(to_json(told)) == told


def test_a_missed_call() -> None:
    state = fold(received(RINGING, event(Kind.ENDED, result=Result.MISSED, ended_at=START + timedelta(seconds=20))))
    assert (state.state, state.result, state.answered_at, state.duration) == (State.ENDED, Result.MISSED, None, 20)


def test_a_caller_who_gave_up_is_a_missed_call_but_our_own_attempt_is_cancelled() -> None:
    gave_up = event(Kind.ENDED, result=Result.CANCELLED)
    ours = event(Kind.ENDED, result=Result.CANCELLED, direction=Direction.OUT)
    assert fold(received(RINGING, gave_up)).result is Result.MISSED
    assert fold(received(event(Kind.RINGING, direction=Direction.OUT), ours)).result is Result.CANCELLED


def test_a_ring_group_has_every_extension_until_one_answers() -> None:
    second = event(Kind.RINGING, extension="101")
    ringing = fold(received(RINGING, second))
    assert (ringing.extension, ringing.extensions) == (None, ("100", "101"))
    answered = fold(received(RINGING, second, event(Kind.ANSWERED, extension="101")))
    assert (answered.extension, answered.extensions) == ("101", ("100", "101"))


def test_after_a_transfer_the_last_one_has_the_call() -> None:
    state = fold(received(RINGING, ANSWERED, event(Kind.TRANSFERRED, extension="101")))
    assert (state.state, state.extension) == (State.ANSWERED, "101")


def test_held_and_taken_back() -> None:
    held = event(Kind.HELD, extension="100")
    back = event(Kind.ANSWERED, extension="100", at=START + timedelta(seconds=60))
    assert fold(received(RINGING, ANSWERED, held)).state is State.HELD
    assert fold(received(RINGING, ANSWERED, held, back)).state is State.ANSWERED


def test_an_end_that_was_told_beats_one_that_was_presumed() -> None:
    presumed = event(Kind.ENDED, is_presumed=True, result=Result.MISSED)
    assert fold(received(RINGING, presumed, ENDED)).result is Result.ANSWERED


def test_an_answer_after_a_presumed_end_belies_it() -> None:
    presumed = event(Kind.ENDED, is_presumed=True, result=Result.MISSED)
    assert fold(received(RINGING, presumed, ANSWERED)).state is State.ANSWERED


def known(*told: CallEvent, is_latest: bool = True) -> Known:
    reports = received(*told)
    return Known(tuple(reports), reports[-1].received_at, is_latest)


def test_an_id_used_again() -> None:
    over = known(RINGING, ANSWERED, ENDED)
    end = over.facts[-1].received_at
    assert is_same_call(over, RINGING, end + timedelta(seconds=9))
    assert not is_same_call(over, RINGING, end + timedelta(seconds=11))
    assert is_same_call(over, ENDED, end + timedelta(minutes=5))
    open_ = known(RINGING)
    assert is_same_call(open_, RINGING, START + timedelta(minutes=3))
    assert not is_same_call(open_, event(Kind.RINGING, direction=Direction.OUT), START)
    assert not is_same_call(open_, event(Kind.RINGING, phone="+79990000000"), START)
    assert not is_same_call(open_, event(Kind.RINGING, phone=""), START)
    assert not is_same_call(known(RINGING, is_latest=False), RINGING, START)


def test_a_source_without_ids_repeats_itself_within_ninety_seconds_of_its_last_report() -> None:
    ring = CallEvent(Kind.RINGING, None, Direction.IN, PHONE)
    once = Known((Received(ring, START),), START + timedelta(seconds=80), is_latest=True)
    assert is_same_call(once, ring, START + timedelta(seconds=170))
    assert not is_same_call(once, ring, START + timedelta(seconds=171))
    end = CallEvent(Kind.ENDED, None, Direction.IN, PHONE)
    assert is_same_call(once, end, START + timedelta(minutes=10))
    over = Known((Received(ring, START), Received(end, START)), START, is_latest=True)
    assert not is_same_call(over, ring, START + timedelta(seconds=30))


def test_an_extension_that_stops_ringing_ends_the_call_only_when_it_was_the_last() -> None:
    first, second = event(Kind.RINGING, extension="100"), event(Kind.RINGING, extension="101")
    over = [event(Kind.ENDED, extension=extension, is_leg=True) for extension in ("100", "101")]
    assert fold(received(first, second, over[0])).state is State.RINGING
    both = fold(received(first, second, *over))
    assert (both.state, both.result) == (State.ENDED, Result.MISSED)
    answered = fold(received(over[0], first, second, event(Kind.ANSWERED, extension="101")))
    assert (answered.state, answered.extension, answered.result) == (State.ANSWERED, "101", None)


def test_an_answer_that_is_heard_of_after_the_end_does_not_move_the_end() -> None:
    ended = event(Kind.ENDED, started_at=START, ended_at=START + timedelta(seconds=50), result=Result.ANSWERED)
    call = fold(received(*[ended] * 12, event(Kind.ANSWERED, extension="100")))
    assert (call.answered_at, call.ended_at, call.duration) == (call.ended_at, START + timedelta(seconds=50), 50)


def test_whoever_takes_over_has_the_call_though_the_answer_was_heard_of_later() -> None:
    call = fold(received(event(Kind.TRANSFERRED, extension="101"), event(Kind.ANSWERED, extension="100")))
    assert call.extension == "101"
