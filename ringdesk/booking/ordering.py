"""In which order services, categories, job titles, specialists and rooms stand."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

from ringdesk.accounts.models import Branch
from ringdesk.booking import versions
from ringdesk.core import events

_LAST = 32767
# `position` is no part of what two people may overwrite of each other's: the version stays.
_PLACE = """
UPDATE {table} AS row SET position = wanted.place
FROM (
    SELECT id, least({last}, place - 1) AS place FROM unnest(%s::bigint[]) WITH ORDINALITY AS one(id, place)
) AS wanted
WHERE row.id = wanted.id AND row.position <> wanted.place
"""


def move(row: Model, rows: QuerySet[Any], by: int, branch: Branch, *, within: str = "") -> None:
    """Move a row ``by`` places down (negative: up) among ``rows``, which stand in their order.

    ``within``: a field; only rows that have the same value there are passed over.
    """
    with events.atomic():
        # Locked by id, so that two who sort at once wait for each other.
        list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk"))
        order = list(rows.values_list("pk", within or "pk"))
        _place(type(row), moved(order, row.pk, by, is_grouped=bool(within)))
        versions.catalogue_changed(branch)


def moved(order: Sequence[tuple[int, Any]], id: int, by: int, *, is_grouped: bool) -> list[int]:
    """Return the ids with one moved by so many places among those of its group, or to the group's end. Pure."""
    ids = [each for each, _group in order]
    if id not in ids:
        return ids
    group = next(group for each, group in order if each == id)
    places = [place for place, (_each, own) in enumerate(order) if not is_grouped or own == group]
    here = places.index(ids.index(id))
    there = places[min(max(here + by, 0), len(places) - 1)]
    ids.insert(there, ids.pop(places[here]))
    return ids


def _place(model: type[Model], ids: list[int]) -> None:
    statement = _PLACE.format(table=connection.ops.quote_name(model._meta.db_table), last=_LAST)
    with connection.cursor() as cursor:
        cursor.execute(statement, [ids])
