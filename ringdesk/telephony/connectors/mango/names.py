"""The caller's name as a telephone can show it. Pure."""

LONGEST = 64
_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
    "я": "ya",
}  # fmt: skip


def shown(name: str, *, transliterate: bool) -> str:
    """Return the name within 64 bytes, no character cut in two; in Latin letters if wished."""
    one_line = " ".join("".join(c if c.isprintable() else " " for c in name).replace('"', "'").split())
    text = latin(one_line) if transliterate else one_line
    return text.encode()[:LONGEST].decode(errors="ignore").rstrip()


def latin(text: str) -> str:
    """Return Russian letters as Latin ones; others stay."""
    return "".join(_letter(letter) for letter in text)


def _letter(letter: str) -> str:
    plain = _LATIN.get(letter.lower())
    if plain is None:
        return letter
    return plain.capitalize() if letter.isupper() else plain
