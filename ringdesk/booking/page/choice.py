"""What a visitor of the booking page has chosen so far. It stands in the address: no cookie, no script is needed."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict

from ringdesk.core.asked import positive_id

MOST_SERVICES = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """``employee`` 0: anybody; None: not chosen yet. ``hold``: the token of a time kept before."""

    branch: int | None = None
    services: tuple[int, ...] = ()
    employee: int | None = None
    day: date | None = None
    language: str = ""
    hold: str = ""
    is_changing: bool = False

    @classmethod
    def read(cls, asked: QueryDict) -> Self:
        """Return what stands in an address or a form; whatever is no choice is none."""
        employee = asked.get("employee", "")
        chosen = [positive_id(each) for each in asked.getlist("service")[: 3 * MOST_SERVICES]]
        return cls(
            branch=positive_id(asked.get("branch", "")),
            services=tuple(dict.fromkeys(id for id in chosen if id))[:MOST_SERVICES],
            employee=0 if employee == "any" else positive_id(employee),
            day=day_of(asked.get("date", "")),
            language=asked.get("lang", "") if asked.get("lang") in ("ru", "en") else "",
            hold=asked.get("hold", "")[:200],
            is_changing=bool(asked.get("change")),
        )

    def but(self, **changes: Any) -> "Choice":
        """Return the choice with some of it different."""
        return replace(self, **changes)

    def fields(self) -> list[tuple[str, str]]:
        """Return what a form carries along, hidden."""
        found = [("branch", str(self.branch))] if self.branch else []
        found += [("service", str(id)) for id in self.services]
        if self.employee is not None:
            found.append(("employee", str(self.employee) if self.employee else "any"))
        if self.day:
            found.append(("date", self.day.isoformat()))
        found += [(name, value) for name, value in (("lang", self.language), ("hold", self.hold)) if value]
        return found

    @property
    def query(self) -> str:
        """Return it as the query of an address, with the question mark."""
        found = self.fields() + ([("change", "1")] if self.is_changing else [])
        return f"?{urlencode(found)}" if found else ""


def day_of(text: str) -> date | None:
    """Return the day that is meant, None for what is none."""
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None


def days_from(first: date, count: int) -> list[date]:
    """Return so many days, one after another."""
    return [first + timedelta(days=number) for number in range(count)]
