"""Phone numbers: one spelling for every way to write the same number. Pure."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

_NOT_DIGITS = re.compile(r"\D+")
# Russia and Kazakhstan: ten digits after the country code, of which the first is no zero.
_RUSSIAN = re.compile(r"\+7[1-9]\d{9}", re.ASCII)
_SUFFIX = re.compile(r"[_;@].*$")
HIDDEN_WORDS = frozenset(
    {"", "anonymous", "unknown", "<unknown>", "private", "restricted", "hidden", "withheld", "unavailable",
     "скрыт", "скрытый", "номер скрыт", "неизвестный", "неизвестно", "-1", "-2", "0", "null", "none"}
)  # fmt: skip
MAX_LENGTH = 32


def is_hidden(raw: str) -> bool:
    """Tell whether what a PBX sent in place of the number says that there is none."""
    return raw.strip().lower() in HIDDEN_WORDS


@lru_cache(maxsize=65536)
def normalize(raw: str, region: str = "RU") -> str:
    """Return E.164 (``+79230000001``), or the bare digits of a number that is none, or ``""`` when hidden.

    ``region`` is the ISO country of the branch. ``8XXXXXXXXXX`` and ``7XXXXXXXXXX`` (11 digits) are ``+7…`` in
    Russia and Kazakhstan; ``00…`` and ``810…`` are international prefixes; ``sip:`` and suffixes fall away.
    """
    if is_hidden(raw):
        return ""
    text = _SUFFIX.sub("", raw.strip().removeprefix("sip:").removeprefix("tel:"))
    digits = _NOT_DIGITS.sub("", text)
    if not digits:
        return ""
    for candidate in _candidates(text, digits, region):
        if _RUSSIAN.fullmatch(candidate):
            # Most callers: a ringing phone does not wait for the world's numbering plans.
            return candidate
        try:
            number = phonenumbers.parse(candidate, region)
        except NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and len(str(number.national_number)) >= 7:
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return digits[:MAX_LENGTH]


def _candidates(text: str, digits: str, region: str) -> list[str]:
    if text.lstrip().startswith("+"):
        # "+8 913 …" is how people write the Russian trunk prefix by mistake: country code 8 does not exist.
        if digits[0] == "8" and len(digits) == 11:
            return ["+7" + digits[1:]]
        return ["+" + digits]
    if region in ("RU", "KZ"):
        if digits.startswith("810") and len(digits) > 12:
            return ["+" + digits[3:]]
        if len(digits) == 11 and digits[0] in "78":
            return ["+7" + digits[1:]]
    if digits.startswith("00") and len(digits) > 9:
        return ["+" + digits[2:]]
    if digits[0] == "0" and len(digits) >= 8:
        return [digits, "+" + digits]
    # Ten digits and more: national first, then a country code whose plus was lost on the way.
    return [digits, "+" + digits] if len(digits) >= 10 else []


def digits_of(number: str) -> str:
    """Return the digits alone."""
    return _NOT_DIGITS.sub("", number)


def reverse(number: str) -> str:
    """Return the digits from the last to the first: the indexed form of the last-N-digits search."""
    return digits_of(number)[::-1]


def display(number: str) -> str:
    """Return the number as people read it: ``+7 923 000-00-01``; a short one as it is."""
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number, None)
    except NumberParseException:
        return number
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
