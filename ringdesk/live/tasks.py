"""Jobs of the live channel."""

from django.db import connection
from procrastinate.contrib.django import app

# The channel keeps 24 hours (spec, "WebSocket").
_PRUNE = "DELETE FROM live_liveevent WHERE at < now() - interval '24 hours'"


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="prune_live_log", pass_context=False)
def prune_live_log(timestamp: int) -> None:
    """Forget frames older than a day."""
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE)
