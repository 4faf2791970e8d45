"""Jobs of the webhooks."""

from django.utils import timezone
from procrastinate.contrib.django import app

from ringdesk.webhooks import deliveries


@app.periodic(cron="23 3 * * *")
@app.task(queueing_lock="forget_deliveries", pass_context=False)
def forget_deliveries(timestamp: int) -> None:
    """Forget deliveries that nobody looks for any more."""
    deliveries.forget_old(timezone.now())
