from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as outbox
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from ringdesk.accounts import invitations, mail, members, tasks
from ringdesk.accounts.access import Role
from ringdesk.accounts.models import AuditEntry, Invitation, Member, User
from ringdesk.accounts.tests.conftest import PASSWORD, House
from ringdesk.core.problems import Conflict, Forbidden, Invalid, NotFound

Enter = Callable[[Member | User], Browser]
WHO = "vera@example.com"


def make(house: House, email: str = WHO, role: str = Role.HOSTESS) -> Invitation:
    return invitations.invite(house.organization, email=email, role=role, by=house.owner)


def path(invitation: Invitation) -> str:
    return invitations.link(invitation, "")


def test_a_newcomer_gets_an_account_and_the_seat(house: House) -> None:
    second = house.add_branch("Pier")
    invitation = invitations.invite(
        house.organization, email=" Vera@Example.com ", role=Role.MANAGER, branches=[second], by=house.owner
    )
    found = invitations.find(path(invitation).split("/")[2])
    assert found == invitation
    member = invitations.accept_as_new(invitation, name="Vera", password=PASSWORD, language="en")
    assert (member.user.email, member.name, member.role, member.language) == (WHO, "Vera", Role.MANAGER, "en")
    assert list(member.branches.all()) == [second]
    assert member.user.check_password(PASSWORD)
    assert list(AuditEntry.objects.for_org(house.organization).values_list("action", flat=True)[:3]) == [
        "invitation.accepted",
        "member.added",
        "invitation.sent",
    ]


def test_the_secret_is_not_in_the_database(house: House) -> None:
    secret = path(make(house)).split("/")[2]
    assert len(secret) > 30
    assert secret not in str(list(Invitation.objects.values()))


def test_a_link_works_once_and_seven_days(house: House) -> None:
    invitation = make(house)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert invitations.find(path(invitation).split("/")[2]) is None
        with pytest.raises(Conflict):
            invitations.accept_as_new(invitation, name="Vera", password=PASSWORD, language="en")
    member = invitations.accept_as_new(invitation, name="Vera", password=PASSWORD, language="en")
    members.deactivate_member(member, by=house.owner)
    with pytest.raises(Conflict):
        invitations.accept_as(invitation, member.user, language="en")


def test_a_spent_link_stays_spent_when_the_seat_is_gone(house: House) -> None:
    invitation = make(house)
    member = invitations.accept_as_new(invitation, name="Vera", password=PASSWORD, language="en")
    member.delete()
    with pytest.raises(Conflict):
        invitations.accept_as(invitation, member.user, language="en")


def test_weak_passwords_are_refused_and_change_nothing(house: House) -> None:
    invitation = make(house)
    with pytest.raises(Invalid) as caught:
        invitations.accept_as_new(invitation, name="Vera", password="password12", language="en")
    assert caught.value.field == "password"
    assert not User.objects.filter(email=WHO).exists()


def test_whom_one_may_invite(house: House, stranger: House) -> None:
    with pytest.raises(Forbidden):
        invitations.invite(house.organization, email=WHO, role=Role.OWNER, by=house.administrator)
    with pytest.raises(Forbidden):
        invitations.invite(house.organization, email=WHO, role=Role.HOSTESS, by=house.hostess)
    with pytest.raises(NotFound):
        invitations.invite(house.organization, email=WHO, role=Role.HOSTESS, branches=[stranger.branch], by=house.owner)
    with pytest.raises(Invalid) as caught:
        invitations.invite(house.organization, email="nobody", role=Role.HOSTESS, by=house.owner)
    assert caught.value.field == "email"


def test_nobody_is_invited_twice(house: House) -> None:
    make(house)
    for email in (WHO, house.hostess.user.email.upper()):
        with pytest.raises(Conflict):
            make(house, email)
    hostess = house.hostess
    members.deactivate_member(hostess, by=house.owner)
    with pytest.raises(Conflict) as caught:
        make(house, hostess.user.email)
    assert "before" in str(caught.value) or "раньше" in str(caught.value)


def test_the_page_makes_a_newcomer_a_member(house: House, client: Browser) -> None:
    address = path(make(house))
    page = client.get(address, headers={"accept-language": "ru"})
    assert (page.status_code, "Вас пригласили" in page.content.decode()) == (200, True)
    weak = client.post(address, {"name": "Vera", "password": "1234567890"})
    assert (weak.status_code, User.objects.filter(email=WHO).exists()) == (422, False)
    answer = client.post(address, {"name": "Vera", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/settings/profile/").status_code == 200
    again = client.get(address)
    assert again.status_code == 404
    assert Browser().get(address).status_code == 404


def test_somebody_with_an_account_signs_in_first(house: House, stranger: House, client: Browser, enter: Enter) -> None:
    person = stranger.hostess
    address = path(make(house, person.user.email, Role.MANAGER))
    assert client.get(address)["Location"] == f"/account/login/?next={address}"
    wrong = enter(house.hostess)
    assert "is for hostess@other.example, and you are signed in" in wrong.get(address).content.decode()
    assert wrong.post(address).status_code == 200
    assert not Member.objects.for_org(house.organization).filter(user=person.user).exists()
    browser = enter(person)
    assert browser.get(address).status_code == 200
    assert browser.post(address).status_code == 302
    seat = Member.objects.for_org(house.organization).get(user=person.user)
    assert seat.role == Role.MANAGER
    request = browser.get("/settings/profile/").wsgi_request
    assert getattr(request, "member", None) == seat


def test_a_revoked_link_is_worth_nothing(house: House, stranger: House, client: Browser) -> None:
    invitation = make(house)
    address = path(invitation)
    with pytest.raises(NotFound):
        invitations.revoke(invitation, by=stranger.owner)
    with pytest.raises(Forbidden):
        invitations.revoke(invitation, by=house.hostess)
    invitations.revoke(invitation, by=house.owner)
    assert client.get(address).status_code == 404


def test_the_letter_holds_the_link_and_the_job_does_not(house: House, settings: Settings) -> None:
    invitation = make(house)
    tasks.send_invitation(invitation_id=invitation.pk, base_url="https://desk.example")
    letter = outbox.outbox[0]
    assert (letter.subject, letter.to) == ("Invitation to quay", [WHO])
    assert f"https://desk.example{path(invitation)}" in letter.body
    assert "for 7 days" in letter.body and "Invited by Olga." in letter.body
    invitations.revoke(invitation, by=house.owner)
    tasks.send_invitation(invitation_id=invitation.pk, base_url="https://desk.example")
    assert len(outbox.outbox) == 1


def test_mail_kept_on_this_machine_is_no_mail(settings: Settings) -> None:
    assert mail.is_configured()
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert not mail.is_configured()


def test_the_link_of_an_offer_above_oneself_is_not_shown(house: House, enter: Enter) -> None:
    pier = house.add_branch("Pier")
    limited = house.add("lena", Role.ADMINISTRATOR, (house.branch,))
    above = make(house, "above@example.com", Role.OWNER)
    wide = make(house, "wide@example.com", Role.ADMINISTRATOR)
    narrow, other = (
        invitations.invite(
            house.organization,
            email=f"{branch.name}@example.com",
            role=Role.HOSTESS,
            branches=[branch],
            by=house.owner,
        )
        for branch in (house.branch, pier)
    )
    seen = {house.owner: {above, wide, narrow, other}, house.administrator: {wide, narrow, other}, limited: {narrow}}
    for who, expected in seen.items():
        for offer in (above, wide, narrow, other):
            page = enter(who).get(f"/settings/members/?invited={offer.pk}").content.decode()
            assert offer.email in page
            assert (path(offer) in page, f"{offer.pk}/revoke" in page) == (offer in expected, offer in expected)


def test_an_offer_above_oneself_is_not_revoked(house: House) -> None:
    limited = house.add("lena", Role.ADMINISTRATOR, (house.branch,))
    for by, role in ((house.administrator, Role.OWNER), (limited, Role.HOSTESS)):
        offer = make(house, f"{role}@example.com", role)
        with pytest.raises(Forbidden):
            invitations.revoke(offer, by=by)
        assert invitations.is_pending(Invitation.objects.get(pk=offer.pk))
        invitations.revoke(offer, by=house.owner)
