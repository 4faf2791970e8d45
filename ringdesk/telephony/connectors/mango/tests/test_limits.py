"""Turns: never more than the PBX allows in any window, and no later than they must be."""

from hypothesis import given
from hypothesis import strategies as st

from ringdesk.telephony.connectors.mango.limits import BY_COMMAND, OVERALL, Limit, Turns

commands = st.sampled_from([*BY_COMMAND, "queries/recording/post"])
wishes = st.lists(st.tuples(commands, st.floats(0, 3), st.floats(0, 12)), max_size=60)


def most_at_once(times: list[float], seconds: float) -> int:
    return max((sum(1 for other in times if at <= other < at + seconds) for at in times), default=0)


@given(wishes)
def test_no_window_ever_holds_too_many(asked: list[tuple[str, float, float]]) -> None:
    turns, now = Turns(), 1000.0
    given_out: list[tuple[str, float]] = []
    for command, pause, wait in asked:
        now += pause
        at = turns.take(command, now, now + wait)
        if at is not None:
            assert now <= at <= now + wait
            given_out.append((command, at))
    assert most_at_once([at for _command, at in given_out], OVERALL.seconds) <= OVERALL.amount
    for command, limit in BY_COMMAND.items():
        assert most_at_once([at for one, at in given_out if one == command], limit.seconds) <= limit.amount


@given(wishes)
def test_whoever_can_be_first_need_not_wait(asked: list[tuple[str, float, float]]) -> None:
    turns, now = Turns(), 0.0
    for command, pause, wait in asked:
        now += pause
        turns.take(command, now, now + wait)
    quiet = now + 60
    assert turns.take("commands/route", quiet, quiet) == quiet


def test_a_turn_that_would_come_too_late_is_not_given_and_takes_nothing_away() -> None:
    turns = Turns()
    assert turns.take("commands/route", 0, 0) == 0
    assert turns.take("commands/route", 1, 2.5) is not None
    assert turns.take("commands/route", 1, 3.5) is None
    # Somebody else need not wait behind it.
    assert turns.take("commands/callback", 1, 1) == 1
    assert turns.take("commands/route", 1, 5) is not None


def test_the_documented_limits() -> None:
    assert Limit(10, 1.0) == OVERALL
    assert BY_COMMAND["commands/callback"] == Limit(4, 1.0)
    assert BY_COMMAND["commands/route"] == BY_COMMAND["stats/request"] == Limit(1, 2.0)
