"""The week grid: specialists as rows, days as columns, what each works that day and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from ringdesk.accounts.models import Branch
from ringdesk.booking.models import Employee
from ringdesk.booking.schedules import displaced
from ringdesk.scheduling import loading
from ringdesk.scheduling.hours import DAY, DayHours
from ringdesk.scheduling.minutes import Minutes, from_moment, to_moment
from ringdesk.scheduling.models import Holiday, ScheduleException

DAYS = 7


@dataclass(frozen=True, slots=True)
class Column:
    """A day; ``holiday`` is its name where the branch rests (may be empty)."""

    date: date
    is_today: bool
    is_holiday: bool
    holiday: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What somebody works on a day. ``is_own``: it is not the ordinary week's; ``outside``: bookings out of hours."""

    column: Column
    worked: DayHours | None
    is_own: bool
    note: str
    outside: int

    @property
    def hours(self) -> str:
        return span_text((self.worked.start, self.worked.end)) if self.worked else ""

    @property
    def edges(self) -> tuple[str, str]:
        """Where there is little room: the start and the end alone."""
        return (clock(self.worked.start), clock(self.worked.end)) if self.worked else ("", "")

    @property
    def breaks(self) -> list[str]:
        return [span_text(rest) for rest in self.worked.breaks] if self.worked else []

    @property
    def rests_with_branch(self) -> bool:
        return self.column.is_holiday and not self.is_own


@dataclass(frozen=True, slots=True)
class Row:
    """A specialist's week; ``minutes``: what is worked without breaks."""

    employee: Employee
    cells: list[Cell]
    minutes: int

    @property
    def total(self) -> str:
        return length_text(self.minutes)


@dataclass(frozen=True, slots=True)
class Grid:
    """A week of a branch."""

    columns: list[Column]
    rows: list[Row]

    @property
    def outside(self) -> int:
        return sum(cell.outside for row in self.rows for cell in row.cells)


def draw(branch: Branch, employees: Sequence[Employee], monday: date, today: date) -> Grid:
    """Return the week that begins on this Monday."""
    days = [monday + timedelta(days=number) for number in range(DAYS)]
    sunday = days[-1]
    resources = [employee.resource_id for employee in employees]
    holidays = _holidays(branch, monday, sunday)
    weeks = loading.weeks(branch.organization_id, resources)
    own = _own(branch, resources, monday, sunday)
    late = _outside(branch, employees, monday)
    columns = [Column(day, day == today, day in holidays, holidays.get(day, "")) for day in days]
    rows = []
    for employee in employees:
        cells = []
        for column in columns:
            exception = own.get((employee.resource_id, column.date))
            usual = None if column.is_holiday else weeks[employee.resource_id][column.date.weekday()]
            worked, note = exception or (usual, "")
            cells.append(Cell(column, worked, exception is not None, note, late[employee.pk, column.date]))
        worked_minutes = sum(end - start for cell in cells if cell.worked for start, end in cell.worked.pieces)
        rows.append(Row(employee, cells, worked_minutes))
    return Grid(columns, rows)


def clock(minutes: int) -> str:
    """Return minutes after midnight as the clock shows them; midnight at the end of a day is 24:00."""
    shown = minutes if minutes == DAY else minutes % DAY
    return f"{shown // 60:02}:{shown % 60:02}"


def span_text(span: Minutes) -> str:
    """Return a span of clock times: 09:00–18:00."""
    return f"{clock(span[0])}–{clock(span[1])}"


def length_text(minutes: int) -> str:
    """Return hours, with minutes where there are some: 40, 37:30."""
    return f"{minutes // 60}:{minutes % 60:02}" if minutes % 60 else str(minutes // 60)


def _holidays(branch: Branch, first: date, last: date) -> dict[date, str]:
    rows = Holiday.objects.for_org(branch.organization_id).filter(
        branch=branch, first_day__lte=last, last_day__gte=first
    )
    return {day: row.name for row in rows for day in _days_of(row, first, last)}


def _own(
    branch: Branch, resources: Sequence[int], first: date, last: date
) -> dict[tuple[int, date], tuple[DayHours | None, str]]:
    rows = ScheduleException.objects.for_org(branch.organization_id).filter(
        resource__in=resources, first_day__lte=last, last_day__gte=first
    )
    return {
        (row.resource_id, day): (loading.worked(row), row.note) for row in rows for day in _days_of(row, first, last)
    }


def _days_of(row: Holiday | ScheduleException, first: date, last: date) -> list[date]:
    begins, ends = max(row.first_day, first), min(row.last_day, last)
    return [begins + timedelta(days=number) for number in range((ends - begins).days + 1)]


def _outside(branch: Branch, employees: Sequence[Employee], monday: date) -> Counter[tuple[int, date]]:
    span = loading.day_span(branch, monday, DAYS)
    # What is over needs nobody's care.
    since = max(span.start, from_moment(timezone.now()))
    found = displaced.outside(branch, employees, since, span.end)
    return Counter((each.employee, to_moment(each.start).astimezone(branch.zone).date()) for each in found)
