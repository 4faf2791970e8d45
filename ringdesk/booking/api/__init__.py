"""HTTP API: what can be booked, bookings, and the functions of bots."""

from ninja import Router

from ringdesk.booking.api.bookings import router as bookings
from ringdesk.booking.api.catalogue import router as catalogue
from ringdesk.booking.api.functions import router as functions
from ringdesk.booking.api.staff import router as staff

# First what is asked most: addresses are looked through in this order.
routers: tuple[Router, ...] = (functions, bookings, catalogue, staff)
