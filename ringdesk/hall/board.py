"""The board of a day: halls, tables and reservations of a branch, ready to be drawn."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from django.urls import reverse
from django.utils.translation import gettext as _

from ringdesk.accounts.branches import hours_of
from ringdesk.accounts.models import Branch
from ringdesk.hall import availability, days, timeline
from ringdesk.hall.days import ServiceDay
from ringdesk.hall.models import Hall, HallSettings, Reservation, Table
from ringdesk.hall.timeline import Bar, Mark, Stay, TableState

COURSE_ICONS = {"arrived": "walk-in", "seated": "seat", "finished": "check"}
ICONS = {"free": "check", "soon": "clock", "seated": "seat", "overdue": "alert"}
# What the drawn day leaves out: such a party takes no place.
AWAY = (Reservation.Course.NO_SHOW, Reservation.Course.CANCELLED)


@dataclass(frozen=True, slots=True)
class BarView:
    """A reservation on one lane, in words: ``title`` and ``facts`` stand on the bar, ``label`` says everything."""

    reservation: Reservation
    table_id: int | None
    start: int
    end: int
    late_minutes: int | None
    icon: str
    title: str
    facts: str
    label: str
    url: str
    move_url: str


@dataclass(frozen=True, slots=True)
class StateView:
    """A table's state now, with the words and the icon for it."""

    kind: str
    text: str
    icon: str


@dataclass(frozen=True, slots=True)
class RowView:
    """A table and its day."""

    table: Table
    state: StateView | None
    bars: tuple[BarView, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the page of a day shows."""

    day: ServiceDay
    start: int
    end: int
    marks: tuple[Mark, ...]
    halls: tuple[tuple[Hall, tuple[RowView, ...]], ...]
    without_table: tuple[BarView, ...]
    away: tuple[Reservation, ...]
    all_halls: tuple[Hall, ...]
    default_duration: int
    reservations: int
    guests: int
    load: int
    is_now: bool


def default_duration(branch: Branch) -> int:
    """Return how long a visit lasts unless told otherwise, in minutes."""
    settings = HallSettings.objects.for_org(branch.organization_id).filter(branch=branch)
    found: int | None = settings.values_list("default_duration", flat=True).first()
    return found or HallSettings._meta.get_field("default_duration").default


def service_day(branch: Branch, day: date | None, now: datetime) -> ServiceDay:
    """Return this day of the branch; None: the one it lives in now."""
    hours = hours_of(branch)
    return days.service_day(day or days.current(now, branch.zone, hours), branch.zone, hours)


def draw(branch: Branch, day: ServiceDay, now: datetime, *, hall_id: int | None = None) -> Board:
    """Return the board of that day, of all halls or of one."""
    reservations = _reservations(branch, day)
    with_hidden = {table.pk for reservation in reservations for table in reservation.tables.all()}
    tables = availability.tables_of(branch, also=with_hidden)
    halls = tuple(dict.fromkeys(table.hall for table in tables))
    tables = [table for table in tables if hall_id in (None, table.hall_id)]
    painter = _Painter(day, reservations, now, branch.zone)
    start, end = timeline.window(day.opening, painter.stays.values(), begins=day.begins, usual=days.USUAL_HOURS)
    counted = [reservation for reservation in painter.own if reservation.course not in AWAY]
    return Board(
        day=day,
        start=start,
        end=end,
        marks=tuple(timeline.marks(start, end, day.origin, branch.zone)),
        halls=tuple((hall, painter.rows(tables, hall)) for hall in halls if hall_id in (None, hall.pk)),
        without_table=painter.bars(None),
        away=tuple(reservation for reservation in painter.own if reservation.course in AWAY),
        all_halls=halls,
        default_duration=default_duration(branch),
        reservations=len(counted),
        guests=sum(reservation.guests for reservation in counted),
        load=timeline.load(day.opening, [painter.stays_of(table.pk) for table in tables]),
        is_now=day.contains(now),
    )


def _reservations(branch: Branch, day: ServiceDay) -> list[Reservation]:
    rows = Reservation.objects.for_org(branch.organization_id).filter(
        branch=branch, starts_at__lt=day.span.end, ends_at__gt=day.span.start
    )
    return list(rows.select_related("status").prefetch_related("tables").order_by("starts_at", "id"))


class _Words:
    """What is said of a reservation on its bar; patterns and labels are looked up once for the whole board."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.late = _("late %(minutes)s min")
        self.party = _("%(guests)s p.")
        self.courses = {value: str(label) for value, label in Reservation.Course.choices}

    def facts(self, reservation: Reservation, tables: tuple[str, ...], late: int | None) -> str:
        starts = reservation.starts_at.astimezone(self.zone)
        parts = [self.late % {"minutes": late} if late else f"{starts:%H:%M}"]
        parts.append(self.party % {"guests": reservation.guests})
        if len(tables) > 1:
            parts.append("+".join(tables))
        if reservation.status.position:
            parts.append(reservation.status.name)
        return " · ".join(parts)

    def label(self, reservation: Reservation) -> str:
        starts, ends = (moment.astimezone(self.zone) for moment in reservation.span)
        parts = [
            reservation.title,
            f"{starts:%H:%M}–{ends:%H:%M}",
            self.party % {"guests": reservation.guests},
            reservation.status.name,
            self.courses[reservation.course],
            reservation.comment,
        ]
        return ", ".join(filter(None, parts))


class _Painter:
    """Turns the reservations of one day into rows and bars."""

    def __init__(self, day: ServiceDay, reservations: Sequence[Reservation], now: datetime, zone: tzinfo) -> None:
        self.day = day
        self.zone = zone
        self.now = day.minute(now) if day.contains(now) else None
        self.reservations = {reservation.pk: reservation for reservation in reservations}
        self.own = [reservation for reservation in reservations if reservation.starts_at >= day.span.start]
        self.stays = {reservation.pk: self._stay(reservation) for reservation in reservations}
        self.at_table: dict[int | None, list[int]] = defaultdict(list)
        self.names: dict[int, tuple[str, ...]] = {}
        self.words = _Words(zone)
        for reservation in reservations:
            tables = list(reservation.tables.all())
            self.names[reservation.pk] = tuple(table.name for table in tables)
            for table_id in [table.pk for table in tables] or [None]:
                self.at_table[table_id].append(reservation.pk)

    def _stay(self, reservation: Reservation) -> Stay:
        left = self.day.minute(reservation.finished_at) if reservation.finished_at else None
        starts, ends = self.day.minute(reservation.starts_at), self.day.minute(reservation.ends_at)
        return Stay(reservation.pk, starts, ends, reservation.course, left)

    def stays_of(self, table_id: int | None) -> list[Stay]:
        return [self.stays[reservation_id] for reservation_id in self.at_table[table_id]]

    def rows(self, tables: Iterable[Table], hall: Hall) -> tuple[RowView, ...]:
        here = [table for table in tables if table.hall_id == hall.pk]
        return tuple(RowView(table, self._state(table), self.bars(table.pk)) for table in here)

    def bars(self, table_id: int | None) -> tuple[BarView, ...]:
        stays = self.stays_of(table_id)
        if table_id is None:
            # Several may stand in this row at once, so nothing gives way to anything.
            shown = [Bar(stay.id, stay.start, stay.end) for stay in stays if stay.course not in AWAY]
        else:
            shown = timeline.bars(stays)
        return tuple(self._view(bar, table_id) for bar in shown)

    def _view(self, bar: Bar, table_id: int | None) -> BarView:
        reservation = self.reservations[bar.id]
        late = self._late(bar.id)
        return BarView(
            reservation=reservation,
            table_id=table_id,
            start=bar.start,
            end=bar.end,
            late_minutes=late,
            icon="clock" if late else COURSE_ICONS.get(reservation.course, ""),
            title=reservation.title,
            facts=self.words.facts(reservation, self.names[bar.id], late),
            label=self.words.label(reservation),
            url=reverse("hall:card", args=[bar.id]),
            move_url="" if reservation.is_released else reverse("hall:move", args=[bar.id]),
        )

    def _late(self, reservation_id: int) -> int | None:
        stay = self.stays[reservation_id]
        if self.now is None or not timeline.is_late(stay, self.now):
            return None
        return self.now - stay.start

    def _state(self, table: Table) -> StateView | None:
        if self.now is None:
            return None
        found = timeline.state(self.stays_of(table.pk), self.now)
        return StateView(found.kind, self._words(found), ICONS[found.kind])

    def _words(self, found: TableState) -> str:
        if found.until is None or self.now is None:
            return _("Free")
        time = self._clock(found.until)
        if found.kind == "free":
            return _("Free until %(time)s") % {"time": time}
        if found.kind == "seated":
            return _("Seated until %(time)s") % {"time": time}
        if found.kind == "overdue":
            return _("Overdue since %(time)s") % {"time": time}
        if found.until <= self.now:
            return _("Expected since %(time)s") % {"time": time}
        return _("Reserved from %(time)s") % {"time": time}

    def _clock(self, minute: int) -> str:
        return f"{self.day.moment(minute).astimezone(self.zone):%H:%M}"
