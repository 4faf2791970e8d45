"""What is wrong with a field of a request, in the language asked for. Pydantic itself speaks English only."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ringdesk.booking.api.schemas import CLOCK, CURRENCY

# By pydantic's error type, or its beginning; the values in braces are its context.
TEXTS: dict[str, Promise] = {
    "missing": _("This is required."),
    "extra_forbidden": _("There is no such field here."),
    "string_type": _("This must be text."),
    "string_too_short": _("This is too short: at least {min_length}."),
    "string_too_long": _("This is too long: at most {max_length}."),
    "too_short": _("Too few: at least {min_length}."),
    "too_long": _("Too many: at most {max_length}."),
    "int": _("This must be a whole number."),
    "bool": _("This must be true or false."),
    "list_type": _("This must be a list."),
    "model_attributes_type": _("This must be an object."),
    "greater_than_equal": _("This must be {ge} or more."),
    "less_than_equal": _("This must be {le} or less."),
    "literal_error": _("This must be one of {expected}."),
    "uuid": _("This must be a UUID."),
    "timezone_aware": _("A time needs its offset, like 2026-11-21T19:00:00+03:00."),
    "datetime": _("This must be a time, like 2026-11-21T19:00:00+03:00."),
    "date": _("This must be a date, like 2026-11-21."),
    "decimal": _("This must be a number, like 1500.00."),
    "string_pattern_mismatch": _("This is not spelled as the documentation says."),
}
PATTERNS: dict[str, Promise] = {
    CLOCK: _("This must be a time of day, like 09:30."),
    CURRENCY: _("This must be a currency’s code, like EUR."),
}


def text_of(error: Mapping[str, Any]) -> str:
    """Return what an error of pydantic says to people; what we have no words for, in its own."""
    kind = str(error["type"])
    context = dict(error.get("ctx") or {})
    text = PATTERNS.get(str(context.get("pattern"))) or TEXTS.get(kind)
    text = text or next((text for start, text in TEXTS.items() if kind.startswith(f"{start}_")), None)
    if text is None:
        return str(error["msg"])
    if "expected" in context:
        context["expected"] = str(context["expected"]).replace(" or ", ", ")
    return str(text).format_map(context)
