"""Bookings as tools of AI assistants: the thirteen functions, and what a booking would cost before it is one."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from ninja import Field

from ringdesk.accounts.api_auth import Caller
from ringdesk.accounts.models import Module
from ringdesk.accounts.tools import Arguments, Refused, Tool, Wish, WritingArguments
from ringdesk.booking import offers, openings, visits
from ringdesk.booking.bots import answers, calling
from ringdesk.booking.bots.arguments import Parameter, bind, clock, day, integer, integers
from ringdesk.booking.bots.functions import Context
from ringdesk.booking.customers import Customer
from ringdesk.booking.models import Booking, Service
from ringdesk.booking.offers import Offer, Specialist
from ringdesk.booking.plans import Plan
from ringdesk.core.problems import RingdeskError
from ringdesk.scheduling.hours import moments_on_wall
from ringdesk.scheduling.minutes import to_moment

Ids = list[int] | int | str
DATE = "Date as dd.mm.yyyy, in the branch's time zone."
TIME = "Time as hh:mm, in the branch's time zone."
CHANGES = "Free of charge. The client can move or cancel it, here too, until the visit begins."


class CompanyIn(Arguments):
    company_id: int | str = Field(description="The branch: `id` from get_companies_for_booking.")


class EmployeesIn(CompanyIn):
    service_ids: Ids | None = Field(None, description="Only who provides all of these services.")
    job_title_id: int | str | None = Field(None, description="Only this job title.")
    service_category_id: int | str | None = Field(None, description="Only who provides services of this category.")


class ServicesIn(CompanyIn):
    service_category_id: int | str | None = Field(None, description="Only this category.")
    employee_id: int | str | None = Field(None, description="Only what this specialist provides, for their own price.")


class VisitIn(CompanyIn):
    service_ids: Ids = Field(description="One service or several; several make one visit by one specialist.")
    employee_id: int | str | None = Field(None, description="Only this specialist; leave out for anybody.")


class DatesIn(VisitIn):
    days_limit: int | str | None = Field(None, description="How many days to look at, today is the first. Usual: 14.")
    max_dates_count: int | str | None = Field(None, description="At most so many dates.")


class SlotsIn(VisitIn):
    date: str = Field(description=DATE)
    slot_interval: int | str | None = Field(None, description="Minutes between the offered times. Usual: 30.")


class QuoteIn(VisitIn):
    booking_date: str = Field(description=DATE)
    booking_time: str = Field(description=TIME)


class BookIn(WritingArguments):
    company_id: int | str = Field(description="The branch: `id` from get_companies_for_booking.")
    service_ids: Ids = Field(description="One service or several; several make one visit by one specialist.")
    booking_date: str = Field(description=DATE)
    booking_time: str = Field(description=TIME)
    employee_id: int | str | None = Field(None, description="The specialist the client chose; leave out for anybody.")


class BookByNameIn(WritingArguments):
    service_name: str = Field(description="The service as the client calls it; case, spaces, ё/е do not matter.")
    date: str = Field(description=DATE)
    date_time: str = Field(description=TIME)
    company_id: int | str | None = Field(None, description="The branch, where several have a service of that name.")


class BookingsIn(Arguments):
    client_id: int | str | None = Field(None, description="Our id of the client; leave out for `client`.")


class MoveIn(WritingArguments):
    order_id: int | str = Field(description="The booking: `booking_id` from get_bookings_info.")
    new_date: str = Field(description=DATE)
    new_time: str = Field(description=TIME)


class CancelIn(WritingArguments):
    pipeline_id: int | str = Field(description="The branch of the booking: `company_id` from get_bookings_info.")
    order_id: int | str = Field(description="The booking: `booking_id` from get_bookings_info.")


_QUOTE = (
    Parameter("company_id", integer, is_required=True),
    Parameter("service_ids", integers, is_required=True),
    Parameter("booking_date", day, is_required=True),
    Parameter("booking_time", clock, is_required=True),
    Parameter("employee_id", integer),
)


def _context(wish: Wish) -> Context:
    caller = wish.caller
    customer = Customer.read(wish.client)
    return Context(caller.organization, customer, by=caller.member, source=Booking.Source.ASSISTANT)


def _function(name: str) -> Callable[[Wish], Any]:
    def run(wish: Wish) -> Any:
        answer = calling.call(_context(wish), name, (), dict(wish.values))
        if isinstance(answer, dict) and answer.get("status") is False:
            more = {key: value for key, value in answer.items() if key not in ("status", "message")}
            raise Refused(answer["message"], advice=_advice(more), **more)
        return answer

    return run


def _advice(more: dict[str, Any]) -> str:
    if more.get("alternatives"):
        return "Nothing was booked or moved. Offer the client one of the alternatives, then call again with it."
    if "alternatives" in more:
        return "Nothing was booked or moved. Ask for another day and look at get_dates_for_booking."
    if more.get("candidates"):
        return "Nothing was booked. Ask the client which of the candidates is meant, then call again."
    return "Nothing was changed. Correct the arguments, or ask the client for what is missing, then call again."


def quote(wish: Wish) -> dict[str, Any]:
    """Return the terms of a visit: what it costs, how long it takes, where, by whom, and whether the time is free."""
    context = _context(wish)
    try:
        values = bind(_QUOTE, (), dict(wish.values))
        branch = context.branch(values["company_id"])
        offer = offers.of(branch)
        plan = openings.plan(offer, values["service_ids"], online=True)
        able = visits.able(offer, plan, values["employee_id"])
        minute = values["booking_time"].hour * 60 + values["booking_time"].minute
        at = moments_on_wall(values["booking_date"], minute, branch.zone)[0]
    except RingdeskError as error:
        raise Refused(str(error), advice="Correct the arguments, then call again.") from error
    allowed = openings.limits(offer, plan, branch, timezone.now())
    board = openings.board(branch, offer, plan, able, values["booking_date"])
    free = board.free_at(at) if allowed.not_before <= at <= allowed.not_after else []
    if not free and at in board.any_starts(1, allowed.within(at, at)):
        free = able  # A group that has seats left.
    chosen = [each for each in free if each in able]
    said = {
        "is_free": bool(chosen),
        "booking_date": answers.date_of(values["booking_date"]),
        "booking_time": f"{to_moment(at).astimezone(branch.zone):%H:%M}",
        "company_name": branch.name,
        "company_address": branch.address,
        "currency": plan.services[0].currency,
        "services": [each.title for each in plan.services],
        "specialists": [_terms(offer, plan, each) for each in chosen or able],
        "changes_and_cancellation": CHANGES,
    }
    if not chosen:
        nearest = openings.alternatives(branch, offer, plan, able, at, allowed)
        said["alternatives"] = [answers.alternative(each) for each in nearest]
    return said


def _terms(offer: Offer, plan: Plan, specialist: Specialist) -> dict[str, Any]:
    lines = plan.lines(specialist)
    return {
        "employee_id": specialist.id,
        "employee_name": specialist.name,
        "job_title": offer.job_title_of(specialist),
        "total_cost": answers.number(sum((line.price for line in lines), start=type(lines[0].price)(0))),
        "service_duration": plan.visit_by(specialist).length,
    }


def _is_offered(caller: Caller) -> bool:
    organization = caller.organization
    return organization.has_module(Module.BOOKING) or Service.objects.for_org(organization).exists()


def _tool(name: str, title: str, description: str, arguments: type[Arguments] = Arguments, **more: Any) -> Tool:
    is_writing = issubclass(arguments, WritingArguments)
    return Tool(
        name,
        title,
        description,
        "bookings:write" if is_writing else "bookings:read",
        more.pop("run", None) or _function(name),
        arguments,
        is_offered=_is_offered,
        **more,
    )


_CONSENT = (
    "Call quote_booking first, tell the client price, length, specialist, address and how it can be cancelled, and "
    "book only after a clear yes."
)
TOOLS: tuple[Tool, ...] = (
    _tool(
        "get_info_for_booking",
        "Everything for booking",
        "Branches, services, prices, lengths, specialists and free times of the next days in one answer: the best "
        "first call. `version` changes when anything of it does. Holds nothing of any client.",
    ),
    _tool("get_companies_for_booking", "Branches", "The branches that have services: id, name, address."),
    _tool(
        "get_categories_for_booking",
        "Categories",
        "The service categories of a branch, or its job titles where it is set up so: id, name, description.",
        CompanyIn,
    ),
    _tool(
        "get_employees_for_booking",
        "Specialists",
        "The specialists of a branch: id, name, information, job title. Several filters all apply.",
        EmployeesIn,
    ),
    _tool(
        "get_services_for_booking",
        "Services",
        "The services of a branch: id, title, description, price, duration in minutes.",
        ServicesIn,
    ),
    _tool(
        "get_dates_for_booking",
        "Free dates",
        "The dates (dd.mm.yyyy) on which the services can be booked together as one visit, from today on.",
        DatesIn,
    ),
    _tool(
        "get_slots_for_booking",
        "Free times",
        "The times (hh:mm) of a date at which the services can be booked together as one visit. True at this moment: "
        "somebody else may be faster.",
        SlotsIn,
    ),
    _tool(
        "quote_booking",
        "Terms of a booking",
        "What a visit would cost, how long it takes, where and by whom, how it can be cancelled, and whether the time "
        "is free (with alternatives when not). Books nothing. Call it before create_booking.",
        QuoteIn,
        run=quote,
    ),
    _tool(
        "create_booking",
        "Book",
        f"Book services for `client` (needed: phone or external_id, and name). {_CONSENT} A time that is taken is "
        "refused with alternatives.",
        BookIn,
    ),
    _tool(
        "create_booking_by_name",
        "Book by name",
        f"The same for one service by its name. {_CONSENT} An unclear name is refused with candidates to ask about.",
        BookByNameIn,
    ),
    _tool(
        "get_bookings_info",
        "Bookings of the client",
        "The client's upcoming bookings with ids, time, services, cost, specialist and address.",
        BookingsIn,
    ),
    _tool(
        "get_active_order_booking_info",
        "The latest booking of the client",
        "The upcoming booking of `client` that was made or changed last; {} when there is none.",
    ),
    _tool(
        "modify_booking_time",
        "Move a booking",
        "Give a booking another time; the specialist stays. Confirm the new time with the client first. A time that "
        "is taken is refused with alternatives, and the booking stays where it was.",
        MoveIn,
        is_destructive=True,
    ),
    _tool(
        "cancel_booking",
        "Cancel a booking",
        "Call a booking off; its time is free for others at once, and it cannot be brought back. Ask the client for a "
        "clear yes first, naming the date and the service.",
        CancelIn,
        is_destructive=True,
    ),
)
