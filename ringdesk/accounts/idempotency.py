"""A POST sent twice is done once: the key of the first request and its answer are kept for a day.

Claim, work and answer stand in one transaction. A repetition that arrives while the first is at work waits at the
unique key and then gets its answer; a first that failed leaves nothing behind.

An operation that asks somebody outside (``outside_transactions``) must not hold a transaction meanwhile: its claim
is committed first, and a repetition that arrives while it is at work is told so. What broke off half-way is not
repeated.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from typing import Any

import orjson
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ringdesk.accounts.api_auth import Caller
from ringdesk.accounts.models import IdempotentAnswer
from ringdesk.core import events
from ringdesk.core.problems import Conflict, Invalid, RingdeskError

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
_LONGEST_KEY = 255
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")
_SERVER_ERROR = 500
Run = Callable[..., HttpResponse]


class KeyReused(RingdeskError):
    """The key belongs to another request."""


def outside_transactions(operation: Run) -> Run:
    """Mark an operation that asks somebody outside and so runs outside of transactions."""
    operation.is_outside = True  # type: ignore[attr-defined]
    return operation


def answers_once(run: Run) -> Run:
    """Wrap an operation as a whole: keeps the answer that ``claims_key`` has asked for."""
    if _is_outside(run.__self__.view_func):  # type: ignore[attr-defined]
        return _answers_once_outside(run)

    @wraps(run)
    def once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _key(request) is None:
            return run(request, *args, **kwargs)
        with events.atomic():
            response = run(request, *args, **kwargs)
            claimed: IdempotentAnswer | None = getattr(request, "idempotent_answer", None)
            if claimed is not None:
                _keep(claimed, response)
        return response

    return once


def claims_key(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what an operation does once the caller is known: claims the key, or gives the answer kept for it."""

    @wraps(operation)
    def claiming(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        key = _key(request)
        if key is None:
            return operation(request, *args, **kwargs)
        with transaction.atomic():
            answer, is_fresh = claim(request.auth, key, digest(request))  # type: ignore[attr-defined]
        if answer.status is not None:
            return _replayed(answer)
        if not is_fresh:
            raise Conflict(_("The first request with this Idempotency-Key has not been answered yet."))
        request.idempotent_answer = answer  # type: ignore[attr-defined]
        if _is_outside(operation):
            return operation(request, *args, **kwargs)
        # A refusal is an answer to keep too, but nothing of what was begun before it.
        with transaction.atomic():
            return operation(request, *args, **kwargs)

    return claiming


def claim(caller: Caller, key: str, request_digest: bytes) -> tuple[IdempotentAnswer, bool]:
    """Return the row of this key, and whether it is a fresh one. Raises KeyReused, Invalid."""
    if not 1 <= len(key) <= _LONGEST_KEY:
        raise Invalid(_("The key has 1 to 255 characters."), field=HEADER)
    rows = IdempotentAnswer.objects.for_org(caller.organization).filter(caller=caller.name, key=key)
    rows.filter(created_at__lt=timezone.now() - KEPT).delete()
    # Waits here for a transaction that has the same key.
    answer, is_fresh = IdempotentAnswer.objects.get_or_create(
        organization=caller.organization, caller=caller.name, key=key, defaults={"request_digest": request_digest}
    )
    if bytes(answer.request_digest) != request_digest:
        raise KeyReused(_("This Idempotency-Key was used for another request."))
    return answer, is_fresh


def digest(request: HttpRequest) -> bytes:
    """Return what makes it the same request: method, address and body; JSON however it is spaced and ordered."""
    body = request.body
    with suppress(orjson.JSONDecodeError):
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    address = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(address + body).digest()


def forget_old() -> int:
    """Delete the answers kept long enough. Returns how many."""
    count, _by_model = IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return count


def _answers_once_outside(run: Run) -> Run:
    @wraps(run)
    def once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = run(request, *args, **kwargs)
        claimed: IdempotentAnswer | None = getattr(request, "idempotent_answer", None)
        if claimed is not None:
            _keep(claimed, response)
        return response

    return once


def _is_outside(operation: Any) -> bool:
    return getattr(operation, "is_outside", False)


def _key(request: HttpRequest) -> str | None:
    return request.headers.get(HEADER) if request.method == "POST" else None


def _keep(answer: IdempotentAnswer, response: HttpResponse) -> None:
    if response.status_code >= _SERVER_ERROR:
        answer.delete()
        return
    answer.status, answer.body = response.status_code, response.content
    answer.headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    answer.save(update_fields=["status", "headers", "body"])


def _replayed(answer: IdempotentAnswer) -> HttpResponse:
    response = HttpResponse(bytes(answer.body), status=answer.status, headers=answer.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def once(caller: Caller, key: str | None, request_digest: bytes, act: Callable[[], bytes]) -> bytes:
    """Return what the act answers; with a key that was used for the same before, the answer of then.

    An act that raises leaves no trace, of itself or of the key. Raises KeyReused, Invalid, Conflict.
    """
    if key is None:
        return act()
    with events.atomic():
        answer, _is_fresh = claim(caller, key, request_digest)
        if answer.status is not None:
            return bytes(answer.body)
        answer.body, answer.status = act(), 200
        answer.save(update_fields=["status", "body"])
    return bytes(answer.body)
