"""What people write into cells: prices, lengths, yes and no, lists, and what a specialist provides. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from ringdesk.booking import lengths
from ringdesk.core.problems import Invalid

YES = frozenset({"1", "yes", "y", "true", "да", "д", "+", "x", "х", "✓", "✔", "on", "истина"})
NO = frozenset({"0", "no", "n", "false", "нет", "н", "-", "–", "—", "off", "ложь"})
_MONEY = re.compile(r"[0-9]+(?:\.[0-9]{1,2})?")
_SIGNS = re.compile(r"(?:руб(?:лей|ля|ль)?\.?|р\.|₽|\$|€|rub|usd|eur|kzt|₸|тг\.?)", re.IGNORECASE)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
# What has a meaning in the cell of skills; a title that has one of these stands in quotes.
_SPECIAL = re.compile(r'[;>="\n]|^\s|\s$')
_TOKEN = re.compile(r'"(?:[^"]|"")*"|[;\n>=]|[^;\n>="]+|"')


@dataclass(frozen=True, slots=True)
class SkillCell:
    """A service that a specialist provides: its title, its category where titles repeat, own price and minutes."""

    title: str
    category: str = ""
    price: Decimal | None = None
    duration: int | None = None


def money(text: str) -> Decimal:
    """Read 1500, 1 500,50 ₽, 1,500.50. Raises Invalid."""
    said = _SIGNS.sub("", text.replace("\xa0", "").replace("\u202f", "")).replace(" ", "").replace("'", "")
    said = said.replace(",", "") if _THOUSANDS.fullmatch(said) else said.replace(",", ".")
    if not _MONEY.fullmatch(said) or len(said) > 14:
        raise Invalid(_("“%(text)s” is not a price.") % {"text": text[:40]})
    return Decimal(said).quantize(Decimal("0.01"))


def whole(text: str) -> int:
    """Read a whole number. Raises Invalid."""
    said = text.replace("\xa0", "").replace(" ", "")
    said = said.removesuffix(",0").removesuffix(".0")
    if not (said.isascii() and said.isdecimal() and len(said) <= 9):
        raise Invalid(_("“%(text)s” is not a whole number.") % {"text": text[:40]})
    return int(said)


def minutes(text: str) -> int:
    """Read a length of time. Raises Invalid."""
    found = lengths.minutes(text)
    if found is None:
        raise Invalid(_("“%(text)s” is not a length of time.") % {"text": text[:40]})
    return found


def yes(text: str) -> bool:
    """Read yes or no. Raises Invalid."""
    said = text.casefold().strip(" .")
    if said not in YES | NO:
        raise Invalid(_("“%(text)s” is neither yes nor no.") % {"text": text[:40]})
    return said in YES


def said(value: bool) -> str:
    """Write yes or no."""
    return _("yes") if value else _("no")


def parts(text: str, marks: str = ";,\n") -> list[str]:
    """Read a list: what stands between the marks, nothing twice. A part in quotes may hold marks."""
    pieces: list[list[str]] = [[]]
    for found in re.finditer(rf'"(?:[^"]|"")*"|[{marks}]|[^{marks}"]+|"', text):
        if found[0] in marks:
            pieces.append([])
        else:
            pieces[-1].append(found[0])
    return list(dict.fromkeys(part for part in map(_part, pieces) if part))


def listed(names: Iterable[str]) -> str:
    """Write a list as ``parts`` reads it."""
    return "; ".join(_in_quotes(name) if re.search('[;,"\n]', name) else name for name in names)


def number(price: Decimal) -> str:
    """Write a price: 1500 or 1500.50."""
    return f"{price:.2f}".removesuffix(".00")


def write_skills(skills: Iterable[SkillCell]) -> str:
    """Write what a specialist provides: Category > Title = own price / own minutes, divided by semicolons."""
    return "; ".join(_skill(skill) for skill in skills)


def read_skills(text: str) -> list[SkillCell]:
    """Read what a specialist provides. Raises Invalid."""
    return [_read_skill(tokens) for tokens in _divided(text) if any(token.strip() for token in tokens)]


def _skill(skill: SkillCell) -> str:
    name = f"{_quoted(skill.category)} > {_quoted(skill.title)}" if skill.category else _quoted(skill.title)
    if skill.price is None and skill.duration is None:
        return name
    price = "" if skill.price is None else number(skill.price)
    return f"{name} = {price}" + ("" if skill.duration is None else f" / {skill.duration}")


def _quoted(name: str) -> str:
    return _in_quotes(name) if _SPECIAL.search(name) or not name else name


def _in_quotes(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _part(tokens: list[str]) -> str:
    inside = [token for token in tokens if token.strip()]
    if len(inside) == 1 and len(inside[0]) > 1 and inside[0].startswith('"'):
        return inside[0][1:-1].replace('""', '"')
    return " ".join("".join(tokens).split())


def _divided(text: str) -> Iterator[list[str]]:
    """Return the pieces of each entry; what stands in quotes is one piece."""
    entry: list[str] = []
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in (";", "\n"):
            yield entry
            entry = []
        else:
            entry.append(token)
    yield entry


def _read_skill(tokens: list[str]) -> SkillCell:
    entry = "".join(tokens).strip()
    sides: list[list[str]] = [[]]
    for token in tokens:
        if token == "=":
            sides.append([])
        else:
            sides[-1].append(token)
    names: list[list[str]] = [[]]
    for token in sides[0]:
        if token == ">":
            names.append([])
        else:
            names[-1].append(token)
    titles = [_name(each) for each in names]
    if len(sides) > 2 or len(titles) > 2 or None in titles or not titles[-1]:
        raise Invalid(_("“%(text)s” is not understood.") % {"text": entry[:60]})
    price, duration = _terms("".join(sides[1])) if len(sides) == 2 else (None, None)
    category = titles[0] if len(titles) == 2 else ""
    return SkillCell(titles[-1], category or "", price, duration)


def _name(tokens: list[str]) -> str | None:
    """Return the name that these pieces are, None where quotes stand amid other text."""
    pieces = [token for token in tokens if token.strip()]
    if len(pieces) == 1 and len(pieces[0]) > 1 and pieces[0].startswith('"'):
        return pieces[0][1:-1].replace('""', '"')
    if any('"' in piece for piece in pieces):
        return None
    return "".join(pieces).strip()


def _terms(text: str) -> tuple[Decimal | None, int | None]:
    price, _mark, duration = text.partition("/")
    return (money(price) if price.strip() else None, minutes(duration) if duration.strip() else None)
