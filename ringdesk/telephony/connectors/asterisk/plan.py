"""How this PBX is arranged: what its contexts, extensions and trunks are called. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ringdesk.core import phones
from ringdesk.telephony.connectors.base import Link

INCOMING = "from-trunk*, from-pstn*, from-did*, from-external*, incoming*, inbound*"
INTERNAL = "internal*, from-internal*, from-phones*, default"
EXTENSION = r"\d{2,5}"
# A number that is dialled, unlike "s", "h", "*97" or an extension.
_DIALABLE = re.compile(r"^\+?\d{3,32}$")
_DEVICE = re.compile(r"^(?P<device>[^/]+/.+?)(?:-[0-9a-f]{6,10})?(?:;[12])?$")


@dataclass(frozen=True, slots=True)
class Plan:
    """The arrangement. ``trunk`` None: whatever is no extension is a trunk."""

    incoming: tuple[str, ...]
    internal: tuple[str, ...]
    extension: re.Pattern[str]
    trunk: re.Pattern[str] | None
    prefix: str = ""
    region: str = "RU"
    extensions: frozenset[str] = frozenset()
    regions: Mapping[str, str] = field(default_factory=dict)

    def is_incoming(self, context: str) -> bool:
        return any(fnmatchcase(context, pattern) for pattern in self.incoming)

    def is_internal(self, context: str) -> bool:
        return any(fnmatchcase(context, pattern) for pattern in self.internal)

    def is_trunk(self, channel: str) -> bool:
        """Tell whether the channel's device is named as a trunk."""
        return bool(self.trunk and (self.trunk.fullmatch(device(channel)) or self.trunk.fullmatch(peer(channel))))

    def is_extension(self, number: str) -> bool:
        return number in self.extensions or bool(self.extension.fullmatch(number))

    def extension_of(self, channel: str, context: str, caller: str) -> str:
        """Return whose extension a channel is, "" for the outside world."""
        if self.is_trunk(channel):
            return ""
        if self.is_extension(peer(channel)):
            return peer(channel)
        inside = not self.is_incoming(context) and self.is_internal(context)
        return caller if inside and not is_local(channel) and self.is_extension(caller) else ""

    def phone(self, number: str, line: str = "") -> str:
        """Return a number of the outside world, normalized; "" when hidden."""
        return phones.normalize(number, self.regions.get(line, self.region))

    def dialled(self, number: str) -> str:
        """Return what was dialled without the digits that only lead outside."""
        return number.removeprefix(self.prefix) if self.prefix and len(number) > len(self.prefix) + 4 else number


def plan(link: Link) -> Plan:
    """Return the arrangement that a connector's settings tell."""
    settings = link.settings
    return Plan(
        incoming=_patterns(settings.get("incoming_contexts") or INCOMING),
        internal=_patterns(settings.get("internal_contexts") or INTERNAL),
        extension=re.compile(settings.get("extension_pattern") or EXTENSION),
        trunk=re.compile(settings["trunk_pattern"]) if settings.get("trunk_pattern") else None,
        prefix=settings.get("dial_prefix") or "",
        region=link.region,
        extensions=frozenset(link.extensions),
        regions={number: region for number, (_branch, region) in link.lines.items()},
    )


def device(channel: str) -> str:
    """Return the device of a channel: ``PJSIP/100`` of ``PJSIP/100-0000001a``."""
    match = _DEVICE.match(channel)
    return match["device"] if match else channel


def peer(channel: str) -> str:
    """Return what a device is called within its technology: ``100`` of ``Local/100@internal-1;2`` too."""
    return device(channel).partition("/")[2].partition("@")[0]


def is_local(channel: str) -> bool:
    """Tell whether it is one of the two halves by which Asterisk calls itself."""
    return channel.startswith("Local/")


def is_dialable(number: str) -> bool:
    return bool(_DIALABLE.match(number))


def _patterns(text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[\s,;]+", text) if part)
