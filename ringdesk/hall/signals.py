"""What other rooms may want to do when a reservation is made."""

from django.dispatch import Signal

# reservation_booked.send(sender=Reservation, reservation=Reservation, by=Member | None): a new one, inside the
# transaction that creates it. ``reservation.call_id`` names the call it was made from, if any.
reservation_booked = Signal()
