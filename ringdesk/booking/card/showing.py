"""What the booking card shows: first values, whose number it is, what is offered, when it is free, what has changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch
from ringdesk.booking import offers
from ringdesk.booking.card import free_times
from ringdesk.booking.card.forms import BookingForm
from ringdesk.booking.card.free_times import FreeTimes
from ringdesk.booking.diary import drawing, scale
from ringdesk.booking.models import Booking, Employee, Service
from ringdesk.booking.money import money
from ringdesk.booking.offers import Offer
from ringdesk.booking.problems import SlotTaken
from ringdesk.core import phones
from ringdesk.core.asked import positive_id
from ringdesk.core.clock_fields import hours_and_minutes
from ringdesk.core.problems import Stale
from ringdesk.crm import clients
from ringdesk.crm.known import Known, asked_client, known_by
from ringdesk.crm.models import Client

Status = Booking.Status


@dataclass(frozen=True, slots=True)
class ServiceChip:
    """A service to choose; ``facts``: how long and for how much."""

    id: int
    title: str
    facts: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What the card offers for what it holds so far."""

    chosen: tuple[ServiceChip, ...]
    others: tuple[tuple[str, tuple[ServiceChip, ...]], ...]
    specialists: tuple[tuple[int, str, bool], ...]
    helpers: tuple[tuple[int, str, bool], ...]
    needed: int
    employee_id: int | None
    usual_length: str
    usual_price: str
    times: FreeTimes


def initial(branch: Branch, asked: Mapping[str, str], services: list[str], now: datetime) -> dict[str, Any]:
    """Return the first values of a new card, from an address such as a free spot's or a popup's."""
    client = asked_client(branch, asked.get("client", ""))
    phone = phones.normalize(asked.get("phone", ""), branch.region)
    if client is None and phone:
        found = clients.find_by_phone(branch.organization, phone)
        client = found[0] if len(found) == 1 else None
    elif client and not phone and (first := client.phones.first()):
        phone = first.number
    values: dict[str, Any] = {
        "phone": phones.display(phone),
        "client": client.pk if client else "",
        "guest_name": client.name if client else "",
        "about": client.about if client else "",
        "services": [pk for part in services[:20] if (pk := positive_id(part))],
        "employee": str(positive_id(asked.get("employee", "")) or ""),
        "call": asked.get("call") or None,
    }
    return values | wished(branch, asked, now)


def wished(branch: Branch, asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return the time and the specialist of a spot on the board: ``date``, ``start``, ``end``, ``table``."""
    lane = asked.get("table", "")
    day = scale.parse(lane if "-" in lane else asked.get("date")) or now.astimezone(branch.zone).date()
    values: dict[str, Any] = {"date": day}
    start, end = asked.get("start", ""), asked.get("end", "")
    if _is_minute(start):
        shown = scale.day_of(day, branch.zone)
        there = shown.moment(int(start)).astimezone(branch.zone)
        values |= {"date": there.date(), "start": there.time().replace(tzinfo=None)}
        if _is_minute(end) and int(end) > int(start):
            values["duration"] = timedelta(minutes=int(end) - int(start))
    elif (clock := hours_and_minutes(start)) and clock[0] < 24:
        values["start"] = time(*clock)
    if pk := positive_id(lane):
        values["employee"] = str(pk)
    return values


def stored(booking: Booking) -> dict[str, Any]:
    """Return the values of a booking that is opened."""
    starts = booking.starts_at.astimezone(booking.branch.zone)
    lines = list(booking.lines.all())
    is_usual = booking.minutes == sum(line.duration for line in lines)
    return {
        "phone": phones.display(booking.phone),
        "client": booking.client_id or "",
        "guest_name": booking.client_name,
        "about": booking.client.about if booking.client else "",
        "services": [line.service_id for line in lines if line.service_id],
        "employee": str(booking.employee_id),
        "assistants": [each.pk for each in booking.assistants.all()],
        "date": starts.date(),
        "start": starts.time().replace(second=0, microsecond=0, tzinfo=None),
        "duration": None if is_usual else timedelta(minutes=booking.minutes),
        "price": booking.price,
        "notes": booking.notes,
        "call": booking.call_id,
        "version": booking.version,
        "starts_at": booking.starts_at,
    }


def client_of(branch: Branch, form: BookingForm) -> Known:
    """Return whose number the card holds now."""
    phone = phones.normalize(str(form["phone"].value() or ""), branch.region)
    return known_client(branch, phone, chosen=str(form["client"].value() or ""), booking=form.booking)


def known_client(branch: Branch, phone: str, *, chosen: str, booking: Booking | None) -> Known:
    """Return the clients with this (normalized) number. ``chosen``: an id, ``new`` or nothing."""
    current = booking.client if booking and booking.phone == phone else None
    return known_by(branch, phone, chosen=chosen, current=current, visits=_visits)


def _visits(client: Client) -> tuple[int, int]:
    counted = Booking.objects.for_org(client.organization_id).filter(client=client).order_by()
    counts = counted.aggregate(
        came=Count("pk", filter=Q(status__in=(Status.ARRIVED, Status.BOOKED), ends_at__lt=timezone.now())),
        missed=Count("pk", filter=Q(status=Status.NO_SHOW)),
    )
    return counts["came"], counts["missed"]


def choice(branch: Branch, form: BookingForm, now: datetime) -> Choice:
    """Return what the card offers: services, who provides them, when they are free on its day."""
    values = form.cleaned_data if form.is_bound else form.initial
    offer = offers.of(branch)
    services = [offer.services[pk] for pk in values.get("services") or [] if pk in offer.services]
    employee_id = positive_id(values.get("employee") or "")
    able = offer.providing([service.pk for service in services])
    if employee_id not in {each.id for each in able} and not (form.booking and employee_id == form.booking.employee_id):
        employee_id = None
    length = values.get("duration")
    wish = free_times.Wish(
        services=tuple(services),
        employee_id=employee_id,
        day=values.get("date") or now.astimezone(branch.zone).date(),
        starts_at=values.get("starts_at") or _starts_at(branch, values),
        length=length // timedelta(minutes=1) if length else None,
        booking=form.booking,
    )
    helping = set(values.get("assistants") or [])
    people = [(each.id, each.name, each.id == employee_id) for each in able]
    if employee_id and all(pk != employee_id for pk, _name, _on in people):
        people.append((employee_id, form.booking.employee.name if form.booking else "", True))
    length_here, price_here = _usual(offer, services, employee_id)
    return Choice(
        chosen=tuple(_chip(offer, service, employee_id) for service in services),
        others=_others(offer, services),
        specialists=tuple(people),
        helpers=tuple(
            (each.id, each.name, each.id in helping) for each in offer.specialists.values() if each.id != employee_id
        ),
        needed=max((service.employees_needed for service in services), default=1),
        employee_id=employee_id,
        usual_length=f"{length_here // 60:02d}:{length_here % 60:02d}" if length_here else "",
        usual_price=money(price_here, services[0].currency) if services else "",
        times=free_times.find(branch, offer, wish, now),
    )


def differences(stale: Stale, form: BookingForm) -> dict[str, Any]:
    """Return what stands now against what the card wants (label, now, mine), and the version to overwrite."""
    current: Booking = stale.details["current"]
    cleaned = form.cleaned_data
    offer = offers.of(current.branch)
    wanted = [offer.services[pk].title for pk in cleaned.get("services", ()) if pk in offer.services]
    names = dict(Employee.objects.for_org(current.organization_id).values_list("pk", "name"))
    starts = cleaned.get("starts_at") or current.starts_at
    rows = [
        (_("Time"), _when(current.starts_at, current.branch), _when(starts, current.branch)),
        (_("Services"), drawing.services_of(current), ", ".join(wanted)),
        (_("Specialist"), names.get(current.employee_id, ""), names.get(form.employee_id or 0, "")),
        (_("Client’s name"), current.client_name, cleaned.get("guest_name", "")),
        (_("Phone"), phones.display(current.phone), phones.display(cleaned.get("phone", ""))),
        (_("Notes"), current.notes, cleaned.get("notes", "")),
        (_("Status"), str(current.get_status_display()), ""),
    ]
    shown = [row for row in rows if row[1] != row[2] and (row[2] or row[0] != _("Status"))]
    return {"rows": shown, "version": current.version}


def alternatives(taken: SlotTaken, branch: Branch, wished: date | None) -> list[tuple[str, str]]:
    """Return the free times of a refusal: what a button sends, and what it says; the day where it is another."""
    found = []
    for each in taken.free:
        there = each.starts_at.astimezone(branch.zone)
        day = "" if there.date() == wished else f"{date_format(there, 'D, j E')}, "
        found.append((f"{there:%Y-%m-%d %H:%M}", f"{day}{there:%H:%M}"))
    return found


def saved_text(saved: Booking) -> str:
    """Return what a message says about a saved booking."""
    what = {
        "client": drawing.title_of(saved),
        "when": _when(saved.starts_at, saved.branch),
        "specialist": saved.employee.name,
        "status": saved.get_status_display(),
    }
    if saved.status == Status.BOOKED:
        return _("Booked: %(client)s, %(when)s, %(specialist)s.") % what
    return _("%(client)s, %(when)s: %(status)s.") % what


def _usual(offer: Offer, services: list[Service], employee_id: int | None) -> tuple[int, Decimal]:
    specialist = offer.specialists.get(employee_id or 0)
    own = specialist.skills if specialist else {}
    length, price = 0, Decimal(0)
    for service in services:
        own_price, own_length = own.get(service.pk, (None, None))
        length += own_length or service.duration
        price += service.price if own_price is None else own_price
    return length, price


def _chip(offer: Offer, service: Service, employee_id: int | None) -> ServiceChip:
    length, price = _usual(offer, [service], employee_id)
    minutes = _("%(count)s min") % {"count": length}
    return ServiceChip(service.pk, service.title, f"{minutes} · {money(price, service.currency)}")


def _others(offer: Offer, chosen: list[Service]) -> tuple[tuple[str, tuple[ServiceChip, ...]], ...]:
    provided = {service for specialist in offer.specialists.values() for service in specialist.skills}
    groups: dict[int, list[ServiceChip]] = {}
    for service in offer.services.values():
        if service in chosen or service.pk not in provided:
            continue
        groups.setdefault(service.category_id or 0, []).append(_chip(offer, service, None))
    order = [*offer.categories, 0]
    names = {pk: category.name for pk, category in offer.categories.items()}
    return tuple((names.get(pk, ""), tuple(groups[pk])) for pk in order if pk in groups)


def _starts_at(branch: Branch, values: Mapping[str, Any]) -> datetime | None:
    day, start = values.get("date"), values.get("start")
    return scale.on_wall(day, start, branch.zone) if isinstance(day, date) and start else None


def _when(moment: datetime, branch: Branch) -> str:
    there = moment.astimezone(branch.zone)
    return f"{date_format(there, 'j E')}, {there:%H:%M}"


def _is_minute(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 5
