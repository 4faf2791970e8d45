"""Services, specialists and clients as a file, with the headings by which an import knows them again."""

from collections.abc import Iterator

from ringdesk.accounts.models import Branch
from ringdesk.booking.sheets import columns, importing, writing
from ringdesk.booking.sheets.columns import Column
from ringdesk.booking.sheets.reading import tidy

# A cell of an XLSX holds 32,767 characters: a long list goes on in another column of the same heading.
LONGEST = 30_000
FORMATS = {"csv": (writing.as_csv, writing.CSV), "xlsx": (writing.as_xlsx, writing.XLSX)}


def export(kind: str, branch: Branch, format: str) -> tuple[bytes, str]:
    """Return the file and its media type. Raises KeyError for a format or a kind there is not."""
    write, media_type = FORMATS[format]
    heading, rows = table(kind, branch)
    return write(heading, rows), media_type


def table(kind: str, branch: Branch) -> tuple[list[str], list[list[str]]]:
    """Return the heading, in the language of who asks, and the rows."""
    known = columns.BY_KIND[kind]
    rows = [
        {column.name: list(_pieces(column, tidy(row.get(column.name, "")))) for column in known}
        for row in importing.rows_of(kind, branch).export()
    ]
    widths = {column.name: max((len(row[column.name]) for row in rows), default=1) for column in known}
    heading = [str(column.label) for column in known for _number in range(widths[column.name])]
    return heading, [
        [cell for name, pieces in row.items() for cell in pieces + [""] * (widths[name] - len(pieces))] for row in rows
    ]


def _pieces(column: Column, cell: str) -> Iterator[str]:
    """Return a cell, a list that is too long in pieces, cut between its entries."""
    while column.is_list and len(cell) > LONGEST:
        cut = cell.rfind("; ", 0, LONGEST)
        if cut < 0:
            break
        yield cell[:cut]
        cell = cell[cut + 2 :]
    yield cell
