"""Import and export by their pages: looked at first, nothing doubled, what is refused is told."""

import io
import tracemalloc
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from ringdesk.accounts.models import Branch
from ringdesk.booking import catalogue, employees
from ringdesk.booking.employees import Skill
from ringdesk.booking.models import Employee, Service, ServiceCategory
from ringdesk.booking.sheet_models import SheetImport
from ringdesk.booking.sheets import columns, exporting, importing, reading
from ringdesk.booking.tests.conftest import Clock, Salon, make_salon
from ringdesk.booking.tests.visiting import DRAWER, browser_of
from ringdesk.crm import clients
from ringdesk.crm.models import Client

PRICES = """Категория;Услуга;Цена;Длительность;Онлайн
Hair;haircut;1 700 руб.;1:15;да
Ногти;Маникюр;1200;;нет
Ногти;Педикюр;дорого;60;да
;;500;30;
ногти;маникюр;1300;60;
"""


@pytest.fixture
def owner(ours: Salon) -> Browser:
    return browser_of(ours.member("owner"))


def upload(browser: Browser, kind: str, text: str | bytes, name: str = "table.csv") -> Any:
    content = text.encode() if isinstance(text, str) else text
    return browser.post(reverse("booking:imports"), {"kind": kind, "file": SimpleUploadedFile(name, content)})


def imported(salon: Salon, kind: str, text: str | bytes) -> dict[str, Any]:
    """Import a table as its pages do; returns what became of it."""
    content = text.encode() if isinstance(text, str) else text
    sheet = importing.upload(salon.branch, kind, "t.csv", content, by=salon.owner)
    foreseen = importing.preview(sheet).counts
    importing.start(sheet)
    importing.run(sheet.pk)
    sheet.refresh_from_db()
    assert (sheet.state, sheet.done) == ("done", sheet.total)
    told = {"added": sheet.added, "changed": sheet.changed, "unchanged": sheet.unchanged}
    assert {name: foreseen[name] for name in told} == told
    return told | {"refused": [(place + 2, reason) for place, reason in sheet.refused]}


def test_a_price_list_is_looked_at_then_imported_then_reported(ours: Salon, owner: Browser) -> None:
    answer = upload(owner, "services", PRICES.encode("cp1251"))
    sheet = SheetImport.objects.for_org(ours.organization).get()
    assert answer.headers["Location"] == reverse("booking:import_sheet", args=[sheet.pk])
    assert sheet.columns == ["category", "title", "price", "duration", "is_online"]
    page = owner.get(answer.headers["Location"])
    counts = page.context["preview"].counts
    assert (counts["added"], counts["changed"], counts["refused"]) == (1, 1, 3)
    assert Service.objects.for_org(ours.organization).count() == 3
    assert owner.post(reverse("booking:import_start", args=[sheet.pk]), headers=DRAWER).status_code == 204
    haircut, manicure = (
        Service.objects.for_org(ours.organization).get(title=title) for title in ("haircut", "Маникюр")
    )
    assert (haircut.pk, haircut.price, haircut.duration) == (ours.ids("Haircut")[0], Decimal(1700), 75)
    assert (manicure.category and manicure.category.name, manicure.duration, manicure.is_online) == ("Ногти", 60, False)
    report = owner.get(answer.headers["Location"]).content.decode()
    for reason in ("“дорого” is not a price.", "There is no title.", "It stands in the table twice."):
        assert reason in report
    refused = owner.get(reverse("booking:import_refused", args=[sheet.pk, "csv"]))
    table = reading.read(b"".join(refused))
    assert table.heading[-1] == "Why it was refused"
    assert [row[-1] for row in table.rows][:2] == ["“дорого” is not a price.", "There is no title."]
    again = owner.post(reverse("booking:import_start", args=[sheet.pk]), headers=DRAWER)
    assert again.status_code == 409


def test_repeating_an_import_changes_nothing(ours: Salon) -> None:
    first = imported(ours, "services", PRICES)
    assert (first["added"], first["changed"], first["unchanged"]) == (1, 1, 0)
    second = imported(ours, "services", PRICES)
    assert (second["added"], second["changed"], second["unchanged"]) == (0, 0, 2)
    assert ServiceCategory.objects.for_org(ours.organization).count() == 2


def test_columns_are_chosen_by_hand(ours: Salon, owner: Browser) -> None:
    page = upload(owner, "services", "A;B\nMassage;900\n").headers["Location"]
    assert "without it nothing can be imported" in owner.get(page).content.decode()
    sheet = SheetImport.objects.get()
    refused = owner.post(reverse("booking:import_start", args=[sheet.pk]), headers=DRAWER)
    assert refused.status_code == 422
    answer = owner.post(page, {"column": ["title", "price"]}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.context["will"], "<html" in answer.content.decode()) == (200, 1, False)
    assert owner.post(reverse("booking:import_discard", args=[sheet.pk]), headers=DRAWER).status_code == 204
    assert not SheetImport.objects.exists()


def test_specialists_are_known_by_name(ours: Salon) -> None:
    table = (
        "Имя,Должность,Услуги,Почта,О себе\n"
        f'pavel,Barber,"Haircut = 2000 / 45; Beard",{ours.owner.user.email},"=1+1"\n'
        "Anna,hairdresser,Colouring,,\nBad,,Nonsense,,\nWorse,,,no@example.com,\n"
    )
    assert imported(ours, "employees", table) == {
        "added": 1, "changed": 1, "unchanged": 0,
        "refused": [(4, "There is no service “Nonsense”."), (5, "Nobody with the e-mail no@example.com works here.")],
    }  # fmt: skip
    pavel, anna = (Employee.objects.for_org(ours.organization).get(name=name) for name in ("pavel", "Anna"))
    assert (pavel.pk, pavel.member, pavel.information) == (ours.employees["Pavel"].pk, ours.owner, "=1+1")
    assert pavel.job_title is not None and pavel.job_title.name == "Barber"
    own = {skill.service.title: (skill.price, skill.duration) for skill in pavel.skills.select_related("service")}
    assert own == {"Haircut": (Decimal(2000), 45), "Beard": (None, None)}
    assert (anna.job_title, [service.title for service in anna.services.all()]) == (ours.job_title, ["Colouring"])
    assert imported(ours, "employees", table)["unchanged"] == 2


def test_services_of_a_specialist_may_be_divided_by_commas(ours: Salon) -> None:
    ours.add_service("Cut, wash and go")
    table = (
        "Имя;Услуги\nAnna;Haircut, Beard\nBoris;Cut, wash and go\n"
        'Vera;Haircut, Nonsense\nZoya;"Cut, wash and go; Beard, Haircut"\n'
    )
    told = imported(ours, "employees", table)
    assert (told["added"], told["refused"]) == (3, [(4, "There is no service “Nonsense”.")])
    done = {each.name: {skill.service.title for skill in each.skills.all()} for each in Employee.objects.all()}
    assert done["Anna"] == {"Haircut", "Beard"}
    assert done["Boris"] == {"Cut, wash and go"}
    assert done["Zoya"] == {"Cut, wash and go", "Haircut", "Beard"}


def test_clients_are_known_by_their_numbers(ours: Salon) -> None:
    ivan = clients.create(ours.organization, name="Ivan", phones=["+79230000001"], tags=["VIP"], about="kept")
    for name in ("Anna", "Olga"):
        clients.create(ours.organization, name=name, phones=["+79230000009"])
    table = (
        "ФИО;Телефон;Телефон 2;Теги;Вид\n"
        "Иван;8 923 000-00-01;923 000 00 02;vip, постоянный;\n"
        "Фирма;+7 923 000 00 03;;;компания\n"
        ";+7 923 000 00 04;;;\nБез номера;;;;\nX;12;;;\nY;+79230000009;;;\nanna;+79230000009;;;\n;;;тег;\n"
    )
    told = imported(ours, "clients", table)
    assert (told["added"], told["changed"], told["unchanged"]) == (3, 2, 0)
    assert told["refused"] == [
        (6, "“12” is not a phone number."), (7, "Several clients have these numbers."),
        (9, "There is neither a name nor a number."),
    ]  # fmt: skip
    ivan.refresh_from_db()
    assert (ivan.name, ivan.about, ivan.tags) == ("Иван", "kept", ["VIP", "постоянный"])
    assert [phone.number for phone in ivan.phones.all()] == ["+79230000001", "+79230000002"]
    assert Client.objects.for_org(ours.organization).get(name="Фирма").kind == Client.Kind.COMPANY
    again = imported(ours, "clients", table)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 5)


def exported(kind: str, branch: Branch) -> tuple[list[str], list[list[str]]]:
    heading, rows = exporting.table(kind, branch)
    return heading, list(rows)


def furnish(salon: Salon) -> None:
    """Let the salon have everything that a table can hold."""
    pool = catalogue.add_pool(salon.branch, name="Rooms; red", facilities=["1"])
    other = catalogue.add_category(salon.branch, name='Ёлки > "палки"')
    salon.add_service(
        "Haircut", category=other, price=Decimal("10.50"), pools=[pool], capacity=5, notice=120, horizon=30,
        is_online=False, is_active=False, description="=cmd()\r\nline", buffer_after=5,
    )  # fmt: skip
    salon.add_service("@Solo", "Pavel", buffer_before=15, currency="EUR")
    services = list(Service.objects.for_org(salon.organization))
    skills = [Skill(one.pk, Decimal("9.90"), None) for one in services] + [Skill(services[0].pk, None, 40)]
    employees.add_employee(salon.branch, name="-Eva", job_title=None, information="+x\n'y'", skills=skills[1:])
    clients.create(salon.organization, name="'=Zoe", phones=["+79230000001", "+79230000002"], tags=["a, b", "c"],
                   about="@x\r\n\r\ny", email="zoe@example.com", is_partner=True)  # fmt: skip
    clients.create(salon.organization, name="Firm", kind=Client.Kind.COMPANY)


@pytest.mark.parametrize("format", exporting.FORMATS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_export_imported_again_changes_nothing_here_and_makes_the_same_elsewhere(
    ours: Salon, language: str, format: str
) -> None:
    furnish(ours)
    theirs = make_salon("theirs")
    catalogue.add_pool(theirs.branch, name="Rooms; red", facilities=["1"])
    for kind in ("services", "employees", "clients"):
        with translation.override(language):
            with exporting.export(kind, ours.branch, format) as file:
                content = file.read()
            told = imported(ours, kind, content)
            assert (told["added"], told["changed"], told["refused"]) == (0, 0, [])
            assert imported(theirs, kind, content)["refused"] == []
            assert exported(kind, theirs.branch) == exported(kind, ours.branch)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_spreadsheet_can_reckon_with_prices_and_lengths(ours: Salon, language: str) -> None:
    furnish(ours)
    ours.add_service("2026", price=Decimal("999.00"))
    with translation.override(language), exporting.export("services", ours.branch, "xlsx") as file:
        sheet = openpyxl.load_workbook(file).worksheets[0]
    heading, *rows = sheet.iter_rows()
    places = {column.name: place for place, column in enumerate(columns.SERVICES)}
    found = {row[places["title"]].value: row for row in rows}
    names = ("price", "duration", "buffer_after", "capacity", "notice", "horizon")
    assert [found["Beard"][places[name]].value for name in names] == [800, 45, 0, 1, None, None]
    odd = next(row for row in rows if row[places["price"]].value == 10.5)
    assert [odd[places[name]].value for name in names[1:]] == [60, 5, 5, 120, 30]
    assert odd[places["price"]].number_format == "0.00"
    # What only looks like a number stays what it is.
    assert [found["2026"][places[name]].data_type for name in ("title", "price")] == ["s", "n"]
    assert {cell.data_type for cell in heading} == {"s"}


def test_a_list_that_is_too_long_for_a_cell_goes_on_in_another_column(
    ours: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "LONGEST", 12)
    heading, rows = exported("employees", ours.branch)
    assert [title for title in heading if title == "Services"] == ["Services"] * 3
    assert [[row[0], *row[3:6]] for row in rows] == [
        ["Pavel", "Haircut", "Beard", ""], ["Victoria", "Haircut", "Beard", "Colouring"],
    ]  # fmt: skip


def test_an_export_never_holds_all_that_it_writes(ours: Salon) -> None:
    about = "x" * 20_000
    many = [Client(organization=ours.organization, name=f"Client {number}", about=about) for number in range(2000)]
    Client.objects.bulk_create(many, batch_size=500)
    del many
    tracemalloc.start()
    with exporting.export("clients", ours.branch, "csv") as file:
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        size = file.seek(0, io.SEEK_END)
    assert size > 2000 * len(about)
    assert peak < size * 0.8


def test_an_export_is_sent_whole(ours: Salon, owner: Browser) -> None:
    answer = owner.get(reverse("booking:export", args=["services", "csv"]))
    content = b"".join(answer)
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="services-2026-11-21.csv"')
    assert reading.read(content).rows[0][:2] == ["Hair", "Haircut"]


def test_a_large_table_is_written_by_a_job_that_goes_on_where_it_stopped(
    ours: Salon, owner: Browser, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    deferred: list[int] = []
    monkeypatch.setattr("ringdesk.booking.tasks.import_soon", deferred.append)
    table = "Title;Price\n" + "".join(f"Service {number};{number}\n" for number in range(260))
    page = upload(owner, "services", table).headers["Location"]
    sheet = SheetImport.objects.get()
    assert owner.post(reverse("booking:import_start", args=[sheet.pk]), headers=DRAWER).status_code == 204
    assert deferred == [sheet.pk]
    with monkeypatch.context() as interrupted:
        written = iter(range(120))
        whole = importing._write

        def fall(*arguments: Any) -> None:
            next(written)
            whole(*arguments)

        interrupted.setattr(importing, "_write", fall)
        with pytest.raises(StopIteration):
            importing.run(sheet.pk)
    sheet.refresh_from_db()
    assert (sheet.done, sheet.added, Service.objects.for_org(ours.organization).count()) == (100, 100, 103)
    answer = owner.get(page, headers={"HX-Request": "true"}).content.decode()
    assert 'value="100"' in answer and "every 1s" in answer
    assert owner.post(reverse("booking:import_start", args=[sheet.pk]), headers=DRAWER).status_code == 409
    clock.advance(minutes=3)
    assert "It was interrupted" in owner.get(page).content.decode()
    assert owner.post(reverse("booking:import_start", args=[sheet.pk]), headers=DRAWER).status_code == 204
    importing.run(sheet.pk)
    importing.run(sheet.pk)
    sheet.refresh_from_db()
    assert (sheet.state, sheet.added, Service.objects.for_org(ours.organization).count()) == ("done", 260, 263)
    assert importing.forget_old(clock.now + timedelta(days=8)) == 1


def test_looking_at_a_table_asks_no_more_queries_for_more_rows(ours: Salon) -> None:
    def queries(kind: str, rows: Iterable[str]) -> int:
        sheet = importing.upload(ours.branch, kind, "t", ("name;phone\n" + "\n".join(rows)).encode(), by=ours.owner)
        with CaptureQueriesContext(connection) as captured:
            importing.preview(sheet)
        return len(captured)

    for kind in ("services", "employees", "clients"):
        few, many = ([f"N{n};+792300000{n:02}" for n in range(count)] for count in (2, 60))
        clients.create(ours.organization, name="N1", phones=["+79230000001"])
        assert queries(kind, few) == queries(kind, many)


def test_what_a_look_found_is_kept_until_something_changes(ours: Salon, owner: Browser, clock: Clock) -> None:
    table = "Name;Services\nAnna;Haircut\nBoris;Nonsense\n"
    page = upload(owner, "employees", table).headers["Location"]

    def looks(browser: Browser = owner) -> tuple[int, dict[str, int], list[str]]:
        with CaptureQueriesContext(connection) as captured:
            preview = browser.get(page).context["preview"]
        read = sum('FROM "booking_employee"' in each["sql"] for each in captured.captured_queries)
        return read, dict(preview.counts), [line.reason for line in preview.refused]

    refused = ["There is no service “Nonsense”."]
    assert looks() == (1, {"added": 1, "refused": 1}, refused)
    assert looks() == (0, {"added": 1, "refused": 1}, refused)
    owner.post(page, {"column": ["name", ""]}, headers={"HX-Request": "true"})
    assert looks() == (0, {"added": 2}, [])
    owner.post(page, {"column": ["name", "services"]}, headers={"HX-Request": "true"})
    ours.add_service("Nonsense")
    assert looks() == (1, {"added": 2}, [])
    clock.advance(minutes=6)
    assert looks()[0] == 1


def test_a_look_at_the_progress_reads_no_rows(ours: Salon, owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 1)
    monkeypatch.setattr("ringdesk.booking.tasks.import_soon", lambda pk: None)
    page = upload(owner, "services", "Title\nA\nB\n").headers["Location"]
    owner.post(reverse("booking:import_start", args=[SheetImport.objects.get().pk]), headers=DRAWER)
    with CaptureQueriesContext(connection) as captured:
        assert 'value="0"' in owner.get(page, headers={"HX-Request": "true"}).content.decode()
    assert not [
        each["sql"] for each in captured.captured_queries if "sheetimport" in each["sql"] and '"rows"' in each["sql"]
    ]


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [("services", b"", "The file is empty."), ("services", b"Title\n", "There is nothing under the heading."),
     ("services", b"\x00\x01\x02", "neither CSV nor XLSX"), ("services", b"PK\x03\x04nothing", "cannot be read"),
     ("moon", b"a\nb", "Choose what to import.")],
)  # fmt: skip
def test_a_file_that_is_none_is_refused(owner: Browser, kind: str, content: bytes, text: str) -> None:
    answer = owner.post(reverse("booking:imports"), {"kind": kind, "file": io.BytesIO(content)})
    assert answer.status_code == 422
    assert text in answer.content.decode() or content == b""


def test_who_may_import_and_export(ours: Salon, theirs: Salon, owner: Browser) -> None:
    upload(owner, "services", PRICES)
    sheet = SheetImport.objects.get()
    start, discard = (reverse(f"booking:import_{verb}", args=[sheet.pk]) for verb in ("start", "discard"))
    page = reverse("booking:import_sheet", args=[sheet.pk])
    refused = reverse("booking:import_refused", args=[sheet.pk, "csv"])
    hostess, stranger = browser_of(ours.member("hostess")), browser_of(theirs.member("owner"))
    for browser, status in ((hostess, 403), (stranger, 404), (Browser(), 302)):
        found = [
            browser.get(page),
            browser.get(refused),
            browser.post(page),
            browser.post(start),
            browser.post(discard),
        ]
        assert [answer.status_code for answer in found] == [status] * 5
    export = reverse("booking:export", args=["clients", "csv"])
    assert [browser.get(export).status_code for browser in (hostess, Browser())] == [403, 302]
    assert b"".join(owner.get(export)).decode("utf-8-sig").startswith("Name;Phone;")
    assert hostess.get(reverse("booking:imports")).status_code == 403
    assert "Haircut" not in b"".join(browser_of(theirs.member("owner")).get(export)).decode()
    assert b"".join(owner.get(export + "?sample")).decode("utf-8-sig").startswith("Name;Phone;")
    assert SheetImport.objects.get().state == "preview"
