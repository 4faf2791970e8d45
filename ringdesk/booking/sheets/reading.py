"""A file becomes a table: CSV in whatever encoding and with whatever delimiter, or the first sheet of an XLSX.

Nothing here believes the file: its name, its size, what it unfolds to. Pure.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import openpyxl
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Invalid

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 60
LONGEST_CELL = 20_000
# What an XLSX, which is a ZIP, may unfold to.
MOST_UNFOLDED = 120 * 1024 * 1024
DELIMITERS = ";,\t"
# What a spreadsheet would take for a formula; writing.py puts an apostrophe before it, here it falls away.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SAMPLE = 50


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file as texts; every row is as long as the heading."""

    heading: list[str]
    rows: list[list[str]]


def read(content: bytes) -> Table:
    """Return the table in the file. Raises Invalid (field ``file``)."""
    if len(content) > MOST_BYTES:
        raise _refusal(_("The file is larger than %(most)s MB.") % {"most": MOST_BYTES // 1024**2})
    if content.startswith(b"PK"):
        return _table(_sheet_rows(content))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise _refusal(_("This is an old Excel file. Save it as .xlsx or CSV first."))
    return _table(_csv_rows(decoded(content)))


def decoded(content: bytes) -> str:
    """Return the text: by its byte order mark, else UTF-8, else Windows-1251. Raises Invalid for what is none."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    if b"\x00" in content:
        raise _refusal(_("This is neither CSV nor XLSX."))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1251", errors="replace")


def delimiter_of(text: str) -> str:
    """Return what divides the cells: what gives the first rows the same number of columns, and the most of them."""

    def told(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for _number, row in zip(range(_SAMPLE), _parsed(text, delimiter), strict=False) if row]
        alike = sum(width == widths[0] for width in widths) if widths and widths[0] > 1 else 0
        return alike, widths[0] if widths else 0

    return max(DELIMITERS, key=told)


def _csv_rows(text: str) -> Iterator[list[str]]:
    for row in _parsed(text, delimiter_of(text)):
        yield [plain(cell) for cell in row]


def _parsed(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(MOST_BYTES)
    try:
        yield from csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise _refusal(_("This is neither CSV nor XLSX.")) from error


def plain(cell: str) -> str:
    """Return a cell of a CSV without the apostrophe that kept a spreadsheet from calculating it."""
    if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA):
        return cell[1:]
    return cell


def _sheet_rows(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNFOLDED:
                raise _refusal(_("The file unfolds to too much."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            # The dimension a file claims is no reason to believe it.
            sheet.reset_dimensions()
            for row in sheet.iter_rows(values_only=True):
                yield [_text(value) for value in row]
        finally:
            book.close()
    except Invalid:
        raise
    except Exception as error:  # There is nothing that a broken file does not make these libraries raise.
        raise _refusal(_("This XLSX cannot be read.")) from error


def _text(value: Any) -> str:
    """Return a cell of a sheet as somebody would have typed it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.strftime("%d.%m.%Y") if value.time() == time() else value.strftime("%d.%m.%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return str(value).replace("_x000D_", "").replace("\x00", "")


def _table(rows: Iterable[Sequence[str]]) -> Table:
    """Return the rows under the first one that has something; empty rows and columns at the end fall away."""
    heading: list[str] = []
    kept: list[list[str]] = []
    for row in rows:
        cells = [tidy(cell) for cell in row[:MOST_COLUMNS]]
        if not any(cells):
            continue
        if not heading:
            heading = _without_tail(cells)
            continue
        if len(kept) >= MOST_ROWS:
            raise _refusal(_("The table has more than %(most)s rows. Divide it.") % {"most": MOST_ROWS})
        if any(len(cell) > LONGEST_CELL for cell in cells):
            number = len(kept) + 2
            raise _refusal(_("Row %(number)s: a cell is too long.") % {"number": number})
        kept.append((cells + [""] * len(heading))[: len(heading)])
    if not heading:
        raise _refusal(_("The file is empty."))
    return Table(heading, kept)


def tidy(cell: str) -> str:
    """Return a text without spaces around it, its line ends alike."""
    return cell.replace("\r\n", "\n").replace("\r", "\n").strip()


def _without_tail(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _refusal(text: Any) -> Invalid:
    return Invalid(text, field="file")
