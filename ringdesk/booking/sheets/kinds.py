"""What rows of the three tables mean: read without writing anything, found among what is there, written.

A row that is there already is changed rather than doubled, and an empty cell changes nothing. Texts of people are
compared without case, spaces and ё.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Model
from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch, Member
from ringdesk.accounts.validation import validate
from ringdesk.booking import catalogue, employees
from ringdesk.booking.bots.arguments import folded
from ringdesk.booking.employees import Skill
from ringdesk.booking.models import Employee, JobTitle, Pool, Service, ServiceCategory
from ringdesk.booking.sheets import cells
from ringdesk.booking.sheets.cells import SkillCell
from ringdesk.core.problems import Invalid

ADDED, CHANGED, UNCHANGED = "added", "changed", "unchanged"
Cells = Mapping[str, str]
Read = Callable[[str], Any]


@dataclass(slots=True)
class Wish:
    """What a row asks for: ``stored`` becomes ``fields`` (only what differs), or a new one is made of them."""

    stored: Any
    fields: dict[str, Any] = field(default_factory=dict)
    # What is not there yet and comes with the row: a category, a job title.
    fresh: dict[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """Tell what writing it does."""
        if self.stored is None:
            return ADDED
        return CHANGED if self.fields or self.fresh else UNCHANGED


class Kind(Protocol):
    """A table's rows."""

    def read(self, row: Cells) -> Wish:
        """Return what the row asks for; nothing is written. Raises Invalid."""

    def write(self, wish: Wish) -> None:
        """Do it, and remember it for the rows to come. Raises RingdeskError."""


class Seen:
    """The rows of this table that were read before: the same twice is one too many."""

    def __init__(self) -> None:
        self.keys: set[Any] = set()

    def note(self, key: Any) -> None:
        """Raise Invalid where a row with this key was read before."""
        if key in self.keys:
            raise Invalid(_("It stands in the table twice."))
        self.keys.add(key)


class ServiceRows:
    """Services, known by their title and category."""

    READ: Mapping[str, Read] = {
        "price": cells.money, "duration": cells.minutes, "buffer_before": cells.minutes,
        "buffer_after": cells.minutes, "capacity": cells.whole, "employees_needed": cells.whole,
        "notice": cells.minutes, "horizon": cells.whole, "is_online": cells.yes, "is_active": cells.yes,
        "currency": lambda text: text.upper(), "description": str,
    }  # fmt: skip

    def __init__(self, branch: Branch) -> None:
        self.branch, self.seen = branch, Seen()
        self.categories = _by_name(_rows(ServiceCategory, branch))
        self.pools = _by_name(_rows(Pool, branch))
        # By title, then by category.
        self.known: dict[str, dict[int | None, Service]] = {}
        for service in _rows(Service, branch).prefetch_related("pools"):
            self._remember(service)

    def read(self, row: Cells) -> Wish:
        title = catalogue.one_line(row.get("title", ""))
        if not title:
            raise Invalid(_("There is no title."))
        category = self.categories.get(folded(row.get("category", "")))
        stored = self._find(title, row, category)
        category_name = catalogue.one_line(row.get("category", ""))
        self.seen.note((folded(title), folded(category_name)))
        fields = _read(self.READ, row) | {"title": title}
        if "pools" in row:
            fields["pools"] = self._pools(row["pools"])
        fresh = {"category": category_name} if category_name and category is None else {}
        _check(Service(organization_id=self.branch.organization_id, branch=self.branch), fields, stored)
        if category is not None and stored is None:
            fields["category"] = category
        return Wish(stored, _differing(stored, fields), fresh)

    def write(self, wish: Wish) -> None:
        if name := wish.fresh.get("category"):
            known = self.categories.get(folded(name)) or catalogue.add_category(self.branch, name=name)
            self.categories[folded(name)] = known
            wish.fields["category"] = known
        if wish.stored is None:
            self._remember(catalogue.add_service(self.branch, **wish.fields))
        elif wish.fields:
            self._remember(catalogue.change_service(wish.stored, **wish.fields))

    def _find(self, title: str, row: Cells, category: ServiceCategory | None) -> Service | None:
        called = self.known.get(folded(title), {})
        if row.get("category"):
            return called.get(category.pk) if category else None
        if len(called) > 1 and None not in called:
            raise Invalid(_("Several services are called so: tell the category."))
        return called.get(None) or next(iter(called.values()), None)

    def _pools(self, text: str) -> set[Pool]:
        found = {name: self.pools.get(folded(name)) for name in cells.parts(text, ";\n")}
        for name, pool in found.items():
            if pool is None:
                raise Invalid(_("There are no rooms or devices “%(name)s” in this branch.") % {"name": name[:80]})
        return {pool for pool in found.values() if pool is not None}

    def _remember(self, service: Service) -> None:
        self.known.setdefault(folded(service.title), {})[service.category_id] = service


class EmployeeRows:
    """Specialists, known by their name."""

    def __init__(self, branch: Branch) -> None:
        self.branch, self.seen = branch, Seen()
        self.job_titles = _by_name(_rows(JobTitle, branch))
        self.services = list(_rows(Service, branch).select_related("category"))
        self.by_title: dict[str, list[Service]] = {}
        for service in self.services:
            self.by_title.setdefault(folded(service.title), []).append(service)
        members = Member.objects.for_org(branch.organization_id).select_related("user")
        self.members = {member.user.email.casefold(): member for member in members}
        self.known: dict[str, list[Employee]] = {}
        for employee in _rows(Employee, branch).prefetch_related("skills").select_related("member__user"):
            self.known.setdefault(folded(employee.name), []).append(employee)

    def read(self, row: Cells) -> Wish:
        name = catalogue.one_line(row.get("name", ""))
        if not name:
            raise Invalid(_("There is no name."))
        found = self.known.get(folded(name), [])
        if len(found) > 1:
            raise Invalid(_("Several specialists are called so."))
        self.seen.note(folded(name))
        stored = found[0] if found else None
        fields: dict[str, Any] = {"name": name} | _read({"information": str, "is_active": cells.yes}, row)
        title = catalogue.one_line(row.get("job_title", ""))
        job_title, fresh = self.job_titles.get(folded(title)), {}
        if title and job_title is None:
            fresh["job_title"] = title
        elif title:
            fields["job_title"] = job_title
        if email := row.get("member"):
            fields["member"] = self.members.get(email.strip().casefold())
            if fields["member"] is None:
                raise Invalid(_("Nobody with the e-mail %(email)s works here.") % {"email": email[:80]})
        _check(Employee(organization_id=self.branch.organization_id, branch=self.branch), fields, stored)
        differing = _differing(stored, fields)
        if "services" in row:
            asked = [one for cell in cells.read_skills(row["services"]) for one in self._apart(cell)]
            skills = {skill.service_id: skill for skill in map(self._skill, asked)}
            own = {} if stored is None else {
                each.service_id: Skill(each.service_id, each.price, each.duration) for each in stored.skills.all()
            }  # fmt: skip
            if skills != own:
                differing["skills"] = list(skills.values())
        return Wish(stored, differing, fresh)

    def write(self, wish: Wish) -> None:
        if title := wish.fresh.get("job_title"):
            known = self.job_titles.get(folded(title)) or catalogue.add_job_title(self.branch, name=title)
            self.job_titles[folded(title)] = wish.fields["job_title"] = known
        if wish.stored is None:
            employees.add_employee(self.branch, **wish.fields)
        elif wish.fields:
            employees.change_employee(wish.stored, **wish.fields)

    def _apart(self, cell: SkillCell) -> list[SkillCell]:
        """Return the titles that people divide by commas, unless one title is all that: titles may have commas too."""
        titles = [title.strip() for title in cell.title.split(",")]
        is_plain = not cell.category and cell.price is None and cell.duration is None
        if (
            is_plain
            and folded(cell.title) not in self.by_title
            and any(folded(each) in self.by_title for each in titles)
        ):
            return [SkillCell(title, "", None, None) for title in titles if title]
        return [cell]

    def _skill(self, cell: SkillCell) -> Skill:
        found = self.by_title.get(folded(cell.title), [])
        if cell.category:
            found = [one for one in found if one.category and folded(one.category.name) == folded(cell.category)]
        elif len(found) > 1:
            found = [one for one in found if one.category is None] or found
        if len(found) > 1:
            raise Invalid(_("Several services are called “%(title)s”: write Category > Title.") % {"title": cell.title})
        if not found:
            raise Invalid(_("There is no service “%(title)s”.") % {"title": cell.title[:80]})
        return Skill(found[0].pk, cell.price, cell.duration)


def _rows(model: type[Model], branch: Branch) -> Any:
    return model.objects.for_org(branch.organization_id).filter(branch=branch)  # type: ignore[attr-defined]


def _by_name(rows: Sequence[Any]) -> dict[str, Any]:
    """Return rows by their name; of several with one name the first."""
    return {folded(row.name): row for row in reversed(list(rows))}


def _read(readers: Mapping[str, Read], row: Cells) -> dict[str, Any]:
    return {name: read(row[name]) for name, read in readers.items() if name in row}


def _check(blank: Any, fields: Mapping[str, Any], stored: Any) -> None:
    """Raise Invalid where the model refuses one of these values."""
    plain = {name: value for name, value in fields.items() if not blank._meta.get_field(name).is_relation}
    for name, value in plain.items():
        setattr(blank, name, value)
    validate(blank, *plain)
    if isinstance(blank, Service):
        whole = [fields.get(name, getattr(stored, name, 1)) for name in ("capacity", "employees_needed")]
        if min(whole) > 1:
            raise Invalid(_("A group has one specialist."))


def _differing(stored: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that differ from what is stored; all of them where nothing is."""
    if stored is None:
        return dict(fields)
    return {name: value for name, value in fields.items() if _now(stored, name) != value}


def _now(stored: Any, name: str) -> Any:
    if name == "pools":
        return set(stored.pools.all())
    value = getattr(stored, name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else value
