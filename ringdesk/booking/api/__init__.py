"""HTTP API: what can be booked, bookings, and the functions of bots."""

from ninja import Router

from ringdesk.booking.api.functions import router as functions

routers: tuple[Router, ...] = (functions,)
