"""Who works when: weeks, exceptions and holidays. Nobody else writes WorkingHours, ScheduleException, Holiday.

Whoever changes somebody's hours locks the resource's row first, several by id; holidays lock the branch's row. An
exception takes its days from the exceptions that were there; what is left of those stays.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.models import Branch
from ringdesk.core import events
from ringdesk.core.problems import Invalid, NotFound, Stale
from ringdesk.scheduling import hours, loading
from ringdesk.scheduling.hours import DAY, YEARS, DayHours, Week
from ringdesk.scheduling.models import Holiday, Resource, ScheduleException, WorkingHours
from ringdesk.scheduling.runs import Run, paint
from ringdesk.scheduling.signals import schedule_changed

LONGEST = 731
WEEK = 7 * DAY


class Plan(NamedTuple):
    """What an exception says of its days: these hours, or (None) a day off."""

    worked: DayHours | None
    note: str = ""


def week_of(resource: Resource) -> list[DayHours | None]:
    """Return what the resource works in an ordinary week, Monday first; None is a day off."""
    return loading.weeks(resource.organization_id, [resource.pk])[resource.pk]


def lock(resources: Collection[Resource]) -> None:
    """Let others who change these schedules wait until the transaction ends: whoever changes several begins so."""
    for organization_id in {one.organization_id for one in resources}:
        rows = Resource.objects.for_org(organization_id).filter(pk__in=[one.pk for one in resources])
        list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def set_week(resource: Resource, week: Week, *, version: int | None = None) -> Resource:
    """Let the resource work these hours every week, Monday first. Raises Invalid, Stale, NotFound.

    ``version``: the ``schedule_version`` its author saw.
    """
    check_week(week)
    with events.atomic():
        current = _locked(resource, version)
        _write_week(current, week)
        return _changed(current)


def copy_week_hours(source: Resource, targets: Collection[Resource]) -> None:
    """Let others of the same organization work the ordinary week of this one. Raises NotFound."""
    with events.atomic():
        week = week_of(source)
        for target in sorted(targets, key=lambda one: one.pk):
            if target.organization_id != source.organization_id:
                raise NotFound(_("There is no such schedule."))
            current = _locked(target, None)
            _write_week(current, week)
            _changed(current)


def set_days(
    resource: Resource,
    first_day: date,
    last_day: date,
    worked: DayHours | None,
    *,
    note: str = "",
    version: int | None = None,
) -> Resource:
    """Let the resource work other hours on these days, or (None) not at all. Raises Invalid, Stale, NotFound."""
    _check_new_days(first_day, last_day)
    return set_each(resource, list(hours.days_between(first_day, last_day)), worked, note=note, version=version)


def set_each(
    resource: Resource, days: Collection[date], worked: DayHours | None, *, note: str = "", version: int | None = None
) -> Resource:
    """Let the resource work other hours on each of these days, or (None) not at all. Raises as ``set_days``."""
    _check_new_days(min(days), max(days))
    if worked is not None:
        _check_hours(worked)
    with events.atomic():
        current = _locked(resource, version)
        _paint(current, dict.fromkeys(days, Plan(worked, _one_line(note))))
        return _changed(current)


def clear_days(resource: Resource, first_day: date, last_day: date, *, version: int | None = None) -> Resource:
    """Let the week (and holidays) say again what is worked on these days. Raises Invalid, Stale, NotFound."""
    _check_days(first_day, last_day)
    with events.atomic():
        current = _locked(resource, version)
        _paint(current, {}, list(hours.days_between(first_day, last_day)))
        return _changed(current)


def repeat_days(
    resource: Resource, source: date, length: int, first_day: date, last_day: date, *, version: int | None = None
) -> Resource:
    """Repeat what is worked on ``length`` days from ``source`` again and again over other days.

    A length of 7 from a Monday repeats a week, one of 4 a rota of two days on, two off. Raises as ``set_days``.
    """
    _check_new_days(first_day, last_day)
    _check_days(source, source + timedelta(days=length - 1))
    sources = {
        day: source + timedelta(days=number % length)
        for number, day in enumerate(hours.days_between(first_day, last_day))
    }
    return _copy(resource, sources, version)


def copy_week(resource: Resource, source: date, first: date, weeks: int = 1, *, version: int | None = None) -> Resource:
    """Copy the week in which ``source`` lies to so many weeks from the one of ``first``. Raises as ``set_days``."""
    monday, target = (day - timedelta(days=day.weekday()) for day in (source, first))
    return repeat_days(resource, monday, 7, target, target + timedelta(days=7 * weeks - 1), version=version)


def copy_month(resource: Resource, source: date, target: date, *, version: int | None = None) -> Resource:
    """Copy the month of ``source`` to that of ``target``: the second Tuesday to the second Tuesday.

    A fifth weekday that the source has not takes its fourth. Raises as ``set_days``.
    """
    by_place = {_place_in_month(day): day for day in _month(source)}
    sources = {
        day: by_place.get((weekday, number)) or by_place[weekday, number - 1]
        for day in _month(target)
        for weekday, number in [_place_in_month(day)]
    }
    return _copy(resource, sources, version)


def set_holiday(branch: Branch, first_day: date, last_day: date, name: str = "") -> None:
    """Let the branch rest on these days; other holidays give way. Who has an exception of their own keeps it."""
    _check_new_days(first_day, last_day)
    _paint_holidays(branch, dict.fromkeys(hours.days_between(first_day, last_day), _one_line(name)), [])


def clear_holiday(branch: Branch, first_day: date, last_day: date) -> None:
    """Let the branch work on these days again."""
    _check_days(first_day, last_day)
    _paint_holidays(branch, {}, list(hours.days_between(first_day, last_day)))


def check_week(week: Week) -> None:
    """Raise Invalid when a day's hours are out of order, or run into the next day's (Sunday's into Monday's)."""
    if len(week) != 7:
        raise Invalid(_("A week has seven days."), field="week")
    for worked in week:
        if worked is not None:
            _check_hours(worked)
    spans = [(weekday * DAY + day.start, weekday * DAY + day.end) for weekday, day in enumerate(week) if day]
    for (_first, end), (start, _last) in pairwise([*spans, *((spans[0][0] + WEEK, 0) for _span in spans[:1])]):
        if end > start:
            raise Invalid(_("The hours of a day run into those of the next one."), field="week")


def _check_hours(worked: DayHours) -> None:
    if not worked.is_valid:
        raise Invalid(
            _("Working hours begin before they end and last a day at most; breaks lie in them, one after another."),
            field="hours",
        )


def _check_new_days(first_day: date, last_day: date) -> None:
    for field, day in (("first_day", first_day), ("last_day", last_day)):
        if day.year not in YEARS:
            raise Invalid(_("There are no schedules for that year."), field=field)
    _check_days(first_day, last_day)


def _check_days(first_day: date, last_day: date) -> None:
    if first_day > last_day:
        raise Invalid(_("The last day must not come before the first."), field="last_day")
    if (last_day - first_day).days >= LONGEST:
        raise Invalid(_("Two years at once at most."), field="last_day")


def _locked(resource: Resource, version: int | None) -> Resource:
    rows: QuerySet[Resource] = Resource.objects.for_org(resource.organization_id)
    current = rows.select_for_update(no_key=True).filter(pk=resource.pk).first()
    if current is None:
        raise NotFound(_("There is no such schedule."))
    if version is not None and version != current.schedule_version:
        raise Stale(_("Somebody has changed this schedule in the meantime."), current=current)
    return current


def _changed(resource: Resource) -> Resource:
    resource.schedule_version += 1
    resource.save(update_fields=["schedule_version"])
    _tell(resource.organization_id, resource.branch_id, [resource.pk])
    return resource


def _tell(organization_id: int, branch_id: int, resources: list[int] | None) -> None:
    schedule_changed.send(sender=Resource, branch_id=branch_id, resources=resources)
    body = {"schedule": {"resources": resources}}
    events.publish(organization_id, "schedule.changed", body, branch_id=branch_id)


def _write_week(resource: Resource, week: Week) -> None:
    WorkingHours.objects.for_org(resource.organization_id).filter(resource=resource).delete()
    WorkingHours.objects.bulk_create(
        WorkingHours(
            organization_id=resource.organization_id,
            resource=resource,
            weekday=weekday,
            starts=worked.start,
            ends=worked.end,
            breaks=[list(rest) for rest in worked.breaks],
        )
        for weekday, worked in enumerate(week)
        if worked is not None
    )


def _copy(resource: Resource, sources: Mapping[date, date], version: int | None) -> Resource:
    """Let every day take what is planned for its source: the resource's own plan, whether the branch rests or not.

    Days on which the branch rests are left alone. Where the week says the same and there is no note, the day goes back
    to the week.
    """
    with events.atomic():
        current = _locked(resource, version)
        week = week_of(current)
        planned = _planned(current, min(sources.values()), max(sources.values()))
        own = {day: plan.worked for day, plan in planned.items()}
        rest = loading.holidays(current.branch, min(sources), max(sources))
        wanted = {
            day: Plan(hours.hours_on(source, week, own, ()), planned[source].note if source in planned else "")
            for day, source in sources.items()
            if day not in rest
        }
        painted = {day: plan for day, plan in wanted.items() if plan.note or plan.worked != week[day.weekday()]}
        _paint(current, painted, wanted.keys() - painted.keys())
        return _changed(current)


def _planned(resource: Resource, first_day: date, last_day: date) -> dict[date, Plan]:
    """Return the days, of these, that have an exception, with what it says."""
    rows = ScheduleException.objects.for_org(resource.organization_id).filter(
        resource=resource, first_day__lte=last_day, last_day__gte=first_day
    )
    return {
        day: Plan(loading.worked(row), row.note)
        for row in rows
        for day in hours.days_between(max(row.first_day, first_day), min(row.last_day, last_day))
    }


def _paint(resource: Resource, painted: Mapping[date, Plan], cleared: Collection[date] = ()) -> None:
    touched = [*painted, *cleared]
    if not touched:
        return
    rows = ScheduleException.objects.for_org(resource.organization_id).filter(
        resource=resource, first_day__lte=max(touched), last_day__gte=min(touched)
    )
    before = [Run(row.first_day, row.last_day, Plan(loading.worked(row), row.note)) for row in rows]
    rows.delete()
    ScheduleException.objects.bulk_create(
        ScheduleException(
            organization_id=resource.organization_id,
            resource=resource,
            first_day=first_day,
            last_day=last_day,
            starts=plan.worked.start if plan.worked else None,
            ends=plan.worked.end if plan.worked else None,
            breaks=[list(rest) for rest in plan.worked.breaks] if plan.worked else [],
            note=plan.note,
        )
        for first_day, last_day, plan in paint(before, painted, cleared)
    )


def _paint_holidays(branch: Branch, painted: Mapping[date, str], cleared: Collection[date]) -> None:
    touched = [*painted, *cleared]
    with events.atomic():
        # Two who set holidays at once wait for each other.
        if not Branch.objects.for_org(branch.organization_id).select_for_update(no_key=True).filter(pk=branch.pk):
            raise NotFound(_("There is no such schedule."))
        rows = Holiday.objects.for_org(branch.organization_id).filter(
            branch=branch, first_day__lte=max(touched), last_day__gte=min(touched)
        )
        before = [Run(row.first_day, row.last_day, row.name) for row in rows]
        rows.delete()
        Holiday.objects.bulk_create(
            Holiday(organization_id=branch.organization_id, branch=branch, first_day=first, last_day=last, name=name)
            for first, last, name in paint(before, painted, cleared)
        )
        _tell(branch.organization_id, branch.pk, None)


def _month(day: date) -> list[date]:
    first = day.replace(day=1)
    next_first = (first + timedelta(days=31)).replace(day=1)
    return list(hours.days_between(first, next_first - hours.ONE_DAY))


def _place_in_month(day: date) -> tuple[int, int]:
    """Return the weekday, and which of its kind the day is in its month, from 0."""
    return day.weekday(), (day.day - 1) // 7


def _one_line(text: str) -> str:
    return " ".join(text.split())[:100]
