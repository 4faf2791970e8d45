"""Lists page by page, by cursor: what comes or goes meanwhile neither repeats nor hides a row.

A cursor is where the last row stands in the order of the list; it is opaque to the caller.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Invalid

Row = TypeVar("Row", bound=Model)
_LONGEST_CURSOR = 500
_LARGEST_ID = 2**63 - 1


def page(rows: QuerySet[Row], order: Sequence[str], *, limit: int, after: str | None) -> tuple[list[Row], str | None]:
    """Return the next ``limit`` rows after a cursor, and the cursor of the last of them, None at the end.

    ``order`` names fields, all ascending or all descending (``-``), the last of them unique. Raises Invalid.
    """
    if after:
        rows = rows.filter(_beyond(rows.model, order, after))
    found = list(rows.order_by(*order)[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], encode([getattr(last, field.lstrip("-")) for field in order])


def encode(values: Sequence[Any]) -> str:
    """Return the cursor of a row with these values of the order's fields."""
    said = [str(value) if isinstance(value, UUID) else value for value in values]
    return base64.urlsafe_b64encode(orjson.dumps(said)).decode().rstrip("=")


def decode(cursor: str) -> list[str | int]:
    """Return the values a cursor stands for. Raises Invalid for what is none of ours."""
    try:
        if len(cursor) > _LONGEST_CURSOR:
            raise ValueError
        said = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, UnicodeEncodeError) as error:
        raise _refusal() from error
    if not isinstance(said, list) or not all(type(value) in (str, int) for value in said):
        raise _refusal()
    return said


def _beyond(model: type[Model], order: Sequence[str], cursor: str) -> Q:
    """Return the condition of standing after the cursor: (a, b) > (x, y), spelled so that an index serves it."""
    said = decode(cursor)
    if len(said) != len(order):
        raise _refusal()
    names = [field.lstrip("-") for field in order]
    values = [_read(model, name, value) for name, value in zip(names, said, strict=True)]
    more = "lt" if order[0].startswith("-") else "gt"
    beyond = Q()
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        same = dict(zip(names[:place], values[:place], strict=True))
        beyond |= Q(**same, **{f"{name}__{more}": value})
    return Q(**{f"{names[0]}__{more}e": values[0]}) & beyond


def _read(model: type[Model], name: str, value: str | int) -> Any:
    try:
        read = model._meta.get_field(name).to_python(value)  # type: ignore[union-attr]
    except (ValidationError, ValueError, OverflowError) as error:
        raise _refusal() from error
    is_unclear = isinstance(read, datetime) and read.tzinfo is None
    if is_unclear or (isinstance(read, int) and abs(read) > _LARGEST_ID) or (isinstance(read, str) and "\x00" in read):
        raise _refusal()
    return read


def _refusal() -> Invalid:
    return Invalid(_("This is not a cursor of this list. Take “next” of the answer before."), field="after")
