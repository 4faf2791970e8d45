"""The pages of numbers to call back and of ignored numbers: who enters, what they show, what their buttons do."""

from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from ringdesk.accounts.models import Branch, Member
from ringdesk.crm.models import Client
from ringdesk.telephony import ignoring, missed
from ringdesk.telephony.models import IgnoredNumber
from ringdesk.telephony.tests.conftest import Place, make_place
from ringdesk.telephony.tests.past import NOON, make_call
from ringdesk.telephony.tests.test_pages import browser

IVAN, OLGA = "+79230000001", "+79230000002"
HTMX = {"HX-Request": "true"}
TO_CALL_BACK, COUNT = reverse("telephony:missed"), reverse("telephony:missed_count")
SETTLE, UNSETTLE = reverse("telephony:missed_settle"), reverse("telephony:missed_unsettle")
IGNORED, IGNORE = reverse("telephony:ignored"), reverse("telephony:ignored_add")


@pytest.fixture
def desk(db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def stranger(db: None) -> Place:
    return make_place("other")


def at_noon(visitor: Browser, path: str, wish: dict[str, Any] | None = None, *, htmx: bool = False) -> Any:
    """Get the page, or post the wish, at noon."""
    headers = HTMX if htmx else {}
    with time_machine.travel(NOON, tick=False):
        answer = visitor.get(path, headers=headers) if wish is None else visitor.post(path, wish, headers=headers)
    return answer


def ignore(desk: Place, phone: str, note: str = "") -> IgnoredNumber:
    browser(desk, "owner")
    owner = Member.objects.for_org(desk.organization).get(role="owner")
    return ignoring.add(phone, note, region="RU", by=owner)


def numbers(answer: Any) -> list[str]:
    return [row.phone for row in answer.context["rows"]]


def test_who_may_enter(desk: Place, stranger: Place) -> None:
    call = make_call(desk.pbx, phone=IVAN)
    remove = reverse("telephony:ignored_remove", args=[ignore(desk, OLGA).pk])
    # Method, path, what is posted, whether a colleague without the right and a stranger get there.
    doors: list[tuple[str, str, dict[str, str], int, int]] = [
        ("get", TO_CALL_BACK, {}, 200, 200),
        ("get", COUNT, {}, 200, 200),
        ("post", SETTLE, {"phone": IVAN}, 200, 404),
        ("post", UNSETTLE, {"phone": IVAN}, 200, 404),
        ("get", IGNORED, {}, 403, 200),
        ("post", IGNORE, {"phone": call.phone}, 403, 302),
        ("post", remove, {}, 403, 404),
    ]
    cashier, foreign, owner = browser(desk, "cashier"), browser(stranger, "owner"), browser(desk, "owner")
    for method, path, wish, colleague, outsider in doors:
        for who, status in ((Browser(), 302), (cashier, colleague), (foreign, outsider)):
            with time_machine.travel(NOON, tick=False):
                answer = getattr(who, method)(path, wish)
            assert answer.status_code == status, (path, who)
        with time_machine.travel(NOON, tick=False):
            assert getattr(owner, method)(path, wish).status_code in (200, 302), path


def test_what_changes_something_is_posted(desk: Place) -> None:
    owner = browser(desk, "owner")
    remove = reverse("telephony:ignored_remove", args=[ignore(desk, IVAN).pk])
    assert [owner.get(path).status_code for path in (SETTLE, UNSETTLE, IGNORE, remove)] == [405] * 4
    assert [owner.post(path).status_code for path in (TO_CALL_BACK, COUNT, IGNORED)] == [405] * 3


def test_a_row_says_whom_when_how_often_and_who_was_rung(desk: Place) -> None:
    irina = Client.objects.create(organization=desk.organization, name="Irina")
    make_call(desk.pbx, 30, phone=IVAN, client=irina, extensions=["100"])
    make_call(desk.pbx, 20, phone=IVAN, client=irina, extensions=["107"])
    make_call(desk.pbx, 10, phone=OLGA)
    page = at_noon(browser(desk, "hostess"), TO_CALL_BACK)
    rows = page.content.decode().split("<tbody>")[1].split("</tbody>")[0].split("</tr>")
    assert numbers(page) == [OLGA, IVAN]
    assert "on nobody's card" in rows[0] and "times" not in rows[0] and ">—<" in rows[0]
    assert "Irina" in rows[1] and "on nobody" not in rows[1] and "2 times" in rows[1] and "Anna" in rows[1]
    assert "11:50" in rows[0] and "11:40" in rows[1]


def test_with_nobody_to_call_back_it_says_so_and_tells_of_hidden_numbers(desk: Place) -> None:
    hostess = browser(desk, "hostess")
    empty = at_noon(hostess, TO_CALL_BACK).content.decode()
    assert "Everybody was called back" in empty and "within 30 days" in empty
    assert "hidden number" not in empty
    make_call(desk.pbx, 1, phone="")
    assert "1 call with a hidden number" in at_noon(hostess, TO_CALL_BACK).content.decode()
    make_call(desk.pbx, 2, phone="")
    page = at_noon(hostess, TO_CALL_BACK).content.decode()
    assert "2 calls with hidden numbers" in page
    shown = page.split('class="card-foot')[1].split('href="')[1].partition('"')[0].replace("&amp;", "&")
    assert [call.phone for call in at_noon(hostess, shown).context["page"].object_list] == ["", ""]


def test_it_speaks_the_members_language(desk: Place) -> None:
    hostess = browser(desk, "hostess")
    Member.objects.filter(role="hostess").update(language="ru")
    make_call(desk.pbx, 20, phone=IVAN)
    make_call(desk.pbx, 10, phone=IVAN)
    page = at_noon(hostess, TO_CALL_BACK).content.decode().partition("<main")[2]
    assert "2 раза" in page and "не привязан" in page and "Улажено" in page
    settled = at_noon(hostess, SETTLE, {"phone": IVAN}).content.decode().partition("<main")[2]
    assert "Всем перезвонили" in settled and "Вернуть" in settled


def test_buttons_answer_with_the_list_alone(desk: Place) -> None:
    make_call(desk.pbx, 20, phone=IVAN)
    make_call(desk.pbx, 10, phone=OLGA)
    hostess = browser(desk, "hostess")
    part = at_noon(hostess, SETTLE, {"phone": IVAN}, htmx=True)
    assert part.content.lstrip().startswith(b'<div class="column" id="missed"')
    assert b"<html" not in part.content
    assert (numbers(part), [one.last.phone for one in part.context["settled"]]) == ([OLGA], [IVAN])
    assert b"Hostess" in part.content.partition(b"Settled within a day")[2]
    part = at_noon(hostess, UNSETTLE, {"phone": IVAN}, htmx=True)
    assert (numbers(part), part.context["settled"]) == ([OLGA, IVAN], [])
    assert b"<html" in at_noon(hostess, TO_CALL_BACK).content


@pytest.mark.parametrize("phone", ["", "+79999999999", "%", "\x00", "nobody"])
def test_only_who_called_is_settled(desk: Place, phone: str) -> None:
    make_call(desk.pbx, phone=IVAN)
    out = make_call(desk.pbx, 2, phone=OLGA, direction="out")
    hostess = browser(desk, "hostess")
    for path in (SETTLE, UNSETTLE):
        assert at_noon(hostess, path, {"phone": phone}).status_code == 404
        assert at_noon(hostess, path, {"phone": out.phone}).status_code == 404
    assert numbers(at_noon(hostess, TO_CALL_BACK)) == [IVAN]


def test_the_badge_counts_and_follows(desk: Place) -> None:
    owner = browser(desk, "owner")

    def shown(slot: str = "") -> str:
        return str(at_noon(owner, COUNT + slot).content.decode())

    assert 'class="count"' not in shown()
    for number in range(1, missed.COUNTED):
        make_call(desk.pbx, number)
    assert numbers(at_noon(owner, TO_CALL_BACK))[0] == IVAN
    at_noon(owner, SETTLE, {"phone": IVAN})
    assert ">98<" in shown()
    at_noon(owner, UNSETTLE, {"phone": IVAN})
    assert ">99<" in shown()
    make_call(desk.pbx, 200)
    make_call(desk.pbx, 201)
    at_noon(owner, SETTLE, {"phone": IVAN})
    assert ">99+<" in shown()
    assert 'id="missed-count-side"' in shown("?slot=nonsense") and 'id="missed-count-tab"' in shown("?slot=tab")


def test_ignored_numbers_leave_the_list_and_come_back(desk: Place) -> None:
    make_call(desk.pbx, phone=IVAN)
    hostess = browser(desk, "hostess")
    assert b'href="/ignored/"' in at_noon(hostess, TO_CALL_BACK).content
    assert b'href="/ignored/"' not in at_noon(browser(desk, "cashier"), TO_CALL_BACK).content
    at_noon(hostess, IGNORE, {"phone": IVAN})
    assert numbers(at_noon(hostess, TO_CALL_BACK)) == []
    at_noon(hostess, reverse("telephony:ignored_remove", args=[IgnoredNumber.objects.get().pk]), {})
    assert numbers(at_noon(hostess, TO_CALL_BACK)) == [IVAN]


def test_the_page_of_ignored_numbers(desk: Place, stranger: Place) -> None:
    hostess = browser(desk, "hostess")
    assert b"<table" not in hostess.get(IGNORED).content
    ignore(stranger, "+79995554433", "their robot")
    ignore(desk, IVAN, "<b>robot</b>")
    ignore(desk, OLGA)
    page = hostess.get(IGNORED)
    assert [one.phone for one in page.context["numbers"]] == [OLGA, IVAN]
    rows = page.content.decode().split("<tbody>")[1].split("</tr>")
    assert "&lt;b&gt;robot&lt;/b&gt;" in rows[1] and "Owner" in rows[1]
    assert "their robot" not in page.content.decode()


def test_a_form_that_is_refused_keeps_what_was_typed(desk: Place) -> None:
    hostess = browser(desk, "hostess")
    for typed in ("nobody", "9" * 33, "", "anonymous"):
        refused = hostess.post(IGNORE, {"phone": typed, "note": "robot"})
        assert refused.status_code == 422
        assert refused.context["form"].errors.keys() == {"phone"}
        assert b'value="robot"' in refused.content
    assert hostess.post(IGNORE, {"phone": IVAN, "note": "x" * 201}).context["form"].errors.keys() == {"note"}
    assert not IgnoredNumber.objects.exists()


def test_a_number_is_ignored_from_its_calls_page(desk: Place) -> None:
    call = make_call(desk.pbx, phone=IVAN)
    path, hostess = reverse("telephony:call", args=[call.pk]), browser(desk, "hostess")
    assert b"Ignore this number" in hostess.get(path).content
    assert b"Ignore this number" not in browser(desk, "cashier").get(path).content
    answer = hostess.post(IGNORE, {"phone": IVAN}, headers=HTMX)
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")
    page = hostess.get(path).content.decode()
    assert "Ignore this number" not in page and 'href="/ignored/"' in page


def test_both_organizations_ignore_for_themselves(desk: Place, stranger: Place) -> None:
    for place in (desk, stranger):
        make_call(place.pbx, phone=IVAN)
    ignore(stranger, IVAN)
    assert numbers(at_noon(browser(desk, "owner"), TO_CALL_BACK)) == [IVAN]
    assert browser(desk, "owner").post(IGNORE, {"phone": IVAN}).status_code == 302
    assert IgnoredNumber.objects.filter(phone=IVAN).count() == 2


def test_a_limited_seat_settles_its_own_branch_only(desk: Place) -> None:
    hill = Branch.objects.create(organization=desk.organization, name="Hill", timezone="Asia/Novosibirsk")
    make_call(desk.pbx, 1, phone=IVAN)
    make_call(desk.pbx, 2, phone=OLGA, branch=hill)
    desk.operator.branches.add(desk.branch)
    operator = browser(desk, "operator")
    assert numbers(at_noon(operator, TO_CALL_BACK)) == [IVAN]
    assert ">1<" in at_noon(operator, COUNT).content.decode()
    assert at_noon(operator, SETTLE, {"phone": OLGA}).status_code == 404
    assert numbers(at_noon(browser(desk, "owner"), TO_CALL_BACK)) == [IVAN, OLGA]
