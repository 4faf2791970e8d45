"""What other rooms may want to do when working time changes."""

from django.dispatch import Signal

# schedule_changed.send(sender=Resource, branch_id=int, resources=list[int] | None): working hours, exceptions or
# holidays have changed, inside the transaction that changes them; None: everybody's in that branch.
schedule_changed = Signal()
