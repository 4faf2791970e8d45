"""Jobs come when they should."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from procrastinate.contrib.django import app

from ringdesk.telephony import tasks  # noqa: F401 - registers them


def every(name: str) -> set[float]:
    """Return the pauses between a job's next runs, in seconds. The seconds of a cron line come last."""
    # What procrastinate itself reads cron lines with.
    croniter: Any = pytest.importorskip("croniter")
    found = [one for key, one in app.periodic_registry.periodic_tasks.items() if key[0].endswith(name)]
    runs = croniter.croniter(found[0].cron, datetime(2026, 11, 21, 15, 1, tzinfo=UTC))
    moments = [runs.get_next(float) for _run in range(20)]
    return {later - before for before, later in pairwise(moments)}


@pytest.mark.parametrize(
    ("name", "seconds"), [("sweep_calls", 15), ("fetch_recordings", 15), ("delete_old_recordings", 24 * 3600)]
)
def test_how_often_a_job_runs(name: str, seconds: float) -> None:
    assert every(name) == {seconds}
