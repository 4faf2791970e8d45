"""The list of calls as a page (its filters and addresses), and on a call's page its notes and its course."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from ringdesk.accounts.models import Branch, Member
from ringdesk.live.models import LiveEvent
from ringdesk.telephony import notes
from ringdesk.telephony.models import Call, Extension, Line
from ringdesk.telephony.tests.conftest import Place, make_place
from ringdesk.telephony.tests.past import NOON, make_call, note
from ringdesk.telephony.tests.test_pages import browser

IVAN = "+79230000001"
CALLS = reverse("telephony:calls")
ANSWERED: dict[str, Any] = {"result": "answered", "answered_at": NOON}


@pytest.fixture
def desk(db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def stranger(db: None) -> Place:
    return make_place("other")


def listed(visitor: Browser, **query: str) -> list[Call]:
    """Return the calls that the list shows at noon."""
    return list(_list(visitor, query).context["page"].object_list)


def _list(visitor: Browser, query: dict[str, str], **headers: str) -> Any:
    with time_machine.travel(NOON, tick=False):
        answer = visitor.get(CALLS, query, headers=headers)
    assert answer.status_code == 200
    return answer


def test_filters_narrow_together(desk: Place) -> None:
    owner = browser(desk, "owner")
    mine = make_call(desk.pbx, 1, phone=IVAN, member=desk.operator, **ANSWERED)
    missed = make_call(desk.pbx, 2, phone=IVAN)
    out = make_call(desk.pbx, 3, phone=IVAN, direction="out", member=desk.operator, **ANSWERED)
    make_call(desk.pbx, 4, phone="+79990000000", member=desk.operator, **ANSWERED)
    assert listed(owner, q="000-00-01") == [mine, missed, out]
    assert listed(owner, q="000-00-01", direction="in") == [mine, missed]
    assert listed(owner, q="000-00-01", direction="in", result="answered") == [mine]
    assert listed(owner, q="000-00-01", member=str(desk.operator.pk)) == [mine, out]
    assert listed(owner, q="000-00-01", direction="out", result="unanswered") == []


@pytest.mark.parametrize(
    ("result", "fits"),
    [
        ("answered", {"answered"}),
        ("unanswered", {"missed", "busy", "cancelled", "failed"}),
        ("open", set()),
    ],
)
def test_each_result_has_its_filter(desk: Place, result: str, fits: set[str]) -> None:
    for number, one in enumerate(("answered", "missed", "busy", "cancelled", "failed"), 1):
        make_call(desk.pbx, number, **ANSWERED if one == "answered" else {"result": one})
    assert {call.result for call in listed(browser(desk, "owner"), result=result)} == fits


def test_days_begin_at_midnight_of_the_branch(desk: Place) -> None:
    # Five in the morning of the 21st in Novosibirsk, where it is the 20th in UTC.
    owner, now = browser(desk, "owner"), NOON - timedelta(hours=7)

    def found(**query: str) -> list[Call]:
        with time_machine.travel(now, tick=False):
            return list(owner.get(CALLS, query).context["page"].object_list)

    first = make_call(desk.pbx, 1, at=now - timedelta(hours=5))
    last = make_call(desk.pbx, 2, at=now - timedelta(hours=5, microseconds=1))
    assert found(period="today") == [first]
    assert found(period="yesterday") == [last]
    assert found(period="own", since="2026-11-21", until="2026-11-21") == [first]
    assert found(period="own", since="2026-11-20", until="2026-11-20") == [last]
    week = [make_call(desk.pbx, 3, at=now - timedelta(days=6)), make_call(desk.pbx, 4, at=now - timedelta(days=7))]
    assert found(period="week") == [first, last, week[0]]
    assert found(period="month") == [first, last, *week]


def test_days_the_wrong_way_round_and_addresses_of_nonsense_break_nothing(desk: Place) -> None:
    owner, call = browser(desk, "owner"), make_call(desk.pbx, 1)
    assert listed(owner, period="own", since="2026-11-22", until="2026-11-20") == []
    nonsense = {
        "q": "x" * 101, "direction": "sideways", "result": "'", "period": "century", "since": "0000-99-99",
        "until": "9" * 40, "member": "-1", "line": "\x00", "connector": "9" * 30, "linked": "%", "kept": "[]",
        "after": "AAAA", "before": "!",
    }  # fmt: skip
    assert listed(owner, **nonsense) == [call]
    for name, value in nonsense.items():
        assert listed(owner, **{name: value}) == [call], name


@pytest.mark.parametrize("text", ["\x00", "%", "_", "\\", "' OR 1=1 --", "8", "+", "((", "٠١٢"])
def test_any_text_can_be_searched_for(desk: Place, text: str) -> None:
    make_call(desk.pbx, 1)
    assert _list(browser(desk, "owner"), {"q": text}).status_code == 200


def test_filters_offer_what_is_ours(desk: Place, stranger: Place) -> None:
    for place, label in ((desk, "Main"), (stranger, "Theirs")):
        Line.objects.create(organization=place.organization, connector=place.pbx, number="3333333", label=label)
    gone = Member.objects.for_org(stranger.organization).get(role="operator")
    form = _list(browser(desk, "owner"), {}).context["form"]
    with translation.override("en"):
        offered = {name: [str(one[1]) for one in form.fields[name].choices] for name in ("member", "line", "connector")}
    assert offered == {
        "member": ["All members", "Anna", "Owner"],
        "line": ["All lines", "Main"],
        "connector": ["All sources", "PBX", "Phone"],
    }
    theirs = make_call(stranger.pbx, 1, member=gone)
    ours = make_call(desk.pbx, 1)
    owner = browser(desk, "owner")
    assert listed(owner, member=str(gone.pk)) == listed(owner, connector=str(stranger.pbx.pk)) == [ours]
    assert theirs not in listed(owner)


def test_the_next_page_keeps_the_filters(desk: Place) -> None:
    owner = browser(desk, "owner")
    busy = [make_call(desk.pbx, number, result="busy") for number in range(1, 53)]
    make_call(desk.pbx, 60, **ANSWERED)
    page = _list(owner, {"result": "unanswered", "direction": "", "q": ""})
    assert list(page.context["page"].object_list) == busy[:50]
    older = page.content.decode().split('rel="next" href="')[1].partition('"')[0].replace("&amp;", "&")
    assert older.startswith("?result=unanswered&after=") and "direction" not in older
    with time_machine.travel(NOON, tick=False):
        second = owner.get(CALLS + older)
    assert list(second.context["page"].object_list) == busy[50:]
    assert 'href="?result=unanswered&amp;"' in second.content.decode()


def test_one_view_gives_page_and_part(desk: Place) -> None:
    make_call(desk.pbx, 1)
    owner = browser(desk, "owner")
    part = _list(owner, {"direction": "in"}, HX_Request="true").content
    assert part.lstrip().startswith(b'<section class="card" id="call-list"') and b"<html" not in part
    assert b'hx-get="/calls/?direction=in"' in part
    assert b"<html" in _list(owner, {}).content


def test_what_an_empty_list_says(desk: Place) -> None:
    owner, cashier = browser(desk, "owner"), browser(desk, "cashier")
    assert b"No calls yet" in _list(owner, {}).content and b'href="/connectors/"' in _list(owner, {}).content
    assert b'href="/connectors/"' not in _list(cashier, {}).content
    assert b"No internal calls" in _list(owner, {"kept": "internal"}).content
    nothing = _list(owner, {"result": "answered"}).content
    assert b"Nothing found" in nothing and b"Show all calls" in nothing


def test_internal_calls_stay_apart_under_filters_too(desk: Place) -> None:
    owner = browser(desk, "owner")
    inside = make_call(desk.pbx, 1, direction="internal", phone="101", **ANSWERED)
    make_call(desk.pbx, 2, phone=IVAN, **ANSWERED)
    assert listed(owner, kept="internal", result="answered") == [inside]
    assert listed(owner, kept="internal", result="unanswered") == []
    assert listed(owner, kept="internal", direction="in") == [inside]
    assert inside not in listed(owner, q="101")
    page = _list(owner, {"kept": "internal"}).content
    assert b'type="hidden" name="kept" value="internal"' in page and b'name="linked"' not in page


def test_who_may_write_notes_and_who_reads_them(desk: Place, stranger: Place) -> None:
    call = make_call(desk.pbx)
    page, write = reverse("telephony:call", args=[call.pk]), reverse("telephony:call_notes", args=[call.pk])
    accountant, cashier = browser(desk, "accountant"), browser(desk, "cashier")
    assert b"None yet." in accountant.get(page).content
    assert Browser().post(write, {"notes": "x"}).status_code == 302
    assert cashier.get(write).status_code == 405
    assert cashier.post(write, {"notes": "<b>cake</b>\r\nat six", "seen": notes.mark("")}).status_code == 200
    read = accountant.get(page).content.decode()
    assert "&lt;b&gt;cake&lt;/b&gt;<br>at six" in read and f'hx-post="{write}"' not in read
    written = cashier.get(page).content.decode()
    assert "&lt;b&gt;cake&lt;/b&gt;\nat six</textarea>" in written and f'hx-post="{write}"' in written
    assert browser(stranger, "owner").get(page).status_code == 404
    call.refresh_from_db()
    assert call.notes == "<b>cake</b>\nat six"


def test_notes_are_saved_as_a_part_of_the_page_and_told(desk: Place) -> None:
    call, hostess = make_call(desk.pbx), browser(desk, "hostess")
    path = reverse("telephony:call_notes", args=[call.pk])
    before = LiveEvent.objects.filter(type="call.noted").count()
    answer = hostess.post(path, {"notes": "a secret", "seen": notes.mark("")})
    assert answer.content.lstrip().startswith(b'<section class="card" id="call-notes"')
    assert "Saved" in answer["HX-Trigger"]
    told = list(LiveEvent.objects.filter(type="call.noted")[before:])
    assert len(told) == 1 and "a secret" not in str(told[0].body)
    assert hostess.post(path, {"notes": "  ", "seen": notes.mark("a secret")}).status_code == 200
    call.refresh_from_db()
    assert call.notes == ""


def test_notes_that_cannot_be_are_refused_with_what_was_typed(desk: Place) -> None:
    call, hostess = make_call(desk.pbx), browser(desk, "hostess")
    path = reverse("telephony:call_notes", args=[call.pk])
    for typed in ("cake " * 2001, "cake\x00"):
        refused = hostess.post(path, {"notes": typed, "seen": ""})
        assert (refused.status_code, b"cake" in refused.content) == (422, True)
    assert hostess.post(path, {"notes": "x", "seen": "y" * 33}).status_code == 422
    call.refresh_from_db()
    assert call.notes == ""


def test_a_limited_seat_writes_on_its_own_branchs_calls_only(desk: Place) -> None:
    hill = Branch.objects.create(organization=desk.organization, name="Hill", timezone="Asia/Novosibirsk")
    here, there = make_call(desk.pbx, 1), make_call(desk.pbx, 2, branch=hill)
    desk.operator.branches.add(desk.branch)
    operator = browser(desk, "operator")
    paths = [reverse("telephony:call_notes", args=[call.pk]) for call in (here, there)]
    assert [operator.post(path, {"notes": "x", "seen": ""}).status_code for path in paths] == [200, 404]


def _legs(page: Any) -> list[str]:
    """Return the lines of "Course of the call" as they are read."""
    part = page.content.decode().split("Course of the call")[1].partition("</ol>")[0]
    lines = [line.split("<span>")[1] for line in part.split("<li")[1:]]
    text = [line.replace("<b>", "").replace("</b>", "").split("</span>")[0] for line in lines]
    return [line.replace('<span class="muted">', "").strip() for line in text]


def _told(call: Call, second: int, kind: str, **event: Any) -> None:
    at = call.started_at + timedelta(seconds=second)
    stored = note(call, kind, **event)
    stored.received_at = at
    stored.save(update_fields=["received_at"])


def _ring_group(desk: Place) -> Call:
    call = make_call(desk.pbx, phone=IVAN, extensions=["100", "107"], result="answered", duration=90)
    Call.objects.filter(pk=call.pk).update(
        answered_at=call.started_at + timedelta(seconds=7), ended_at=call.started_at + timedelta(seconds=90)
    )
    _told(call, 0, "ringing", direction="in", phone=IVAN, extensions=["100", "107"])
    _told(call, 7, "answered", extension="107")
    _told(call, 30, "held", extension="107")
    _told(call, 40, "transferred", extension="100")
    call.refresh_from_db()
    return call


def test_the_page_shows_the_course_with_names_and_lengths(desk: Place) -> None:
    call = _ring_group(desk)
    page = browser(desk, "owner").get(reverse("telephony:call", args=[call.pk]))
    kinds = [(leg.kind, leg.who, leg.seconds) for leg in page.context["legs"]]
    assert kinds == [
        ("ringing", "Anna (100), extension 107", 7),
        ("answered", "extension 107", 23),
        ("held", "extension 107", 10),
        ("transferred", "Anna (100)", 50),
        # No report of the end came: the call says when it was.
        ("ended", "", None),
    ]
    shown = _legs(page)
    assert len(shown) == 5
    assert "Anna (100), extension 107" in shown[0] and "0:07" in shown[0]
    assert "Anna (100)" in shown[3] and "0:50" in shown[3]


def test_a_call_without_events_has_a_page_too(desk: Place) -> None:
    never = make_call(desk.pbx, 1)
    ringing = make_call(desk.pbx, 2, is_waiting=True)
    owner = browser(desk, "owner")
    for call in (never, ringing):
        page = owner.get(reverse("telephony:call", args=[call.pk]))
        assert (page.status_code, page.context["legs"]) == (200, [])
    _told(ringing, 0, "ringing", direction="in", phone=IVAN, extension="100")
    page = owner.get(reverse("telephony:call", args=[ringing.pk]))
    assert [(leg.kind, leg.seconds) for leg in page.context["legs"]] == [("ringing", None)]


def test_extensions_are_named_by_whoever_has_them_on_that_connector(desk: Place, stranger: Place) -> None:
    Extension.objects.create(organization=desk.organization, connector=desk.phone, member=desk.operator, number="107")
    Extension.objects.filter(organization=stranger.organization).delete()
    Extension.objects.create(
        organization=stranger.organization, connector=stranger.pbx, member=stranger.operator, number="107"
    )
    page = browser(desk, "owner").get(reverse("telephony:call", args=[_ring_group(desk).pk]))
    assert page.context["legs"][1].who == "extension 107"


def test_many_legs_ask_no_more_than_one(desk: Place) -> None:
    owner = browser(desk, "owner")
    short, long = make_call(desk.pbx, 1, extensions=["100"]), make_call(desk.pbx, 2, extensions=["100"])
    _told(short, 0, "ringing", direction="in", phone=IVAN, extension="100")
    for number in range(12):
        _told(long, number, "ringing", direction="in", phone=IVAN, extension=str(100 + number))

    def asked(call: Call) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(reverse("telephony:call", args=[call.pk])).status_code == 200
        return len(queries)

    asked(short)
    assert asked(long) == asked(short)
