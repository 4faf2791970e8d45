"""What a program wishes to do, in the words of the page that asks a member."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from ringdesk.accounts.access import RESOURCE_LABELS
from ringdesk.accounts.models import Member
from ringdesk.accounts.oauth.programs import grantable

VERBS: dict[str, Promise] = {
    "read": pgettext_lazy("right", "see"),
    "write": pgettext_lazy("right", "add and change"),
}
# Where “see” and “change” would not tell it.
PLAINLY: dict[str, Promise] = {
    "makecall:read": pgettext_lazy("right", "see calls it has placed"),
    "makecall:write": pgettext_lazy("right", "place calls from your phone"),
    "recordings:read": pgettext_lazy("right", "listen"),
    "recordings:write": pgettext_lazy("right", "delete"),
    "slots:write": pgettext_lazy("right", "keep a time for a client"),
    "calls:write": pgettext_lazy("right", "link calls to clients"),
    "bookings:write": pgettext_lazy("right", "book, move and cancel"),
    "reservations:write": pgettext_lazy("right", "reserve, change and cancel"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One scope a program asks for; ``is_possible``: the member has the right in one of the organizations."""

    scope: str
    resource: str | Promise
    verb: str | Promise
    is_possible: bool

    @property
    def is_change(self) -> bool:
        return self.scope.endswith(":write")


def wishes(scopes: Sequence[str], places: Sequence[Member]) -> list[Wish]:
    """Return what is asked for, in the order of the table of rights."""
    possible = {scope for seat in places for scope in grantable(seat, list(scopes))}
    found = []
    for resource, label in RESOURCE_LABELS.items():
        for kind, verb in VERBS.items():
            scope = f"{resource}:{kind}"
            if scope in scopes:
                found.append(Wish(scope, label, PLAINLY.get(scope, verb), scope in possible))
    return found


def told(scopes: Sequence[str]) -> list[str]:
    """Return what a program may do, a line a resource."""
    lines: dict[str, list[str]] = {}
    for wish in wishes(scopes, ()):
        lines.setdefault(str(wish.resource), []).append(str(wish.verb))
    return [f"{resource}: {', '.join(verbs)}" for resource, verbs in lines.items()]
