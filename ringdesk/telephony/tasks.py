"""Jobs of telephony."""

from django.utils import timezone
from procrastinate.contrib.django import app

from ringdesk.telephony import sweeping


@app.periodic(cron="*/15 * * * * *")
@app.task(queueing_lock="sweep_calls", pass_context=False)
def sweep_calls(timestamp: int) -> None:
    """End calls whose end never came."""
    sweeping.sweep(timezone.now())
