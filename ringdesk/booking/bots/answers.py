"""What the functions say: dates and times as people write them, numbers as numbers. Times in the branch's zone."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ringdesk.accounts.models import Branch
from ringdesk.booking.models import Booking, Service
from ringdesk.booking.offers import Specialist
from ringdesk.booking.problems import Alternative
from ringdesk.scheduling.hours import DAY, ONE_DAY, moment_on_wall
from ringdesk.scheduling.minutes import to_moment

CLOCK = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(DAY)]


def date_of(day: date) -> str:
    """Return the day as dd.mm.yyyy."""
    return f"{day.day:02}.{day.month:02}.{day.year:04}"


def number(amount: Decimal) -> int | float:
    """Return money as a bare number."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def by_day(branch: Branch, starts: Iterable[int]) -> dict[str, list[str]]:
    """Return sorted starts (minutes since the epoch) by day, as clocks in the branch show them."""
    found: dict[str, list[str]] = {}
    midnight = end = 0
    times: list[str] = []
    is_plain = False
    for start in starts:
        if start >= end:
            day = to_moment(start).astimezone(branch.zone).date()
            midnight = moment_on_wall(day, 0, branch.zone)
            end = moment_on_wall(day + ONE_DAY, 0, branch.zone)
            is_plain = end - midnight == DAY
            times = found.setdefault(date_of(day), [])
        times.append(CLOCK[start - midnight] if is_plain else f"{to_moment(start).astimezone(branch.zone):%H:%M}")
    return found


def service(each: Service, specialist: Specialist | None = None) -> dict[str, Any]:
    """Return a service, as dear and as long as this specialist makes it."""
    price, duration = specialist.skills.get(each.pk, (None, None)) if specialist else (None, None)
    return {
        "id": each.pk,
        "title": each.title,
        "description": each.description,
        "price": number(each.price if price is None else price),
        "duration": duration or each.duration,
    }


def booked(booking: Booking) -> dict[str, Any]:
    """Return ``booking`` of ``create_booking``."""
    return {"id": booking.pk} | _visit(booking) | {
        "services": [line.title for line in booking.lines.all()],
        "service_duration": booking.minutes,
        "total_cost": number(booking.total),
    } | _where(booking)  # fmt: skip


def entry(booking: Booking) -> dict[str, Any]:
    """Return an entry of ``get_bookings_info``."""
    lines = list(booking.lines.all())
    return {"booking_id": booking.pk} | _visit(booking) | {
        "service_ids": [line.service_id for line in lines if line.service_id is not None],
        "service_names": [line.title for line in lines],
        "booking_duration": booking.minutes,
        "total_cost": number(booking.total),
        "employee_id": booking.employee_id,
        "company_id": booking.branch_id,
    } | _where(booking)  # fmt: skip


def alternative(each: Alternative) -> dict[str, Any]:
    """Return a free time instead of one that is not."""
    return _when(each.starts_at) | {"employee_id": each.employee_id, "employee_name": each.employee_name}


def _visit(booking: Booking) -> dict[str, Any]:
    return _when(booking.starts_at.astimezone(booking.branch.zone))


def _when(local: datetime) -> dict[str, Any]:
    return {"booking_date": date_of(local.date()), "booking_time": f"{local:%H:%M}"}


def _where(booking: Booking) -> dict[str, Any]:
    title = booking.employee.job_title
    return {
        "employee_name": booking.employee.name,
        "job_title": title.name if title else "",
        "company_name": booking.branch.name,
        "company_address": booking.branch.address,
    }
