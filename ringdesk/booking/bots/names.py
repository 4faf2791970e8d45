"""A service by the name that somebody said: case, spaces, ё or е make no difference."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext as _

from ringdesk.accounts.models import Branch
from ringdesk.booking import offers
from ringdesk.booking.bots.arguments import folded
from ringdesk.booking.models import Service
from ringdesk.core.problems import Invalid

MOST_CANDIDATES = 20
Found = tuple[Branch, Service]


def find(branches: Sequence[Branch], name: str) -> Found:
    """Return the one service of this name. Raises Invalid with ``candidates`` when there is none, or more than one."""
    known = [(branch, service) for branch in branches for service in offers.of(branch).online()]
    wanted = folded(name)
    exact = [found for found in known if folded(found[1].title) == wanted]
    if len(exact) == 1:
        return exact[0]
    if exact and len({branch.pk for branch, _service in exact}) == 1:
        raise _unclear(_("There are several services “%(name)s” in this branch: book one by its id."), name, exact)
    if exact:
        raise _unclear(_("There are several services “%(name)s”: tell the branch by company_id."), name, exact)
    raise _unclear(_("There is no service “%(name)s”. Did the client mean one of these?"), name, _like(known, wanted))


def _like(known: Sequence[Found], wanted: str) -> Sequence[Found]:
    """Return the services whose names resemble it, all where none does."""
    parts = [
        found for found in known if wanted and (wanted in folded(found[1].title) or folded(found[1].title) in wanted)
    ]
    close = get_close_matches(wanted, {folded(service.title) for _branch, service in known}, MOST_CANDIDATES, 0.5)
    near = [found for found in known if folded(found[1].title) in close]
    return list(dict.fromkeys([*parts, *near])) or known


def _unclear(text: str, name: str, found: Sequence[Found]) -> Invalid:
    return Invalid(
        text % {"name": name}, field="service_name", candidates=[_candidate(*each) for each in found[:MOST_CANDIDATES]]
    )


def _candidate(branch: Branch, service: Service) -> dict[str, Any]:
    return {"id": service.pk, "title": service.title, "company_id": branch.pk, "company_name": branch.name}
