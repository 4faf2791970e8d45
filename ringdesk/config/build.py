"""``python -m ringdesk.config.build messages|complete``: compile the translations, and see that none is missing.

For developers and for whoever builds the wheel; Babel is a development dependency.
"""

import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).resolve().parent.parent
LANGUAGES = ("ru",)  # English is what stands in the code
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
Key = tuple[str | None, str]  # context, text (of a plural: the singular)


def compile_messages() -> int:
    """Write the .mo beside every .po that is newer."""
    for source in _sources():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with open(target, "wb") as file:
            write_mo(file, _catalogue(source))
    return 0


def list_missing() -> int:
    """Print what is not translated, translated twice differently or with other placeholders; 1 if anything is."""
    problems = [problem for language in LANGUAGES for problem in _problems(language)]
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


def _problems(language: str) -> Iterator[str]:
    known: dict[Key, tuple[Message, Path]] = {}
    for source in _sources(language):
        for message in _catalogue(source):
            if not message.id:
                continue
            yield from (f"{_short(source)}: {text}" for text in _faults(message))
            other, place = known.setdefault(_key(message), (message, source))
            if other.string != message.string:
                yield f"{_short(source)}: «{_text(message)}» is translated otherwise in {_short(place)}"
    for path, line, key in _used():
        if key not in known:
            yield f"{_short(path)}:{line}: «{key[1]}» has no translation into {language}"


def _faults(message: Message) -> Iterator[str]:
    strings = message.string if isinstance(message.string, list | tuple) else [message.string]
    if not all(strings):
        yield f"«{_text(message)}» is empty"
    elif message.fuzzy:
        yield f"«{_text(message)}» is marked fuzzy"
    elif isinstance(message.id, str) == (len(strings) > 1):
        yield f"«{_text(message)}» has the wrong number of plural forms"
    else:
        yield from (f"«{_text(message)}»: {error}" for error in message.check())


def _used() -> Iterator[tuple[Path, int, Key]]:
    """Every text of the code and of the templates: where, and which."""
    for path in sorted(PACKAGE.rglob("*")):
        if "tests" in path.parts or path.name == "tests.py" or "/migrations/" in str(path):
            continue
        if path.suffix == ".py":
            yield from _texts_of(path, path.read_bytes())
        elif path.suffix in (".html", ".txt") and "templates" in path.parts:
            yield from _texts_of(path, _as_python(path))


def _texts_of(path: Path, code: bytes) -> Iterator[tuple[Path, int, Key]]:
    for line, text, _, context in extract("python", BytesIO(code), keywords=KEYWORDS):
        yield path, line, (context, text if isinstance(text, str) else text[0])


def _as_python(template: Path) -> bytes:
    from django.utils.translation.template import templatize

    code = templatize(template.read_text(), origin=str(template))
    # What was indentation in HTML means nothing to Python.
    return "\n".join(line.lstrip() for line in code.split("\n")).encode()


def _sources(language: str = "*") -> list[Path]:
    return sorted(PACKAGE.glob(f"*/locale/{language}/LC_MESSAGES/django.po"))


def _catalogue(source: Path) -> Catalog:
    with open(source, "rb") as file:
        return read_po(file, locale=source.parts[-3], abort_invalid=True)


def _key(message: Message) -> Key:
    return message.context, _text(message)


def _text(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _short(path: Path) -> Path:
    return path.relative_to(PACKAGE.parent)


COMMANDS: dict[str, Callable[[], int]] = {"messages": compile_messages, "complete": list_missing}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"usage: python -m ringdesk.config.build {'|'.join(COMMANDS)}")
    sys.exit(COMMANDS[sys.argv[1]]())
