"""Jobs of telephony."""

from django.utils import timezone
from procrastinate.contrib.django import app

from ringdesk.telephony import documents, fetching, gaps, recordings, sweeping


@app.periodic(cron="* * * * * */15")
@app.task(queueing_lock="sweep_calls", pass_context=False)
def sweep_calls(timestamp: int) -> None:
    """End calls whose end never came."""
    sweeping.sweep(timezone.now())


@app.periodic(cron="* * * * * */15")
@app.task(queueing_lock="fetch_recordings", pass_context=False)
def fetch_recordings(timestamp: int) -> None:
    """Fetch the recordings that are due."""
    fetching.fetch_due()


@app.periodic(cron="41 3 * * *")
@app.task(queueing_lock="delete_old_recordings", pass_context=False)
def delete_old_recordings(timestamp: int) -> None:
    """Delete recordings that are older than their organization keeps them."""
    recordings.delete_old(timezone.now())


@app.periodic(cron="* * * * * */30")
@app.task(queueing_lock="catch_up_documents", pass_context=False)
def catch_up_documents(timestamp: int) -> None:
    """Make the «Call» documents that were left out when a process fell."""
    documents.catch_up(timezone.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="fill_gaps", lock="fill_gaps", pass_context=False)
def fill_gaps(timestamp: int) -> None:
    """Ask PBXes that remember their calls for those that were never told."""
    gaps.fill_all(timezone.now())
