"""Who may do what: the one table. docs/concepts.md shows it; a test holds the two together."""

from django.db import models
from django.utils import translation
from django.utils.functional import Promise
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
    "branches.change": frozenset({_O, _A, _M}),
    "members.see": frozenset({_O, _A, _C, _M}),
    "members.change": frozenset({_O, _A}),
    "tokens.change": frozenset({_O, _A}),
    "audit.see": frozenset({_O, _A}),
    "connectors.change": frozenset({_O, _A, _C}),
    "extensions.change": frozenset({_O, _A, _C}),
    "calls.see": _EVERYBODY,
    "calls.place": frozenset({_O, _A, _M, _P, _H, _K}),
    "popups.see": frozenset({_O, _A, _M, _P, _H, _K}),
    # Of others' calls; everybody may listen to their own.
    "recordings.listen": frozenset({_O, _A, _C, _M, _P}),
    "recordings.delete": frozenset({_O, _A}),
    "numbers.ignore": frozenset({_O, _A, _M, _P, _H}),
    "clients.see": _EVERYBODY,
    "clients.change": frozenset({_O, _A, _M, _P, _H, _K}),
    "clients.merge": frozenset({_O, _A, _M}),
    "reservations.see": frozenset({_O, _A, _C, _M, _P, _H}),
    "reservations.change": frozenset({_O, _A, _M, _P, _H}),
    "halls.change": frozenset({_O, _A, _M}),
    "bookings.see": frozenset({_O, _A, _C, _M, _P, _H}),
    "bookings.change": frozenset({_O, _A, _M, _P, _H}),
    "services.change": frozenset({_O, _A, _M}),
}

LABELS: dict[str, Promise] = {
    "organization.change": _("Change the organization: name, language, modules"),
    "branches.change": _("Add and change branches and opening hours"),
    "members.see": _("See who works here"),
    "members.change": _("Invite, change and deactivate members"),
    "tokens.change": _("Issue and revoke API tokens"),
    "audit.see": _("See the log of changes"),
    "connectors.change": _("Open and change integrations"),
    "extensions.change": _("Assign extensions to members"),
    "calls.see": _("See calls"),
    "calls.place": _("Call a number by pressing it"),
    "popups.see": _("Get popups of incoming calls"),
    "recordings.listen": _("Listen to recordings of others' calls"),
    "recordings.delete": _("Delete recordings"),
    "numbers.ignore": _("Ignore numbers"),
    "clients.see": _("See clients"),
    "clients.change": _("Add and change clients"),
    "clients.merge": _("Merge duplicate clients"),
    "reservations.see": _("See reservations"),
    "reservations.change": _("Take and change reservations"),
    "halls.change": _("Change halls, tables and statuses"),
    "bookings.see": _("See bookings"),
    "bookings.change": _("Take and change bookings"),
    "services.change": _("Change services, specialists and schedules"),
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


# Token scopes: `<resource>:read` and `<resource>:write`, and what a member needs to do the same (None: a seat).
SCOPE_ACTIONS: dict[str, str | None] = {
    "organization:read": None,
    "organization:write": "organization.change",
    "branches:read": None,
    "branches:write": "branches.change",
    "members:read": "members.see",
    "members:write": "members.change",
    "halls:read": "reservations.see",
    "halls:write": "halls.change",
    "tables:read": "reservations.see",
    "tables:write": "halls.change",
    "reservations:read": "reservations.see",
    "reservations:write": "reservations.change",
    "services:read": "bookings.see",
    "services:write": "services.change",
    "service-categories:read": "bookings.see",
    "service-categories:write": "services.change",
    "job-titles:read": "bookings.see",
    "job-titles:write": "services.change",
    "employees:read": "bookings.see",
    "employees:write": "services.change",
    "schedules:read": "bookings.see",
    "schedules:write": "services.change",
    "slots:read": "bookings.see",
    "slots:write": "bookings.change",
    "bookings:read": "bookings.see",
    "bookings:write": "bookings.change",
    "clients:read": "clients.see",
    "clients:write": "clients.change",
    "contracts:read": "clients.see",
    "contracts:write": "clients.change",
    "leads:read": "clients.see",
    "leads:write": "clients.change",
    "calls:read": "calls.see",
    "calls:write": "calls.see",
    "recordings:read": "recordings.listen",
    "recordings:write": "recordings.delete",
    "makecall:read": "calls.see",
    "makecall:write": "calls.place",
    "interactions:read": "calls.see",
    "interactions:write": "calls.see",
    "connectors:read": "connectors.change",
    "connectors:write": "connectors.change",
    "webhooks:read": "connectors.change",
    "webhooks:write": "connectors.change",
}
SCOPES: tuple[str, ...] = tuple(SCOPE_ACTIONS)
RESOURCES: tuple[str, ...] = tuple(dict.fromkeys(scope.partition(":")[0] for scope in SCOPES))

RESOURCE_LABELS: dict[str, Promise] = {
    "organization": _("Organization"),
    "branches": _("Branches"),
    "members": _("Members"),
    "halls": _("Halls"),
    "tables": _("Tables"),
    "reservations": _("Reservations"),
    "services": _("Services"),
    "service-categories": _("Service categories"),
    "job-titles": _("Job titles"),
    "employees": _("Specialists"),
    "schedules": _("Schedules of specialists"),
    "slots": _("Free times"),
    "bookings": _("Bookings"),
    "clients": _("Clients"),
    "contracts": _("Contracts"),
    "leads": _("Leads"),
    "calls": _("Calls"),
    "recordings": _("Recordings of calls"),
    "makecall": _("Placing calls"),
    "interactions": _("Interactions"),
    "connectors": _("Integrations"),
    "webhooks": _("Webhooks"),
}


def may_by_scope(role: str, scope: str) -> bool:
    """Tell whether a seat with this role may do what the token scope stands for. Raises KeyError when unknown."""
    action = SCOPE_ACTIONS[scope]
    return action is None or may(role, action)


def as_markdown() -> str:
    """Return the table of actions and roles as docs/concepts.md shows it, in English."""
    with translation.override("en"):
        head = ["Action", *(str(role.label) for role in Role)]
        rows = [head, ["---", *(":-:" for _role in Role)]]
        for action, roles in ACTIONS.items():
            marks = ["✓" if role in roles else "" for role in Role]
            rows.append([f"{LABELS[action]} (`{action}`)", *marks])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
