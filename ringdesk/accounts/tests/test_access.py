import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.accounts import access
from ringdesk.accounts.access import ABOVE, ACTIONS, LABELS, RESOURCE_LABELS, RESOURCES, SCOPE_ACTIONS, Role

ROLES = st.sampled_from(Role)
CHAIN = [Role.OWNER, Role.ADMINISTRATOR, Role.MANAGER]
WORKERS = [Role.OPERATOR, Role.HOSTESS, Role.CASHIER]


@given(ROLES, ROLES, ROLES)
def test_above_is_an_order_with_the_workers_side_by_side(one: Role, two: Role, three: Role) -> None:
    assert one not in ABOVE[one]
    assert not (one in ABOVE[two] and two in ABOVE[one])
    assert not (one in ABOVE[two] and two in ABOVE[three]) or one in ABOVE[three]
    assert (one in ABOVE[two] or two in ABOVE[one] or one == two) == (not {one, two} <= set(WORKERS) or one == two)


@given(st.sampled_from(sorted(ACTIONS)))
def test_whoever_leads_may_at_least_what_the_led_may(action: str) -> None:
    """True along owner, administrator, manager, worker. The accountant stands aside: money, not guests."""
    for worker in WORKERS:
        rights = [access.may(role, action) for role in (*CHAIN, worker)]
        assert rights == sorted(rights, reverse=True)
    assert access.may(Role.ADMINISTRATOR, action) >= access.may(Role.ACCOUNTANT, action)


def test_integrations_open_to_accountants_and_above() -> None:
    allowed = {role for role in Role if access.may(role, "connectors.change")}
    assert allowed == {Role.ACCOUNTANT} | ABOVE[Role.ACCOUNTANT]


@given(ROLES, ROLES)
def test_nobody_grants_a_role_above_their_own(role: Role, granted: Role) -> None:
    may_at_all = access.may(role, "members.change")
    assert access.may_grant(role, granted) == (may_at_all and granted not in ABOVE[role])
    assert not may_at_all or access.may_grant(role, role)


def test_an_unknown_action_or_scope_is_a_mistake_of_the_code() -> None:
    with pytest.raises(KeyError):
        access.may(Role.OWNER, "moon.land")
    with pytest.raises(KeyError):
        access.may_by_scope(Role.OWNER, "moon:read")


def test_every_action_and_resource_has_a_name_and_every_scope_a_known_action() -> None:
    assert set(LABELS) == set(ACTIONS)
    assert set(RESOURCE_LABELS) == set(RESOURCES)
    assert set(SCOPE_ACTIONS) == {f"{resource}:{verb}" for resource in RESOURCES for verb in ("read", "write")}
    assert {action for action in SCOPE_ACTIONS.values() if action} <= set(ACTIONS)


def test_the_docs_show_this_very_table() -> None:
    docs = Path(__file__).parents[3] / "docs" / "concepts.md"
    block = re.search(r"<!-- roles -->\n(.*?)<!-- /roles -->", docs.read_text(), re.DOTALL)
    assert block is not None
    assert block[1].strip() == access.as_markdown().strip()
