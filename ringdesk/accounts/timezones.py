"""Time zones to choose from: Russian ones first, by city, then the world's by continent."""

import zoneinfo
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Choice = tuple[str, str]
Group = tuple[str, list[Choice]]

RUSSIA: dict[str, Promise] = {
    "Europe/Kaliningrad": _("Kaliningrad"),
    "Europe/Moscow": _("Moscow"),
    "Europe/Samara": _("Samara"),
    "Asia/Yekaterinburg": _("Yekaterinburg"),
    "Asia/Omsk": _("Omsk"),
    "Asia/Novosibirsk": _("Novosibirsk"),
    "Asia/Krasnoyarsk": _("Krasnoyarsk"),
    "Asia/Irkutsk": _("Irkutsk"),
    "Asia/Yakutsk": _("Yakutsk"),
    "Asia/Vladivostok": _("Vladivostok"),
    "Asia/Magadan": _("Magadan"),
    "Asia/Kamchatka": _("Kamchatka"),
}
CONTINENTS: dict[str, Promise] = {
    "Europe": _("Europe"),
    "Asia": _("Asia"),
    "America": _("America"),
    "Africa": _("Africa"),
    "Australia": _("Australia"),
    "Pacific": _("Pacific Ocean"),
    "Atlantic": _("Atlantic Ocean"),
    "Indian": _("Indian Ocean"),
    "Antarctica": _("Antarctica"),
}


def groups(now: datetime) -> list[Group]:
    """Return what a select shows: groups of (zone, its name with the difference to UTC on that day)."""
    world = _world(now.replace(minute=0, second=0, microsecond=0))
    russia = [(zone, f"{city} ({_offset(zone, now)})") for zone, city in RUSSIA.items()]
    return [(str(_("Russia")), russia)] + [(str(CONTINENTS[name]), list(zones)) for name, zones in world]


def label(zone: str) -> str:
    """Return the zone's name for people: the city in Russia, else as IANA writes it."""
    return str(RUSSIA.get(zone, zone.replace("_", " ")))


@lru_cache(maxsize=2)
def _world(now: datetime) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    known = sorted(zoneinfo.available_timezones() - RUSSIA.keys())
    return tuple((continent, tuple(_of_continent(continent, known, now))) for continent in CONTINENTS)


def _of_continent(continent: str, known: list[str], now: datetime) -> Iterator[Choice]:
    for zone in known:
        if zone.startswith(f"{continent}/"):
            yield zone, f"{label(zone)} ({_offset(zone, now)})"


def _offset(zone: str, now: datetime) -> str:
    difference = now.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset()
    minutes = int(difference.total_seconds()) // 60 if difference else 0
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes >= 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")
