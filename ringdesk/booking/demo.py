"""A believable salon for the demo: what it offers, who works there, the bookings around today. Names are invented."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ringdesk.accounts.models import Branch, Member
from ringdesk.booking import bookings, catalogue, employees, offers
from ringdesk.booking.employees import Skill
from ringdesk.booking.models import Booking, Employee, Service
from ringdesk.core import events
from ringdesk.core.problems import RingdeskError
from ringdesk.crm.models import Client
from ringdesk.scheduling import schedule
from ringdesk.scheduling.hours import DayHours, moment_on_wall
from ringdesk.scheduling.minutes import to_moment

DAYS_BEFORE = 2
DAYS_AHEAD = 7
_HAIR, _BEARD, _NAILS, _MASSAGE, _CLASSES = (
    gettext_noop("Hair care"), gettext_noop("Beard and shave"), gettext_noop("Nail care"),
    gettext_noop("Massage and body"), gettext_noop("Workshops"),
)  # fmt: skip
_BARBER, _STYLIST, _NAIL_ARTIST, _MASSEUR = (
    gettext_noop("Barber"), gettext_noop("Hair stylist"), gettext_noop("Nail artist"), gettext_noop("Masseur"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offered:
    """A service of the salon: minutes, roubles."""

    key: str
    category: str
    title: str
    duration: int
    price: int
    about: str = ""
    after: int = 0
    capacity: int = 1
    team: int = 1
    needs_room: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works there: from when to when (hours), without the break, on these weekdays (Monday is 0)."""

    name: str
    title: str
    services: str
    starts: int
    ends: int
    weekdays: range = range(7)
    rest: tuple[int, int] | None = None
    about: str = ""


OFFER = (
    Offered("haircut", _HAIR, gettext_noop("Men’s haircut"), 60, 1500, gettext_noop("With washing and styling.")),
    Offered("women", _HAIR, gettext_noop("Women’s haircut"), 60, 2200),
    Offered("colour", _HAIR, gettext_noop("Hair colouring"), 120, 4500, gettext_noop("The price is for middle length."),
            15),
    Offered("dry", _HAIR, gettext_noop("Hair styling"), 45, 1200),
    Offered("beard", _BEARD, gettext_noop("Beard trim"), 45, 800),
    Offered("shave", _BEARD, gettext_noop("Royal shave"), 45, 1200, gettext_noop("With a hot towel.")),
    Offered("nails", _NAILS, gettext_noop("Manicure"), 60, 1600),
    Offered("gel", _NAILS, gettext_noop("Manicure with gel polish"), 90, 2400),
    Offered("feet", _NAILS, gettext_noop("Pedicure"), 75, 2600),
    Offered("back", _MASSAGE, gettext_noop("Back massage"), 45, 2000, "", 15, needs_room=True),
    Offered("four", _MASSAGE, gettext_noop("Massage in four hands"), 60, 5200, "", 15, team=2, needs_room=True),
    Offered("class", _CLASSES, gettext_noop("Evening make-up workshop"), 90, 1900, gettext_noop("A small group."),
            capacity=6),
)  # fmt: skip
PEOPLE = (
    Person(gettext_noop("Pavel"), _BARBER, "haircut beard shave", 9, 18, about=gettext_noop("Cuts hair since 2012.")),
    Person(gettext_noop("Victoria"), _STYLIST, "haircut beard women colour dry", 10, 19),
    Person(gettext_noop("Lidia"), _STYLIST, "women colour dry class", 10, 20, range(1, 6), (14, 15)),
    Person(gettext_noop("Marina Sun"), _NAIL_ARTIST, "nails gel feet", 9, 20, range(5), (13, 14)),
    Person(gettext_noop("Aliya"), _NAIL_ARTIST, "nails gel class", 12, 21, range(2, 7)),
    Person(gettext_noop("Timur B."), _MASSEUR, "back four", 10, 20, range(6), (14, 15)),
    Person(gettext_noop("Sergey"), _MASSEUR, "back four", 12, 21, range(1, 7)),
)
# Who (a place in PEOPLE) does what at which hour; every day takes some of it.
DAY = (
    (0, 9.5, "haircut"), (0, 11, "haircut beard"), (0, 14, "beard"), (0, 16, "haircut"),
    (1, 10, "colour"), (1, 13, "women"), (1, 15, "haircut"), (1, 17.5, "dry"),
    (2, 10.5, "women dry"), (2, 15, "colour"), (2, 18, "class"), (2, 18, "class"), (2, 18, "class"),
    (3, 9, "nails"), (3, 10.5, "gel"), (3, 14, "feet"), (3, 17, "gel"),
    (4, 12, "gel"), (4, 14, "nails"), (4, 16.5, "nails"), (4, 19, "gel"),
    (5, 10, "back"), (5, 12, "four"), (5, 16, "back"), (6, 17, "back"), (6, 19, "back"),
)  # fmt: skip
NOTES = (
    gettext_noop("Would like tea without sugar"),
    gettext_noop("Sensitive skin"),
    gettext_noop("May be late by five minutes"),
)


def populate(branch: Branch, clients: Sequence[Client], *, now: datetime, by: Member | None = None) -> None:
    """Fill the demo's salon, with bookings of the days before, of today and of the days to come."""
    with events.atomic(), translation.override(branch.organization.language):
        services = _services(branch)
        people = _people(branch, services)
        people_who_come = [client for client in clients if client.kind == Client.Kind.PERSON]
        with offers.settled(branch):
            for place, offset in _planned():
                who, hour, keys = DAY[place]
                day = now.astimezone(branch.zone).date() + timedelta(days=offset)
                at = to_moment(moment_on_wall(day, round(hour * 60), branch.zone))
                client = people_who_come[(place * 5 + offset * 11) % len(people_who_come)]
                _book(branch, people[who], at, [services[key] for key in keys.split()], client, place + offset, now, by)


def _planned() -> Iterator[tuple[int, int]]:
    """Return the visits, by their places in DAY, with the day they are on, counted from today."""
    for offset in range(-DAYS_BEFORE, DAYS_AHEAD + 1):
        for place in range(len(DAY)):
            if offset == 0 or (place * 7 + offset * 3) % 5 >= 2:
                yield place, offset


def _services(branch: Branch) -> dict[str, Service]:
    room = catalogue.add_pool(branch, name=_("Massage rooms"), facilities=[_("Room 1"), _("Room 2")])
    categories = {key: catalogue.add_category(branch, name=_(key)) for key in dict.fromkeys(o.category for o in OFFER)}
    return {
        each.key: catalogue.add_service(
            branch,
            title=_(each.title),
            category=categories[each.category],
            pools=[room] if each.needs_room else [],
            description=_(each.about) if each.about else "",
            price=each.price,
            duration=each.duration,
            buffer_after=each.after,
            capacity=each.capacity,
            employees_needed=each.team,
        )
        for each in OFFER
    }


def _people(branch: Branch, services: dict[str, Service]) -> list[Employee]:
    titles = {key: catalogue.add_job_title(branch, name=_(key)) for key in dict.fromkeys(p.title for p in PEOPLE)}
    made = []
    for person in PEOPLE:
        employee = employees.add_employee(
            branch,
            name=_(person.name),
            job_title=titles[person.title],
            information=_(person.about) if person.about else "",
            skills=[Skill(services[key].pk) for key in person.services.split()],
        )
        rest = ((person.rest[0] * 60, person.rest[1] * 60),) if person.rest else ()
        worked = DayHours(person.starts * 60, person.ends * 60, rest)
        schedule.set_week(employee.resource, [worked if day in person.weekdays else None for day in range(7)])
        made.append(employee)
    return made


def _book(
    branch: Branch,
    employee: Employee,
    starts_at: datetime,
    services: Sequence[Service],
    client: Client,
    number: int,
    now: datetime,
    by: Member | None,
) -> None:
    try:
        booking = bookings.book(
            branch,
            service_ids=[service.pk for service in services],
            starts_at=starts_at,
            employee_id=employee.pk,
            client=client,
            by=by,
            source=(Booking.Source.STAFF, Booking.Source.PAGE, Booking.Source.BOT, Booking.Source.STAFF)[number % 4],
            notes=_(NOTES[number % 3]) if number % 6 == 1 else "",
        )
    except RingdeskError:
        return  # A day off, or what needs more time than this day has.
    if booking.starts_at <= now:
        status = Booking.Status.NO_SHOW if number % 13 == 5 else Booking.Status.ARRIVED
        bookings.set_status(booking, status, by=by)
    elif number % 17 == 3:
        bookings.cancel(booking, by=by)
