"""For those who watch the process: alive, ready, and what it counts."""

import contextlib

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ringdesk.core.database import in_thread
from ringdesk.core.metrics import CALLS_OPEN, JOBS_WAITING


async def healthz(request: Request) -> Response:
    """Answer that the process lives."""
    return PlainTextResponse("ok")


async def readyz(request: Request) -> Response:
    """Answer whether the database is reachable and its migrations are applied: 200 or 503."""
    try:
        pending = await in_thread(_pending_migrations)
    except DatabaseError:
        return JSONResponse({"ready": False, "reason": "The database is not reachable."}, status_code=503)
    if pending:
        return JSONResponse({"ready": False, "reason": f"{pending} migrations are not applied."}, status_code=503)
    return JSONResponse({"ready": True})


async def metrics(request: Request) -> Response:
    """Answer the counters in Prometheus' text format; what lies in the database only while it answers."""
    with contextlib.suppress(DatabaseError):
        await in_thread(_look)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _look() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM telephony_call WHERE state <> 'ended'")
        CALLS_OPEN.set(cursor.fetchone()[0])
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
        JOBS_WAITING.set(cursor.fetchone()[0])


def _pending_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
