"""Missed calls nobody returned, ignored numbers, notes, the course of a call, the list's filters."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ringdesk.accounts.models import AuditEntry, Branch, Member
from ringdesk.accounts.tests.api import program
from ringdesk.core.problems import Invalid
from ringdesk.live.models import LiveEvent
from ringdesk.telephony import calls as receiving
from ringdesk.telephony import history, ignoring, legs, link_cache, missed, notes
from ringdesk.telephony.call_events import CallEvent, Direction, Kind, Result
from ringdesk.telephony.fold import Received
from ringdesk.telephony.history import Filters, Period
from ringdesk.telephony.models import Call, IgnoredNumber, Line, Popup
from ringdesk.telephony.tests.conftest import Place, make_place
from ringdesk.telephony.tests.past import NOON, make_call, note, past_call
from ringdesk.telephony.tests.test_pages import browser

IVAN = "+79230000001"
ANSWERED: dict[str, Any] = {"result": "answered", "answered_at": NOON}


@pytest.fixture
def desk(db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def stranger(db: None) -> Place:
    return make_place("other")


def waiting(desk: Place, at: datetime = NOON) -> list[tuple[str, int]]:
    rows = missed.unreturned(desk.operator, at, limit=50)
    assert missed.count(desk.operator, at) == len(rows)
    listed = Call.objects.filter(pk__in=missed.last_misses(desk.organization.pk, None, at))
    assert {call.phone for call in listed} == {row.phone for row in rows}
    assert listed.count() == len(rows)
    return [(row.phone, row.times) for row in rows]


def test_one_row_for_each_number_the_latest_miss_first(desk: Place) -> None:
    make_call(desk.pbx, 30, phone=IVAN, extensions=["100", "107"])
    make_call(desk.pbx, 20, phone="+79230000002", result="busy")
    last = make_call(desk.pbx, 10, phone=IVAN, extensions=["100"])
    assert waiting(desk) == [(IVAN, 2), ("+79230000002", 1)]
    row = missed.unreturned(desk.operator, NOON, limit=1)[0]
    assert (row.last, row.rung, row.tried_at) == (last, ("Anna", "107"), None)


@pytest.mark.parametrize(
    ("later", "left"),
    [
        ({"direction": "out", **ANSWERED}, 0),
        ({"direction": "in", **ANSWERED}, 0),
        ({"direction": "out", "result": "answered"}, 0),
        ({"direction": "out", "state": "answered", "answered_at": NOON, "result": None}, 0),
        ({"direction": "out", "result": "missed"}, 1),
        ({"direction": "in", "state": "ringing", "result": None}, 1),
        ({"direction": "out", "phone": "+79990000000", **ANSWERED}, 1),
    ],
)
def test_it_empties_itself_when_we_have_talked(desk: Place, later: dict[str, Any], left: int) -> None:
    make_call(desk.pbx, 20, phone=IVAN)
    make_call(desk.pbx, 5, **{"phone": IVAN} | later)
    assert len(waiting(desk)) == left


def test_a_talk_before_the_miss_and_a_call_of_another_organization_do_not_count(desk: Place, stranger: Place) -> None:
    make_call(desk.pbx, 30, phone=IVAN, **ANSWERED)
    make_call(desk.pbx, 20, phone=IVAN)
    make_call(stranger.pbx, 10, phone=IVAN, **ANSWERED)
    assert waiting(desk) == [(IVAN, 1)]
    assert waiting(stranger) == []


def test_an_attempt_nobody_answered_is_shown(desk: Place) -> None:
    make_call(desk.pbx, 20, phone=IVAN)
    attempt = make_call(desk.pbx, 5, phone=IVAN, direction="out", result="missed")
    assert missed.unreturned(desk.operator, NOON, limit=1)[0].tried_at == attempt.first_received_at
    with time_machine.travel(NOON, tick=False):
        assert b"tried 11:55" in browser(desk, "owner").get(reverse("telephony:missed")).content


def test_who_is_not_on_it(desk: Place) -> None:
    make_call(desk.pbx, 1, phone="")
    make_call(desk.pbx, 2, direction="internal", phone="100")
    make_call(desk.phone, 3, result=None)
    make_call(desk.pbx, 4, at=NOON - timedelta(days=31))
    make_call(desk.pbx, 5, phone=IVAN)
    ignoring.add(IVAN, region="RU", by=owner(desk))
    assert waiting(desk) == []
    assert missed.hidden(desk.operator, NOON) == 1


def owner(desk: Place) -> Member:
    browser(desk, "owner")
    found: Member = Member.objects.for_org(desk.organization).get(role="owner")
    return found


def test_settled_by_hand_and_put_back(desk: Place, stranger: Place) -> None:
    make_call(desk.pbx, 20, phone=IVAN)
    make_call(desk.pbx, 10, phone=IVAN)
    hostess, wish = browser(desk, "hostess"), {"phone": IVAN}
    with time_machine.travel(NOON, tick=False):
        assert browser(stranger, "owner").post(reverse("telephony:missed_settle"), wish).status_code == 404
        page = hostess.post(reverse("telephony:missed_settle"), wish)
        assert (page.context["rows"], [one.last.phone for one in page.context["settled"]]) == ([], [IVAN])
        call = Call.objects.filter(phone=IVAN).first()
        assert call and (call.settled_at, call.settled_by and call.settled_by.role) == (NOON, "hostess")
        assert [(row.phone, row.times) for row in hostess.post(reverse("telephony:missed_unsettle"), wish).context[
            "rows"]] == [(IVAN, 2)]  # fmt: skip
        hostess.post(reverse("telephony:missed_settle"), wish)
    # Who calls again and is missed again is on the list again, with that miss alone.
    make_call(desk.pbx, -5, phone=IVAN)
    assert waiting(desk, NOON + timedelta(minutes=6)) == [(IVAN, 1)]
    assert LiveEvent.objects.filter(type="call.settled").count() == 3


def test_a_seat_limited_to_a_branch_has_its_misses_only(desk: Place) -> None:
    hill = Branch.objects.create(organization=desk.organization, name="Hill", timezone="Asia/Novosibirsk")
    make_call(desk.pbx, 1, phone=IVAN)
    make_call(desk.pbx, 2, branch=hill)
    desk.operator.branches.add(desk.branch)
    rows = missed.unreturned(desk.operator, NOON, limit=50)
    assert [row.phone for row in rows] == [IVAN]
    assert missed.count(desk.operator, NOON) == 1
    path = reverse("telephony:missed_settle")
    assert browser(desk, "operator").post(path, {"phone": "+79230000002"}).status_code == 404


def test_page_by_page_at_the_same_price(desk: Place) -> None:
    visitor, path = browser(desk, "owner"), reverse("telephony:missed")
    with time_machine.travel(NOON, tick=False):
        make_call(desk.pbx, 1, extensions=["100"])
        visitor.get(path)
        with CaptureQueriesContext(
            connection,
        ) as one:
            visitor.get(path)
        for number in range(2, 61):
            make_call(desk.pbx, number, extensions=["100"])
        with CaptureQueriesContext(connection) as many:
            first = visitor.get(path)
        assert len(many) == len(one)
        second = visitor.get(path, {"after": first.context["older"]})
        numbers = [row.phone for page in (first, second) for row in page.context["rows"]]
        assert numbers == [f"+7923000{number:04}" for number in range(1, 61)]
        assert visitor.get(path, {"after": "nonsense"}).status_code == 200
        assert b'class="count"' in visitor.get(reverse("telephony:missed_count")).content


def test_the_api_lists_them(desk: Place) -> None:
    make_call(desk.pbx, 20, phone=IVAN)
    with time_machine.travel(NOON, tick=False):
        last = make_call(desk.pbx, 10, phone=IVAN)
        make_call(desk.pbx, 5, phone="+79230000009", **ANSWERED)
        found = program(desk.organization, "calls:read").get("calls", missed="unreturned").json["items"]
    assert [item["id"] for item in found] == [str(last.pk)]


def test_numbers_are_ignored_and_heeded_again(desk: Place, stranger: Place) -> None:
    call = make_call(desk.pbx, 1, phone=IVAN, at=datetime.now(UTC), is_waiting=True)
    hostess, add = browser(desk, "hostess"), reverse("telephony:ignored_add")
    assert browser(desk, "cashier").post(add, {"phone": IVAN}).status_code == 403
    assert hostess.post(add, {"phone": "8 (923) 000-00-01", "note": "robot"}).status_code == 302
    ignored = IgnoredNumber.objects.get()
    assert (ignored.phone, ignored.note, ignored.created_by and ignored.created_by.role) == (IVAN, "robot", "hostess")
    assert Popup.objects.get(call=call).closed_reason == "ignored"
    assert hostess.post(add, {"phone": IVAN}).status_code == 422
    assert hostess.post(add, {"phone": "nobody"}).status_code == 422
    assert link_cache.link(desk.pbx).ignored == frozenset({IVAN})
    assert link_cache.link(stranger.pbx).ignored == frozenset()
    remove = reverse("telephony:ignored_remove", args=[ignored.pk])
    assert browser(stranger, "owner").post(remove).status_code == 404
    assert b"000-00-01" in hostess.get(reverse("telephony:ignored")).content or b"phone-number" in hostess.get(
        reverse("telephony:ignored")).content  # fmt: skip
    assert hostess.post(remove).status_code == 302
    assert not IgnoredNumber.objects.exists()
    assert list(AuditEntry.objects.filter(action__startswith="number.").values_list("action", flat=True).order_by(
        "pk")) == ["number.ignored", "number.heeded"]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_an_ignored_number_opens_no_popup() -> None:
    desk = make_place("quay")
    now = datetime.now(UTC)
    IgnoredNumber.objects.create(organization=desk.organization, phone=IVAN)
    link = link_cache.link(desk.pbx)
    for number, phone in enumerate((IVAN, "+79230000002")):
        event = CallEvent(Kind.RINGING, f"i-{number}", Direction.IN, phone, extension="100")
        receiving.receive_sync(link, event, {}, now)
    assert list(Popup.objects.values_list("call__phone", flat=True)) == ["+79230000002"]
    assert Call.objects.count() == 2
    page = browser(desk, "owner").get(reverse("telephony:call", args=[Call.objects.get(phone=IVAN).pk]))
    assert "No popup: the number is ignored" in [step.text for step in page.context["trace"]]


def test_notes_are_never_written_over_unseen(desk: Place, stranger: Place) -> None:
    call = make_call(desk.pbx)
    path, hostess = reverse("telephony:call_notes", args=[call.pk]), browser(desk, "hostess")
    seen = notes.mark("")
    assert browser(desk, "accountant").post(path, {"notes": "x"}).status_code == 403
    assert browser(stranger, "owner").post(path, {"notes": "x"}).status_code == 404
    assert hostess.post(path, {"notes": "Wants a cake ", "seen": seen}).status_code == 200
    # The PBX goes on telling of the call: notes are not its business.
    Call.objects.filter(pk=call.pk).update(version=7)
    refused = browser(desk, "operator").post(path, {"notes": "Wants a pie", "seen": seen})
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "Wants a cake" in page and "Wants a pie" in page
    shown = refused.context["notes_form"].initial["seen"]
    both = {"notes": "A cake and a pie", "seen": shown}
    assert browser(desk, "operator").post(path, both).status_code == 200
    call.refresh_from_db()
    assert (call.notes, call.version) == ("A cake and a pie", 7)
    assert hostess.post(path, {"notes": "x" * 10_001, "seen": ""}).status_code == 422


def test_the_course_of_a_call(desk: Place) -> None:
    def at(second: int) -> datetime:
        return NOON + timedelta(seconds=second)

    def fact(kind: Kind, second: int, **more: Any) -> Received:
        return Received(CallEvent(kind, "1", Direction.IN, IVAN, **more), at(second))

    told = [
        fact(Kind.RINGING, 0, extensions=("100", "101")),
        fact(Kind.ANSWERED, 7, extension="101"),
        fact(Kind.HELD, 30, extension="101"),
        fact(Kind.RINGING, 33, extension="102"),
        fact(Kind.TRANSFERRED, 40, extension="102"),
        fact(Kind.RECORDED, 95, recording_url="x"),
        fact(Kind.ENDED, 91, ended_at=at(90), result=Result.ANSWERED),
    ]
    expected = [
        (at(0), "ringing", ("100", "101")),
        (at(7), "answered", ("101",)),
        (at(30), "held", ("101",)),
        (at(33), "ringing", ("102",)),
        (at(40), "transferred", ("102",)),
        (at(90), "ended", ()),
    ]
    for events in (told, told[::-1], [*told, *told]):
        assert [(step.at, step.kind, step.extensions) for step in legs.steps(events)] == expected
    call = make_call(desk.pbx, extensions=["100"])
    note(call, extension="100")
    assert [(leg.kind, leg.who) for leg in legs.of(call)] == [("ringing", "Anna (100)"), ("ended", "")]


Find = Callable[..., list[Call]]


@pytest.fixture
def find(desk: Place) -> Find:
    visitor = browser(desk, "owner")
    with_names = lambda **query: list(visitor.get(reverse("telephony:calls"), query).context["page"].object_list)  # noqa: E731
    return with_names


def test_every_filter_stands_in_the_address(desk: Place, find: Find) -> None:
    Line.objects.create(organization=desk.organization, connector=desk.pbx, number="3333333", label="Main")
    mine = make_call(desk.pbx, 1, member=desk.operator, line="3333333", **ANSWERED)
    lead = make_call(desk.phone, 2, at=NOON - timedelta(days=3))
    hidden = make_call(desk.pbx, 3, phone="", at=NOON - timedelta(days=5))
    inside = make_call(desk.pbx, 4, direction="internal", phone="101")
    with time_machine.travel(NOON, tick=False):
        assert find() == [mine, lead, hidden]
        assert find(kept="internal") == [inside]
        assert find(member=str(desk.operator.pk)) == [mine]
        assert find(line="3333333") == [mine]
        assert find(connector=str(desk.phone.pk)) == [lead]
        assert find(linked="hidden") == [hidden]
        assert find(linked="no") == [mine, lead]
        assert find(linked="yes") == []
        assert find(period="own", since="2026-11-16", until="2026-11-18") == [lead, hidden]
        assert find(period="own", until="2026-11-16") == [hidden]
        assert find(period="own", since="nonsense") == [mine, lead, hidden]
        assert find(member="999999", connector="x") == [mine, lead, hidden]


def test_hidden_callers_are_named_so(desk: Place) -> None:
    make_call(desk.pbx, 1, phone="")
    assert "Number hidden" in browser(desk, "owner").get(reverse("telephony:calls")).content.decode()


def test_pages_by_cursor_forth_and_back(desk: Place) -> None:
    calls = [make_call(desk.pbx, number) for number in range(1, 8)]
    found = history.visible_to(desk.operator)
    first = history.page_of(found, limit=3)
    second = history.page_of(found, limit=3, after=first.older or "")
    third = history.page_of(found, limit=3, after=second.older or "")
    assert [page.object_list for page in (first, second, third)] == [calls[:3], calls[3:6], calls[6:]]
    assert (first.newer, third.older) == (None, None)
    back = history.page_of(found, limit=3, before=third.newer or "")
    assert back.object_list == calls[3:6]
    newest = history.page_of(found, limit=3, before=back.newer or "")
    assert (newest.object_list, newest.newer) == (calls[:3], None)
    with pytest.raises(Invalid):
        history.page_of(found, limit=3, after="nonsense")
    assert browser(desk, "owner").get(reverse("telephony:calls"), {"after": "nonsense"}).status_code == 200


def test_a_phone_that_tells_no_ends_rings_for_a_minute(desk: Place, find: Find) -> None:
    call = make_call(desk.phone, 2, is_waiting=True)
    with time_machine.travel(call.last_received_at + timedelta(seconds=59), tick=False):
        assert find(result="open") == [call]
    with time_machine.travel(call.last_received_at + timedelta(seconds=61), tick=False):
        assert find(result="open") == []
        page = browser(desk, "owner").get(reverse("telephony:calls")).content.decode()
        assert "Ringing" not in page.split("<table", 1)[1]


def test_parts_of_numbers_are_found_by_index(desk: Place) -> None:
    calls = [make_call(desk.pbx, number) for number in range(1, 4)]
    rings = make_call(desk.phone, 2, is_waiting=True, at=NOON)
    found = history.search(desk.operator, Filters(text="0 00-02", period=Period.ALL), NOON, UTC)
    assert list(found) == [rings, calls[1]]
    Call.objects.bulk_create(past_call(desk.pbx, number) for number in range(1000, 5000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE telephony_call")
    plan = Call.objects.filter(history.holding("4321")).order_by().explain()
    assert "call_phone_grams" in plan and "call_open" in plan, plan
