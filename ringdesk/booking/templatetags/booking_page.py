"""How the booking page writes prices, lengths and days."""

from datetime import date, datetime

from django import template

from ringdesk.booking import lengths, wording
from ringdesk.booking.models import Booking, Service
from ringdesk.booking.money import money

register = template.Library()


@register.filter
def price(service: Service) -> str:
    """Return what the service costs, "" where that is not told."""
    return money(service.price, service.currency) if service.price else ""


@register.filter
def total(booking: Booking) -> str:
    """Return what the visit costs, "" where that is not told."""
    return money(booking.total, booking.currency) if booking.total else ""


@register.filter
def length(minutes: int) -> str:
    """Return 1 h 30 min."""
    return lengths.written(minutes)


@register.filter
def said_day(value: date | datetime) -> str:
    """Return Saturday, 21 November."""
    return wording.day(value)


@register.filter
def said_when(booking: Booking) -> str:
    """Return day and time of a visit by the clock of its branch."""
    return wording.when(booking)


@register.filter
def said_services(booking: Booking) -> str:
    """Return what was booked."""
    return wording.services(booking)
