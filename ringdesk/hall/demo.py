"""A first hall for a fresh organization, and a believable restaurant for the demo. All names are invented."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ringdesk.accounts.branches import hours_of
from ringdesk.accounts.models import Branch, Member, Organization
from ringdesk.core import events
from ringdesk.hall import days, halls, reservations
from ringdesk.hall.days import ServiceDay
from ringdesk.hall.models import Hall, Reservation, ReservationStatus, Table
from ringdesk.hall.problems import TableTaken
from ringdesk.hall.reservations import Wish

STATUSES = {
    "standard": (gettext_noop("STANDARD"), ReservationStatus.Colour.BLUE),
    "confirmed": (gettext_noop("Confirmed"), ReservationStatus.Colour.GREEN),
    "vip": (gettext_noop("VIP"), ReservationStatus.Colour.VIOLET),
    "banquet": (gettext_noop("Banquet"), ReservationStatus.Colour.AMBER),
    "deposit": (gettext_noop("Deposit paid"), ReservationStatus.Colour.TEAL),
}
FIRST_HALL = [4, 4, 4, 2, 2, 6]
MAIN_HALL = [4, 4, 6, 2, 2, 8]
VERANDA = [4, 4, 4, 6, 2]
DAYS_AHEAD = 3
DAYS_BEFORE = 1
Course = Reservation.Course


@dataclass(frozen=True, slots=True)
class Party:
    """One line of the demo's day: tables by number, hours after opening, who comes."""

    tables: tuple[int, ...]
    after: float
    hours: float
    guests: int
    name: str = ""
    phone: str = ""
    status: str = "standard"
    comment: str = ""
    about: str = ""


PARTIES = (
    Party((1,), 0.5, 1.5, 2, gettext_noop("Oleg Kozlov"), "+79135550101"),
    Party((1,), 3, 2, 4, gettext_noop("Anna Petrova"), "+79135550102", "confirmed"),
    Party((1,), 6.5, 1.5, 3, gettext_noop("Andrey"), "+79135550103"),
    Party((1,), 9, 1, 3, gettext_noop("Dmitry Lvov"), "+79135550104"),
    Party((2,), 2, 1.5, 3),
    Party((2,), 5, 1.5, 4, gettext_noop("Marina Lee"), "+79135550105"),
    Party((2,), 8, 2, 4, gettext_noop("Yegor"), "+79135550106", comment=gettext_noop("Birthday, a cake with a candle")),
    Party((3,), 1.75, 2, 6, gettext_noop("Yury Matveev"), "+79135550107", "confirmed"),
    Party(
        (3,),
        7.5,
        2.5,
        5,
        gettext_noop("Irina Sokolova"),
        "+79135550108",
        "vip",
        about=gettext_noop("Likes a table by the window"),
    ),
    Party((4,), 0.25, 1, 2, gettext_noop("Vera"), "+79135550109"),
    Party((4,), 4, 1, 2, gettext_noop("Elena Frolova"), "+79135550110"),
    Party((4,), 8, 1.5, 2, gettext_noop("Timur Amirkhanov"), "+79135550111", "confirmed"),
    Party((5,), 2, 0.75, 2, gettext_noop("Nikita Orlov"), "+79135550112"),
    Party((5,), 5.5, 1.25, 2, gettext_noop("Sofia"), "+79135550113"),
    Party((5,), 8.5, 1.5, 2, gettext_noop("Natalia Kim"), "+79135550114", "confirmed"),
    Party(
        (6,),
        6,
        3,
        8,
        gettext_noop("Sibir-Stroy, banquet"),
        "+79135550115",
        "banquet",
        gettext_noop("Menu no. 2, no alcohol"),
    ),
    Party((6,), 1, 2, 7, gettext_noop("Gleb’s class reunion"), "+79135550116", "deposit"),
    Party((7,), 3.5, 1.5, 4, gettext_noop("Pavel Gonchar"), "+79135550117", "confirmed"),
    Party((7,), 7.5, 2, 4, gettext_noop("Kira and Maxim"), "+79135550118"),
    Party((8,), 2.5, 2, 3, "", "+79135551240"),
    Party((8,), 7, 1.5, 4, gettext_noop("Vera Ilyina"), "+79135550119"),
    Party((9,), 0, 2, 2, gettext_noop("Timur"), "+79135550120"),
    Party(
        (9,),
        5.5,
        2,
        3,
        gettext_noop("Anna Belova"),
        "+79135550121",
        "confirmed",
        gettext_noop("A high chair for the baby"),
        gettext_noop("Allergic to nuts"),
    ),
    Party((10,), 8, 2, 6, gettext_noop("Colleagues of Ruslan"), "+79135550122"),
    Party((10,), 2, 1.5, 5, gettext_noop("Galina Pavlovna"), "+79135550123", "confirmed"),
    Party((11,), 1, 1, 2),
    Party((11,), 4.5, 1.5, 2, gettext_noop("Roman"), "+79135550124", "confirmed"),
    Party((7, 8), 5, 1.5, 8, gettext_noop("Stepan’s birthday"), "+79135550125", "deposit"),
    Party((), 8, 1.5, 3, gettext_noop("Larisa"), "+79135550126", comment=gettext_noop("Rather on the veranda")),
    Party((4,), 6, 1, 2, gettext_noop("Denis Rudin"), "+79135550127"),
)
NOT_COMING = 29  # the last of PARTIES never shows up
LATE = 12  # Nikita Orlov is late


def defaults(organization: Organization, branch: Branch) -> Hall:
    """Give a fresh organization its statuses and the branch a first hall, in the organization's language."""
    with events.atomic(), translation.override(organization.language):
        _add_statuses(organization)
        return _add_hall(branch, _("Main hall"), FIRST_HALL)


def populate(organization: Organization, branch: Branch, *, now: datetime, by: Member | None = None) -> None:
    """Fill the demo's branch: two halls, and reservations of yesterday, today and the next days."""
    with events.atomic(), translation.override(organization.language):
        statuses = _add_statuses(organization)
        for name, seats in ((_("Main hall"), MAIN_HALL), (_("Veranda"), VERANDA)):
            _add_hall(branch, name, seats)
        tables = {int(table.name): table for table in Table.objects.for_org(organization).filter(hall__branch=branch)}
        hours = hours_of(branch)
        today = days.current(now, branch.zone, hours)
        for offset in range(-DAYS_BEFORE, DAYS_AHEAD + 1):
            day = days.service_day(today + timedelta(days=offset), branch.zone, hours)
            for number, party in enumerate(PARTIES):
                if offset == 0 or (number + offset) % 3:
                    _book(branch, day, number, party, tables, statuses, now, by)


def _add_statuses(organization: Organization) -> dict[str, ReservationStatus]:
    present = list(ReservationStatus.objects.for_org(organization))
    if present:
        return dict.fromkeys(STATUSES, present[0])
    return {
        key: halls.add_status(organization, name=_(name), colour=colour) for key, (name, colour) in STATUSES.items()
    }


def _add_hall(branch: Branch, name: str, seats: list[int]) -> Hall:
    hall = halls.add_hall(branch, name=name)
    taken = Table.objects.for_org(branch.organization_id).filter(hall__branch=branch).count()
    for number, count in enumerate(seats, start=taken + 1):
        halls.add_table(hall, name=str(number), seats=count)
    return hall


def _book(
    branch: Branch,
    day: ServiceDay,
    number: int,
    party: Party,
    tables: dict[int, Table],
    statuses: dict[str, ReservationStatus],
    now: datetime,
    by: Member | None,
) -> None:
    opens, closes = day.opening[0] if day.opening else days.USUAL_HOURS
    start = opens + int(party.after * 60)
    end = start + int(party.hours * 60)
    if end > closes:
        return
    starts_at, ends_at = day.moment(start), day.moment(end)
    wish = Wish(
        starts_at=starts_at,
        ends_at=ends_at,
        guests=party.guests,
        table_ids=tuple(tables[table].pk for table in party.tables),
        status_id=statuses[party.status].pk,
        course=_course(number, party, starts_at, ends_at, now),
        phone=party.phone,
        guest_name=_(party.name) if party.name else "",
        about=_(party.about) if party.about else None,
        comment=_(party.comment) if party.comment else "",
    )
    try:
        reservations.book(branch, wish, by=by)
    except TableTaken:
        return  # The day's hours are shorter than the plan's: the first to come keeps the table.


def _course(number: int, party: Party, starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    if number == NOT_COMING:
        return Course.NO_SHOW if starts_at + timedelta(minutes=30) < now else Course.EXPECTED
    if ends_at <= now:
        return Course.FINISHED
    if starts_at > now:
        return Course.EXPECTED
    if number == LATE and now - starts_at < timedelta(minutes=30):
        return Course.EXPECTED
    return Course.SEATED if party.tables else Course.ARRIVED
