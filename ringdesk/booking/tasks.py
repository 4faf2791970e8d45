"""Background jobs of bookings: messages to clients, holds that are over, times offered to who waits."""

import logging

from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from ringdesk.booking import bookings, sending, waiting
from ringdesk.booking.public_models import WaitingClient
from ringdesk.booking.sheets import importing

logger = logging.getLogger(__name__)
_OPEN = (WaitingClient.State.WAITING, WaitingClient.State.OFFERED)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="send_messages", lock="send_messages", pass_context=False)
def send_messages(timestamp: int) -> None:
    """Send the messages to clients that are due."""
    sending.send_due()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tend_waiting_lists", pass_context=False)
def tend_waiting_lists(timestamp: int) -> None:
    """Give up holds and offers whose time is over, and offer what is free to the next who waits."""
    bookings.expire_holds()
    branches = WaitingClient.objects.filter(state__in=_OPEN).values_list("branch", flat=True)
    for branch in branches.order_by("branch").distinct():
        try:
            waiting.tend(branch, timezone.now(), only_changed=True)
        except Exception:
            # What is wrong in one branch keeps no other waiting; the next minute tries again.
            logger.exception("The waiting list of branch %s could not be tended", branch)


@app.periodic(cron="47 3 * * *")
@app.task(queueing_lock="forget_abandoned", pass_context=False)
def forget_abandoned(timestamp: int) -> None:
    """Delete the times that visitors of the booking page looked at and left."""
    bookings.forget_abandoned()


@app.task(pass_context=False)
def offer_freed_times(branch_id: int) -> None:
    """Offer what has just become free in the branch."""
    waiting.tend(branch_id, timezone.now())


def send_messages_soon() -> None:
    """Let the messages go out now rather than with the next minute."""
    _defer(send_messages, "send_messages", timestamp=0)


def offer_soon(branch_id: int) -> None:
    """Let who waits in the branch be offered what is free now."""
    _defer(offer_freed_times, f"offer_freed_times:{branch_id}", branch_id=branch_id)


@app.task(pass_context=False)
def import_sheet(import_id: int) -> None:
    """Write the rows of a large table that somebody imports."""
    importing.run(import_id)


@app.periodic(cron="17 4 * * *")
@app.task(queueing_lock="forget_sheets", pass_context=False)
def forget_sheets(timestamp: int) -> None:
    """Delete the tables that were imported long ago."""
    importing.forget_old(timezone.now())


def import_soon(import_id: int) -> None:
    """Let a job write the rows of a table."""
    _defer(import_sheet, f"import_sheet:{import_id}", import_id=import_id)


def _defer(task, lock: str, **arguments: int) -> None:  # type: ignore[no-untyped-def]  # a task of procrastinate
    try:
        task.configure(queueing_lock=lock).defer(**arguments)
    except AlreadyEnqueued:
        return  # One that has not begun yet sees the same.
