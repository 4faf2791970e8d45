"""Reading and adding rows by SQL that is worked out once.

Django builds and compiles a query anew each time it is asked, and that takes longer than the database takes to answer:
half a millisecond of the thread that everybody shares. For what is asked with every booking and every request.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model

Parameters = Sequence[Any] | Mapping[str, Any]


class Query:
    """A query for whole models, written as ``Query("SELECT {client} FROM crm_client client WHERE …", client=Client)``.

    Each ``{name}`` stands for the columns of the model's table, which the SQL calls by that name.
    """

    def __init__(self, text: str, **models: Any) -> None:
        self._text = text
        self._models: dict[str, type[Model]] = models
        self._sql = ""

    def rows(self, parameters: Parameters) -> list[tuple[Any, ...]]:
        """Return of every row the models in the order they were named in."""
        with connection.cursor() as cursor:
            cursor.execute(self._statement(), parameters)
            return [self._models_of(row) for row in cursor.fetchall()]

    def first(self, parameters: Parameters) -> tuple[Any, ...] | None:
        """Return the models of the first row."""
        return next(iter(self.rows(parameters)), None)

    def _statement(self) -> str:
        if not self._sql:  # Not earlier: while modules are loaded the models are not whole.
            columns = {name: _columns(model, name) for name, model in self._models.items()}
            self._sql = self._text.format_map(columns)
        return self._sql

    def _models_of(self, row: Sequence[Any]) -> tuple[Model, ...]:
        found, start = [], 0
        for model in self._models.values():
            names, conversions = _shape(model)
            values = list(row[start : start + len(names)])
            for place, convert in conversions:
                values[place] = convert(values[place])
            found.append(model.from_db(connection.alias, names, values))
            start += len(names)
        return tuple(found)


def add_rows(*added: Model) -> None:
    """Store new rows of one model as ``save()`` does, where nobody listens to their saving."""
    sql, stored, told = _insertion(type(added[0]), len(added))
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(stored, added))
        _tell(told, added, cursor.fetchall())


def add_with_parts(whole: Model, parts: Sequence[Model], owner: str) -> None:
    """Store a new row and new rows that belong to it, by their field ``owner``, in one trip to the database."""
    sql, stored, told = _insertion(type(whole), 1)
    parts_sql, parts_stored, parts_told = _insertion(type(parts[0]), len(parts), owner)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql};{parts_sql}", [*_values(stored, [whole]), *_values(parts_stored, parts)])
        _tell(told, [whole], cursor.fetchall())
        cursor.nextset()
        _tell(parts_told, parts, cursor.fetchall())


def _values(stored: list[Any], rows: Sequence[Model]) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, True), connection) for row in rows for field in stored]


def _tell(told: list[Any], rows: Sequence[Model], answers: Sequence[Sequence[Any]]) -> None:
    for row, answer in zip(rows, answers, strict=True):
        for field, value in zip(told, answer, strict=True):
            setattr(row, field.attname, value)
        row._state.adding, row._state.db = False, connection.alias


@cache
def _shape(model: type[Model]) -> tuple[list[str], list[tuple[int, Callable[[Any], Any]]]]:
    """Return the names of the attributes in the order of the columns, and what is made of a column's value."""
    fields: list[Any] = list(model._meta.concrete_fields)
    conversions = [
        (place, _conversion(convert, field.cached_col))
        for place, field in enumerate(fields)
        for convert in [*connection.ops.get_db_converters(field.cached_col), *field.get_db_converters(connection)]
    ]
    return [field.attname for field in fields], conversions


def _conversion(convert: Callable[..., Any], column: Any) -> Callable[[Any], Any]:
    return lambda value: convert(value, column, connection)


@cache
def _insertion(model: type[Model], count: int, owner: str = "") -> tuple[str, list[Any], list[Any]]:
    """Return the statement, the fields it stores, and those that the database works out and tells.

    ``owner``: the field for the row that has just been stored.
    """
    stored: list[Any] = []
    told: list[Any] = []
    for field in model._meta.concrete_fields:
        is_told = field.primary_key or field.generated or field.name == owner
        (told if is_told else stored).append(field)
    places = ["%s"] * len(stored)
    columns = list(stored)
    if owner:
        link: Any = model._meta.get_field(owner)
        columns.append(link)
        whole, key = link.related_model._meta.db_table, link.target_field.column
        places.append(f"currval(pg_get_serial_sequence('{whole}', '{key}'))")
    values = ", ".join([f"({', '.join(places)})"] * count)
    table = connection.ops.quote_name(model._meta.db_table)
    return f"INSERT INTO {table} ({_listed(columns)}) VALUES {values} RETURNING {_listed(told)}", stored, told


def _columns(model: type[Model], name: str) -> str:
    return _listed(list(model._meta.concrete_fields), f"{name}.")


def _listed(fields: list[Any], prefix: str = "") -> str:
    return ", ".join(prefix + connection.ops.quote_name(field.column) for field in fields)
