from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from ringdesk.accounts.models import Branch, Member, User
from ringdesk.hall import halls, reservations
from ringdesk.hall.models import Reservation
from ringdesk.hall.reservations import Wish
from ringdesk.telephony.tests.past import NOON, enter, make_call
from ringdesk.web import guide, landing
from ringdesk.web.search import Found
from ringdesk.web.tests.conftest import Desk

Count = Callable[[Callable[[], object]], int]


@pytest.fixture(autouse=True)
def at_noon() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


def book(desk: Desk, hours: float = 1, **wish: object) -> Reservation:
    halls.add_status(desk.organization, name=f"S{Reservation.objects.count()}", colour="blue")
    start = NOON + timedelta(hours=hours)
    wished = Wish(starts_at=start, ends_at=start + timedelta(hours=1), guests=2, **wish)  # type: ignore[arg-type]
    return reservations.book(desk.branch, wished, by=desk.member("hostess"))


@pytest.mark.parametrize("name", ["phonebook", "phonebook_pick", "search", "help"])
def test_anonymous_visitors_sign_in_first(db: None, name: str) -> None:
    User.objects.create_user("somebody@quay.example")
    answer = Browser().get(reverse(f"web:{name}"))
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, reverse("account_login"))


class TestPhoneBook:
    def rows(self, browser: Browser, **query: str) -> list[tuple[object, ...]]:
        page = browser.get(reverse("web:phonebook"), query)
        return [(row.entry.phone, row.client and row.client.name, row.became) for row in page.context["rows"]]

    def test_every_incoming_number_newest_first(self, desk: Desk, stranger: Desk) -> None:
        irina = desk.guest("Irina", "+79230000001")
        desk.guest("One", "+79230000002")
        desk.guest("Two", "+79230000002")
        reserved = make_call(desk.pbx, 1, client=irina, outcome_kind="reservation", outcome_id="1")
        for call in (
            reserved,
            make_call(desk.pbx, 2, result="answered"),
            make_call(desk.pbx, 3),
            make_call(desk.pbx, 4, is_waiting=True),
            make_call(desk.phone, 5, result=None),
            make_call(stranger.pbx, 6),
        ):
            enter(call)
        hostess = desk.browser("hostess")
        assert self.rows(hostess) == [
            ("+79230000001", "Irina", "reserved"),
            ("+79230000002", None, "answered"),
            ("+79230000003", None, "missed"),
            ("+79230000004", None, "ringing"),
            ("+79230000005", None, ""),
        ]
        assert self.rows(hostess, q="irin") == [("+79230000001", "Irina", "reserved")]
        assert self.rows(hostess, q="8 923 000 00 03") == [("+79230000003", None, "missed")]
        assert self.rows(hostess, q="Zed") == []

    def test_a_panel_over_any_page_and_its_list_alone(self, desk: Desk) -> None:
        enter(make_call(desk.pbx))
        hostess, path = desk.browser("hostess"), reverse("web:phonebook")
        panel = hostess.get(path, headers={"HX-Request": "true", "HX-Target": "drawer"}).content.decode()
        assert 'class="drawer"' in panel and "<html" not in panel
        alone = hostess.get(path, headers={"HX-Request": "true", "HX-Target": "phonebook-list"}).content.decode()
        assert 'class="drawer"' not in alone and "000-00-01" in alone

    def test_a_limited_seat_sees_its_branches_numbers(self, desk: Desk) -> None:
        hill = Branch.objects.create(organization=desk.organization, name="Hill", timezone="Asia/Novosibirsk")
        enter(make_call(desk.pbx, 1))
        enter(make_call(desk.pbx, 2, branch=hill))
        desk.member("hostess").branches.add(desk.branch)
        assert [row[0] for row in self.rows(desk.browser("hostess"))] == ["+79230000001"]

    def test_the_list_inside_a_card_fills_phone_and_guest(self, desk: Desk) -> None:
        irina = desk.guest("Irina <b>", "+79230000001")
        call = make_call(desk.pbx, client=irina)
        enter(call)
        page = desk.browser("hostess").get(reverse("web:phonebook_pick")).content.decode()
        for attribute in (
            'data-fill-phone="+79230000001"',
            'data-fill-name="Irina &lt;b&gt;"',
            f'data-fill-client="{irina.pk}"',
            f'data-fill-call="{call.pk}"',
        ):
            assert attribute in page

    def test_any_number_of_rows_asks_the_same(self, desk: Desk, count_queries: Count) -> None:
        browser = desk.browser("hostess")
        enter(make_call(desk.pbx, 1, client=desk.guest("A", "+79230000001")))
        before = count_queries(lambda: self.rows(browser))
        for number in (2, 3):
            guest = desk.guest(f"B{number}", f"+7923000{number:04}")
            enter(make_call(desk.pbx, number, client=guest))
        assert count_queries(lambda: self.rows(browser)) == before


class TestSearch:
    def found(self, browser: Browser, text: str) -> Found:
        found: Found = browser.get(reverse("web:search"), {"q": text}).context["found"]
        return found

    def test_over_everything_by_name_and_number(self, desk: Desk, stranger: Desk) -> None:
        irina = desk.guest("Ирина Соколова", "+79231112233")
        call = make_call(desk.pbx, phone="+79231112233", client=irina)
        past, soon = book(desk, -30, phone="+79231112233"), book(desk, 1, guest_name="Соколова")
        stranger.guest("Ирина Соколова", "+79231112233")
        make_call(stranger.pbx, phone="+79231112233")
        owner = desk.browser("owner")
        # The name of the second reservation has made a guest of its own.
        assert soon.client is not None
        assert self.found(owner, "соколов") == Found([soon.client, irina], [soon], [call])
        assert self.found(owner, "111-22") == Found([irina], [past], [call])
        assert self.found(owner, "8923111") == Found([irina], [past], [call])
        assert self.found(owner, "с") == Found([], [], [])
        assert not self.found(owner, "nobody at all")

    def test_only_what_the_module_allows(self, desk: Desk) -> None:
        book(desk, guest_name="Irina", phone="+79230000001")
        desk.organization.modules = ["calls"]
        desk.organization.save()
        assert self.found(desk.browser("owner"), "irina").reservations == []

    def test_a_limited_seat_finds_its_branches_only(self, desk: Desk) -> None:
        hill = Branch.objects.create(organization=desk.organization, name="Hill", timezone="Asia/Novosibirsk")
        there = book(desk, guest_name="Irina")
        Reservation.objects.filter(pk=there.pk).update(branch=hill)
        make_call(desk.pbx, phone="+79990001122", branch=hill)
        desk.member("hostess").branches.add(desk.branch)
        assert self.found(desk.browser("hostess"), "irina").reservations == []
        assert self.found(desk.browser("hostess"), "9990001122").calls == []

    def test_under_the_field_and_as_a_page(self, desk: Desk) -> None:
        desk.guest("Irina", "+79230000001")
        owner, path = desk.browser("owner"), reverse("web:search")
        assert "<html" in owner.get(path, {"q": "irina"}).content.decode()
        dropdown = owner.get(path, {"q": "irina"}, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in dropdown and "Irina" in dropdown

    def test_any_number_of_rows_asks_the_same(self, desk: Desk, count_queries: Count) -> None:
        owner = desk.browser("owner")

        def add(number: int) -> None:
            guest = desk.guest(f"Irina {number}", f"+7923000{number:04}")
            make_call(desk.pbx, number, client=guest)
            book(desk, number, guest_name="Irina", phone="+79990000000")

        add(1)
        before = count_queries(lambda: self.found(owner, "irina"))
        add(2)
        add(3)
        assert len(self.found(owner, "irina").calls) == 3
        assert count_queries(lambda: self.found(owner, "irina")) == before


class TestClientHistory:
    def test_calls_and_reservations_newest_first(self, desk: Desk) -> None:
        irina = desk.guest("Irina", "+79230000001")
        first, second = make_call(desk.pbx, 10, client=irina), make_call(desk.pbx, 5, client=irina)
        visit = book(desk, 1, phone="+79230000001", guest_name="Irina")
        make_call(desk.pbx, 7)
        page = desk.browser("owner").get(reverse("web:client_history", args=[irina.pk]))
        assert [moment.reservation or moment.call for moment in page.context["moments"]] == [visit, second, first]

    def test_who_may_see_it(self, desk: Desk, stranger: Desk) -> None:
        path = reverse("web:client_history", args=[desk.guest("Irina").pk])
        assert desk.browser("accountant").get(path).status_code == 200
        assert stranger.browser("owner").get(path).status_code == 404
        assert Browser().get(path).status_code == 302

    def test_any_number_of_moments_asks_the_same(self, desk: Desk, count_queries: Count) -> None:
        irina = desk.guest("Irina", "+79230000001")
        path, owner = reverse("web:client_history", args=[irina.pk]), desk.browser("owner")

        def add(number: int) -> None:
            make_call(desk.pbx, number, client=irina, member=desk.member("operator"))
            book(desk, number, phone="+79230000001", guest_name="Irina")

        add(1)
        before = count_queries(lambda: owner.get(path))
        add(2)
        add(3)
        assert count_queries(lambda: owner.get(path)) == before


class TestLanding:
    @pytest.mark.parametrize(
        ("role", "modules", "page"),
        [
            ("owner", ["hall", "calls"], "hall:day"),
            ("owner", ["calls"], "telephony:calls"),
            ("owner", [], "accounts:settings"),
            ("administrator", ["hall"], "hall:day"),
            ("accountant", ["hall", "calls"], "accounts:settings"),
            ("manager", ["calls"], "telephony:calls"),
            ("operator", ["hall", "calls"], "telephony:calls"),
            ("operator", ["hall"], "hall:day"),
            ("hostess", ["hall", "calls"], "hall:day"),
            ("cashier", ["hall", "calls"], "telephony:calls"),
            ("cashier", [], "crm:clients"),
        ],
    )
    def test_each_role_lands_where_it_works(self, desk: Desk, role: str, modules: list[str], page: str) -> None:
        member = Member(organization=desk.organization, role=role)
        member.organization.modules = modules
        assert landing.page_of(member) == page

    def test_signed_in(self, desk: Desk) -> None:
        assert desk.browser("accountant").get("/")["Location"] == reverse("accounts:settings")

    def test_strangers_sign_in(self, desk: Desk) -> None:
        assert Browser().get("/")["Location"] == reverse("account_login")

    def test_before_the_first_user(self, db: None) -> None:
        answer = Browser().get("/")
        assert answer.templates[0].name == "web/first_run.html"

    def test_a_user_without_a_seat(self, db: None) -> None:
        browser = Browser()
        browser.force_login(User.objects.create_user("nobody@quay.example"))
        assert browser.get("/")["Location"] == reverse("accounts:no_seat")


class TestHelp:
    @pytest.mark.parametrize("language", ["ru", "en"])
    def test_every_topic_in_both_languages(self, language: str) -> None:
        found = guide.topics(language)
        assert tuple(found) == guide.TOPICS
        assert all(topic.title and len(topic.text) > 200 for topic in found.values())
        assert {path.stem for path in (guide.FOLDER / language).glob("*.md")} == set(guide.TOPICS)

    def test_the_texts_are_not_the_same(self) -> None:
        english, russian = guide.topics("en"), guide.topics("ru")
        assert all(english[name].text != russian[name].text for name in guide.TOPICS)

    def test_pages(self, desk: Desk) -> None:
        hostess = desk.browser("hostess")
        assert hostess.get(reverse("web:help")).context["topic"].name == "start"
        for topic in guide.TOPICS:
            assert hostess.get(reverse("web:help_topic", args=[topic])).status_code == 200
        assert hostess.get(reverse("web:help_topic", args=["nonsense"])).status_code == 404
