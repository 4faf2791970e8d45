"""Statistics of the PBX: rows of legs become the calls they were."""

from datetime import timedelta

from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.connectors.mango import stats
from ringdesk.telephony.connectors.mango.tests.recorded import START, after, link

T = int(START.timestamp())
NOW = START + timedelta(hours=2)
C, L = "79991234567", "74951234567"


def row(entry: str, start: int, answer: int, finish: int, *parties: str, reason: int = 1110, **more: str) -> str:
    times = [str(T + start), str(T + finish), str(T + answer) if answer else "0"]
    place = more.get("location", "abonent")
    return ";".join([more.get("records", "[]"), *times, *parties, str(reason), L, place, entry, str(T)])


INCOMING = [
    row("in", 0, 1, 5, "", C, "", L, location="ivr", reason=1100),
    row("in", 5, 12, 60, "", C, "100", "sip:user100@quay.mangosip.ru", records="[MToxMDA=]"),
]
MISSED = [
    row("no", 2, 0, 22, "", C, "100", "sip:a@b", reason=1111),
    row("no", 2, 0, 25, "", C, "101", "sip:c@d", reason=1110),
]
OUTGOING = [row("out", 0, 8, 38, "100", "sip:a@b", "", C, reason=1120)]
CONSULTED = [
    row("con", 0, 7, 27, "", C, "100", "sip:a@b", reason=1120),
    row("con", 20, 22, 27, "100", "sip:a@b", "101", "sip:c@d"),
    row("con", 27, 27, 57, "", C, "101", "sip:c@d"),
]


def events(*rows: str) -> list[CallEvent]:
    return list(stats.events("\n".join(rows), link(), NOW))


def test_what_became_of_each_call() -> None:
    ends = {event.external_id: event for event in events(*INCOMING, *MISSED, *OUTGOING, *CONSULTED)
            if event.kind is Kind.ENDED}  # fmt: skip
    facts = {
        name: (end.direction, end.result, end.phone, end.extension, end.started_at, end.answered_at, end.ended_at)
        for name, end in ends.items()
    }
    phone = "+79991234567"
    assert facts == {
        "in": (Direction.IN, Result.ANSWERED, phone, "100", START, after(12), after(60)),
        "no": (Direction.IN, Result.CANCELLED, phone, None, START, None, after(25)),
        "out": (Direction.OUT, Result.ANSWERED, phone, "100", START, after(8), after(38)),
        "con": (Direction.IN, Result.ANSWERED, phone, "101", START, after(7), after(57)),
    }
    assert ends["no"].extensions == ("100", "101") and ends["no"].line == L
    assert all(end.is_late for end in ends.values())


def test_recordings_come_along_and_order_does_not_matter() -> None:
    recorded = [event.recording_url for event in events(*INCOMING) if event.kind is Kind.RECORDED]
    assert recorded == ["mango:MToxMDA="]
    assert events(*reversed(INCOMING)) == events(*INCOMING)


def test_what_cannot_be_read_is_passed_over() -> None:
    assert events("", ";;;", ";".join(stats.FIELDS), "a;b;c", row("", 0, 0, 5, "", C, "", L)) == []
    assert events(row("going on", 0, 0, -T, "", C, "100", "")) == []
