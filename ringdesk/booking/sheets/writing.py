"""A table becomes a file that a spreadsheet opens and never calculates, a row at a time. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
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


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before what would be one."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def write_csv(file: IO[bytes], heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write the table as CSV with semicolons, in UTF-8 with a mark: what a Russian Excel opens by itself."""
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in chain([heading], rows):
        writer.writerow([harmless(_tidy(cell)) for cell in row])
    # The file is the caller's to close.
    text.detach()


def write_xlsx(file: IO[bytes], heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write the table as XLSX; every cell is a text, also one that begins like a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for number in range(1, len(heading) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
    sheet.freeze_panes = "A2"
    bold = Font(bold=True)
    for number, row in enumerate(chain([heading], rows)):
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=None)
            if tidy := _tidy(text):
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
