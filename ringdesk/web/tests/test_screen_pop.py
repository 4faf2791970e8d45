from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from ringdesk.accounts.models import Branch, Member
from ringdesk.hall import halls, reservations
from ringdesk.hall.models import Reservation
from ringdesk.hall.reservations import Wish
from ringdesk.live.models import LiveEvent
from ringdesk.telephony.models import Call, Line, Popup, PopupDismissal
from ringdesk.telephony.tests.past import NOON, enter, make_call
from ringdesk.web import screen_pop
from ringdesk.web.screen_pop import Caller, PopupCard
from ringdesk.web.tests.conftest import Desk

Count = Callable[[Callable[[], object]], int]


@pytest.fixture(autouse=True)
def at_noon() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


def seen(browser: Browser) -> list[PopupCard]:
    answer = browser.get(reverse("web:popups"))
    assert answer.status_code == 200
    return list(answer.context["popups"]) if answer.context and "popups" in answer.context else []


def book(desk: Desk, **wish: object) -> Reservation:
    halls.add_status(desk.organization, name=f"S{Reservation.objects.count()}", colour="blue")
    start = NOON + timedelta(hours=1)
    call_id = wish.pop("call_id", None)
    return reservations.book(
        desk.branch,
        Wish(starts_at=start, ends_at=start + timedelta(hours=1), guests=2, **wish),  # type: ignore[arg-type]
        by=desk.member("hostess"),
        call_id=call_id,  # type: ignore[arg-type]
    )


def test_a_known_and_an_unknown_caller(desk: Desk) -> None:
    irina = desk.guest("Irina", "+79230000001")
    irina.about, irina.tags = "A table by the window", ["VIP"]
    irina.save()
    visit = book(desk, phone="+79230000001", guest_name="Irina")
    Reservation.objects.filter(pk=visit.pk).update(course="finished")
    Line.objects.create(organization=desk.organization, connector=desk.pbx, number="3333333", label="Main line")
    known = make_call(desk.pbx, 2, is_waiting=True, phone="+79230000001", client=irina, line="3333333")
    unknown = make_call(desk.pbx, 1, is_waiting=True, phone="+79135551240")
    enter(known, calls=4)
    enter(unknown)
    assert seen(desk.browser("hostess")) == [
        PopupCard(
            id=known.popup.pk,
            call_id=known.pk,
            state="ringing",
            phone="+79230000001",
            client=Caller(irina.pk, "Irina", "A table by the window", ["VIP"], 1),
            candidates=[],
            line="3333333",
            line_label="Main line",
            started_at=known.started_at,
            answered_at=None,
            created_at=known.popup.created_at,
            expires_at=known.popup.expires_at,
            is_new_caller=False,
            member_name="",
            actions=frozenset({"reservation", "client"}),
        ),
        PopupCard(
            id=unknown.popup.pk,
            call_id=unknown.pk,
            state="ringing",
            phone="+79135551240",
            client=None,
            candidates=[],
            line="",
            line_label="",
            started_at=unknown.started_at,
            answered_at=None,
            created_at=unknown.popup.created_at,
            expires_at=unknown.popup.expires_at,
            is_new_caller=True,
            member_name="",
            actions=frozenset({"reservation", "client"}),
        ),
    ]


def test_a_number_on_several_cards_is_left_to_choose(desk: Desk) -> None:
    both = [desk.guest("Irina", "+79230000001"), desk.guest("Oleg", "+79230000001")]
    make_call(desk.pbx, is_waiting=True, phone="+79230000001")
    (popup,) = seen(desk.browser("hostess"))
    assert popup.client is None
    assert [candidate.id for candidate in popup.candidates] == [client.pk for client in both]


def test_a_hidden_number_has_no_guest(desk: Desk) -> None:
    desk.guest("Irina", "+79230000001")
    make_call(desk.pbx, is_waiting=True, phone="")
    (popup,) = seen(desk.browser("hostess"))
    assert (popup.phone, popup.client, popup.candidates, popup.is_new_caller) == ("", None, [], False)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"state": "ringing"}, "ringing"),
        ({"state": "answered"}, "answered"),
        ({"state": "held"}, "answered"),
        ({"state": "ended", "result": "answered"}, "ended"),
        ({"state": "ended", "result": "missed"}, "missed"),
        ({"state": "ended", "result": None}, "ended"),
    ],
)
def test_states(fields: dict[str, str], state: str) -> None:
    assert screen_pop.state_of(Call(**fields)) == state


def test_who_sees_which_popup(desk: Desk, stranger: Desk) -> None:
    hill = Branch.objects.create(organization=desk.organization, name="Hill", timezone="Asia/Novosibirsk")
    here = make_call(desk.pbx, 3, is_waiting=True)
    make_call(desk.pbx, 4, is_waiting=True, branch=hill)
    everywhere = make_call(desk.pbx, 2, is_waiting=True, branch=None)
    make_call(desk.pbx, 60, is_waiting=True, phone="+79990000060")  # its time is over
    answered = make_call(desk.pbx, 1, is_waiting=True, state="answered", member=desk.member("operator"))
    Popup.objects.filter(call=answered).update(answered_by=desk.member("operator"))

    def calls(browser: Browser) -> list[object]:
        return [popup.call_id for popup in seen(browser)]

    assert calls(desk.browser("hostess")) == [here.pk, everywhere.pk]
    assert calls(desk.browser("operator")) == [here.pk, everywhere.pk, answered.pk]
    assert calls(desk.browser("accountant")) == []
    assert calls(stranger.browser("owner")) == []
    assert Browser().get(reverse("web:popups")).status_code == 302
    foreign = stranger.browser("owner")
    assert foreign.post(reverse("web:popup_dismiss", args=[here.popup.pk])).status_code == 404
    assert desk.browser("accountant").post(reverse("web:popup_dismiss", args=[here.popup.pk])).status_code == 403
    assert desk.browser("accountant").post(reverse("web:popups_dismiss_all")).status_code == 403
    assert not PopupDismissal.objects.exists()


def test_the_cross_is_one_members_own(desk: Desk) -> None:
    call, other = make_call(desk.pbx, 2, is_waiting=True), make_call(desk.pbx, 1, is_waiting=True)
    first, second = desk.browser("hostess"), desk.browser("hostess")
    answer = first.post(reverse("web:popup_dismiss", args=[call.popup.pk]))
    assert [popup.call_id for popup in answer.context["popups"]] == [other.pk]
    assert [popup.call_id for popup in seen(second)] == [other.pk]
    assert [popup.call_id for popup in seen(desk.browser("operator"))] == [call.pk, other.pk]
    first.post(reverse("web:popup_dismiss", args=[call.popup.pk]))
    frame = LiveEvent.objects.get(type="popup.closed")
    assert frame.audience["member"] == desk.member("hostess").pk
    assert desk.browser("hostess").get(reverse("web:popup_dismiss", args=[call.popup.pk])).status_code == 405


def test_close_all_closes_what_the_member_sees(desk: Desk) -> None:
    hill = Branch.objects.create(organization=desk.organization, name="Hill", timezone="Asia/Novosibirsk")
    for number in (1, 2, 3):
        make_call(desk.pbx, number, is_waiting=True)
    elsewhere = make_call(desk.pbx, 4, is_waiting=True, branch=hill)
    desk.browser("hostess").post(reverse("web:popups_dismiss_all"))
    assert seen(desk.browser("hostess")) == []
    assert len(seen(desk.browser("operator"))) == 3
    assert not PopupDismissal.objects.filter(popup__call=elsewhere).exists()


def test_a_reservation_made_from_the_call_closes_it_for_everybody(desk: Desk, stranger: Desk) -> None:
    call, foreign = make_call(desk.pbx, is_waiting=True), make_call(stranger.pbx, is_waiting=True)
    made = book(desk, phone=call.phone, call_id=call.pk)
    assert seen(desk.browser("hostess")) == seen(desk.browser("operator")) == []
    call.refresh_from_db()
    assert (call.outcome_kind, call.outcome_id) == ("reservation", str(made.pk))
    # Whatever id the card sends, another organization's call is out of reach.
    book(desk, phone=call.phone, call_id=foreign.pk)
    assert len(seen(stranger.browser("owner"))) == 1
    foreign.refresh_from_db()
    assert foreign.outcome_kind == ""


def test_what_may_be_done_depends_on_module_and_role(desk: Desk) -> None:
    make_call(desk.pbx, is_waiting=True)
    desk.organization.modules = ["calls"]
    desk.organization.save()
    (popup,) = seen(desk.browser("hostess"))
    assert popup.actions == {"client"}
    cashier = Member.objects.for_org(desk.organization).get(role="operator")
    cashier.role = "cashier"
    cashier.save()
    assert screen_pop.cards(cashier, desk.branch, NOON)[0].actions == {"client"}


def test_any_number_of_popups_asks_the_same(desk: Desk, count_queries: Count) -> None:
    browser = desk.browser("hostess")

    def wait(number: int) -> None:
        guest = desk.guest(f"Guest {number}", f"+7923000{number:04}")
        call = make_call(desk.pbx, number, is_waiting=True, client=guest, member=desk.member("operator"), line="33")
        enter(call)
        shared = f"+7999000{number:04}"
        desk.guest(f"One {number}", shared)
        desk.guest(f"Two {number}", shared)
        make_call(desk.phone, number, is_waiting=True, phone=shared)

    wait(1)
    before = count_queries(lambda: seen(browser))
    for number in (2, 3, 4):
        wait(number)
    assert len(seen(browser)) == 8
    assert count_queries(lambda: seen(browser)) == before
