"""The diary of a branch, ready to be drawn: a day of all its specialists, or a week of one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch
from ringdesk.booking import openings
from ringdesk.booking.diary import scale
from ringdesk.booking.diary.scale import Day, Mark, Off, State
from ringdesk.booking.models import RELEASING, Booking, BookingLine, Employee
from ringdesk.booking.openings import SESSION
from ringdesk.core import phones
from ringdesk.scheduling import loading
from ringdesk.scheduling.hours import DayShift
from ringdesk.scheduling.minutes import Minutes, Span, from_moment, to_moment
from ringdesk.scheduling.models import Holiday, ScheduleException

Status = Booking.Status
TONES = {Status.HELD: "amber", Status.BOOKED: "blue", Status.ARRIVED: "green"}
STATE_ICONS = {"off": "ban", "before": "clock", "busy": "seat", "rest": "pause", "free": "check", "over": "moon"}


@dataclass(frozen=True, slots=True)
class Bar:
    """A visit on a lane: ``title`` and ``facts`` stand on it, ``label`` says everything. A group is one bar."""

    id: str
    start: int
    end: int
    status: str
    tone: str
    icon: str
    title: str
    time: str
    facts: str
    label: str
    url: str
    move_url: str
    version: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class StateView:
    """What a specialist does now, with the words and the icon for it."""

    kind: str
    text: str
    icon: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A row of the diary: a specialist's day. ``key`` is what a move says of it: an employee's id, or a date."""

    key: str
    title: str
    note: str
    url: str
    state: StateView | None
    off: tuple[Off, ...]
    off_text: str
    bars: tuple[Bar, ...]
    is_today: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """Everything a page of the diary shows."""

    days: tuple[Day, ...]
    origin: datetime
    start: int
    end: int
    marks: tuple[Mark, ...]
    lanes: tuple[Lane, ...]
    away: tuple[Booking, ...]
    bookings: int
    load: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A specialist's day on paper: working hours in words, breaks too, and who comes."""

    employee: Employee
    hours: str
    bookings: tuple[tuple[Booking, str, str], ...]


def employees(branch: Branch, also: Iterable[int] = ()) -> list[Employee]:
    """Return the branch's specialists in the order of the list, with those (ids) who work here no more."""
    rows = Employee.objects.for_org(branch.organization_id).filter(branch=branch)
    return list(rows.filter(Q(is_active=True) | Q(pk__in=list(also))).select_related("job_title"))


def bookings(branch: Branch, start: int, end: int, now: datetime) -> QuerySet[Booking]:
    """Return what is or was booked between these minutes since the epoch, by start.

    Holds that have expired are forgotten, and so is what a visitor of the page looked at and left.
    """
    rows: QuerySet[Booking] = Booking.objects.for_org(branch.organization_id).filter(
        branch=branch, starts_at__lt=to_moment(end), ends_at__gt=to_moment(start)
    )
    rows = rows.exclude(status=Status.HELD, held_until__lte=now).exclude(openings.ABANDONED)
    rows = rows.select_related("client", "claim")
    return rows.order_by("starts_at", "id")


def draw_day(branch: Branch, day: date, now: datetime, *, employee_id: int | None = None) -> Board:
    """Return the day of the branch's specialists, or of one. The same queries for any number of them."""
    shown = scale.day_of(day, branch.zone)
    rows = list(bookings(branch, shown.origin, shown.end, now))
    told = _Told.of(branch, rows)
    staff = employees(branch, also=told.people())
    painter = _Painter(branch, [shown], staff, told, now)
    chosen = [each for each in staff if employee_id in (None, each.pk)]
    return painter.board([painter.lane_of_employee(each, shown) for each in chosen])


def draw_week(branch: Branch, employee: Employee, day: date, now: datetime) -> Board:
    """Return the week of a specialist in which the day lies."""
    days = scale.week_of(day, branch.zone)
    of_them = Q(employee=employee) | Q(assistants=employee)
    rows = list(bookings(branch, days[0].origin, days[-1].end, now).filter(of_them).distinct())
    painter = _Painter(branch, days, [employee], _Told.of(branch, rows), now)
    return painter.board([painter.lane_of_day(employee, shown) for shown in days])


def sheets(branch: Branch, day: date, now: datetime, *, employee_id: int | None = None) -> list[Sheet]:
    """Return the day of every specialist who works or is booked on it, as it is printed."""
    shown = scale.day_of(day, branch.zone)
    rows = list(bookings(branch, shown.origin, shown.end, now).exclude(status__in=RELEASING))
    told = _Told.of(branch, rows)
    staff = employees(branch, also=told.people())
    painter = _Painter(branch, [shown], staff, told, now)
    found = [painter.sheet(each, shown) for each in staff if employee_id in (None, each.pk)]
    return [sheet for sheet in found if sheet.hours or sheet.bookings]


def title_of(booking: Booking) -> str:
    """Return whose booking it is."""
    name = booking.client_name or (booking.client.name if booking.client else "")
    return name or phones.display(booking.phone) or _("No name")


def services_of(booking: Booking) -> str:
    """Return what is booked."""
    return ", ".join(line.title for line in booking.lines.all())


def day_url(booking: Booking) -> str:
    """Return the address of the day on which it is drawn."""
    day = booking.starts_at.astimezone(booking.branch.zone).date()
    return f"{reverse('booking:diary')}?date={day.isoformat()}"


@dataclass(frozen=True, slots=True)
class _Told:
    """Bookings with what is booked and who works on it, read as plain values: a full day holds hundreds of them."""

    rows: Sequence[Booking]
    services: Mapping[int, str]
    seats: Mapping[int, int]
    helpers: Mapping[int, list[int]]

    @classmethod
    def of(cls, branch: Branch, rows: Sequence[Booking]) -> "_Told":
        ids = [row.pk for row in rows]
        lines = BookingLine.objects.for_org(branch.organization_id).filter(booking__in=ids)
        titles: dict[int, list[str]] = defaultdict(list)
        seats: dict[int, int] = {}
        for booking, title, capacity in lines.values_list("booking_id", "title", "service__capacity"):
            titles[booking].append(title)
            seats[booking] = max(seats.get(booking, 0), capacity or 0)
        helpers: dict[int, list[int]] = defaultdict(list)
        for booking, employee in (
            Booking.assistants.through.objects.filter(booking__in=ids)
            .values_list("booking_id", "employee_id")
            .order_by("id")
        ):
            helpers[booking].append(employee)
        services = {booking: ", ".join(found) for booking, found in titles.items()}
        return cls(rows, services, seats, helpers)

    def people_of(self, row: Booking) -> list[int]:
        return [row.employee_id, *self.helpers.get(row.pk, ())]

    def people(self) -> set[int]:
        return {pk for row in self.rows for pk in self.people_of(row)}

    def services_of(self, row: Booking) -> str:
        return self.services.get(row.pk, "")


class _Painter:
    """Turns bookings and working hours into lanes."""

    def __init__(
        self, branch: Branch, days: Sequence[Day], staff: Sequence[Employee], told: _Told, now: datetime
    ) -> None:
        self.branch = branch
        self.days = days
        self.now = now
        self.told = told
        self.rows = told.rows
        self.shown = [row for row in told.rows if row.status not in RELEASING]
        self.labels = {value: str(label) for value, label in Status.choices}
        self.card_url, self.move_url = (reverse(f"booking:{name}", args=[0]) for name in ("card", "move"))
        resources = {each.resource_id: each.pk for each in staff}
        first, last = days[0].date, days[-1].date
        found = loading.day_shifts(branch, list(resources), first, len(days))
        self.shifts: dict[tuple[int, date], DayShift] = {
            (resources[resource], shift.day): shift for resource, shifts in found.items() for shift in shifts
        }
        self.notes = _notes(branch, resources, first, last)
        self.of_employee: dict[int, list[Booking]] = defaultdict(list)
        for row in self.shown:
            for pk in told.people_of(row):
                self.of_employee[pk].append(row)
        self.drawn = scale.window(self._all_spans())

    def board(self, lanes: Iterable[Lane]) -> Board:
        first = self.days[0]
        today = next((day for day in self.days if day.contains(self.now)), first)
        worked = booked = 0
        for (employee, _date), shift in self.shifts.items():
            minutes = scale.load(_work(shift), [_minutes(row) for row in self.of_employee[employee]])
            worked, booked = worked + minutes[0], booked + minutes[1]
        return Board(
            days=tuple(self.days),
            origin=to_moment(today.origin),
            start=self.drawn.start,
            end=self.drawn.end,
            marks=tuple(scale.marks(self.drawn, first, self.branch.zone)),
            lanes=tuple(lanes),
            away=tuple(row for row in self.rows if row.status in RELEASING),
            bookings=len(self.shown),
            load=round(100 * booked / worked) if worked else 0,
        )

    def lane_of_employee(self, employee: Employee, day: Day) -> Lane:
        week = f"{reverse('booking:week', args=[employee.pk])}?date={day.date.isoformat()}"
        note = employee.job_title.name if employee.job_title else ""
        return self._lane(str(employee.pk), employee.name, note, week, employee, day)

    def lane_of_day(self, employee: Employee, day: Day) -> Lane:
        url = f"{reverse('booking:diary')}?date={day.date.isoformat()}"
        title = date_format(day.date, "D, j E")
        return self._lane(day.date.isoformat(), title, "", url, employee, day)

    def sheet(self, employee: Employee, day: Day) -> Sheet:
        shift = self.shifts.get((employee.pk, day.date))
        work = [(start - day.origin, end - day.origin) for start, end in _work(shift)]
        hours = ", ".join(f"{self._clock(start, day)}–{self._clock(end, day)}" for start, end in work)
        rows = [row for row in self.of_employee[employee.pk] if day.origin <= _minutes(row)[0] < day.end]
        return Sheet(employee, hours, tuple((row, title_of(row), self.told.services_of(row)) for row in rows))

    def _lane(self, key: str, title: str, note: str, url: str, employee: Employee, day: Day) -> Lane:
        shift = self.shifts.get((employee.pk, day.date))
        work = [(start - day.origin, end - day.origin) for start, end in _work(shift)]
        rows = [row for row in self.of_employee[employee.pk] if day.origin <= _minutes(row)[0] < day.end]
        return Lane(
            key=key,
            title=title,
            note=note,
            url=url,
            state=self._state(work, rows, day),
            off=tuple(scale.off(work, self.drawn)),
            off_text="" if work else self.notes.get((employee.pk, day.date), "") or _("Day off"),
            bars=tuple(self._bars(rows, employee, day)),
            is_today=day.contains(self.now),
        )

    def _all_spans(self) -> list[Minutes]:
        origins = {day.date: day.origin for day in self.days}
        spans = [
            (start - origins[day], end - origins[day])
            for (_employee, day), shift in self.shifts.items()
            for start, end in _work(shift)
        ]
        for row in self.shown:
            start, end = _minutes(row)
            spans += [(start - day.origin, end - day.origin) for day in self.days if day.origin <= start < day.end]
        return spans

    def _state(self, work: Sequence[Minutes], rows: Sequence[Booking], day: Day) -> StateView | None:
        if not day.contains(self.now):
            return self._hours(work, day) if work else None
        busy = [(day.minute(row.starts_at), day.minute(row.ends_at)) for row in rows]
        found = scale.state(work, busy, day.minute(self.now))
        return StateView(found.kind, self._words(found, day), STATE_ICONS[found.kind])

    def _hours(self, work: Sequence[Minutes], day: Day) -> StateView:
        hours = f"{self._clock(work[0][0], day)}–{self._clock(work[-1][1], day)}"
        return StateView("shift", hours, "clock")

    def _words(self, found: State, day: Day) -> str:
        if found.until is None:
            return _("Does not work today") if found.kind == "off" else _("Has finished")
        pattern = {
            "before": _("From %(time)s"),
            "busy": _("Busy until %(time)s"),
            "rest": _("Break until %(time)s"),
            "free": _("Free until %(time)s"),
        }[found.kind]
        return pattern % {"time": self._clock(found.until, day)}

    def _clock(self, minute: int, day: Day) -> str:
        return f"{day.moment(minute).astimezone(self.branch.zone):%H:%M}"

    def _bars(self, rows: Iterable[Booking], employee: Employee, day: Day) -> Iterable[Bar]:
        groups: dict[int, list[Booking]] = defaultdict(list)
        for row in rows:
            groups[row.claim_id].append(row)
        for members in groups.values():
            if members[0].claim.kind == SESSION:
                yield self._group(members, employee, day)
            else:
                yield from (self._bar(row, employee, day) for row in members)

    def _bar(self, row: Booking, employee: Employee, day: Day) -> Bar:
        starts, ends = row.starts_at.astimezone(self.branch.zone), row.ends_at.astimezone(self.branch.zone)
        services, title = self.told.services_of(row), title_of(row)
        is_late = row.status == Status.BOOKED and self._is_late(row)
        label = [title, f"{starts:%H:%M}–{ends:%H:%M}", services, self.labels[row.status], row.notes]
        return Bar(
            id=f"{row.pk}-{employee.pk}",
            start=day.minute(row.starts_at),
            end=day.minute(row.ends_at),
            status=row.status,
            tone=TONES[Status(row.status)],
            icon=_icon(row, employee, is_late),
            title=title,
            time=f"{starts:%H:%M}",
            facts=services,
            label=", ".join(filter(None, label)),
            url=self.card_url.replace("0", str(row.pk)),
            move_url=self.move_url.replace("0", str(row.pk)),
            version=row.version,
            is_late=is_late,
        )

    def _group(self, members: Sequence[Booking], employee: Employee, day: Day) -> Bar:
        row = members[0]
        starts, ends = row.starts_at.astimezone(self.branch.zone), row.ends_at.astimezone(self.branch.zone)
        seats = self.told.seats.get(row.pk) or len(members)
        taken = _("%(taken)s of %(seats)s") % {"taken": len(members), "seats": seats}
        people = ", ".join(title_of(each) for each in members)
        return Bar(
            id=f"group-{row.claim_id}-{employee.pk}",
            start=day.minute(row.starts_at),
            end=day.minute(row.ends_at),
            status=Status.BOOKED,
            tone="violet",
            icon="users",
            title=self.told.services_of(row),
            time=f"{starts:%H:%M}",
            facts=taken,
            label=f"{self.told.services_of(row)}, {starts:%H:%M}–{ends:%H:%M}, {taken}: {people}",
            url=reverse("booking:group", args=[row.claim_id]),
            move_url="",
            version=row.version,
            is_late=False,
        )

    def _is_late(self, row: Booking) -> bool:
        waited = (self.now - row.starts_at).total_seconds() / 60
        return waited >= scale.LATE_AFTER and self.now < row.ends_at


def _icon(row: Booking, employee: Employee, is_late: bool) -> str:
    if row.status == Status.ARRIVED:
        return "walk-in"
    if is_late or row.status == Status.HELD:
        return "clock"
    if row.employee_id != employee.pk:
        return "users"
    return "repeat" if row.series else ""


def _work(shift: DayShift | None) -> list[Span]:
    return [Span(piece.start, piece.end) for piece in shift.work] if shift else []


def _minutes(row: Booking) -> Minutes:
    return from_moment(row.starts_at), from_moment(row.ends_at)


def _notes(branch: Branch, resources: Mapping[int, int], first: date, last: date) -> dict[tuple[int, date], str]:
    """Return why somebody (an employee's id) does not work on a day, where the schedule or the branch says so."""
    lies_within = {"first_day__lte": last, "last_day__gte": first}
    days = [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
    found: dict[tuple[int, date], str] = {}
    for holiday in Holiday.objects.for_org(branch.organization_id).filter(branch=branch, **lies_within):
        within = [day for day in days if holiday.first_day <= day <= holiday.last_day]
        found |= {(employee, day): holiday.name for employee in resources.values() for day in within}
    rows = ScheduleException.objects.for_org(branch.organization_id).filter(
        resource__in=list(resources), starts=None, **lies_within
    )
    for row in rows:
        within = [day for day in days if row.first_day <= day <= row.last_day]
        found |= {(resources[row.resource_id], day): row.note for day in within}
    return found
