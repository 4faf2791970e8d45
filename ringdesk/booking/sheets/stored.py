"""Everything there is of a kind, row by row: cells by the names of their columns. Read in parts, never all at once."""

from collections import Counter
from collections.abc import Callable, Iterator

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet

from ringdesk.accounts.models import Branch
from ringdesk.booking.bots.arguments import folded
from ringdesk.booking.models import Employee, EmployeeService, Service
from ringdesk.booking.sheets import cells
from ringdesk.booking.sheets.cells import SkillCell
from ringdesk.crm.models import Client, Phone

_PART = 500
Rows = Iterator[dict[str, str]]


def services(branch: Branch) -> Rows:
    """Return the branch's services."""
    rows = Service.objects.for_org(branch.organization_id).filter(branch=branch)
    rows = rows.select_related("category").prefetch_related("pools")
    in_order = rows.order_by(F("category__position").asc(nulls_last=True), "category_id", "position", "id")
    for one in in_order.iterator(chunk_size=_PART):
        yield {
            "category": one.category.name if one.category else "", "title": one.title,
            "description": one.description, "price": cells.number(one.price), "currency": one.currency,
            "duration": str(one.duration), "buffer_before": str(one.buffer_before),
            "buffer_after": str(one.buffer_after), "capacity": str(one.capacity),
            "employees_needed": str(one.employees_needed),
            "pools": cells.listed(pool.name for pool in one.pools.all()),
            "notice": "" if one.notice is None else str(one.notice), "horizon": str(one.horizon or ""),
            "is_online": cells.said(one.is_online), "is_active": cells.said(one.is_active),
        }  # fmt: skip


def employees(branch: Branch) -> Rows:
    """Return the branch's specialists."""
    offered = Service.objects.for_org(branch.organization_id).filter(branch=branch)
    names: dict[int, tuple[str, str]] = {
        id: (title, category or "") for id, title, category in offered.values_list("id", "title", "category__name")
    }
    known = Counter(folded(title) for title, _category in names.values())

    def cell(skill: EmployeeService) -> SkillCell:
        title, category = names[skill.service_id]
        return SkillCell(title, category if known[folded(title)] > 1 else "", skill.price, skill.duration)

    rows: QuerySet[Employee] = Employee.objects.for_org(branch.organization_id).filter(branch=branch)
    rows = rows.select_related("job_title", "member__user").prefetch_related("skills").order_by("position", "id")
    for one in rows.iterator(chunk_size=_PART):
        yield {
            "name": one.name, "job_title": one.job_title.name if one.job_title else "",
            "information": one.information,
            "services": cells.write_skills(cell(skill) for skill in one.skills.all() if skill.service_id in names),
            "member": one.member.user.email if one.member else "", "is_active": cells.said(one.is_active),
        }  # fmt: skip


def clients(branch: Branch) -> Rows:
    """Return the clients of the branch's organization."""
    numbers = Phone.objects.filter(client=OuterRef("pk")).order_by("position", "id").values("number")
    rows = Client.objects.for_org(branch.organization_id).annotate(numbers=ArraySubquery(numbers)).order_by("id")
    # There may be very many: their values alone are read in a tenth of the time that whole cards would take.
    values = rows.values_list("name", "numbers", "email", "about", "tags", "kind", "is_partner")
    for name, phones, email, about, tags, kind, is_partner in values.iterator(chunk_size=_PART):
        yield {
            "name": name, "phones": "; ".join(phones), "email": email, "about": about, "tags": cells.listed(tags),
            "kind": str(Client.Kind(kind).label), "is_partner": cells.said(is_partner),
        }  # fmt: skip


BY_KIND: dict[str, Callable[[Branch], Rows]] = {"services": services, "employees": employees, "clients": clients}
