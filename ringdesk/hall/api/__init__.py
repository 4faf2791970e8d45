"""HTTP API: halls, tables and their reservations."""

from ninja import Router

from ringdesk.hall.api.places import router as places
from ringdesk.hall.api.reservations import router as reservations

routers: tuple[Router, ...] = (places, reservations)
