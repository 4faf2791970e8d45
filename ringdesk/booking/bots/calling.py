"""Calling a booking function by its name: what each is given, in which order. It answers and never raises."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ringdesk.booking.bots import answers, functions
from ringdesk.booking.bots.arguments import Parameter, bind, clock, day, integer, integers, text
from ringdesk.booking.bots.functions import Context
from ringdesk.core.problems import Invalid, RingdeskError
from ringdesk.scheduling.hours import DAY


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its parameters in their order, what it does, and whether it changes anything."""

    run: Callable[..., Any]
    parameters: tuple[Parameter, ...] = ()
    is_writing: bool = False

    @property
    def name(self) -> str:
        """Return what it is called by."""
        return self.run.__name__

    @property
    def about(self) -> str:
        """Return in a sentence what it is for (English, for programs and assistants)."""
        return (self.run.__doc__ or "").strip()


def call(context: Context, name: str, args: Any = (), kwargs: Any = None) -> Any:
    """Return what the function answers: a value, or ``{"status": False, "message": …}``. KeyError: no such function."""
    function = FUNCTIONS[name]
    try:
        if not isinstance(args, (list, tuple)):
            raise Invalid(_("args is a list of values in the order of the parameters."))
        if not isinstance(kwargs or {}, Mapping):
            raise Invalid(_("kwargs is an object of values by the names of the parameters."))
        return function.run(context, **bind(function.parameters, args, kwargs or {}))
    except RingdeskError as error:
        return refused(error)


def refused(error: RingdeskError) -> dict[str, Any]:
    """Return what a function answers instead of raising."""
    answer: dict[str, Any] = {"status": False, "message": str(error)}
    free = getattr(error, "free", None)
    if free is not None:
        answer["alternatives"] = [answers.alternative(each) for each in free]
    if "candidates" in error.details:
        answer["candidates"] = error.details["candidates"]
    return answer


def _minutes(value: Any, name: str) -> int:
    """Read a number of minutes up to a day."""
    minutes = integer(value, name)
    if minutes > DAY:
        raise Invalid(_("%(name)s: a day (1440 minutes) at most.") % {"name": name}, field=name)
    return minutes


_COMPANY = Parameter("company_id", integer, is_required=True)
_SERVICES = Parameter("service_ids", integers, is_required=True)
_EMPLOYEE = Parameter("employee_id", integer)
_ORDER = Parameter("order_id", integer, is_required=True)
_ALL = (
    Function(functions.get_companies_for_booking),
    Function(functions.get_categories_for_booking, (_COMPANY,)),
    Function(
        functions.get_employees_for_booking,
        (
            _COMPANY,
            Parameter("service_ids", integers),
            Parameter("job_title_id", integer),
            Parameter("service_category_id", integer),
        ),
    ),
    Function(
        functions.get_services_for_booking,
        (_COMPANY, Parameter("service_category_id", integer), _EMPLOYEE),
    ),
    Function(
        functions.get_dates_for_booking,
        (
            _COMPANY,
            _SERVICES,
            _EMPLOYEE,
            Parameter("days_limit", integer, default=functions.USUAL_DAYS),
            Parameter("max_dates_count", integer),
        ),
    ),
    Function(
        functions.get_slots_for_booking,
        (
            _COMPANY,
            _SERVICES,
            Parameter("date", day, is_required=True),
            _EMPLOYEE,
            Parameter("slot_interval", _minutes),
        ),
    ),
    Function(
        functions.create_booking,
        (
            _COMPANY,
            _SERVICES,
            Parameter("booking_date", day, is_required=True),
            Parameter("booking_time", clock, is_required=True),
            _EMPLOYEE,
        ),
        is_writing=True,
    ),
    Function(functions.get_bookings_info, (Parameter("client_id", integer),)),
    Function(functions.get_active_order_booking_info),
    Function(
        functions.modify_booking_time,
        (_ORDER, Parameter("new_date", day, is_required=True), Parameter("new_time", clock, is_required=True)),
        is_writing=True,
    ),
    Function(
        functions.cancel_booking,
        (Parameter("pipeline_id", integer, is_required=True), _ORDER),
        is_writing=True,
    ),
    Function(functions.get_info_for_booking),
    Function(
        functions.create_booking_by_name,
        (
            Parameter("service_name", text, is_required=True),
            Parameter("date", day, is_required=True),
            Parameter("date_time", clock, is_required=True),
            Parameter("company_id", integer),
        ),
        is_writing=True,
    ),
)
FUNCTIONS: Mapping[str, Function] = {function.name: function for function in _ALL}
