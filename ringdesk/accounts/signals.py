"""What other rooms may want to do when an organization changes."""

from django.dispatch import Signal

# branch_created.send(sender=Branch, branch=Branch, by=Member | None): inside the transaction that creates the branch.
branch_created = Signal()
