"""What stands in an address or a posted form: anybody may have written it. Pure."""

# A database key is a bigint: 19 digits may be more than that.
_LONGEST_ID = 18


def positive_id(text: object) -> int | None:
    """Return the id that this is, or None: ``²`` is a digit to Python, and no number."""
    digits = str(text)
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_ID
    return (int(digits) or None) if is_number else None


def searched(text: str) -> str:
    """Return a text to look for, without what PostgreSQL refuses in any text (NUL) and without spaces around."""
    return text.replace("\x00", "").strip()
