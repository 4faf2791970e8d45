"""Services, specialists and clients as a file, with the headings by which an import knows them again."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from ringdesk.accounts.models import Branch
from ringdesk.booking.sheets import columns, stored, writing
from ringdesk.booking.sheets.columns import Column
from ringdesk.booking.sheets.reading import tidy

# A cell of an XLSX holds 32,767 characters: a long list goes on in another column of the same heading.
LONGEST = 30_000


class Format(NamedTuple):
    """``write`` takes an open file, the heading, the rows one after another, and which columns are numbers."""

    write: Callable[[IO[bytes], Sequence[str], Iterable[Sequence[str]], Collection[int]], None]
    media_type: str


FORMATS = {"csv": Format(writing.write_csv, writing.CSV), "xlsx": Format(writing.write_xlsx, writing.XLSX)}


def export(kind: str, branch: Branch, format: str) -> IO[bytes]:
    """Return the file, open at its beginning. Raises KeyError for a format or a kind there is not."""
    heading, rows = table(kind, branch)
    numbers = {str(column.label) for column in columns.BY_KIND[kind] if column.is_number}
    return file_of(format, heading, rows, {place for place, title in enumerate(heading) if title in numbers})


def file_of(
    format: str, heading: Sequence[str], rows: Iterable[Sequence[str]], numbers: Collection[int] = ()
) -> IO[bytes]:
    """Return a file with this table, open at its beginning; it is gone when closed. Holds one row at a time."""
    # Written before any of it is sent: who downloads slowly keeps no connection to the database meanwhile.
    file = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        FORMATS[format].write(file, heading, rows, numbers)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def table(kind: str, branch: Branch) -> tuple[list[str], Iterator[list[str]]]:
    """Return the heading, in the language of who asks, and the rows, which can be gone through once."""
    known = columns.BY_KIND[kind]
    widths = {column.name: 1 for column in known}
    if endless := [column for column in known if column.is_endless]:
        # The heading comes first and has to know.
        for row in stored.BY_KIND[kind](branch):
            for column in endless:
                widths[column.name] = max(widths[column.name], len(_pieces(row[column.name])))
    heading = [str(column.label) for column in known for _number in range(widths[column.name])]
    return heading, (_row(known, widths, row) for row in stored.BY_KIND[kind](branch))


def _row(known: Iterable[Column], widths: dict[str, int], row: dict[str, str]) -> list[str]:
    found: list[str] = []
    for column in known:
        pieces = _pieces(row[column.name], widths[column.name])
        found += pieces + [""] * (widths[column.name] - len(pieces))
    return found


def _pieces(cell: str, most: int | None = None) -> list[str]:
    """Return a cell, a list that is too long in pieces, at most so many, cut between its entries."""
    rest = tidy(cell)
    pieces: list[str] = []
    while len(rest) > LONGEST and (most is None or len(pieces) + 1 < most):
        cut = rest.rfind("; ", 0, LONGEST)
        if cut < 0:
            break
        pieces.append(rest[:cut])
        rest = rest[cut + 2 :]
    return [*pieces, rest]
