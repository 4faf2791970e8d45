"""Tables as tools of AI assistants: find one, reserve it, call it off."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field

from ringdesk.accounts.api_auth import Caller
from ringdesk.accounts.branches import hours_of
from ringdesk.accounts.models import Branch, Module
from ringdesk.accounts.tools import Arguments, Refused, Tool, Wish, WritingArguments
from ringdesk.core import phones
from ringdesk.core.asked import positive_id
from ringdesk.core.intervals import Span
from ringdesk.core.problems import Invalid
from ringdesk.crm.models import Client
from ringdesk.hall import availability, board, days, reservations
from ringdesk.hall.models import Reservation, Table
from ringdesk.hall.problems import GuestAmbiguous, TableTaken
from ringdesk.hall.seating import Place
from ringdesk.scheduling.hours import NoSuchTime

# At the ends of the calendar a day has no day before it, or none after.
_YEARS = range(1900, 2200)
HORIZON = timedelta(days=366)
MOST_OTHER_TIMES = 3
_STEPS = (-30, 30, -60, 60, -90, 90, -120, 120)  # minutes around a time that is full
_DATE = "Date as dd.mm.yyyy, in the branch's time zone."
_TIME = "Time as hh:mm, in the branch's time zone."
_BRANCH = "The branch; needed only where there are several (the refusal lists them)."
_TERMS = (
    "Free of charge. The guest can cancel at any time before it begins, here too. The table is kept for the time told."
)


class FindIn(Arguments):
    date: str = Field(description=_DATE)
    time: str = Field(description=_TIME)
    guests: int = Field(description="How many come.", ge=1, le=1000)
    duration: int | None = Field(None, description="Minutes; leave out for the usual.", ge=15, le=1440)
    branch_id: int | None = Field(None, description=_BRANCH)


class ReserveIn(WritingArguments):
    date: str = Field(description=_DATE)
    time: str = Field(description=_TIME)
    guests: int = Field(description="How many come.", ge=1, le=1000)
    duration: int | None = Field(None, description="Minutes; leave out for the usual.", ge=15, le=1440)
    table_ids: list[int] | None = Field(
        None, description="Tables from find_tables, all of one option; leave out for the best.", max_length=20
    )
    comment: str = Field("", description="Wishes of the guest, for the staff.", max_length=1000)
    branch_id: int | None = Field(None, description=_BRANCH)


class CancelIn(WritingArguments):
    reservation_id: int = Field(description="`id` from create_reservation.")


def find_tables(wish: Wish) -> dict[str, Any]:
    """Return the tables free for a party, with what the guest must be told."""
    branch, span = _asked(wish)
    guests = wish.values["guests"]
    options = _options(branch, span, guests)
    said = _told(branch, span, guests) | {"options": [_option(group) for group in options]}
    if not options:
        said["other_times"] = _other_times(branch, span, guests)
        said["advice"] = "No table is free then. Offer the other times, another day, or a smaller party."
    return said


def create_reservation(wish: Wish) -> dict[str, Any]:
    """Reserve tables for the client."""
    branch, span = _asked(wish)
    guests, client = wish.values["guests"], _known(wish.caller, wish.client, branch)
    if not (client.get("name") and client.get("phone")):
        advice = "Ask the guest for a name and a phone number and send them as client."
        raise Refused(_("A reservation needs the guest’s name and phone number."), advice=advice)
    table_ids = tuple(wish.values.get("table_ids") or ())
    if not table_ids:
        best = _options(branch, span, guests)
        if not best:
            raise _full(branch, span, guests)
        table_ids = tuple(place.id for place in best[0])
    wished = reservations.Wish(
        starts_at=span.start,
        ends_at=span.end,
        guests=guests,
        table_ids=table_ids,
        phone=client["phone"],
        guest_name=client["name"],
        client_id=client.get("id"),
        comment=wish.values.get("comment") or "",
    )
    try:
        made = reservations.book(branch, wished, by=wish.caller.member)
    except TableTaken as error:
        raise _full(branch, span, guests) from error
    except GuestAmbiguous as error:
        raise Refused(
            _("This number belongs to several guests."),
            advice="Call again with client.id of one of the candidates.",
            candidates=error.details["clients"],
        ) from error
    return {"status": True, "reservation": _shown(made)}


def get_reservations_info(wish: Wish) -> dict[str, Any]:
    """Return the client's reservations that are still to come."""
    found = _own(wish).filter(course=Reservation.Course.EXPECTED, starts_at__gt=timezone.now())
    return {"reservations": [_shown(each) for each in found.order_by("starts_at", "id")[:20]]}


def cancel_reservation(wish: Wish) -> dict[str, Any]:
    """Call a reservation off."""
    found = _own(wish, needs_client=False).filter(pk=wish.values["reservation_id"]).first()
    if found is None:
        advice = "Look at get_reservations_info for the client's own ones."
        raise Refused(_("There is no such reservation."), advice=advice)
    if found.course == Reservation.Course.CANCELLED:
        return {"status": True, "message": "Reservation was cancelled before", "reservation": _shown(found)}
    if found.course != Reservation.Course.EXPECTED or found.starts_at <= timezone.now():
        raise Refused(_("This visit has already begun."), advice="Let the guest call the restaurant.")
    reservations.cancel(found, by=wish.caller.member)
    return {"status": True, "message": "Reservation cancelled"}


def _own(wish: Wish, *, needs_client: bool = True) -> QuerySet[Reservation]:
    caller = wish.caller
    rows: QuerySet[Reservation] = Reservation.objects.for_org(caller.organization)
    rows = rows.filter(branch__in=caller.branches()).select_related("branch").prefetch_related("tables__hall")
    if wish.client is None:
        if needs_client:
            raise Refused(_("Tell whose reservations."), advice="Send client with a phone number.")
        return rows
    first = caller.branches().first()
    client = _known(caller, wish.client, first) if first else {}
    if client.get("id"):
        return rows.filter(client_id=client["id"])
    return rows.filter(phone=client["phone"]) if client.get("phone") else rows.none()


def _known(caller: Caller, said: Mapping[str, Any] | None, branch: Branch) -> dict[str, Any]:
    """Return id, name and number of the client; a card that is named brings what is not told. Raises Refused."""
    if said is None:
        return {}
    number = phones.normalize(str(said.get("phone") or ""), branch.region)
    client: dict[str, Any] = {"name": " ".join(str(said.get("name") or "").split()), "phone": number}
    if said.get("id") is None:
        return client
    card = Client.objects.for_org(caller.organization).filter(pk=positive_id(str(said["id"])) or 0).first()
    if card is None:
        raise Refused(_("There is no such client."), advice="Leave client.id out and send phone and name.")
    first = card.phones.first()
    return {
        "id": card.pk,
        "name": client["name"] or card.name,
        "phone": client["phone"] or (first.number if first else ""),
    }


def _asked(wish: Wish) -> tuple[Branch, Span]:
    """Return where and when. Raises Refused for a time at which nobody can come."""
    values, branch = wish.values, _branch(wish.caller, wish.values.get("branch_id"))
    day, clock = _day(values["date"]), _clock(values["time"])
    minutes = clock.hour * 60 + clock.minute
    if not days.is_real(day, clock, branch.zone):
        raise Refused(str(NoSuchTime(minutes)), advice="Offer another time of that day.")
    start = days.wall(day, minutes, branch.zone)
    length = values.get("duration") or board.default_duration(branch)
    span = Span(start, start + timedelta(minutes=length))
    now = timezone.now()
    if span.start < now:
        raise Refused(
            _("This time has passed."), advice=f"Now it is {now.astimezone(branch.zone):%d.%m.%Y %H:%M} there."
        )
    if span.start > now + HORIZON:
        raise Refused(_("This is too far ahead."), advice="Ask for a date within a year.")
    if not _is_open(branch, span):
        advice = "Offer a time within the opening hours: " + (_hours(branch, day) or "closed that day")
        raise Refused(_("The branch is closed then."), advice=advice, opening_hours=_hours(branch, day))
    return branch, span


def _branch(caller: Caller, id: int | None) -> Branch:
    with_tables = Table.objects.for_org(caller.organization).filter(is_active=True, hall__is_active=True)
    found = list(caller.branches().filter(pk__in=with_tables.values("hall__branch")).select_related("organization"))
    chosen = [branch for branch in found if id in (None, branch.pk)]
    if len(chosen) == 1:
        return chosen[0]
    listed = [{"id": each.pk, "name": each.name, "address": each.address} for each in found]
    text = _("Tell which branch.") if chosen else _("There is no such branch.")
    raise Refused(text, advice="Ask the guest which of the branches, and send its id as branch_id.", branches=listed)


def _is_open(branch: Branch, span: Span) -> bool:
    """Tell whether the party is inside the opening hours; a branch that has told none is always open."""
    hours = hours_of(branch)
    local = span.start.astimezone(branch.zone).date()
    for day in (local, local - timedelta(days=1)):
        service_day = days.service_day(day, branch.zone, hours)
        for begins, ends in service_day.opening:
            if service_day.moment(begins) <= span.start < service_day.moment(ends):
                return True
    return not hours


def _hours(branch: Branch, day: date) -> str:
    spans = [span for span in sorted(hours_of(branch)) if span.weekday == day.weekday()]
    return ", ".join(f"{_wall(span.opens)}–{_wall(span.closes)}" for span in spans)


def _wall(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def _options(branch: Branch, span: Span, guests: int) -> list[tuple[Place, ...]]:
    return availability.choices(branch, span, guests).suggestions()


def _other_times(branch: Branch, span: Span, guests: int) -> list[str]:
    """Return the nearest times of that day at which a table would be free."""
    found: list[datetime] = []
    for minutes in _STEPS:
        move = timedelta(minutes=minutes)
        other = Span(span.start + move, span.end + move)
        if other.start > timezone.now() and _is_open(branch, other) and _options(branch, other, guests):
            found.append(other.start)
        if len(found) == MOST_OTHER_TIMES:
            break
    return [f"{moment.astimezone(branch.zone):%d.%m.%Y %H:%M}" for moment in sorted(found)]


def _full(branch: Branch, span: Span, guests: int) -> Refused:
    """Return the refusal, which names nobody who has the tables."""
    options = [_option(group) for group in _options(branch, span, guests)]
    other = [] if options else _other_times(branch, span, guests)
    advice = "Nothing was reserved. Offer the guest one of the options or other times, then call again."
    text = _("This table is already taken.") if options else _("No table is free for so many guests then.")
    return Refused(text, advice=advice, options=options, other_times=other)


def _told(branch: Branch, span: Span, guests: int) -> dict[str, Any]:
    start, end = (moment.astimezone(branch.zone) for moment in span)
    return {
        "branch_id": branch.pk,
        "branch_name": branch.name,
        "address": branch.address,
        "date": f"{start:%d.%m.%Y}",
        "time": f"{start:%H:%M}",
        "until": f"{end:%H:%M}",
        "duration": int((span.end - span.start).total_seconds()) // 60,
        "guests": guests,
        "terms": _TERMS,
    }


def _option(group: Sequence[Place]) -> dict[str, Any]:
    return {
        "table_ids": [place.id for place in group],
        "tables": [{"id": place.id, "name": place.name, "seats": place.seats} for place in group],
    }


def _shown(reservation: Reservation) -> dict[str, Any]:
    tables = list(reservation.tables.all())
    span = Span(reservation.starts_at, reservation.ends_at)
    return {
        "id": reservation.pk,
        **_told(reservation.branch, span, reservation.guests),
        "tables": [table.name for table in tables],
        "table_ids": [table.pk for table in tables],
        "guest_name": reservation.guest_name,
        "course": reservation.course,
    }


def _day(text: str) -> date:
    for form in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            day = datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
        if day.year in _YEARS:
            return day
    raise Invalid(_("A date looks like 05.02.2024."), field="date")


def _clock(text: str) -> time:
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 - a clock has no zone
    except ValueError:
        raise Invalid(_("A time looks like 14:30."), field="time") from None


def _is_offered(caller: Caller) -> bool:
    return caller.organization.has_module(Module.HALL)


TOOLS: tuple[Tool, ...] = (
    Tool(
        "find_tables",
        "Find tables",
        "Which tables of the restaurant are free for a party at a time, with address, how long the table is kept and "
        "how it can be cancelled; other times when all are taken. Reserves nothing.",
        "reservations:read",
        find_tables,
        FindIn,
        is_offered=_is_offered,
    ),
    Tool(
        "create_reservation",
        "Reserve a table",
        "Reserve tables for `client` (name and phone needed). Call find_tables first, tell the guest time, address and "
        "terms, and reserve only after a clear yes. A table that is taken meanwhile is refused with what else is free.",
        "reservations:write",
        create_reservation,
        ReserveIn,
        is_offered=_is_offered,
    ),
    Tool(
        "get_reservations_info",
        "Reservations of the guest",
        "The reservations of `client` that are still to come, with their ids.",
        "reservations:read",
        get_reservations_info,
        is_offered=_is_offered,
    ),
    Tool(
        "cancel_reservation",
        "Cancel a reservation",
        "Call a reservation off; its tables are free for others at once. Ask the guest for a clear yes first, naming "
        "the date and time. With `client` only their own reservation can be cancelled.",
        "reservations:write",
        cancel_reservation,
        CancelIn,
        is_destructive=True,
        is_offered=_is_offered,
    ),
)
