"""Tables are uploaded, looked at, and written row by row. Nobody else writes SheetImport.

Nothing of a table is written before somebody has seen what would become of it. Rows are written in batches, each in
one transaction with how far it has come, so that an import that was interrupted goes on where it stopped.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch, Member
from ringdesk.booking import versions
from ringdesk.booking.sheet_models import SheetImport
from ringdesk.booking.sheets import columns, reading
from ringdesk.booking.sheets.clients import ClientRows, read_rows
from ringdesk.booking.sheets.kinds import EmployeeRows, Kind, ServiceRows
from ringdesk.core import events
from ringdesk.core.problems import Conflict, Invalid, RingdeskError

State = SheetImport.State
# More rows than this are written by a job.
AT_ONCE = 200
_BATCH = 50
# A job that has not written a row for so long was interrupted.
_STALLED = timedelta(minutes=2)
_KEPT = timedelta(days=7)
# How long what a preview found is shown again: cards of clients change without telling.
_PREVIEW_KEPT = timedelta(minutes=5)
_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it would be imported; ``number`` is the one a spreadsheet shows beside it."""

    number: int
    cells: Sequence[str]
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of a table: how many rows of which outcome, some of them, and the refused ones."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)
    refused: list[Line] = field(default_factory=list)


def upload(branch: Branch, kind: str, file_name: str, content: bytes, *, by: Member | None) -> SheetImport:
    """Keep a file to be looked at. Raises Invalid."""
    table = reading.read(content)
    if not table.rows:
        raise Invalid(_("There is nothing under the heading."), field="file")
    return SheetImport.objects.create(
        organization_id=branch.organization_id, branch=branch, member=by, kind=kind, total=len(table.rows),
        file_name=file_name.replace("\x00", "")[-200:], heading=table.heading, rows=table.rows,
        columns=columns.recognized(kind, table.heading),
    )  # fmt: skip


def choose_columns(sheet: SheetImport, chosen: Iterable[str]) -> None:
    """Say what the columns are. Raises Conflict once it is being imported."""
    sheet.columns = columns.chosen(sheet.kind, sheet.heading, chosen)
    rows = SheetImport.objects.for_org(sheet.organization_id).filter(pk=sheet.pk, state=State.PREVIEW)
    if not rows.update(columns=sheet.columns):
        raise Conflict(_("It has been imported already."))


def lacks(sheet: SheetImport) -> bool:
    """Tell whether the one column without which nothing can be imported has not been named."""
    return columns.REQUIRED[sheet.kind] not in sheet.columns


def look(sheet: SheetImport, now: datetime) -> Preview:
    """Return the preview: the one that is kept, while the columns and what the rows are compared with stay the same.

    20,000 rows are seconds of work. The import itself reads each row afresh.
    """
    key = [sheet.columns, translation.get_language(), versions.of(sheet.branch).catalogue]
    kept = sheet.kept_preview
    if kept and kept["key"] == key and now - datetime.fromisoformat(kept["at"]) < _PREVIEW_KEPT:
        lines, refused = ([Line(**line) for line in kept[name]] for name in ("lines", "refused"))
        return Preview(Counter(kept["counts"]), lines, refused)
    found = preview(sheet)
    shown = {"lines": [asdict(line) for line in found.lines], "refused": [asdict(line) for line in found.refused]}
    kept = {"key": key, "at": now.isoformat(), "counts": found.counts, **shown}
    SheetImport.objects.for_org(sheet.organization_id).filter(pk=sheet.pk).update(kept_preview=kept)
    return found


def preview(sheet: SheetImport, *, most: int = 20) -> Preview:
    """Return what would become of the rows, and the first ones. Writes nothing."""
    found = Preview()
    if lacks(sheet):
        return found
    rows = _rows_of(sheet, sheet.rows)
    for place, cells in enumerate(sheet.rows):
        line = _line(rows, sheet.columns, place, cells)
        found.counts[line.outcome] += 1
        if line.outcome == "refused":
            if len(found.refused) < most:
                found.refused.append(line)
        elif len(found.lines) < most:
            found.lines.append(line)
    return found


def start(sheet: SheetImport) -> None:
    """Begin to import a table that has been looked at. Raises Invalid, and Conflict for one that is imported."""
    if lacks(sheet):
        raise Invalid(_("Say which column is the name first."))
    rows = SheetImport.objects.for_org(sheet.organization_id).filter(pk=sheet.pk, state=State.PREVIEW)
    if not rows.update(state=State.RUNNING, touched_at=timezone.now()):
        raise Conflict(_("It has been imported already."))


def run(pk: int) -> None:
    """Write the rows that are not written yet. Two at once wait for each other."""
    sheet = SheetImport.objects.select_related("branch", "member").filter(pk=pk, state=State.RUNNING).first()
    if sheet is None:
        return
    # A job speaks the language of who reads its report.
    with translation.override(sheet.member.language if sheet.member else translation.get_language()):
        _run(sheet)


def _run(sheet: SheetImport) -> None:
    rows = _rows_of(sheet, sheet.rows[sheet.done :])
    places = iter(range(sheet.done, sheet.total))
    while batch := list(islice(places, _BATCH)):
        with events.atomic():
            locked = SheetImport.objects.select_for_update().defer("rows", "kept_preview").get(pk=sheet.pk)
            if locked.done != batch[0] or locked.state != State.RUNNING:
                return  # Somebody else goes on with it.
            for place in batch:
                _write(locked, rows, place, sheet.rows[place])
            locked.done = batch[-1] + 1
            locked.touched_at = timezone.now()
            if locked.done == locked.total:
                locked.state = State.DONE
            locked.save(update_fields=["done", "added", "changed", "unchanged", "refused", "touched_at", "state"])


def is_stalled(sheet: SheetImport, now: datetime) -> bool:
    """Tell whether its job was interrupted, so that somebody should start it again."""
    return sheet.state == State.RUNNING and (sheet.touched_at is None or now - sheet.touched_at > _STALLED)


def forget_old(now: datetime) -> int:
    """Delete tables that were uploaded long ago; returns how many."""
    return SheetImport.objects.filter(created_at__lt=now - _KEPT).delete()[0]


def refused_rows(sheet: SheetImport) -> tuple[list[str], list[list[str]]]:
    """Return the refused rows as a table of its own, the reason in the last column."""
    rows = [[*sheet.rows[place], reason] for place, reason in sheet.refused if place < len(sheet.rows)]
    return [*sheet.heading, _("Why it was refused")], rows


def _rows_of(sheet: SheetImport, rows: Sequence[Sequence[str]]) -> Kind:
    return _kind(sheet.kind, sheet.branch, sheet.member, read_rows(sheet.columns, rows))


def _kind(kind: str, branch: Branch, by: Member | None, rows: Any) -> Kind:
    if kind == SheetImport.Kind.SERVICES:
        return ServiceRows(branch)
    if kind == SheetImport.Kind.EMPLOYEES:
        return EmployeeRows(branch)
    return ClientRows(branch, by, rows)


def _line(rows: Kind, names: Sequence[str], place: int, cells: Sequence[str]) -> Line:
    # The heading is row 1.
    try:
        wish = rows.read(columns.by_name(names, cells))
    except RingdeskError as problem:
        return Line(place + 2, _shown(cells), "refused", str(problem))
    return Line(place + 2, _shown(cells), wish.outcome)


def _shown(cells: Sequence[str]) -> list[str]:
    return [cell[:_LONGEST_SHOWN] for cell in cells]


def _write(sheet: SheetImport, rows: Kind, place: int, cells: Sequence[str]) -> None:
    """Write a row, or note why not: what stands in its way undoes only itself."""
    try:
        wish = rows.read(columns.by_name(sheet.columns, cells))
        with transaction.atomic():
            rows.write(wish)
    except RingdeskError as problem:
        sheet.refused.append([place, str(problem)])
    except (DataError, IntegrityError):
        sheet.refused.append([place, _("It cannot be stored as it is.")])
    else:
        setattr(sheet, wish.outcome, getattr(sheet, wish.outcome) + 1)
