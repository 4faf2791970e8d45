import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client as Browser

from ringdesk.accounts import members, seats, tokens
from ringdesk.accounts.access import Role
from ringdesk.accounts.models import ApiToken, AuditEntry, Member, User
from ringdesk.accounts.tests.conftest import House, make_house
from ringdesk.core.problems import Conflict, Forbidden, Invalid, NotFound, RingdeskError

Enter = Callable[[Member | User], Browser]


def test_nobody_gives_a_role_above_their_own(house: House) -> None:
    with pytest.raises(Forbidden) as caught:
        members.change_member(house.hostess, by=house.administrator, role=Role.OWNER)
    assert caught.value.field == "role"
    assert members.change_member(house.hostess, by=house.administrator, role=Role.ADMINISTRATOR).role == "administrator"


def test_nobody_touches_whoever_stands_above(house: House) -> None:
    for act in (
        lambda: members.change_member(house.owner, by=house.administrator, name="X"),
        lambda: members.deactivate_member(house.owner, by=house.administrator),
    ):
        with pytest.raises(Forbidden):
            act()


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.MANAGER, Role.OPERATOR, Role.HOSTESS, Role.CASHIER])
def test_roles_without_the_right_change_nobody(house: House, role: Role) -> None:
    by = house.member(role)
    other = house.add("other", Role.HOSTESS)
    for act in (
        lambda: members.change_member(other, by=by, name="X"),
        lambda: members.deactivate_member(other, by=by),
        lambda: members.reactivate_member(other, by=by),
    ):
        with pytest.raises(Forbidden):
            act()


def test_a_stranger_finds_nobody(house: House, stranger: House) -> None:
    with pytest.raises(NotFound):
        members.change_member(house.hostess, by=stranger.owner, name="X")
    with pytest.raises(NotFound):
        members.deactivate_member(house.hostess, by=stranger.owner)
    with pytest.raises(NotFound):
        members.change_member(house.hostess, by=house.owner, branches=[stranger.branch])


def test_the_last_owner_stays(house: House) -> None:
    owner = house.owner
    with pytest.raises(Conflict):
        members.change_member(owner, by=owner, role=Role.ADMINISTRATOR)
    with pytest.raises(Conflict):
        members.deactivate_member(owner, by=None)
    second = house.add("second", Role.OWNER)
    second.user.is_active = False
    second.user.save()
    with pytest.raises(Conflict):
        members.deactivate_member(owner, by=None)
    second.user.is_active = True
    second.user.save()
    members.change_member(owner, by=owner, role=Role.ADMINISTRATOR)
    assert house.member(Role.OWNER) == second


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_at_once_leave_one() -> None:
    house = make_house("quay")
    one, two = house.owner, house.add("two", Role.OWNER)
    together = threading.Barrier(2)
    refused: list[RingdeskError] = []

    def remove(member: Member, by: Member) -> None:
        together.wait()
        try:
            members.deactivate_member(member, by=by)
        except RingdeskError as problem:
            refused.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = Member.objects.for_org(house.organization).filter(role=Role.OWNER, is_active=True).count()
    assert (left, len(refused)) == (1, 1)


def test_nobody_deactivates_themselves(house: House) -> None:
    house.add("second", Role.OWNER)
    with pytest.raises(Conflict):
        members.deactivate_member(house.owner, by=house.owner)


def test_a_deactivated_member_is_out_at_once_and_what_they_made_stays(house: House, enter: Enter) -> None:
    administrator = house.administrator
    token, plain = tokens.issue(house.organization, name="till", scopes=["calls:read"], by=administrator)
    browser = enter(administrator)
    assert browser.get("/settings/members/").status_code == 200
    members.deactivate_member(administrator, by=house.owner)
    answer = browser.get("/settings/members/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=/settings/members/")
    assert tokens.authenticate(plain) == token
    assert ApiToken.objects.get().created_by == administrator
    members.reactivate_member(administrator, by=house.owner)
    # The old session stays dead; a new one works.
    assert browser.get("/settings/members/").status_code == 302
    assert enter(house.administrator).get("/settings/members/").status_code == 200


def test_a_seat_elsewhere_keeps_its_session(house: House, stranger: House, enter: Enter) -> None:
    person = house.hostess
    seat = members.add_member(stranger.organization, person.user, name="Guest", role=Role.HOSTESS, by=None)
    browser = enter(person)
    members.deactivate_member(person, by=house.owner)
    answer = browser.get("/settings/profile/")
    assert answer.status_code == 200
    assert answer.wsgi_request.member == seat  # type: ignore[attr-defined]


def test_a_seat_is_given_once(house: House) -> None:
    with pytest.raises(Conflict):
        members.add_member(house.organization, house.hostess.user, name="Again", role=Role.HOSTESS, by=None)


def test_unknown_roles_and_empty_names_are_refused(house: House) -> None:
    with pytest.raises(Invalid) as role:
        members.change_member(house.hostess, by=house.owner, role="emperor")
    with pytest.raises(Invalid) as name:
        members.change_member(house.hostess, by=house.owner, name="  ")
    assert (role.value.field, name.value.field) == ("role", "name")


def test_a_limited_administrator_acts_within_their_branches(house: House) -> None:
    second = house.add_branch("Pier")
    limited = house.add("lim", Role.ADMINISTRATOR, (second,))
    theirs = house.add("theirs", Role.HOSTESS, (second,))
    members.change_member(theirs, by=limited, name="Theirs 2")
    for member, branches in ((theirs, []), (theirs, [house.branch]), (house.hostess, [second])):
        with pytest.raises(Forbidden):
            members.change_member(member, by=limited, branches=branches)
    assert [seat.name for seat in Member.objects.for_org(house.organization) if members.may_manage(limited, seat)] == [
        "Theirs 2",
        "lim",
    ]


def test_changes_are_logged(house: House) -> None:
    hostess = house.hostess
    members.change_member(hostess, by=house.owner, role=Role.MANAGER, branches=[house.branch])
    members.deactivate_member(hostess, by=house.owner)
    members.deactivate_member(hostess, by=house.owner)
    members.reactivate_member(hostess, by=house.owner)
    entries = AuditEntry.objects.for_org(house.organization).filter(subject="hostess").order_by("pk")
    assert [(entry.action, entry.data) for entry in entries][1:] == [
        ("member.changed", {"role": ["hostess", "manager"], "branches": [[], ["Quay"]]}),
        ("member.deactivated", {}),
        ("member.reactivated", {}),
    ]


def test_a_closed_branch_leaves_its_limited_members_without_one(house: House, enter: Enter) -> None:
    second = house.add_branch("Pier")
    limited = house.add("lim", Role.HOSTESS, (second,))
    assert list(seats.branches_of(limited)) == [second]
    second.is_active = False
    second.save()
    browser = enter(limited)
    assert browser.get("/settings/profile/")["Location"] == "/no-seat/"
    assert "has closed every branch you work in" in browser.get("/no-seat/").content.decode()
