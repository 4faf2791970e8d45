"""Which column is which: by its heading, in Russian or English, in whatever spelling. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class Column:
    """What a column can be. ``titles``: other headings people give it. ``is_list``: several columns may be it.

    ``is_endless``: what it lists may be more than a cell of a spreadsheet holds. ``is_number``: a spreadsheet may
    reckon with it.
    """

    name: str
    label: str | Promise
    titles: tuple[str, ...]
    is_list: bool = False
    is_endless: bool = False
    is_number: bool = False


SERVICES = (
    Column("category", _("Category"), ("category", "категория", "группа", "раздел", "group")),
    Column("title", _("Title"), ("title", "name", "service", "название", "услуга", "наименование", "название услуги",
                                 "наименование услуги")),
    Column("description", _("Description"), ("description", "описание", "комментарий")),
    Column("price", _("Price"), ("price", "cost", "цена", "стоимость", "цена руб", "стоимость руб", "прайс"),
           is_number=True),
    Column("currency", _("Currency"), ("currency", "валюта")),
    Column("duration", _("Duration, minutes"), ("duration", "length", "minutes", "длительность", "время", "минут",
                                                "продолжительность", "длительность мин", "duration min"),
           is_number=True),
    Column("buffer_before", _("Preparation, minutes"), ("preparation", "buffer before", "подготовка"),
           is_number=True),
    Column("buffer_after", _("Tidying up, minutes"), ("tidying up", "buffer after", "уборка", "перерыв после"),
           is_number=True),
    Column("capacity", _("Clients at once"), ("capacity", "clients", "вместимость", "мест", "клиентов",
                                              "размер группы"), is_number=True),
    Column("employees_needed", _("Specialists at once"), ("specialists", "employees needed", "специалистов"),
           is_number=True),
    Column("pools", _("Rooms and devices"), ("rooms", "devices", "resources", "кабинеты", "оборудование",
                                             "кабинет", "ресурсы"),
           is_list=True, is_endless=True),
    Column("notice", _("Booked online at the latest before"), ("notice", "не позднее"), is_number=True),
    Column("horizon", _("Booked online at most, days ahead"), ("horizon", "дней вперёд"), is_number=True),
    Column("is_online", _("Clients book it themselves"), ("online", "онлайн", "онлайн-запись", "online booking")),
    Column("is_active", _("In use"), ("active", "активна", "активен", "используется", "in use")),
)  # fmt: skip
EMPLOYEES = (
    Column("name", pgettext_lazy("person", "Name"), ("name", "full name", "specialist", "employee", "master", "имя",
                                                     "фио", "специалист", "мастер", "сотрудник", "ф.и.о.")),
    Column("job_title", _("Job title"), ("job title", "position", "profession", "должность", "специальность",
                                         "профессия")),
    Column("information", _("Information"), ("information", "about", "info", "информация", "о себе", "описание",
                                             "о специалисте", "description")),
    Column("services", pgettext_lazy("catalogue", "Services"), ("services", "услуги", "оказывает", "виды услуг"),
           is_list=True, is_endless=True),
    Column("member", _("E-mail of the seat"), ("e-mail", "email", "mail", "почта", "эл. почта", "электронная почта")),
    Column("is_active", _("In use"), ("active", "активен", "работает", "in use")),
)  # fmt: skip
CLIENTS = (
    Column("name", pgettext_lazy("person", "Name"), ("name", "client", "full name", "имя", "фио", "клиент", "гость",
                                                     "ф.и.о.", "имя клиента", "название")),
    Column("phones", _("Phone"), ("phone", "phones", "mobile", "tel", "телефон", "телефоны", "мобильный", "сотовый",
                                  "номер телефона", "phone number", "номер", "тел", "контактный телефон"),
           is_list=True),
    Column("email", _("E-mail"), ("e-mail", "email", "mail", "почта", "эл. почта", "электронная почта", "имейл")),
    Column("about", _("Notes"), ("notes", "about", "comment", "note", "заметки", "комментарий", "примечание",
                                 "о клиенте", "описание")),
    Column("tags", _("Tags"), ("tags", "tag", "labels", "метки", "теги", "тег", "группа", "категория"), is_list=True),
    Column("kind", _("Kind"), ("kind", "type", "вид", "тип")),
    Column("is_partner", _("Partner"), ("partner", "партнёр")),
)  # fmt: skip
BY_KIND: dict[str, tuple[Column, ...]] = {"services": SERVICES, "employees": EMPLOYEES, "clients": CLIENTS}
# The column without which a row is nothing.
REQUIRED = {"services": "title", "employees": "name", "clients": "name"}


def recognized(kind: str, heading: Sequence[str]) -> list[str]:
    """Return what each column is (names), "" for those nobody knows. One that is no list stands once."""
    known = {key(title): column for column in BY_KIND[kind] for title in (*column.titles, *_labels(column))}
    found: list[str] = []
    for title in heading:
        column = known.get(key(title)) or known.get(key(re.sub(r"\d+$|\(.*\)", "", title)))
        is_free = column is not None and (column.is_list or column.name not in found)
        found.append(column.name if column is not None and is_free else "")
    return found


def chosen(kind: str, heading: Sequence[str], columns: Iterable[str]) -> list[str]:
    """Return what somebody has said the columns are, as far as it can be; one that is no list keeps its last column."""
    known = {column.name: column for column in BY_KIND[kind]}
    said = [name if name in known else "" for name in columns][: len(heading)]
    said += [""] * (len(heading) - len(said))
    return [
        "" if name and not known[name].is_list and name in said[place + 1 :] else name
        for place, name in enumerate(said)
    ]


def by_name(columns: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    """Return the cells of a row that have something, by what they are; those of one list together."""
    cells: dict[str, str] = {}
    for name, cell in zip(columns, row, strict=False):
        if name and cell:
            cells[name] = f"{cells[name]}\n{cell}" if name in cells else cell
    return cells


def _labels(column: Column) -> Iterator[str]:
    """Return what an export calls the column, whatever the language of who exported."""
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            yield str(column.label)


def key(title: str) -> str:
    """Return a heading as headings are compared: case, ё, spaces and punctuation make no difference."""
    return re.sub(r"[\W_]+", "", title.casefold().replace("ё", "е"))
