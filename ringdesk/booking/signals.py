"""What other rooms, and other parts of this one, may want to do when a booking changes."""

from django.dispatch import Signal

# booking_changed.send(sender=Booking, booking=Booking, change=str, by=Member | None, previous=Span | None,
# offer=Offer | None), inside the transaction that makes the change. ``change``: held, booked (also a hold confirmed),
# moved, changed, arrived, no_show, cancelled, restored (from cancelled or no-show), expired (a hold that nobody
# confirmed). ``previous``: the time it had before a move. ``offer``: the branch's, where it has been read already.
booking_changed = Signal()
