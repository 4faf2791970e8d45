"""How numbers, extensions and times are read out of what sources send, whatever the source. Pure."""

import hmac
import re
from datetime import UTC, datetime, timedelta

from ringdesk.core import phones
from ringdesk.telephony.connectors.base import Link

MAX_ID = 200
_EXTENSION = re.compile(r"\+?[0-9*#A-Za-z._-]{1,31}")
_CHANNEL = re.compile(r"^(SIP|PJSIP|Local)/", re.IGNORECASE)
_SINCE = datetime(2000, 1, 1, tzinfo=UTC)
_A_DAY = timedelta(days=1)
_RIGHT_NOW = 60


def extensions(*numbers: str) -> tuple[str, ...]:
    """Return the extensions, each once: without channel, host and whatever cannot be read as one."""
    bare = (_CHANNEL.sub("", number.strip().partition("@")[0]) for number in numbers)
    return tuple(dict.fromkeys(number for number in bare if _EXTENSION.fullmatch(number)))


def extension(number: str) -> str | None:
    """Return the extension, None where there is none that can be read."""
    return next(iter(extensions(number)), None)


def line(number: str) -> str:
    """Return the external number as its digits."""
    return phones.digits_of(number)[: phones.MAX_LENGTH]


def phone(number: str, link: Link, line: str) -> str | None:
    """Return the client's number normalized by the line's branch, "" when hidden, None when it holds no digits."""
    if phones.is_hidden(number):
        return ""
    known = link.lines.get(line)
    return phones.normalize(number, known[1] if known else link.region) or None


def is_internal(one: str, other: str, link: Link) -> bool:
    """Tell whether both parties are extensions of members."""
    return one in link.extensions and other in link.extensions


def seconds(text: str, now: datetime) -> datetime | None:
    """Return the moment of Unix seconds, None for "", 0 and what is no number. Raises ValueError for an odd one."""
    if not text or text == "0":
        return None
    try:
        moment = datetime.fromtimestamp(float(text), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(text) from error
    if not is_sane(moment, now):
        raise ValueError(text)
    return moment


def is_sane(moment: datetime, now: datetime) -> bool:
    """Tell whether a call can have happened then: not before 2000 and not in the future."""
    return _SINCE <= moment <= now + _A_DAY


def is_late(ended_at: datetime | None, link: Link, now: datetime) -> bool:
    """Tell whether the end is so long ago that nobody is on the line any more."""
    return ended_at is not None and now - ended_at > timedelta(seconds=max(link.popup_seconds, _RIGHT_NOW))


def is_same(given: str, expected: str) -> bool:
    """Tell whether a secret is the right one, in the same time for every wrong one. "" is nobody's secret."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def address(text: str) -> str:
    """Return the address of a recording, "" where it is none."""
    return text if text.startswith(("https://", "http://")) and len(text) <= 2000 else ""
