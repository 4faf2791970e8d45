"""A table becomes a file that a spreadsheet opens and never calculates, a row at a time. Pure."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from itertools import chain
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from ringdesk.booking.sheets.reading import FORMULA

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTH = 24
# What a spreadsheet holds exactly.
_NUMBER = re.compile(r"-?\d{1,13}(\.\d{1,2})?", re.ASCII)


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before what would be one."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def write_csv(
    file: IO[bytes], heading: Sequence[str], rows: Iterable[Sequence[str]], numbers: Collection[int] = ()
) -> None:
    """Write the table as CSV with semicolons, in UTF-8 with a mark: what a Russian Excel opens by itself."""
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in chain([heading], rows):
        writer.writerow([harmless(_tidy(cell)) for cell in row])
    # The file is the caller's to close.
    text.detach()


def write_xlsx(
    file: IO[bytes], heading: Sequence[str], rows: Iterable[Sequence[str]], numbers: Collection[int] = ()
) -> None:
    """Write the table as XLSX; every cell is a text, also one that begins like a formula, but for ``numbers``.

    ``numbers``: places of columns, from 0, in which what is a number is written as one.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for number in range(1, len(heading) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
    sheet.freeze_panes = "A2"
    bold = Font(bold=True)
    for number, row in enumerate(chain([heading], rows)):
        cells = []
        for place, text in enumerate(row):
            cell = WriteOnlyCell(sheet, value=None)
            tidy = _tidy(text)
            if number and place in numbers and _NUMBER.fullmatch(tidy):
                cell.value = Decimal(tidy)
                cell.number_format = "0.00" if "." in tidy else "0"
            elif tidy:
                cell.value = tidy
                # openpyxl makes a formula of "=…" otherwise.
                cell.data_type = "s"
            if number == 0:
                cell.font = bold
            cells.append(cell)
        sheet.append(cells)
    book.save(file)


def _tidy(text: str) -> str:
    """Return the text without what XML cannot hold, its line ends alike."""
    return str(ILLEGAL_CHARACTERS_RE.sub("", text)).replace("\r\n", "\n").replace("\r", "\n")
