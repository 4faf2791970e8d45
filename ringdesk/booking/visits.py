"""The visit behind a booking: which services, by whom, when, and the claim that has their time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.booking import offers, openings, placing
from ringdesk.booking.models import Booking, BookingLine
from ringdesk.booking.offers import Offer, Specialist
from ringdesk.booking.openings import ALWAYS, SESSION
from ringdesk.booking.placing import Place, Wish
from ringdesk.booking.plans import Plan
from ringdesk.booking.problems import NotOffered
from ringdesk.core.problems import Invalid
from ringdesk.core.rows import add_rows, add_with_parts
from ringdesk.scheduling import occupancy
from ringdesk.scheduling.hours import YEARS
from ringdesk.scheduling.minutes import from_moment

LONGEST = 24 * 60


def replan(current: Booking, told: Mapping[str, Any], *, online: bool = False, force: bool = False) -> bool:
    """Place the booking as told. Returns whether anything is another now."""
    branch = current.branch
    offer = offers.of(branch)
    lines = list(current.lines.select_related("service"))
    lead_id = told.get("employee_id", current.employee_id)
    had = tuple(line.service_id for line in lines)
    service_ids = tuple(told.get("service_ids", had))
    is_other_work = service_ids != had or lead_id != current.employee_id
    plan = openings.plan(offer, service_ids, online=online) if service_ids != had else _plan_of(offer, lines)
    is_usual = current.minutes == sum(line.duration for line in lines)
    length = told.get("length", None if is_usual and is_other_work else current.minutes)
    plan = replace(plan, length=checked_length(length))
    lead = _lead(offer, plan, lead_id, is_known=not is_other_work or force)
    helpers = {each.pk for each in current.assistants.all()}
    wanted = set(told.get("assistants", helpers))
    at = minute(told.get("starts_at", current.starts_at))
    now = (minute(current.starts_at), current.minutes, helpers)
    if not is_other_work and now == (at, plan.visit_by(lead).length, wanted):
        return False
    limits = openings.limits(offer, plan, branch, timezone.now()) if online else ALWAYS
    wish = Wish(
        plan=plan,
        at=at,
        specialists=[lead],
        assistants=specialists(offer, wanted) if plan.needed == 1 else (),
        limits=limits,
        anytime=force and not online,
        held_until=current.held_until,
        booking_id=current.pk,
    )
    _place_wish(current, offer, wish)
    if is_other_work:
        current.lines.all().delete()
        write_lines(current, plan, lead)
    return True


def place_again(current: Booking, offer: Offer) -> None:
    """Take the time of the booking as it is: a hold becomes lasting, what was given back is taken again."""
    lines = list(current.lines.select_related("service"))
    plan = replace(_plan_of(offer, lines), length=current.minutes)
    helpers = [each.pk for each in current.assistants.all()]
    wish = Wish(
        plan=plan,
        at=minute(current.starts_at),
        specialists=[_lead(offer, plan, current.employee_id, is_known=True)],
        assistants=specialists(offer, helpers) if plan.needed == 1 else (),
        anytime=True,
        booking_id=current.pk,
    )
    _place_wish(current, offer, wish)


def _place_wish(current: Booking, offer: Offer, wish: Wish) -> None:
    """Give up the time the booking has for the one it wants; refused, it keeps what it had (the caller rolls back)."""
    if current.claim.kind == SESSION or wish.plan.capacity > 1:
        give_back(current)
    else:
        wish = replace(wish, claim=current.claim)
    place = placing.place(current.branch, offer, wish)
    settle_in(current, offer, place)
    current.assistants.set([each.id for each in place.assistants])


def give_back(current: Booking) -> None:
    """Free the time of the booking; a group keeps it for the others."""
    if current.claim.kind == SESSION:
        placing.settle(placing.lock(current.claim), without=current.pk)
    else:
        occupancy.release(current.claim)


def settle_in(booking: Booking, offer: Offer, place: Place) -> None:
    """Note where the visit came to be."""
    booking.claim, booking.employee = place.claim, offer.employee(place.lead.id)
    booking.starts_at, booking.ends_at = place.span


def _plan_of(offer: Offer, lines: Sequence[BookingLine]) -> Plan:
    """Return what was booked as a plan, whether it is still offered or not."""
    services = tuple(
        offer.services.get(line.service.pk, line.service) for line in lines if line.service is not None
    )  # fmt: skip
    return Plan(services, openings.pools_of(offer, [service.pk for service in services]))


def able(offer: Offer, plan: Plan, employee_id: int | None) -> list[Specialist]:
    """Return who could do the visit; ``employee_id``: nobody else. Raises NotOffered."""
    able = openings.candidates(offer, plan, employee_id)
    if able:
        return able
    if employee_id is not None:
        raise NotOffered(_not_provided(offer.specialists[employee_id], plan), field="employee_id")
    raise NotOffered(_("No specialist provides all of these services."), field="service_ids")


def _lead(offer: Offer, plan: Plan, employee_id: int, *, is_known: bool) -> Specialist:
    """Return who does the visit; ``is_known``: whether or not they (still) provide all of it."""
    found = offer.specialists.get(employee_id)
    if found is None:
        raise NotOffered(_("There is no specialist %(id)s in this branch.") % {"id": employee_id}, field="employee_id")
    if not is_known and not found.provides(plan.service_ids):
        raise NotOffered(_not_provided(found, plan), field="employee_id")
    return found


def _not_provided(specialist: Specialist, plan: Plan) -> str:
    missing = [service.title for service in plan.services if service.pk not in specialist.skills]
    text = _("%(name)s does not provide: %(services)s.")
    return str(text % {"name": specialist.name, "services": ", ".join(missing)})


def specialists(offer: Offer, ids: Collection[int]) -> tuple[Specialist, ...]:
    """Return the specialists of these ids. Raises NotOffered."""
    unknown = [id for id in ids if id not in offer.specialists]
    if unknown:
        text = _("There is no specialist %(id)s in this branch.")
        raise NotOffered(text % {"id": unknown[0]}, field="assistants")
    return tuple(offer.specialists[id] for id in sorted(ids))


def store(booking: Booking, plan: Plan, lead: Specialist) -> None:
    """Store a new booking with its services as this specialist provides them."""
    lines = _lines(booking, plan, lead)
    add_with_parts(booking, lines, "booking")
    _know(booking, lines)


def write_lines(booking: Booking, plan: Plan, lead: Specialist) -> None:
    """Note the services as this specialist provides them."""
    lines = _lines(booking, plan, lead)
    add_rows(*lines)
    _know(booking, lines)


def _lines(booking: Booking, plan: Plan, lead: Specialist) -> list[BookingLine]:
    return [
        BookingLine(
            organization_id=booking.organization_id,
            booking=booking,
            service=line.service,
            title=line.service.title,
            price=line.price,
            duration=line.duration,
            position=position,
        )
        for position, line in enumerate(plan.lines(lead))
    ]


def _know(booking: Booking, lines: list[BookingLine]) -> None:
    """Let ``lines.all()`` give these: whoever tells of the booking need not read them again."""
    found: QuerySet[BookingLine] = BookingLine.objects.none()
    found._result_cache = lines
    vars(booking)["_prefetched_objects_cache"] = {"lines": found}


def minute(moment: datetime) -> int:
    """Return a start as the engine wants it. Raises Invalid."""
    if moment.tzinfo is None or moment.year not in YEARS:
        raise Invalid(_("Check the date."), field="starts_at")
    return from_moment(moment)


def checked_length(length: int | None) -> int | None:
    """Return the length, in minutes. Raises Invalid."""
    if length is not None and not 1 <= length <= LONGEST:
        raise Invalid(_("A visit lasts between a minute and a day."), field="length")
    return length
