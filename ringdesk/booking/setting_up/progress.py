"""What a branch still needs before anybody can be booked there: the way from nothing to the first booking."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch
from ringdesk.booking.models import Employee, EmployeeService, Service, ServiceCategory
from ringdesk.scheduling.models import ScheduleException, WorkingHours


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; ``drawer`` opens beside the page, ``page`` is another page."""

    label: Promise
    hint: Promise
    state: str  # done, next or later
    action: Promise
    drawer: str = ""
    page: str = ""


def steps(branch: Branch) -> list[Step]:
    """Return the way to the first booking; nothing once there is nothing left to do."""
    rows = {"organization": branch.organization_id, "branch": branch}
    has_service = Service.objects.filter(**rows).exists()
    done = (
        has_service or ServiceCategory.objects.filter(**rows).exists(),
        has_service,
        Employee.objects.filter(**rows).exists(),
        EmployeeService.objects.filter(organization=branch.organization_id, employee__branch=branch).exists(),
        _has_hours(branch),
    )
    if all(done):
        return []
    return [_step(number, done) for number in range(len(done))]


_STEPS: tuple[tuple[Promise, Promise, Promise, str, str], ...] = (
    (_("Categories"), _("Haircuts, colouring, manicure: clients choose from them first. May be left out."),
     _("Add a category"), "booking:category_new", ""),
    (_("Services"), _("What is booked: price and duration."), _("Add a service"), "booking:service_new", ""),
    (_("Specialists"), _("Who provides the services."), _("Add a specialist"), "booking:employee_new", ""),
    (_("Who provides what"), _("Tick the services on the specialist’s page."), _("Choose"), "",
     "booking:employees"),
    (_("Schedule"), _("When they work: a week, breaks, days off."), _("Set the schedule"), "", "booking:schedule"),
)  # fmt: skip


def _step(number: int, done: tuple[bool, ...]) -> Step:
    label, hint, action, drawer, page = _STEPS[number]
    # Categories may be skipped: with none the next step is offered as well.
    first_open = done.index(False)
    state = "done" if done[number] else "next" if number == first_open or (first_open == 0 and number == 1) else "later"
    return Step(label, hint, state, action, _address(drawer), _address(page))


def _has_hours(branch: Branch) -> bool:
    of_branch = {"organization": branch.organization_id, "resource__employee__branch": branch}
    return WorkingHours.objects.filter(**of_branch).exists() or ScheduleException.objects.filter(**of_branch).exists()


def _address(name: str) -> str:
    try:
        return reverse(name) if name else ""
    except NoReverseMatch:
        return ""
