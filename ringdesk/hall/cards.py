"""What the reservation card shows: first values, whose number it is, which tables are free, what has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ringdesk.accounts.branches import hours_of
from ringdesk.accounts.models import Branch
from ringdesk.core import phones
from ringdesk.core.asked import positive_id
from ringdesk.core.clock_fields import hours_and_minutes
from ringdesk.core.intervals import Span
from ringdesk.core.problems import Stale
from ringdesk.crm.known import Known, asked_client, known_by
from ringdesk.crm.models import Client
from ringdesk.hall import availability, board, days, guests
from ringdesk.hall.forms import CardForm
from ringdesk.hall.models import Reservation, Table
from ringdesk.hall.problems import sentence
from ringdesk.hall.reservations import Course, Wish
from ringdesk.hall.seating import Place
from ringdesk.scheduling.hours import YEARS


@dataclass(frozen=True, slots=True)
class Chip:
    """A table to choose. ``taken`` says by whom and until when."""

    place: Place
    hall: str
    checked: bool
    taken: str = ""


@dataclass(frozen=True, slots=True)
class TableChoice:
    """The tables for the card's time and party."""

    span: Span | None
    fitting: tuple[Chip, ...]
    small: tuple[Chip, ...]
    busy: tuple[Chip, ...]
    joined: tuple[tuple[Place, ...], ...]
    conflicts: tuple[str, ...]
    hall_names: tuple[str, ...]
    several_halls: bool
    selected: tuple[int, ...]
    is_outside_hours: bool

    @property
    def exists(self) -> bool:
        """Tell whether the branch has any table."""
        return bool(self.fitting or self.small or self.busy)

    @property
    def free(self) -> tuple[Chip, ...]:
        return (*self.fitting, *self.small)


def initial(branch: Branch, asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return the first values of a new card, from an address such as a free spot's or a popup's."""
    walk_in = "walk_in" in asked
    starts_at = _first_start(branch, asked, now, exact=walk_in)
    length = timedelta(minutes=board.default_duration(branch))
    client = asked_client(branch, asked.get("client", ""))
    phone = phones.normalize(asked.get("phone", ""), branch.region)
    if client is None:
        found = guests.known_by(branch, phone)
        client = found[0] if len(found) == 1 else None
    values = {
        "phone": phone,
        "client": client.pk if client else "",
        "guest_name": client.name if client else "",
        "about": client.about if client else "",
        "status": None,
        "tables": [pk for part in asked.get("table", "").split(",")[:20] if (pk := positive_id(part))],
        "call": asked.get("call") or None,
    }
    return values | _times(starts_at, starts_at + length, branch)


def stored(reservation: Reservation) -> dict[str, Any]:
    """Return the values of a reservation that is opened."""
    wish = Wish.of(reservation)
    values = {
        "phone": phones.display(reservation.phone),
        "client": reservation.client_id or "",
        "guest_name": wish.guest_name,
        "about": reservation.client.about if reservation.client else "",
        "guests": wish.guests,
        "status": wish.status_id,
        "tables": list(wish.table_ids),
        "comment": wish.comment,
        "version": reservation.version,
        "call": reservation.call_id,
    }
    return values | _times(wish.starts_at, wish.ends_at, reservation.branch)


def _times(starts_at: datetime, ends_at: datetime, branch: Branch) -> dict[str, Any]:
    starts, ends = starts_at.astimezone(branch.zone), ends_at.astimezone(branch.zone)
    return {
        "date": starts.date(),
        "start": starts.time().replace(second=0, microsecond=0, tzinfo=None),
        "duration": ends_at - starts_at,
        "end": ends.time().replace(second=0, microsecond=0, tzinfo=None),
        "starts_at": starts_at,
        "ends_at": ends_at,
    }


def _first_start(branch: Branch, asked: Mapping[str, str], now: datetime, *, exact: bool) -> datetime:
    if exact:
        return now.replace(second=0, microsecond=0)
    day = _date(asked.get("date", ""))
    start = asked.get("start", "")
    if day is not None and start.isascii() and start.isdigit() and len(start) < 5:
        return days.midnight(day, branch.zone) + timedelta(minutes=int(start))
    clock = hours_and_minutes(start) if ":" in start else None
    soonest = days.round_up(now)
    if clock is not None and clock[0] < 24:
        day = day or soonest.astimezone(branch.zone).date()
        return days.wall(day, clock[0] * 60 + clock[1], branch.zone)
    hours = hours_of(branch)
    if day is None or day == days.current(now, branch.zone, hours):
        return soonest
    service = days.service_day(day, branch.zone, hours)
    return service.moment(service.opening[0][0] if service.opening else days.USUAL_HOURS[0])


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def guest_of(branch: Branch, form: CardForm) -> Known:
    """Return whose number the card holds now."""
    phone = phones.normalize(str(form["phone"].value() or ""), branch.region)
    return known_guest(branch, phone, chosen=str(form["client"].value() or ""), reservation=form.reservation)


def known_guest(branch: Branch, phone: str, *, chosen: str, reservation: Reservation | None) -> Known:
    """Return the guests with this (normalized) number. ``chosen``: an id, ``new`` or nothing."""
    current = reservation.client if reservation and reservation.phone == phone else None
    return known_by(branch, phone, chosen=chosen, current=current, visits=_visits)


def _visits(client: Client) -> tuple[int, int]:
    rows = Reservation.objects.for_org(client.organization_id).filter(client=client)
    came = Count("pk", filter=Q(course__in=(Course.FINISHED, Course.SEATED)))
    counted = rows.order_by().aggregate(came=came, missed=Count("pk", filter=Q(course=Course.NO_SHOW)))
    return counted["came"], counted["missed"]


def table_choice(branch: Branch, form: CardForm, now: datetime) -> TableChoice:
    """Return the tables for what the card says; without a time every table is shown as free."""
    values = form.cleaned_data if form.is_bound else form.initial
    starts_at, ends_at = values.get("starts_at"), values.get("ends_at")
    span = Span(starts_at, ends_at) if starts_at and ends_at and starts_at < ends_at else None
    selected = tuple(values.get("tables") or ())
    claim_id = form.reservation.claim_id if form.reservation else None
    choices = availability.choices(
        branch, span or Span(now, now), values.get("guests") or 1, ignoring=claim_id, also=selected
    )
    everything = [*choices.free, *choices.busy]
    halls = {choice.place.hall_id: choice.hall_name for choice in everything}
    chosen = [choice for choice in everything if choice.place.id in selected]
    first_rows = {
        hall_id: min(each.place.row for each in everything if each.place.hall_id == hall_id) for hall_id in halls
    }
    free = sorted(choices.free, key=lambda choice: first_rows[choice.place.hall_id])
    conflicts = dict.fromkeys(choice.party for choice in chosen if choice.party)

    def chip(choice: availability.Choice) -> Chip:
        taken = _taken_text(choice.party, branch) if choice.party else ""
        return Chip(choice.place, choice.hall_name, choice.place.id in selected, taken)

    return TableChoice(
        span=span,
        fitting=tuple(chip(choice) for choice in free if choice.fits),
        small=tuple(chip(choice) for choice in free if not choice.fits),
        busy=tuple(chip(choice) for choice in choices.busy),
        joined=choices.joined if not any(choice.fits for choice in free) else choices.joined[:1],
        conflicts=tuple(sentence(party, branch.zone, party.starts_at) for party in conflicts if party),
        hall_names=tuple(dict.fromkeys(choice.hall_name for choice in chosen)),
        several_halls=len(halls) > 1,
        selected=selected,
        is_outside_hours=span is not None and not _is_open(branch, span),
    )


def _taken_text(party: availability.InTheWay, branch: Branch) -> str:
    until = party.ends_at.astimezone(branch.zone)
    if party.reservation_id is None:
        return _("held until %(time)s") % {"time": f"{until:%H:%M}"}
    return _("%(guest)s, until %(time)s") % {"guest": party.title, "time": f"{until:%H:%M}"}


def _is_open(branch: Branch, span: Span) -> bool:
    hours = hours_of(branch)
    if not hours:
        return True
    service = days.service_day(days.current(span.start, branch.zone, hours), branch.zone, hours)
    first, last = service.minute(span.start), service.minute(span.end)
    return any(opens <= first and last <= closes for opens, closes in service.opening)


def differences(stale: Stale, form: CardForm) -> dict[str, Any]:
    """Return what stands now against what the card wants (label, now, mine), and the version to overwrite."""
    current: Reservation = stale.details["current"]
    zone = current.branch.zone
    now, mine = Wish.of(current), form.wish()
    names = dict(
        Table.objects.for_org(current.organization_id)
        .filter(pk__in={*now.table_ids, *mine.table_ids})
        .values_list("pk", "name")
    )

    def tables(wish: Wish) -> str:
        return ", ".join(names[pk] for pk in wish.table_ids if pk in names) or _("no table")

    def time(wish: Wish) -> str:
        starts, ends = wish.starts_at.astimezone(zone), wish.ends_at.astimezone(zone)
        return f"{date_format(starts, 'j E')}, {starts:%H:%M}–{ends:%H:%M}"

    rows = [
        (_("Time"), time(now), time(mine)),
        (_("Tables"), tables(now), tables(mine)),
        (_("Number of guests"), str(now.guests), str(mine.guests)),
        (_("Guest’s name"), now.guest_name, mine.guest_name),
        (_("Phone"), phones.display(now.phone), phones.display(mine.phone)),
        (_("Status"), str(current.status), str(form.cleaned_data["status"] or current.status)),
        (_("Course"), Course(now.course).label, Course(mine.course).label),
        (_("Comment"), now.comment, mine.comment),
    ]
    return {"rows": [row for row in rows if row[1] != row[2]], "version": current.version}


def saved_text(saved: Reservation, tables: Sequence[Table]) -> str:
    """Return what a message says about a saved reservation."""
    starts = timezone.localtime(saved.starts_at, saved.branch.zone)
    what = {
        "guest": saved.title,
        "time": f"{date_format(starts, 'j E')}, {starts:%H:%M}",
        "course": saved.get_course_display(),
        "tables": "+".join(table.name for table in tables),
    }
    if saved.course != Course.EXPECTED:
        return _("%(guest)s, %(time)s: %(course)s.") % what
    if not tables:
        return _("Saved: %(guest)s, %(time)s, no table yet.") % what
    return _("Saved: %(guest)s, %(time)s, table %(tables)s.") % what


def day_url(reservation: Reservation) -> str:
    """Return the address of the day on which the reservation is drawn."""
    branch = reservation.branch
    day = days.current(reservation.starts_at, branch.zone, hours_of(branch))
    return f"{reverse('hall:day')}?date={day.isoformat()}"


def shown_day(branch: Branch, form: CardForm, now: datetime) -> str:
    """Return the day to show behind the card, as an address has it."""
    values = form.cleaned_data if form.is_bound else form.initial
    moment = values.get("starts_at") or now
    return days.current(moment, branch.zone, hours_of(branch)).isoformat()
