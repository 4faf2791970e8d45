"""What the slot engine eats, straight from the database: bare integers, a fixed number of queries for any branch."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from struct import iter_unpack

from django.db import connection
from django.utils import timezone

from ringdesk.accounts.models import Branch
from ringdesk.scheduling import hours
from ringdesk.scheduling.hours import DayHours, DayShift
from ringdesk.scheduling.minutes import Minutes, Span, to_moment
from ringdesk.scheduling.models import Holiday, ScheduleException, WorkingHours
from ringdesk.scheduling.slots import Worker

# Spans that are no whole minutes count as the minutes they touch. Two integers a span in one string of bytes: arrays
# and the numeric that extract() returns take twice as long.
BUSY = """
SELECT resource_id,
       string_agg(int4send(floor(date_part('epoch', lower(during)) / 60)::int)
                  || int4send(ceil(date_part('epoch', upper(during)) / 60)::int), ''::bytea)
FROM scheduling_occupancy
WHERE organization_id = %s AND active AND resource_id = ANY(%s) AND during && tstzrange(%s, %s, '[)')
      AND (expires_at IS NULL OR expires_at > %s) AND claim_id IS DISTINCT FROM %s
GROUP BY resource_id
"""
MARGIN = 24 * 60


def busy_spans(
    organization_id: int,
    resources: Collection[int],
    span: Span,
    *,
    now: datetime | None = None,
    without_claim: int | None = None,
) -> dict[int, list[Minutes]]:
    """Return for every resource when it is taken or held within the span, sorted. One query.

    Holds that have expired ``now`` do not count, nor does the claim ``without_claim`` (which wants to move).
    """
    found: dict[int, list[Minutes]] = {resource: [] for resource in resources}
    at = now or timezone.now()
    start, end = to_moment(span.start), to_moment(span.end)
    with connection.cursor() as cursor:
        cursor.execute(BUSY, [organization_id, list(found), start, end, at, without_claim])
        for resource, spans in cursor.fetchall():
            found[resource] = sorted(iter_unpack(">ii", spans))
    return found


def day_shifts(branch: Branch, resources: Collection[int], first_day: date, days: int) -> dict[int, list[DayShift]]:
    """Return for every resource the shifts that begin on these days. Three queries.

    Who works the same shares one list.
    """
    last_day = first_day + timedelta(days=days - 1)
    ordinary = weeks(branch.organization_id, resources)
    different = exceptions(branch.organization_id, resources, first_day, last_day)
    rest = holidays(branch, first_day, last_day)
    shared: dict[tuple[DayHours | None, ...], list[DayShift]] = {}

    def shifts(resource: int) -> list[DayShift]:
        week, own = tuple(ordinary[resource]), different[resource]
        if own or week not in shared:
            found = hours.shifts(week, own, rest, branch.zone, first_day, days)
            if own:
                return found
            shared[week] = found
        return shared[week]

    return {resource: shifts(resource) for resource in resources}


def workers(
    branch: Branch,
    resources: Collection[int],
    first_day: date,
    days: int,
    *,
    now: datetime | None = None,
    without_claim: int | None = None,
) -> list[Worker]:
    """Return what the slot engine must know to offer starts on these days, in the order of ``resources``.

    The night shift of the day before is included. Four queries.
    """
    shifts = day_shifts(branch, resources, first_day - hours.ONE_DAY, days + 1)
    around = window(branch, first_day - hours.ONE_DAY, days + 2)
    busy = busy_spans(branch.organization_id, resources, around, now=now, without_claim=without_claim)
    return [Worker(resource, hours.working_time(shifts[resource]), busy[resource]) for resource in resources]


def day_span(branch: Branch, first_day: date, days: int = 1) -> Span:
    """Return these days of the branch, from midnight to midnight."""
    return Span(
        hours.moment_on_wall(first_day, 0, branch.zone),
        hours.moment_on_wall(first_day + timedelta(days=days), 0, branch.zone),
    )


def window(branch: Branch, first_day: date, days: int) -> Span:
    """Return these days of the branch, with a day before and after: what is booked there may be in the way."""
    days_alone = day_span(branch, first_day, days)
    return Span(days_alone.start - MARGIN, days_alone.end + MARGIN)


def weeks(organization_id: int, resources: Collection[int]) -> dict[int, list[DayHours | None]]:
    """Return for every resource what it works in an ordinary week, Monday first. One query."""
    rows = WorkingHours.objects.for_org(organization_id).filter(resource__in=list(resources))
    found: dict[int, list[DayHours | None]] = {resource: [None] * 7 for resource in resources}
    for resource, weekday, starts, ends, breaks in rows.values_list(
        "resource_id", "weekday", "starts", "ends", "breaks"
    ):
        found[resource][weekday] = DayHours(starts, ends, _breaks(breaks))
    return found


def exceptions(
    organization_id: int, resources: Collection[int], first_day: date, last_day: date
) -> dict[int, dict[date, DayHours | None]]:
    """Return for every resource its days, of these, with other hours than the week's (None: off). One query."""
    rows = ScheduleException.objects.for_org(organization_id).filter(
        resource__in=list(resources), first_day__lte=last_day, last_day__gte=first_day
    )
    found: dict[int, dict[date, DayHours | None]] = {resource: {} for resource in resources}
    for row in rows.only("resource_id", "first_day", "last_day", "starts", "ends", "breaks"):
        said = worked(row)
        for day in hours.days_between(max(row.first_day, first_day), min(row.last_day, last_day)):
            found[row.resource_id][day] = said
    return found


def holidays(branch: Branch, first_day: date, last_day: date) -> set[date]:
    """Return the days, of these, on which the branch rests. One query."""
    rows = Holiday.objects.for_org(branch.organization_id).filter(
        branch=branch, first_day__lte=last_day, last_day__gte=first_day
    )
    return {
        day
        for first, last in rows.values_list("first_day", "last_day")
        for day in hours.days_between(max(first, first_day), min(last, last_day))
    }


def worked(row: ScheduleException) -> DayHours | None:
    """Return the hours an exception stands for; None is off."""
    return None if row.starts is None or row.ends is None else DayHours(row.starts, row.ends, _breaks(row.breaks))


def _breaks(stored: Sequence[Sequence[int]]) -> tuple[Minutes, ...]:
    return tuple((start, end) for start, end in stored)
