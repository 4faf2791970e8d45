"""Fields for a time of day and a length, as people type them: a 24-hour clock in any browser's language."""

import re
from datetime import time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

HOURS_AND_MINUTES = re.compile(r"^\s*(\d{1,2}?)\s*[:.,\-\s]?\s*(\d{2})?\s*$")
LONGEST_HOURS = 24


def hours_and_minutes(text: str) -> tuple[int, int] | None:
    """Return what “9”, “930”, “19.30” or “1:05” mean, or None."""
    found = HOURS_AND_MINUTES.match(text)
    if not found:
        return None
    hours, minutes = int(found[1]), int(found[2] or 0)
    return (hours, minutes) if minutes < 60 else None


class TimeInput(forms.TextInput):
    """A text field that assets/times.ts completes: the browser's own time field shows AM and PM to some."""

    def __init__(self, part: str) -> None:
        super().__init__(
            {"data-time": part, "data-asks": "", "inputmode": "numeric", "autocomplete": "off", "maxlength": 5}
        )


class ClockField(forms.Field):
    """A time of day."""

    def __init__(self, *, part: str, **kwargs: Any) -> None:
        super().__init__(widget=TimeInput(part), **kwargs)

    def to_python(self, value: Any) -> time | None:
        if value in self.empty_values:
            return None
        parts = hours_and_minutes(str(value))
        if parts is None or parts[0] > LONGEST_HOURS:
            raise ValidationError(_("Write the time like 19:30."))
        return time(parts[0] % 24, parts[1])

    def prepare_value(self, value: Any) -> Any:
        return value.strftime("%H:%M") if isinstance(value, time) else value


class LengthField(forms.Field):
    """How long something lasts, up to a day."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=TimeInput("length"), **kwargs)

    def to_python(self, value: Any) -> timedelta | None:
        if value in self.empty_values:
            return None
        parts = hours_and_minutes(str(value))
        length = timedelta(hours=parts[0], minutes=parts[1]) if parts else timedelta(0)
        if not timedelta(0) < length <= timedelta(hours=LONGEST_HOURS):
            raise ValidationError(_("Write the duration like 01:30."))
        return length

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, timedelta):
            return value
        hours, minutes = divmod(value // timedelta(minutes=1), 60)
        return f"{hours:02d}:{minutes:02d}"
