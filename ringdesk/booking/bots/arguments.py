"""What bots pass to the functions, read as they mean it: positions or names, "" for nothing, numbers as text. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.utils.translation import gettext as _

from ringdesk.core.problems import Invalid

LARGEST = 2**63 - 1
MOST_SERVICES = 20
# No other dates are meant; at the ends of the calendar a day has no day before it, or none after.
_YEARS = range(1900, 2200)
_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_NUMBER = re.compile(r"\+?\d{1,19}", re.ASCII)
Read = Callable[[Any, str], Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function: its name, how its value is read, and what it is when not given."""

    name: str
    read: Read
    is_required: bool = False
    default: Any = None


def bind(parameters: Sequence[Parameter], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter. Raises Invalid, naming the parameter that is wrong."""
    if len(args) > len(parameters):
        text = _("Too many arguments: %(given)s given, %(most)s expected.")
        raise Invalid(text % {"given": len(args), "most": len(parameters)})
    names = [parameter.name for parameter in parameters]
    given = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names:
            raise Invalid(_("There is no parameter %(name)s.") % {"name": str(name)[:60]}, field=str(name)[:60])
        if name in given:
            raise Invalid(_("The parameter %(name)s is given twice.") % {"name": name}, field=name)
        given[name] = value
    return {parameter.name: _value(parameter, given.get(parameter.name)) for parameter in parameters}


def integer(value: Any, name: str) -> int:
    """Read an id or a count: 842, 842.0, "842"."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(_("%(name)s must be an integer.") % {"name": name}, field=name)
    if not 0 < value <= LARGEST:
        raise Invalid(_("%(name)s must be a positive number.") % {"name": name}, field=name)
    return value


def integers(value: Any, name: str) -> tuple[int, ...]:
    """Read ids: 842, [842, 843], "842", "[842, 843]", "842, 843". None twice; [] is nothing given."""
    if isinstance(value, str):
        value = _listed(value)
    if isinstance(value, (list, tuple)):
        if len(value) > MOST_SERVICES:
            raise Invalid(_("%(name)s: too many at once.") % {"name": name}, field=name)
        return tuple(dict.fromkeys(integer(each, name) for each in value))
    return (integer(value, name),)


def text(value: Any, name: str) -> str:
    """Read a text; a number is its digits."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Invalid(_("%(name)s must be a text.") % {"name": name}, field=name)
    return str(value).replace("\x00", "").strip()[:200]


def day(value: Any, name: str) -> date:
    """Read a date as dd.mm.yyyy."""
    found = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found and int(found[3]) in _YEARS:
        try:
            return date(int(found[3]), int(found[2]), int(found[1]))
        except ValueError:
            pass
    raise Invalid(_("%(name)s must be a date like 05.02.2024.") % {"name": name}, field=name)


def clock(value: Any, name: str) -> time:
    """Read a time as hh:mm."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return time(int(found[1]), int(found[2]))
    raise Invalid(_("%(name)s must be a time like 14:30.") % {"name": name}, field=name)


def folded(name: str) -> str:
    """Return a name as names are compared: case, spaces and ё or е make no difference."""
    return "".join(name.casefold().replace("ё", "е").split())


def _value(parameter: Parameter, given: Any) -> Any:
    if is_absent(given):
        if parameter.is_required:
            raise Invalid(_("%(name)s is required.") % {"name": parameter.name}, field=parameter.name)
        return parameter.default
    return parameter.read(given, parameter.name)


def is_absent(value: Any) -> bool:
    """Tell whether the value means "not given"."""
    return value is None or value == [] or (isinstance(value, str) and value.strip() in ("", "[]"))


def _listed(value: str) -> Any:
    """Return what stands in a text: a list in brackets, numbers with commas, or one number; each maybe in quotes."""
    inside = value.strip()
    is_list = inside.startswith("[") and inside.endswith("]")
    inside = inside[1:-1] if is_list else inside
    parts = [part.strip().strip("'\"") for part in inside.split(",")]
    return parts if is_list or len(parts) > 1 else parts[0]
