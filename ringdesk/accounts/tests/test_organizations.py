import pytest

from ringdesk.accounts import audit, branches, opening_hours, organizations
from ringdesk.accounts.access import Role
from ringdesk.accounts.models import AuditEntry, Branch, Member, Organization, User
from ringdesk.accounts.opening_hours import OpenSpan
from ringdesk.accounts.signals import branch_created
from ringdesk.accounts.tests.conftest import House
from ringdesk.core.problems import Conflict, Forbidden, Invalid, NotFound


def make_user(email: str = "olga@quay.example") -> User:
    return User.objects.create_user(email, name="Olga")


def log(organization: Organization) -> list[str]:
    return list(AuditEntry.objects.for_org(organization).order_by("pk").values_list("action", flat=True))


def test_an_organization_begins_with_an_owner_a_branch_and_its_hours(db: None) -> None:
    heard: list[object] = []

    def hear(branch: Branch, by: Member, **_: object) -> None:
        heard.append((branch.pk, by.role))

    branch_created.connect(hear)
    made = organizations.create_organization("Кафе «Щука»", make_user(), timezone="Asia/Omsk", region="KZ")
    branch_created.disconnect(hear)
    branch = Branch.objects.for_org(made).get()
    seat = Member.objects.for_org(made).get()
    assert (made.slug, made.language, made.modules) == ("kafe-schuka", "ru", ["hall", "calls"])
    assert (branch.name, branch.timezone, branch.region) == ("Главный филиал", "Asia/Omsk", "KZ")
    assert (seat.name, seat.role, seat.language) == ("Olga", Role.OWNER, "ru")
    assert branches.hours_of(branch) == opening_hours.every_day(600, 1320)
    assert heard == [(branch.pk, Role.OWNER)]
    assert log(made) == ["member.added", "organization.created", "branch.created"]


def test_the_same_name_gets_another_short_name(db: None) -> None:
    slugs = [
        organizations.create_organization("Quay", make_user(f"o{number}@quay.example")).slug for number in range(3)
    ]
    assert slugs == ["quay", "quay-2", "quay-3"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"language": "xx"}, "language"),
        ({"modules": []}, "modules"),
        ({"modules": ["moon"]}, "modules"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"hours": [OpenSpan(0, 0, 1440), OpenSpan(0, 60, 120)]}, "hours"),
    ],
)
def test_what_cannot_be_leaves_nothing_behind(db: None, wrong: dict[str, object], field: str) -> None:
    arguments: dict[str, object] = {"name": "Quay", "owner": make_user()}
    with pytest.raises(Invalid) as caught:
        organizations.create_organization(**(arguments | wrong))  # type: ignore[arg-type]
    assert caught.value.field == field
    assert (Organization.objects.count(), Branch.objects.count(), AuditEntry.objects.count()) == (0, 0, 0)


def test_a_change_is_logged_with_the_old_and_the_new(house: House) -> None:
    organizations.change_organization(house.organization, by=house.owner, name="Pier", popup_seconds=120)
    organizations.change_organization(house.organization, by=house.owner, name="Pier")
    entry = AuditEntry.objects.for_org(house.organization).latest("pk")
    assert (entry.action, entry.member, entry.data) == (
        "organization.changed",
        house.owner,
        {"name": ["quay", "Pier"], "popup_seconds": [300, 120]},
    )
    assert audit.details(entry) == [
        ("Название", "quay", "Pier", ""),
        ("Окно звонка, секунд", "300", "120", ""),
    ]


@pytest.mark.parametrize("seconds", [0, 29, 3601])
def test_a_popup_waits_neither_too_short_nor_for_ever(house: House, seconds: int) -> None:
    with pytest.raises(Invalid) as caught:
        organizations.change_organization(house.organization, by=house.owner, popup_seconds=seconds)
    assert caught.value.field == "popup_seconds"


def test_hours_are_replaced_as_a_whole_and_only_when_given(house: House) -> None:
    night = [OpenSpan(4, 1080, 1560), OpenSpan(5, 1080, 1560)]
    branches.change_branch(house.branch, by=house.owner, hours=night)
    branches.change_branch(house.branch, by=house.owner, name="Pier")
    assert branches.hours_of(house.branch) == night
    with pytest.raises(Invalid):
        branches.change_branch(house.branch, by=house.owner, hours=[*night, OpenSpan(5, 0, 180)])
    assert branches.hours_of(house.branch) == night


def test_the_last_open_branch_cannot_be_closed(house: House) -> None:
    second = house.add_branch("Pier")
    branches.deactivate_branch(second, by=house.owner)
    with pytest.raises(Conflict):
        branches.deactivate_branch(house.branch, by=house.owner)
    branches.reactivate_branch(second, by=house.owner)
    branches.deactivate_branch(house.branch, by=house.owner)
    assert log(house.organization)[-3:] == ["branch.deactivated", "branch.reactivated", "branch.deactivated"]


def test_a_limited_seat_reaches_its_own_branches_only(house: House, stranger: House) -> None:
    second = house.add_branch("Pier")
    manager = house.add("mark", Role.MANAGER, (second,))
    branches.change_branch(second, by=manager, name="Pier 2")
    for out_of_reach in (house.branch, stranger.branch):
        with pytest.raises(NotFound):
            branches.change_branch(out_of_reach, by=manager, name="Mine")
    with pytest.raises(Forbidden):
        branches.add_branch(house.organization, name="Third", by=manager)
