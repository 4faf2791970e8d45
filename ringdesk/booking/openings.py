"""When a visit can begin, and with whom: the branch's offer and what is taken, put before the slot engine."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch
from ringdesk.booking import offers
from ringdesk.booking.models import Booking
from ringdesk.booking.offers import Offer, Specialist
from ringdesk.booking.plans import Plan
from ringdesk.booking.problems import Alternative, NotOffered
from ringdesk.scheduling import facilities, hours, loading, reasons, slots
from ringdesk.scheduling.facilities import Facility
from ringdesk.scheduling.minutes import Minutes, from_moment, to_moment
from ringdesk.scheduling.reasons import Reason
from ringdesk.scheduling.slots import Session, Worker

SESSION = "session"
MOST_ALTERNATIVES = 3
# Days before and after a wished one in which alternatives are sought: the near ones first.
_AROUND = ((1, 3), (7, 60))
_EVER = 1 << 40
ONE_DAY = timedelta(days=1)


class Limits(NamedTuple):
    """Between which starts (minutes since the epoch, both included) a visit may be booked."""

    not_before: int
    not_after: int

    def within(self, not_before: int, not_after: int) -> "Limits":
        """Return what is left of it between these."""
        return Limits(max(self.not_before, not_before), min(self.not_after, not_after))


ALWAYS = Limits(-_EVER, _EVER)
# Times that visitors of the page were shown as theirs for a while, and left without a word of who they are.
ABANDONED = Q(status=Booking.Status.CANCELLED, source=Booking.Source.PAGE, client=None, client_name="", phone="")


@dataclass(frozen=True, slots=True)
class Board:
    """The working and the busy time of those who could do a visit, and of what it needs."""

    plan: Plan
    specialists: Mapping[int, Specialist]
    workers: Sequence[Worker]
    pools: Sequence[Sequence[Facility]]
    sessions: Sequence[Session] = ()

    def starts(self, step: int, limits: Limits) -> dict[int, list[int]]:
        """Return the free starts of everybody (by employee id), on the grid of each one's shifts."""
        found = slots.free_starts(
            self.workers, self.plan.visit, step=step, not_before=limits.not_before, not_after=limits.not_after,
            **self._wishes(),
        )  # fmt: skip
        return {self.specialists[resource].id: starts for resource, starts in found.items()}

    def any_starts(self, step: int, limits: Limits) -> list[int]:
        """Return the sorted starts that anybody has free."""
        return slots.branch_starts(
            self.workers, self.plan.visit, step=step, not_before=limits.not_before, not_after=limits.not_after,
            **self._wishes(),
        )  # fmt: skip

    def free_at(self, at: int) -> list[Specialist]:
        """Return who could begin the visit (as the only or the first of a team) at that time, on the grid or off it."""
        return [self.specialists[worker.id] for worker in self.workers if self.why_not(worker, at) is None]

    def why_not(self, worker: Worker, at: int) -> Reason | None:
        """Return why the worker cannot begin the visit at that time."""
        specialist = self.specialists[worker.id]
        reason = reasons.why_not(worker, self.plan.visit_by(specialist), at, pools=self.pools)
        if reason is None and self.plan.needed > 1 and self.team_of(specialist, at) is None:
            return Reason(reasons.Kind.TAKEN, self.plan.visit.span(at))
        return reason

    def worker_of(self, specialist: Specialist) -> Worker:
        """Return the working and busy time of one of them."""
        return next(worker for worker in self.workers if worker.id == specialist.resource_id)

    def team_of(self, lead: Specialist, at: int) -> tuple[Specialist, ...] | None:
        """Return who works on the visit, the lead first; None: too few are free."""
        if self.plan.needed == 1:
            return (lead,)
        found = slots.team(self.workers, self.plan.visit, at, needed=self.plan.needed, lead=lead.resource_id)
        return None if found is None else tuple(self.specialists[resource] for resource in found)

    def facilities_at(self, lead: Specialist, at: int) -> tuple[int, ...]:
        """Return one free room or device (resource) of each kind the visit needs; what there is when one lacks."""
        return facilities.choose(self.pools, self.plan.visit_by(lead), at) or ()

    def _wishes(self) -> dict[str, Any]:
        wishes: dict[str, Any] = {"needed": self.plan.needed, "sessions": self.sessions}
        if self.pools:
            wishes["pools"] = self.pools
        if lengths := self.plan.lengths(list(self.specialists.values())):
            wishes["lengths"] = lengths
        return wishes


def plan(offer: Offer, service_ids: Sequence[int], *, online: bool) -> Plan:
    """Return these services as one visit. Raises NotOffered for one that cannot be booked (so)."""
    if not service_ids:
        raise NotOffered(_("Choose a service."), field="service_ids")
    unknown = [id for id in service_ids if id not in offer.services]
    if unknown:
        raise NotOffered(_("There is no service %(id)s in this branch.") % {"id": unknown[0]}, field="service_ids")
    services = tuple(offer.services[id] for id in service_ids)
    for service in services:
        if online and not service.is_online:
            text = _("“%(title)s” cannot be booked online.")
            raise NotOffered(text % {"title": service.title}, field="service_ids")
    return Plan(services, pools_of(offer, service_ids))


def pools_of(offer: Offer, service_ids: Sequence[int]) -> tuple[int, ...]:
    """Return the kinds of rooms and devices that the services need, each once."""
    return tuple(dict.fromkeys(pool for id in service_ids for pool in offer.needs.get(id, ())))


def candidates(offer: Offer, wanted: Plan, employee_id: int | None) -> list[Specialist]:
    """Return who could do the visit; ``employee_id``: nobody else. Empty where nobody does all of it.

    Raises NotOffered for a specialist that is not there.
    """
    able = offer.providing(wanted.service_ids)
    if employee_id is None:
        return able
    if employee_id not in offer.specialists:
        raise NotOffered(_("There is no specialist %(id)s in this branch.") % {"id": employee_id}, field="employee_id")
    return [each for each in able if each.id == employee_id]


def limits(offer: Offer, wanted: Plan, branch: Branch, now: datetime) -> Limits:
    """Return between which starts clients may book the visit themselves: notice and horizon. Past times never."""
    notices = [offer.settings.notice if each.notice is None else each.notice for each in wanted.services]
    horizons = [offer.settings.horizon if each.horizon is None else each.horizon for each in wanted.services]
    today = now.astimezone(branch.zone).date()
    earliest = from_moment(now + timedelta(minutes=max(notices, default=0)))
    if now.second or now.microsecond:
        earliest += 1
    last_day = today + timedelta(days=min(horizons, default=365))
    return Limits(earliest, hours.moment_on_wall(last_day + ONE_DAY, 0, branch.zone) - 1)


def board(
    branch: Branch,
    offer: Offer,
    wanted: Plan,
    specialists: Collection[Specialist],
    first_day: date,
    days: int = 1,
    *,
    without_claim: int | None = None,
    now: datetime | None = None,
    busy: Mapping[int, Sequence[Minutes]] | None = None,
) -> Board:
    """Return what must be known to offer starts on these days. One query (two for a group), the offer being known.

    ``without_claim``: the claim of the visit that wants to move. ``busy``: where that is known already.
    """
    team = offer.providing(wanted.service_ids) if wanted.needed > 1 else specialists
    by_resource = {each.resource_id: each for each in team}
    pools = [offer.pools.get(pool, ()) for pool in wanted.pool_ids]
    first = first_day - ONE_DAY
    shifts = offer.shifts(branch, first, days + 1)
    if busy is None:
        needed = [*by_resource, *(resource for pool in pools for resource in pool)]
        around = loading.window(branch, first, days + 2)
        busy = loading.busy_spans(branch.organization_id, needed, around, now=now, without_claim=without_claim)
    return Board(
        wanted,
        by_resource,
        [Worker(resource, shifts.get(resource, ()), busy[resource]) for resource in by_resource],
        [[Facility(resource, busy[resource]) for resource in pool] for pool in pools],
        sessions(branch, wanted, list(by_resource.values()), first, days + 2, now) if wanted.capacity > 1 else (),
    )


def busy(
    branch: Branch, offer: Offer, first_day: date, days: int, *, now: datetime | None = None
) -> dict[int, list[Minutes]]:
    """Return when everybody and everything of the branch is taken, for boards of these days. One query."""
    resources = [each.resource_id for each in offer.specialists.values()]
    rooms = [resource for pool in offer.pools.values() for resource in pool]
    around = loading.window(branch, first_day - ONE_DAY, days + 2)
    return loading.busy_spans(branch.organization_id, [*resources, *rooms], around, now=now)


def starts(
    branch: Branch,
    service_ids: Sequence[int],
    first_day: date,
    days: int,
    *,
    employee_id: int | None = None,
    online: bool = True,
    step: int | None = None,
) -> dict[int, list[datetime]]:
    """Return the free starts of these days by employee id, in the branch's zone: of everybody who does all of it.

    ``online``: what clients may book themselves; else all that is yet to come. ``step``: minutes, else the branch's.
    Raises NotOffered.
    """
    now = timezone.now()
    offer = offers.of(branch)
    wanted = plan(offer, service_ids, online=online)
    allowed = limits(offer, wanted, branch, now) if online else Limits(from_moment(now), _EVER)
    span = loading.day_span(branch, first_day, days)
    able = candidates(offer, wanted, employee_id)
    found = board(branch, offer, wanted, able, first_day, days, now=now)
    free = found.starts(step or offer.settings.step, allowed.within(span.start, span.end - 1))
    chosen = {each.id for each in able}
    return {
        employee: [to_moment(start).astimezone(branch.zone) for start in times]
        for employee, times in free.items()
        if employee in chosen
    }


def sessions(
    branch: Branch,
    wanted: Plan,
    specialists: Sequence[Specialist],
    first_day: date,
    days: int,
    now: datetime | None = None,
) -> list[Session]:
    """Return the group visits of these days that have seats left."""
    span = loading.day_span(branch, first_day, days)
    resources = {each.id: each.resource_id for each in specialists}
    rows = (
        active(branch.organization_id, now or timezone.now())
        .filter(
            branch=branch,
            employee__in=resources,
            claim__kind=SESSION,
            lines__service=wanted.service_ids[0],
            starts_at__gte=to_moment(span.start),
            starts_at__lt=to_moment(span.end),
        )
        .order_by()
    )
    taken = rows.values_list("claim", "employee", "starts_at").annotate(Count("pk", distinct=True))
    return [
        Session(resources[employee], from_moment(starts_at), wanted.capacity - count)
        for _claim, employee, starts_at, count in taken
        if count < wanted.capacity
    ]


def active(organization_id: int, now: datetime) -> QuerySet[Booking]:
    """Return the bookings that have their time: neither given back nor a hold that has expired."""
    has_time = Q(status__in=(Booking.Status.BOOKED, Booking.Status.ARRIVED)) | Q(
        status=Booking.Status.HELD, held_until__gt=now
    )
    rows: QuerySet[Booking] = Booking.objects.for_org(organization_id)
    return rows.filter(has_time)


def alternatives(
    branch: Branch,
    offer: Offer,
    wanted: Plan,
    specialists: Collection[Specialist],
    at: int,
    allowed: Limits,
    *,
    without_claim: int | None = None,
) -> list[Alternative]:
    """Return the free starts nearest to a time that was wished, up to three, in the order of time."""
    if not specialists:
        return []
    near = to_moment(min(max(at, allowed.not_before), allowed.not_after)).astimezone(branch.zone).date()
    chosen = {each.id for each in specialists}
    for before, after in _AROUND:
        first_day, days = near - timedelta(days=before), before + after
        around = loading.day_span(branch, first_day, days)
        within = allowed.within(around.start, around.end - 1)
        found = board(branch, offer, wanted, specialists, first_day, days, without_claim=without_claim)
        free = {
            employee: times
            for employee, times in found.starts(offer.settings.step, within).items()
            if times and employee in chosen
        }
        if free:
            nearest = slots.nearest(
                sorted({start for times in free.values() for start in times}), at, MOST_ALTERNATIVES
            )
            return [_alternative(branch, offer, free, start) for start in nearest]
    return []


def _alternative(branch: Branch, offer: Offer, starts: Mapping[int, Sequence[int]], start: int) -> Alternative:
    employee = next(employee for employee, times in starts.items() if start in times)
    moment = to_moment(start).astimezone(branch.zone)
    return Alternative(moment, employee, offer.specialists[employee].name)
