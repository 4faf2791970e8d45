"""Lengths of time as people write them: 90, 1:30, 1 h 30 min, 2 д. Pure."""

import re

from django.utils.translation import gettext as _

_UNITS = {
    1: ("m", "min", "mins", "minute", "minutes", "м", "мин", "минут", "минута", "минуты"),
    60: ("h", "hr", "hrs", "hour", "hours", "ч", "час", "часа", "часов"),
    1440: ("d", "day", "days", "д", "дн", "день", "дня", "дней", "сут"),
}
_MINUTES_OF = {word: minutes for minutes, words in _UNITS.items() for word in words}
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(?::00)?", re.ASCII)
_NUMBER = r"[0-9]{1,6}(?:[.,][0-9]{1,2})?"
_PART = re.compile(rf"({_NUMBER})\s*([a-zа-я]*)\.?[\s,]*")
LONGEST = 10**7


def minutes(text: str) -> int | None:
    """Return the minutes that are meant, None where it is no length. A bare number is minutes."""
    said = " ".join(text.casefold().replace("\xa0", " ").split())
    if clock := _CLOCK.fullmatch(said):
        return int(clock[1]) * 60 + int(clock[2])
    total, at = 0.0, 0
    while at < len(said) or not said:
        part = _PART.match(said, at)
        if part is None or (part[2] and part[2] not in _MINUTES_OF):
            return None
        total += float(part[1].replace(",", ".")) * _MINUTES_OF.get(part[2], 1)
        at = part.end()
        if not part[2] and at < len(said):
            return None
    whole = round(total)
    return whole if abs(whole - total) < 0.01 and whole <= LONGEST else None


def written(length: int) -> str:
    """Return a length in minutes as people write it: 1 h 30 min."""
    days, rest = divmod(length, 1440)
    hours, left = divmod(rest, 60)
    parts = [
        _("%(count)s d") % {"count": days} if days else "",
        _("%(count)s h") % {"count": hours} if hours else "",
        _("%(count)s min") % {"count": left} if left or not length else "",
    ]
    return " ".join(part for part in parts if part)
