"""The ticks of a specialist's page: which services, for which own price and how long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.http import QueryDict
from django.utils.translation import gettext as _

from ringdesk.booking.employees import Skill
from ringdesk.booking.models import DAY, MOST_PRICE, EmployeeService, Service
from ringdesk.core.asked import positive_id

MOST_ROWS = 200
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in one row: the tick, own price and duration as they were typed, what is wrong with them."""

    id: int
    is_ticked: bool
    price: str = ""
    duration: str = ""
    error: str = ""

    @property
    def skill(self) -> Skill:
        """Return it as an action takes it. Only of a row without an error."""
        return Skill(self.id, read_price(self.price), int(self.duration) if self.duration else None)


@dataclass(frozen=True, slots=True)
class Row:
    """A service and what stands in its row."""

    service: Service
    typed: Typed


def read(data: QueryDict) -> list[Typed]:
    """Return the rows that were sent."""
    ids = [id for id in map(positive_id, data.getlist("shown")[:MOST_ROWS]) if id]
    return [_read(data, id) for id in ids]


def rows(services: Iterable[Service], skills: Iterable[EmployeeService], typed: Sequence[Typed]) -> list[Row]:
    """Return a row for every service: as it was typed, else as it is stored."""
    sent = {row.id: row for row in typed}
    stored = {skill.service_id: skill for skill in skills}
    return [Row(service, sent.get(service.pk) or _stored(service.pk, stored.get(service.pk))) for service in services]


def read_price(text: str) -> Decimal | None:
    """Return the price, None where there is none. Raises ValueError for what cannot be one."""
    text = text.replace("\xa0", "").replace(" ", "").replace(",", ".")
    if not text:
        return None
    try:
        price = Decimal(text)
        is_price = price.is_finite() and 0 <= price <= MOST_PRICE and price == price.quantize(_CENT)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not is_price:
        raise ValueError(text)
    return price.quantize(_CENT)


def _read(data: QueryDict, id: int) -> Typed:
    price, duration = (data.get(f"{name}-{id}", "").strip()[:20] for name in ("price", "duration"))
    is_ticked = f"does-{id}" in data
    return Typed(id, is_ticked, price, duration, _error(price, duration) if is_ticked else "")


def _error(price: str, duration: str) -> str:
    try:
        read_price(price)
    except ValueError:
        return _("This is not a price.")
    if duration and not 5 <= (positive_id(duration) or 0) <= DAY:
        return _("From 5 to 1440 minutes.")
    return ""


def _stored(id: int, skill: EmployeeService | None) -> Typed:
    if skill is None:
        return Typed(id, False)
    price = "" if skill.price is None else f"{skill.price.normalize():f}"
    return Typed(id, True, price, str(skill.duration or ""))
