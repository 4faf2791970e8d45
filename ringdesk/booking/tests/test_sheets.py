"""Tables: read whatever people upload, written so that they can be read back."""

import csv
import io
import zipfile
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringdesk.booking.sheets import cells, columns, reading, writing
from ringdesk.booking.sheets.cells import SkillCell
from ringdesk.core.problems import Invalid

# What stands in a cell once spaces around it are gone; line ends are \n.
CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\n\t"), max_size=30)
CLEAN = CELL.map(reading.tidy).filter(lambda cell: "_x" not in cell and not set(cell) & set("\ufffe\uffff"))
HEADING = st.lists(CLEAN.filter(bool), min_size=2, max_size=5)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    heading = draw(HEADING)
    row = st.lists(CLEAN, min_size=len(heading), max_size=len(heading)).filter(any)
    return heading, draw(st.lists(row, min_size=1, max_size=6))


def written(write: Any, heading: list[str], rows: list[list[str]]) -> bytes:
    """Return what it writes of the table; the rows come one by one."""
    file = io.BytesIO()
    write(file, heading, iter(rows))
    return file.getvalue()


# The table of characters is made with the first draw.
SLOW = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@SLOW
@given(tables())
def test_what_is_written_is_read_back(table: tuple[list[str], list[list[str]]]) -> None:
    heading, rows = table
    for write in (writing.write_csv, writing.write_xlsx):
        found = reading.read(written(write, heading, rows))
        assert (found.heading, found.rows) == (heading, rows)


@SLOW
@given(tables())
def test_no_cell_of_an_export_is_a_formula(table: tuple[list[str], list[list[str]]]) -> None:
    heading, rows = table
    text = written(writing.write_csv, heading, rows).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=";"):
        assert not any(cell.startswith(reading.FORMULA) for cell in row)
    sheet = openpyxl.load_workbook(io.BytesIO(written(writing.write_xlsx, heading, rows))).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} <= {"s"}


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: b"PK\x03\x04" + tail))
def test_any_file_is_a_table_or_refused(content: bytes) -> None:
    try:
        found = reading.read(content)
    except Invalid as refused:
        assert refused.field == "file"
    else:
        assert found.heading and all(len(row) == len(found.heading) for row in found.rows)


WHOLE = written(writing.write_xlsx, ["a", "b"], [["1", "2"]])


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20))
def test_a_broken_xlsx_is_refused(damage: list[tuple[float, int]]) -> None:
    content = bytearray(WHOLE)
    for place, byte in damage:
        content[int(place * len(content))] = byte
    try:
        reading.read(bytes(content))
    except Invalid as refused:
        assert refused.field == "file"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_every_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    rows = [["Услуга", "Цена", "Описание"], ["Стрижка", "1500,50", "Мытьё; сушка, укладка"], ["Борода", "800", "—"]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    found = reading.read(text.getvalue().encode(encoding))
    assert [found.heading, *found.rows] == rows


def test_a_spreadsheet_with_numbers_dates_and_gaps() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in ([], ["Title", None, "Price", True, None], [], ["Cut", None, 1500.0, False], ["Beard", "x", 800.5]):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    found = reading.read(file.getvalue())
    assert found.heading == ["Title", "", "Price", "1"]
    assert found.rows == [["Cut", "", "1500", "0"], ["Beard", "x", "800.5", ""]]


def test_what_is_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    with pytest.raises(Invalid, match="more than 2 rows"):
        reading.read(b"a,b\n1,2\n3,4\n5,6\n")
    with pytest.raises(Invalid, match="too long"):
        reading.read(b"a,b\n1," + b"x" * 20_001)
    with pytest.raises(Invalid, match="larger"):
        reading.read(b" " * (reading.MOST_BYTES + 1))
    with pytest.raises(Invalid, match="old Excel"):
        reading.read(b"\xd0\xcf\x11\xe0 and so on")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (reading.MOST_UNFOLDED + 1))
    with pytest.raises(Invalid, match="unfolds"):
        reading.read(bomb.getvalue())


def test_entities_of_a_spreadsheet_unfold_to_nothing_of_ours() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    evil = f'<?xml version="1.0"?><!DOCTYPE x [{laughs}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    source, target = io.BytesIO(written(writing.write_xlsx, ["a"], [["b"]])), io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for part in old.infolist():
            text = old.read(part).decode()
            if part.filename.endswith("sheet1.xml"):
                text = evil + text.replace("<?xml version='1.0'?>", "").replace("</t>", "&l11;&f;</t>")
            new.writestr(part.filename, text)
    with pytest.raises(Invalid):
        reading.read(target.getvalue())


NAME = st.text(max_size=20).map(lambda name: " ".join(name.split())).filter(bool)
SKILLS = st.lists(
    st.builds(
        SkillCell, NAME, NAME | st.just(""), st.none() | st.decimals(0, 99_999_999, places=2),
        st.none() | st.integers(5, 1440),
    ),
    max_size=5,
)  # fmt: skip


@given(st.lists(NAME, unique=True, max_size=5))
def test_a_list_is_read_back(names: list[str]) -> None:
    assert cells.parts(cells.listed(names)) == names


@given(SKILLS)
def test_what_a_specialist_provides_is_read_back(skills: list[SkillCell]) -> None:
    assert cells.read_skills(cells.write_skills(skills)) == skills


@given(st.text(alphabet=st.sampled_from('ab ;>="\n/1'), max_size=20))
def test_any_cell_of_skills_is_read_or_refused(text: str) -> None:
    try:
        cells.read_skills(text)
    except Invalid as refused:
        assert str(refused)


def test_skills_as_people_write_them() -> None:
    assert cells.read_skills('Стрижка; Ногти > Маникюр = 1 500 ₽ / 1:30\n"Уход; лицо" = /45; ;') == [
        SkillCell("Стрижка"), SkillCell("Маникюр", "Ногти", Decimal("1500.00"), 90),
        SkillCell("Уход; лицо", "", None, 45),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "price"),
    [("1500", "1500"), ("1 500,50 ₽", "1500.50"), ("1,500", "1500"), ("1,500.5", "1500.50"), ("12,5", "12.50"),
     ("1\xa0200 руб.", "1200"), ("$9.99", "9.99"), ("0", "0")],
)  # fmt: skip
def test_prices(text: str, price: str) -> None:
    assert cells.money(text) == Decimal(price)


@pytest.mark.parametrize("text", ["", "free", "-5", "1.2.3", "1e5", "5000000000000000", "²"])
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(Invalid):
        cells.money(text)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("kind", columns.BY_KIND)
def test_the_headings_of_an_export_are_known_in_both_languages(kind: str, language: str) -> None:
    with translation.override(language):
        heading = [str(column.label) for column in columns.BY_KIND[kind]]
    for reader in ("en", "ru"):
        with translation.override(reader):
            assert columns.recognized(kind, heading) == [column.name for column in columns.BY_KIND[kind]]


def test_headings_as_people_write_them() -> None:
    heading = ["  ФИО ", "Телефон 1", "телефон2", "E-Mail", "Дата рождения", "Имя"]
    assert columns.recognized("clients", heading) == ["name", "phones", "phones", "email", "", ""]
    assert columns.recognized("services", ["НАИМЕНОВАНИЕ", "Цена (руб.)", "Длительность, мин"]) == [
        "title", "price", "duration",
    ]  # fmt: skip
    assert columns.chosen("services", ["a", "b", "c"], ["title", "title", "nonsense", "more"]) == ["", "title", ""]
    assert columns.by_name(["phones", "", "phones"], ["1", "2", "3"]) == {"phones": "1\n3"}
