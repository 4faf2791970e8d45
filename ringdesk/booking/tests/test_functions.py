"""The functions as bots call them: over HTTP, with what bots send."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ringdesk.accounts.models import Branch
from ringdesk.accounts.tests.api import Answer, Program, program
from ringdesk.booking import bookings, catalogue, employees
from ringdesk.booking.bots import info
from ringdesk.booking.bots.calling import FUNCTIONS
from ringdesk.booking.employees import Skill
from ringdesk.booking.models import Booking
from ringdesk.booking.tests.conftest import DAY, Clock, Salon
from ringdesk.crm import clients
from ringdesk.crm.models import Client
from ringdesk.scheduling import schedule
from ringdesk.scheduling.hours import DayHours

IVAN = {"phone": "+7 923 000-00-01", "name": "Ivan"}
MONDAY = "23.11.2026"


@dataclass
class Bot:
    """A bot that speaks with one client."""

    program: Program
    client: Any = None

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self.call(name, *args, **kwargs)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        answer = self.send(name, {"args": args, "kwargs": kwargs, "client": self.client})
        assert answer.status == 200, answer.json
        return answer.json

    def send(self, name: str, body: Any, **headers: Any) -> Answer:
        return self.program.post(f"functions/{name}", body, **headers)

    def refusal(self, name: str, *args: Any, **kwargs: Any) -> str:
        answer = self.call(name, *args, **kwargs)
        assert answer["status"] is False
        return str(answer["message"])


@pytest.fixture
def bot(ours: Salon) -> Bot:
    return Bot(program(ours.organization), IVAN)


def test_the_worked_example(ours: Salon, bot: Bot) -> None:
    victoria, pavel = ours.employees["Victoria"], ours.employees["Pavel"]
    schedule.set_week(victoria.resource, [DayHours(600, 1200)] * 7)
    both, company = ours.ids("Haircut", "Beard"), ours.branch.pk
    booking = bot.create_booking(company, both, MONDAY, "16:00", pavel.pk)["booking"]
    assert booking["service_duration"] == 105
    of_pavel = ["09:00", "10:00", "11:00", "12:00", "13:00", "14:00"]
    assert bot.get_slots_for_booking(company, both, MONDAY, pavel.pk, 60) == of_pavel
    of_branch = bot.get_slots_for_booking(company, both, MONDAY, "", 60)
    assert of_branch == [*of_pavel, "15:00", "16:00", "17:00", "18:00"]
    # Only Victoria has 18:00.
    late = Bot(bot.program, {"phone": "+79230000002"}).create_booking(company, both, MONDAY, "18:00")
    assert late["booking"]["employee_name"] == "Victoria"
    assert "18:00" not in bot.get_slots_for_booking(company, both, MONDAY, "", 60)
    moved = bot.modify_booking_time(booking["id"], MONDAY, "09:00")
    assert moved == {"status": True, "message": "Booking time modified"}
    after = bot.get_slots_for_booking(company, both, MONDAY, pavel.pk, 60)
    assert after == ["11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]
    assert bot.cancel_booking(company, booking["id"]) == {"status": True, "message": "Booking deleted"}
    assert bot.get_slots_for_booking(company, both, MONDAY, pavel.pk, 60) == ["09:00", "10:00", *after]


def test_lists(ours: Salon, bot: Bot) -> None:
    company, other = ours.branch.pk, catalogue.add_category(ours.branch, name="Nails", description="Hands")
    Branch.objects.create(organization=ours.organization, name="Empty")
    assert bot.get_companies_for_booking() == [{"id": company, "name": "Salon", "address": "Sadovaya 7"}]
    categories = bot.get_categories_for_booking(company)
    assert categories == [
        {"id": ours.category.pk, "name": "Hair", "description": ""},
        {"id": other.pk, "name": "Nails", "description": "Hands"},
    ]
    catalogue.change_settings(ours.branch, categories="job_titles")
    titles = bot.get_categories_for_booking(str(company))
    assert titles == [{"id": ours.job_title.pk, "name": "Hairdresser", "description": ""}]
    everybody = bot.get_employees_for_booking(company)
    pavel = {"id": ours.employees["Pavel"].pk, "name": "Pavel", "information": "", "job_title": "Hairdresser"}
    assert everybody[0] == pavel
    colouring, haircut = ours.ids("Colouring", "Haircut")
    for ids in ([haircut, colouring], f"[{haircut}, {colouring}]", f"{haircut},{colouring}", [str(colouring)]):
        assert [each["name"] for each in bot.get_employees_for_booking(company, ids)] == ["Victoria"]
    for filters in (("", ours.job_title.pk), ("", "", ours.category.pk), ("", "", ours.job_title.pk)):
        assert len(bot.get_employees_for_booking(company, *filters)) == 2
    assert bot.get_employees_for_booking(company, "", ours.job_title.pk, other.pk) == []
    assert bot.get_services_for_booking(company, ours.category.pk)[0] == {
        "id": haircut, "title": "Haircut", "description": "", "price": 1500, "duration": 60,
    }  # fmt: skip
    assert len(bot.get_services_for_booking(company, "", pavel["id"])) == 2
    assert bot.get_services_for_booking(company, other.pk, pavel["id"]) == []
    assert len(bot.get_services_for_booking(company, ours.job_title.pk)) == 3
    skills = [Skill(haircut, Decimal("1999.50"), 90)]
    employees.change_employee(ours.employees["Pavel"], skills=skills)
    mine = bot.get_services_for_booking(company, employee_id=pavel["id"])
    assert [(each["price"], each["duration"]) for each in mine] == [(1999.5, 90)]


def test_dates(ours: Salon, bot: Bot) -> None:
    company, haircut, pavel = ours.branch.pk, ours.ids("Haircut")[0], ours.employees["Pavel"]
    schedule.set_week(pavel.resource, [DayHours(540, 1080), None, None, None, None, None, None])
    assert bot.get_dates_for_booking(company, haircut, pavel.pk) == ["23.11.2026", "30.11.2026"]
    assert bot.get_dates_for_booking(company, [haircut], pavel.pk, 2) == []
    assert bot.get_dates_for_booking(company, f"[{haircut}]", pavel.pk, "3", "1") == ["23.11.2026"]
    assert bot.get_dates_for_booking(company, haircut, pavel.pk, 60, 4)[-1] == "14.12.2026"
    assert len(bot.get_dates_for_booking(company, haircut)) == 14
    assert bot.get_dates_for_booking(company, haircut, max_dates_count=2) == ["21.11.2026", "22.11.2026"]
    assert bot.get_dates_for_booking(company, ours.ids("Colouring"), pavel.pk) == []


def test_past_times_of_today_are_left_out(ours: Salon, bot: Bot, clock: Clock) -> None:
    clock.advance(hours=3, minutes=1)
    company, haircut = ours.branch.pk, ours.ids("Haircut")[0]
    slots = bot.get_slots_for_booking(company, haircut, "21.11.2026")
    assert slots[:2] == ["15:30", "16:00"]
    assert "has passed" in bot.refusal("get_slots_for_booking", company, haircut, "20.11.2026")
    answer = bot.create_booking(company, haircut, "21.11.2026", "12:00")
    assert answer["status"] is False
    assert "already passed" in answer["message"]
    assert answer["alternatives"][0] | {"employee_id": 0, "employee_name": ""} == {
        "booking_date": "21.11.2026", "booking_time": "15:30", "employee_id": 0, "employee_name": "",
    }  # fmt: skip


def test_booking_of_a_new_client(ours: Salon, bot: Bot) -> None:
    pavel, ids = ours.employees["Pavel"], ours.ids("Haircut", "Beard")
    answer = bot.create_booking(ours.branch.pk, ids, MONDAY, "9:10", pavel.pk)
    booking = Booking.objects.get()
    assert answer == {
        "status": True,
        "booking": {
            "id": booking.pk, "booking_date": MONDAY, "booking_time": "09:10", "services": ["Haircut", "Beard"],
            "service_duration": 105, "total_cost": 2300, "employee_name": "Pavel", "job_title": "Hairdresser",
            "company_name": "Salon", "company_address": "Sadovaya 7",
        },
    }  # fmt: skip
    assert booking.client is not None
    assert (booking.client.name, booking.phone, booking.source) == ("Ivan", "+79230000001", "bot")
    [entry] = bot.get_bookings_info()
    assert entry == {
        "booking_id": booking.pk, "booking_date": MONDAY, "booking_time": "09:10", "service_ids": ids,
        "service_names": ["Haircut", "Beard"], "booking_duration": 105, "total_cost": 2300, "employee_id": pavel.pk,
        "employee_name": "Pavel", "job_title": "Hairdresser", "company_id": ours.branch.pk, "company_name": "Salon",
        "company_address": "Sadovaya 7",
    }  # fmt: skip
    assert bot.get_active_order_booking_info() == entry
    refused = bot.create_booking(ours.branch.pk, ids, MONDAY, "10:00", pavel.pk)
    assert refused["status"] is False
    assert len(refused["alternatives"]) == 3
    assert Booking.objects.count() == 1


def test_external_ids_stay_with_their_client(ours: Salon, bot: Bot) -> None:
    telegram = Bot(bot.program, {"external_id": "tg:77", "name": "Mira"})
    company, haircut = ours.branch.pk, ours.ids("Haircut")[0]
    assert telegram.get_bookings_info() == []
    assert telegram.get_active_order_booking_info() == {}
    for hour in ("10:00", "12:00"):
        assert telegram.create_booking(company, haircut, MONDAY, hour)["status"]
    assert Client.objects.get().name == "Mira"
    assert len(telegram.get_bookings_info()) == 2
    by_id = Bot(bot.program, {"id": Client.objects.get().pk})
    assert len(by_id.get_bookings_info()) == 2


def test_whose_booking_it_is(ours: Salon, theirs: Salon, bot: Bot) -> None:
    company, haircut = ours.branch.pk, ours.ids("Haircut")[0]
    mine = bot.create_booking(company, haircut, MONDAY, "10:00")["booking"]["id"]
    other, nobody = Bot(bot.program, {"phone": "+79239999999"}), Bot(bot.program)
    ivan = Client.objects.get().pk
    for act in (("modify_booking_time", mine, MONDAY, "12:00"), ("cancel_booking", company, mine)):
        assert "another client" in other.refusal(*act)
    assert "another client" in other.refusal("get_bookings_info", ivan)
    assert other.get_bookings_info() == []
    assert "no client" in nobody.refusal("create_booking", company, haircut, MONDAY, "14:00")
    assert "no client" in nobody.refusal("get_bookings_info")
    assert len(nobody.get_bookings_info(ivan)) == 1
    assert nobody.modify_booking_time(mine, MONDAY, "12:00")["status"]
    alien = Bot(program(theirs.organization))
    assert "no booking" in alien.refusal("modify_booking_time", mine, MONDAY, "13:00")
    assert "no branch" in alien.refusal("get_slots_for_booking", company, haircut, MONDAY)
    assert "no such client" in alien.refusal("get_bookings_info", ivan)
    assert "no service" in alien.refusal("get_slots_for_booking", theirs.branch.pk, haircut, MONDAY)
    assert "no branch" in nobody.refusal("cancel_booking", theirs.branch.pk, mine)
    assert nobody.cancel_booking(company, mine)["status"]
    assert "cancelled" in nobody.refusal("cancel_booking", company, mine)
    assert "cancelled" in nobody.refusal("modify_booking_time", mine, MONDAY, "13:00")
    assert bot.get_bookings_info() == []


def test_a_busy_specialist_means_refusal_with_alternatives(ours: Salon, bot: Bot) -> None:
    mine = ours.book(10, online=True)
    ours.book(12)
    answer = Bot(bot.program).modify_booking_time(mine.pk, MONDAY, "12:30")
    assert answer["status"] is False
    assert [each["booking_time"] for each in answer["alternatives"]] == ["13:00", "13:30", "14:00"]
    assert {each["employee_name"] for each in answer["alternatives"]} == {"Pavel"}
    mine.refresh_from_db()
    assert mine.starts_at == ours.at(10)


WRONG: list[tuple[str, tuple[Any, ...]]] = [
    ("get_slots_for_booking", ()),
    ("get_slots_for_booking", ("x", "s", MONDAY)),
    ("get_slots_for_booking", ("b", "s", "2026-11-23")),
    ("get_slots_for_booking", ("b", "s", "31.02.2026")),
    ("get_slots_for_booking", ("b", "s", MONDAY, 0)),
    ("get_slots_for_booking", ("b", "s", MONDAY, 999999)),
    ("get_slots_for_booking", ("b", "s", MONDAY, "", 0)),
    ("get_slots_for_booking", ("b", "s", MONDAY, "", 1441)),
    ("get_slots_for_booking", ("b", 999999, MONDAY)),
    ("get_slots_for_booking", ("b", {"a": 1}, MONDAY)),
    ("get_slots_for_booking", ("b", [[1]], MONDAY)),
    ("get_slots_for_booking", ("b", "[1, x]", MONDAY)),
    ("get_slots_for_booking", (True, "s", MONDAY)),
    ("get_slots_for_booking", ("1" * 30, "s", MONDAY)),
    ("get_slots_for_booking", ("b", "s", MONDAY, "", 30, "more")),
    ("get_dates_for_booking", ("b", "s", "", "many")),
    ("get_dates_for_booking", ("b", "s", "", -1)),
    ("get_categories_for_booking", (999999,)),
    ("get_employees_for_booking", ("b", "", 999999)),
    ("get_employees_for_booking", ("b", "", "", 999999)),
    ("get_services_for_booking", ("b", 999999)),
    ("get_services_for_booking", ("b", "", 999999)),
    ("create_booking", ("b", "s", MONDAY, "25:00")),
    ("create_booking", ("b", "s", MONDAY, 10)),
    ("create_booking", ("b", "s", "23.11.1926", "10:00")),
    ("create_booking", ("b", "s", "23.11.9999", "10:00")),
    ("create_booking", ("b", "s", "01.01.0001", "00:00")),
    ("get_slots_for_booking", ("b", "s", "31.12.9999")),
    ("create_booking", ("b", "s", MONDAY, "03:00")),
    ("create_booking", ("b", "", MONDAY, "10:00")),
    ("modify_booking_time", (999999, MONDAY, "10:00")),
    ("cancel_booking", ("b", 999999)),
    ("cancel_booking", ("b",)),
    ("create_booking_by_name", ("", MONDAY, "10:00")),
    ("create_booking_by_name", (["Haircut"], MONDAY, "10:00")),
]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_wrong_input_is_told_and_changes_nothing(ours: Salon, bot: Bot, language: str) -> None:
    real = {"b": ours.branch.pk, "s": ours.ids("Haircut")[0]}
    bot.program.headers["Accept-Language"] = language
    for name, args in WRONG:
        said = [real.get(each, each) if isinstance(each, str) else each for each in args]
        message = bot.refusal(name, *said)
        assert message, (name, said)
        has_russian = any("а" <= letter <= "я" for letter in message.lower())
        assert has_russian == (language == "ru"), message
    for body in ({"args": "x"}, {"kwargs": [1]}, {"client": "x"}, {"client": {"name": "x"}}, {"kwargs": {"what": 1}}):
        answer = bot.send("get_companies_for_booking", body)
        assert (answer.status, answer.json["status"]) == (200, False)
    twice = bot.send("get_categories_for_booking", {"args": [1], "kwargs": {"company_id": 1}})
    assert twice.json["status"] is False
    assert Booking.objects.count() == Client.objects.count() == 0


def test_a_bot_that_asks_for_no_language_gets_the_organizations(ours: Salon) -> None:
    silent = Bot(Program(program(ours.organization).token, headers={}))
    assert "branch" in silent.refusal("get_categories_for_booking", 999999)
    ours.organization.language = "ru"
    ours.organization.save()
    assert "филиал" in silent.refusal("get_categories_for_booking", 999999)


def test_both_of_a_time_that_comes_twice_can_be_booked(ours: Salon, bot: Bot, clock: Clock) -> None:
    clock.now = datetime(2026, 10, 20, 9, tzinfo=UTC)
    ours.branch.timezone = "Europe/Berlin"
    ours.branch.save()
    pavel, night, before = ours.employees["Pavel"], "25.10.2026", "24.10.2026"
    schedule.set_week(pavel.resource, [DayHours(0, 1440)] * 7)
    wish = (ours.branch.pk, ours.ids("Haircut"), night)
    for offset in (2, 1):
        assert "02:00" in bot.get_slots_for_booking(*wish, pavel.pk, 60)
        made = bot.create_booking(*wish, "02:00", pavel.pk)["booking"]
        starts_at = Booking.objects.get(pk=made["id"]).starts_at
        assert (made["booking_time"], starts_at) == ("02:00", datetime(2026, 10, 25, 2 - offset, tzinfo=UTC))
    assert "02:00" not in bot.get_slots_for_booking(*wish, pavel.pk, 60)
    assert bot.create_booking(*wish, "02:00", pavel.pk)["status"] is False
    assert bot.modify_booking_time(made["id"], before, "12:00")["status"]
    assert bot.modify_booking_time(made["id"], night, "02:00")["status"]


def test_a_time_the_clock_jumps_over_is_refused(ours: Salon, bot: Bot, clock: Clock) -> None:
    clock.now = datetime(2027, 3, 20, 9, tzinfo=UTC)
    ours.branch.timezone = "Europe/Berlin"
    ours.branch.save()
    pavel, night = ours.employees["Pavel"], "28.03.2027"
    schedule.set_week(pavel.resource, [DayHours(0, 1440)] * 7)
    wish = (ours.branch.pk, ours.ids("Haircut"), night)
    refused = {"status": False, "message": "That day the clock jumps over 02:30: there is no such time."}
    assert bot.create_booking(*wish, "02:30", pavel.pk) == refused
    assert bot.create_booking_by_name("haircut", night, "02:30") == refused
    made = bot.create_booking(*wish, "03:30", pavel.pk)["booking"]
    assert bot.modify_booking_time(made["id"], night, "02:30") == refused
    assert Booking.objects.get().starts_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_names_regardless_of_case_spaces_and_yo(ours: Salon, bot: Bot) -> None:
    ours.add_service("Тёмное окрашивание", "Victoria")
    ours.add_service("Тёмный лак", "Victoria")
    for hour, name in ((10, "ТЕМНОЕ  окрашивание"), (12, "тёмноеокрашивание ")):
        assert bot.create_booking_by_name(name, MONDAY, f"{hour}:00")["booking"]["services"] == ["Тёмное окрашивание"]
    unclear = bot.create_booking_by_name("тёмное", MONDAY, "14:00")
    assert unclear["status"] is False
    assert [each["title"] for each in unclear["candidates"]] == ["Тёмное окрашивание", "Тёмный лак"]
    assert len(bot.create_booking_by_name("zzz", MONDAY, "14:00")["candidates"]) == 5
    second = Branch.objects.create(organization=ours.organization, name="Second")
    twin = catalogue.add_service(second, title="haircut")
    employees.add_employee(second, name="Zoya", skills=[Skill(twin.pk)])
    ambiguous = bot.create_booking_by_name("Haircut", MONDAY, "14:00")
    assert {each["company_name"] for each in ambiguous["candidates"]} == {"Salon", "Second"}
    assert bot.create_booking_by_name("Haircut", MONDAY, "14:00", ours.branch.pk)["status"]
    # Where the branch is no help, it is not asked for.
    ours.add_service("HAIR CUT", "Victoria")
    twins = bot.create_booking_by_name("haircut", MONDAY, "15:00", ours.branch.pk)
    assert (len(twins["candidates"]), "company_id" in twins["message"]) == (2, False)


def test_scopes_and_strangers(ours: Salon) -> None:
    reader, blind = (Bot(program(ours.organization, scope), IVAN) for scope in ("bookings:read", "clients:read"))
    assert reader.get_companies_for_booking()
    assert blind.send("get_companies_for_booking", {}).status == 403
    writing = [name for name, function in FUNCTIONS.items() if function.is_writing]
    assert len(FUNCTIONS) == 13
    assert writing == ["create_booking", "modify_booking_time", "cancel_booking", "create_booking_by_name"]
    assert [reader.send(name, {}).status for name in writing] == [403] * 4
    assert reader.send("get_everything", {}).status == 404
    assert Bot(Program("")).send("get_companies_for_booking", {}).status == 401


def test_the_same_key_books_once(ours: Salon, bot: Bot) -> None:
    body = {"args": [ours.branch.pk, ours.ids("Haircut"), MONDAY, "10:00"], "client": IVAN}
    answers = [bot.send("create_booking", body, Idempotency_Key="k1") for _number in range(2)]
    assert answers[0].json == answers[1].json
    assert Booking.objects.count() == 1


def test_info_is_whole_and_true(ours: Salon, bot: Bot) -> None:
    ours.book(16, "Haircut", "Beard")
    said = bot.get_info_for_booking()
    [company] = said["companies"]
    assert list(company) == ["id", "name", "address", "services", "employees", "free"]
    assert company["services"][0] == {
        "id": ours.ids("Haircut")[0], "title": "Haircut", "description": "", "price": 1500, "duration": 60,
        "category": "Hair",
    }  # fmt: skip
    assert company["employees"][0]["service_ids"] == ours.ids("Haircut", "Beard")
    for each in company["free"]:
        dates = bot.get_dates_for_booking(ours.branch.pk, each["service_id"])
        assert list(each["dates"]) == dates
        for date, times in each["dates"].items():
            assert times == bot.get_slots_for_booking(ours.branch.pk, each["service_id"], date)
    assert "+7923" not in str(said)


def test_info_has_a_new_version_after_every_change_and_only_then(ours: Salon, bot: Bot, clock: Clock) -> None:
    seen = [bot.get_info_for_booking()["version"]]
    client = clients.create(ours.organization, name="Ivan")

    def is_another() -> bool:
        version = bot.get_info_for_booking()["version"]
        seen.append(version)
        return bool(version != seen[-2])

    assert not is_another()
    booking = ours.book(16, client=client)
    assert is_another()
    assert not is_another()
    bookings.move(booking, starts_at=ours.at(10))
    assert is_another()
    bookings.cancel(booking)
    assert is_another()
    hold = ours.book(16, hold_for=timedelta(minutes=10))
    assert is_another()
    clock.advance(minutes=10)
    assert is_another()
    assert hold.status == "held"
    catalogue.change_service(ours.services["Beard"], price=900)
    assert is_another()
    schedule.set_days(ours.employees["Victoria"].resource, DAY, DAY, None)
    assert is_another()
    schedule.set_holiday(ours.branch, DAY, DAY)
    assert is_another()
    employees.change_employee(ours.employees["Pavel"], name="Pavel P.")
    assert is_another()
    clock.advance(minutes=51)
    assert is_another()
    Branch.objects.filter(pk=ours.branch.pk).update(address="Sadovaya 8")
    assert is_another()


def test_info_is_not_sent_again_while_it_is_the_same(ours: Salon, bot: Bot) -> None:
    first = bot.send("get_info_for_booking", {})
    tag = first.headers["ETag"]
    assert tag.strip('"') == first.json["version"]
    assert bot.send("get_info_for_booking", {}, If_None_Match=tag).status == 304
    got = bot.program.send("GET", "functions/get_info_for_booking", If_None_Match=tag)
    assert (got.status, got.headers["ETag"]) == (304, tag)
    ours.book(16)
    assert bot.program.send("GET", "functions/get_info_for_booking", If_None_Match=tag).status == 200


def test_info_stays_small(ours: Salon, bot: Bot) -> None:
    for number in range(60):
        ours.add_service(f"Service {number}", "Pavel", description="Long " * 200, duration=10)
    found = info.of([ours.branch])
    assert len(found.body) <= info.LARGEST
    [company] = found.value["companies"]
    assert len(company["services"]) == 63 or company["services"]
    assert info.of([ours.branch]) is found
