"""Who may do what: the one table. docs/concepts.md shows it; a test holds the two together."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """A seat's role, from the most powerful down. Operator, hostess and cashier stand side by side."""

    OWNER = "owner", _("Owner")
    ADMINISTRATOR = "administrator", _("Administrator")
    ACCOUNTANT = "accountant", _("Accountant")
    MANAGER = "manager", _("Manager")
    OPERATOR = "operator", _("Operator")
    HOSTESS = "hostess", _("Hostess")
    CASHIER = "cashier", _("Cashier")


_O, _A, _C, _M = Role.OWNER, Role.ADMINISTRATOR, Role.ACCOUNTANT, Role.MANAGER
_P, _H, _K = Role.OPERATOR, Role.HOSTESS, Role.CASHIER
_EVERYBODY = frozenset(Role)

ACTIONS: dict[str, frozenset[Role]] = {
    "organization.change": frozenset({_O, _A}),
    "organization.delete": frozenset({_O}),
    "branches.change": frozenset({_O, _A, _M}),
    "members.see": frozenset({_O, _A, _C, _M}),
    "members.change": frozenset({_O, _A}),
    "tokens.change": frozenset({_O, _A}),
    "connectors.change": frozenset({_O, _A, _C}),
    "extensions.change": frozenset({_O, _A, _C}),
    "calls.see": _EVERYBODY,
    "popups.see": frozenset({_O, _A, _M, _P, _H, _K}),
    "clients.see": _EVERYBODY,
    "clients.change": frozenset({_O, _A, _M, _P, _H, _K}),
    "clients.merge": frozenset({_O, _A, _M}),
    "reservations.see": frozenset({_O, _A, _C, _M, _P, _H}),
    "reservations.change": frozenset({_O, _A, _M, _P, _H}),
    "halls.change": frozenset({_O, _A, _M}),
}

ABOVE: dict[Role, frozenset[Role]] = {
    role: frozenset(list(Role)[: list(Role).index(role)]) if role not in (_H, _K) else frozenset({_O, _A, _C, _M})
    for role in Role
}


def may(role: str, action: str) -> bool:
    """Tell whether a seat with this role may do this. Raises KeyError for an action that is not in the table."""
    return Role(role) in ACTIONS[action]


def may_grant(role: str, granted: str) -> bool:
    """Tell whether a seat may give somebody that role: never one above its own."""
    return Role(granted) not in ABOVE[Role(role)] and may(role, "members.change")


# Token scopes: `<resource>:read` and `<resource>:write`.
RESOURCES = (
    "organization",
    "branches",
    "members",
    "halls",
    "tables",
    "reservations",
    "clients",
    "contracts",
    "leads",
    "calls",
    "connectors",
)
SCOPES: tuple[str, ...] = tuple(f"{resource}:{verb}" for resource in RESOURCES for verb in ("read", "write"))
