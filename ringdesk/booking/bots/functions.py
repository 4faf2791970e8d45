"""The thirteen functions that bots and assistants call by name (calling.py), given arguments that have been read.

Names, order of parameters, formats and keys are fixed: bots rely on them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ringdesk.accounts import seats
from ringdesk.accounts.models import Branch, Member, Organization
from ringdesk.booking import bookings, customers, offers, openings
from ringdesk.booking.bots import answers, info, names
from ringdesk.booking.customers import Customer
from ringdesk.booking.models import Booking
from ringdesk.booking.offers import Offer, Specialist
from ringdesk.booking.problems import SlotTaken
from ringdesk.core.problems import Invalid
from ringdesk.crm.models import Client
from ringdesk.scheduling import loading
from ringdesk.scheduling.hours import moments_on_wall
from ringdesk.scheduling.minutes import to_moment

MOST_DAYS = 366
USUAL_DAYS = 14
Answer = Any


@dataclass(frozen=True, slots=True)
class Context:
    """Who calls: ``by`` (None: a program of the organization), for which client of the bot (None: for no one)."""

    organization: Organization
    customer: Customer | None = None
    by: Member | None = None
    source: str = Booking.Source.BOT

    @property
    def branches(self) -> QuerySet[Branch]:
        """Return the open branches that the caller works in."""
        return seats.open_branches(self.organization, self.by).select_related("organization")

    def branch(self, id: int) -> Branch:
        """Return the branch of this id. Raises Invalid."""
        found = seats.open_branch(self.organization.pk, id, self.by)
        if found is None:
            raise Invalid(_("There is no branch %(id)s.") % {"id": id}, field="company_id")
        found.organization = self.organization
        return found

    def card(self) -> Client | None:
        """Return the card of the bot's client, None where there is none yet."""
        if self.customer is None:
            return None
        first = self.branches.first()
        return customers.find(self.organization, self.customer, first.region if first else "RU")


def get_companies_for_booking(context: Context) -> Answer:
    """List the branches that have services."""
    return [
        {"id": branch.pk, "name": branch.name, "address": branch.address}
        for branch in context.branches
        if offers.of(branch).listed()
    ]


def get_categories_for_booking(context: Context, company_id: int) -> Answer:
    """List the service categories of a branch, or its job titles where the branch's setting says so."""
    offer = offers.of(context.branch(company_id))
    is_titles = offer.settings.categories == "job_titles"
    groups = offer.job_titles.values() if is_titles else offer.categories.values()
    return [{"id": each.pk, "name": each.name, "description": each.description} for each in groups]


def get_employees_for_booking(
    context: Context,
    company_id: int,
    service_ids: Sequence[int] | None,
    job_title_id: int | None,
    service_category_id: int | None,
) -> Answer:
    """List the specialists of a branch: those who provide all the services, of a job title, of a service category."""
    offer = offers.of(context.branch(company_id))
    if service_ids:
        openings.plan(offer, service_ids, online=True)
    found = offer.providing(service_ids or ())
    for group, field in ((job_title_id, "job_title_id"), (service_category_id, "service_category_id")):
        if group is not None:
            found = [each for each in found if _is_of(offer, each, group, field)]
    return [
        {
            "id": each.id,
            "name": each.name,
            "information": each.information,
            "job_title": offer.job_title_of(each),
        }
        for each in found
    ]


def get_services_for_booking(
    context: Context, company_id: int, service_category_id: int | None, employee_id: int | None
) -> Answer:
    """List the services of a branch: those of a category, those that a specialist provides (for their own price)."""
    offer = offers.of(context.branch(company_id))
    found = offer.listed()
    if service_category_id is not None:
        found = [each for each in found if each.pk in _services_of(offer, service_category_id)]
    specialist = None if employee_id is None else _specialist(offer, employee_id)
    if specialist is not None:
        found = [each for each in found if each.pk in specialist.skills]
    return [answers.service(each, specialist) for each in found]


def get_dates_for_booking(
    context: Context,
    company_id: int,
    service_ids: Sequence[int],
    employee_id: int | None,
    days_limit: int,
    max_dates_count: int | None,
) -> Answer:
    """List the dates, counting from today, on which the services can be booked together."""
    branch = context.branch(company_id)
    today = timezone.now().astimezone(branch.zone).date()
    offer = offers.of(branch)
    starts = _starts(branch, offer, service_ids, today, min(days_limit, MOST_DAYS), employee_id, None)
    dates = list(answers.by_day(branch, starts))
    return dates[:max_dates_count]


def get_slots_for_booking(
    context: Context,
    company_id: int,
    service_ids: Sequence[int],
    date: date,
    employee_id: int | None,
    slot_interval: int | None,
) -> Answer:
    """List the times of a date at which the services can be booked together."""
    branch = context.branch(company_id)
    if date < timezone.now().astimezone(branch.zone).date():
        raise Invalid(_("The date %(date)s has passed.") % {"date": answers.date_of(date)}, field="date")
    offer = offers.of(branch)
    starts = _starts(branch, offer, service_ids, date, 1, employee_id, slot_interval)
    return sorted({time for times in answers.by_day(branch, starts).values() for time in times})


def create_booking(
    context: Context,
    company_id: int,
    service_ids: Sequence[int],
    booking_date: date,
    booking_time: time,
    employee_id: int | None,
) -> Answer:
    """Book the services as one visit of the client; without a specialist whoever is free gets it."""
    branch = context.branch(company_id)
    if context.customer is None:
        raise Invalid(_("There is no client to book for: send client with id, phone or external_id."), field="client")
    book = partial(
        bookings.book,
        branch,
        service_ids=service_ids,
        employee_id=employee_id,
        customer=context.customer,
        by=context.by,
        source=context.source,
        online=True,
    )
    return {"status": True, "booking": answers.booked(_at(branch, booking_date, booking_time, book))}


def get_bookings_info(context: Context, client_id: int | None) -> Answer:
    """List the client's upcoming bookings."""
    client = _client(context, client_id)
    return [] if client is None else [answers.entry(each) for each in _upcoming(context, client)]


def get_active_order_booking_info(context: Context) -> Answer:
    """Return the client's upcoming booking that was made or changed last, {} where there is none."""
    client = _client(context, None)
    found = None if client is None else _upcoming(context, client).order_by("-updated_at", "-pk").first()
    return {} if found is None else answers.entry(found)


def modify_booking_time(context: Context, order_id: int, new_date: date, new_time: time) -> Answer:
    """Move a booking to another time with the same specialist; a taken time is refused with free ones."""
    booking = _booking(context, order_id)
    _at(booking.branch, new_date, new_time, partial(bookings.move, booking, by=context.by, online=True))
    return {"status": True, "message": "Booking time modified"}


def cancel_booking(context: Context, pipeline_id: int, order_id: int) -> Answer:
    """Call a booking of the branch off."""
    branch = context.branch(pipeline_id)
    booking = _booking(context, order_id)
    if booking.branch_id != branch.pk:
        raise Invalid(_("Booking %(id)s is not of this branch.") % {"id": order_id}, field="pipeline_id")
    bookings.cancel(booking, by=context.by, online=True)
    return {"status": True, "message": "Booking deleted"}


def get_info_for_booking(context: Context) -> Answer:
    """Return all that an assistant must know to book: branches, services, prices, specialists, free dates and times."""
    return info.of(context.branches).value


def create_booking_by_name(
    context: Context, service_name: str, date: date, date_time: time, company_id: int | None
) -> Answer:
    """Book a service by its name, as the client said it. A name that is unclear is answered with candidates."""
    branches = list(context.branches) if company_id is None else [context.branch(company_id)]
    branch, service = names.find(branches, service_name)
    return create_booking(context, branch.pk, [service.pk], date, date_time, None)


def _starts(
    branch: Branch,
    offer: Offer,
    service_ids: Sequence[int],
    first_day: date,
    days: int,
    employee_id: int | None,
    step: int | None,
) -> list[int]:
    """Return the sorted starts (minutes since the epoch) that clients may book on these days."""
    now = timezone.now()
    plan = openings.plan(offer, service_ids, online=True)
    able = openings.candidates(offer, plan, employee_id)
    if not able:
        return []
    span = loading.day_span(branch, first_day, days)
    allowed = openings.limits(offer, plan, branch, now).within(span.start, span.end - 1)
    if allowed.not_after < allowed.not_before:
        return []
    board = openings.board(branch, offer, plan, able, first_day, days, now=now)
    if employee_id is None:
        return board.any_starts(step or offer.settings.step, allowed)
    return board.starts(step or offer.settings.step, allowed)[employee_id]


def _at(branch: Branch, day: date, time: time, act: Callable[..., Booking]) -> Booking:
    """Do it when the clock shows this: of a time that comes twice the first that is free, as the lists offer both."""
    *before, last = moments_on_wall(day, time.hour * 60 + time.minute, branch.zone)
    for minute in before:
        try:
            return act(starts_at=to_moment(minute))
        except SlotTaken:
            continue
    return act(starts_at=to_moment(last))


def _client(context: Context, client_id: int | None) -> Client | None:
    """Return whose bookings are asked for. Raises Invalid: nobody's, or those of somebody else."""
    if context.customer is None:
        if client_id is None:
            raise Invalid(_("There is no client: send client with id, phone or external_id."), field="client")
        found: Client | None = Client.objects.for_org(context.organization).filter(pk=client_id).first()
        if found is None:
            raise Invalid(_("There is no such client."), field="client_id")
        return found
    card = context.card()
    if client_id is not None and (card is None or card.pk != client_id):
        raise Invalid(_("Bookings of another client are not shown."), field="client_id")
    return card


def _booking(context: Context, id: int) -> Booking:
    """Return the booking if it is the client's; without a client the organization's token may have any."""
    rows: QuerySet[Booking] = Booking.objects.for_org(context.organization)
    rows = rows.filter(branch__in=context.branches).exclude(status=Booking.Status.HELD)
    booking = rows.select_related("branch__organization", "employee").filter(pk=id).first()
    if booking is None:
        raise Invalid(_("There is no booking %(id)s.") % {"id": id}, field="order_id")
    if context.customer is not None:
        card = context.card()
        if card is None or booking.client_id != card.pk:
            raise Invalid(_("Booking %(id)s belongs to another client.") % {"id": id}, field="order_id")
    return booking


def _upcoming(context: Context, client: Client) -> QuerySet[Booking]:
    rows: QuerySet[Booking] = Booking.objects.for_org(context.organization)
    rows = rows.filter(
        branch__in=context.branches, client=client, status=Booking.Status.BOOKED, starts_at__gt=timezone.now()
    )
    return rows.select_related("branch", "employee__job_title").prefetch_related("lines").order_by("starts_at", "pk")


def _is_of(offer: Offer, specialist: Specialist, group: int, field: str) -> bool:
    if group in offer.job_titles:
        return specialist.job_title_id == group
    if group in offer.categories:
        return any(offer.services[id].category_id == group for id in specialist.skills)
    raise _no_group(group, field)


def _services_of(offer: Offer, group: int) -> set[int]:
    """Return the services of a category; of a job title (bots are told the one or the other): those of its people."""
    if group in offer.categories:
        return {each.pk for each in offer.services.values() if each.category_id == group}
    if group in offer.job_titles:
        people = [each for each in offer.specialists.values() if each.job_title_id == group]
        return {service for each in people for service in each.skills}
    raise _no_group(group, "service_category_id")


def _no_group(group: int, field: str) -> Invalid:
    if field == "job_title_id":
        return Invalid(_("There is no job title %(id)s in this branch.") % {"id": group}, field=field)
    return Invalid(_("There is no category %(id)s in this branch.") % {"id": group}, field=field)


def _specialist(offer: Offer, id: int) -> Specialist:
    found = offer.specialists.get(id)
    if found is None:
        raise Invalid(_("There is no specialist %(id)s in this branch.") % {"id": id}, field="employee_id")
    return found
