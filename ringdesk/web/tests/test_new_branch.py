import pytest

from ringdesk.accounts import branches
from ringdesk.accounts.models import Branch
from ringdesk.hall.models import Hall, ReservationStatus, Table
from ringdesk.web.tests.conftest import Desk


def add(desk: Desk, name: str) -> Branch:
    owner = desk.member("owner")
    return branches.add_branch(
        desk.organization, name=name, address="", timezone="Europe/Moscow", region="RU", hours=(), by=owner
    )


def test_a_new_branch_begins_with_a_hall_tables_and_statuses(desk: Desk) -> None:
    first, second = add(desk, "Hill"), add(desk, "Lake")
    for branch in (first, second):
        assert Hall.objects.filter(branch=branch).count() == 1
        assert Table.objects.filter(hall__branch=branch).exists()
    names = list(ReservationStatus.objects.for_org(desk.organization).values_list("name", flat=True))
    assert len(names) == len(set(names)) > 1


@pytest.mark.parametrize(("modules", "is_demo"), [(["calls"], False), (["hall"], True)])
def test_none_where_nobody_needs_them(desk: Desk, modules: list[str], is_demo: bool) -> None:
    desk.organization.modules, desk.organization.is_demo = modules, is_demo
    desk.organization.save()
    assert not Hall.objects.filter(branch=add(desk, "Hill")).exists()
