from collections.abc import Callable

import pytest
from django.test import Client as Browser

from ringdesk.accounts import invitations, tokens
from ringdesk.accounts.access import SCOPES, Role
from ringdesk.accounts.models import ApiToken, Invitation, Member, Organization, User
from ringdesk.accounts.tests.conftest import House

Enter = Callable[[Member | User], Browser]
MODELS = ["user", "organization", "branch", "member", "invitation", "apitoken", "auditentry"]


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("staff@platform.example", "correct horse battery")


def test_owners_have_no_admin(house: House, enter: Enter, client: Browser) -> None:
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/")["Location"].startswith("/account/login/")
    browser = enter(house.owner)
    assert browser.get("/admin/", follow=True).status_code == 403
    assert browser.get("/admin/accounts/organization/", follow=True).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_staff_look_at_everything_and_secrets_stay_hidden(house: House, staff: User, enter: Enter, model: str) -> None:
    invitation = invitations.invite(house.organization, email="v@quay.example", role=Role.HOSTESS, by=house.owner)
    token, _ = tokens.issue(house.organization, name="till", scopes=SCOPES, by=house.owner)
    browser = enter(staff)
    listed = browser.get(f"/admin/accounts/{model}/")
    assert listed.status_code == 200
    assert browser.get(f"/admin/accounts/{model}/", {"q": "quay"}).status_code == 200
    row = staff if model == "user" else listed.context["cl"].result_list[0]
    page = browser.get(f"/admin/accounts/{model}/{row.pk}/change/")
    assert page.status_code == 200
    for secret in (invitation.token_hash, token.token_hash, house.owner.user.password, staff.password):
        assert secret not in page.content.decode()
    assert browser.get(f"/admin/accounts/{model}/add/").status_code == 403
    assert browser.post(f"/admin/accounts/{model}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_change_only_what_is_the_platforms(house: House, staff: User, enter: Enter) -> None:
    browser = enter(staff)
    page = f"/admin/accounts/organization/{house.organization.pk}/change/"
    assert browser.post(page, {"name": "Mine", "subscription_until": "2027-01-31"}).status_code == 302
    organization = Organization.objects.get()
    assert (organization.name, str(organization.subscription_until)) == ("quay", "2027-01-31")
    assert browser.post(f"/admin/accounts/member/{house.hostess.pk}/change/", {"role": "owner"}).status_code == 403
    assert (house.hostess.role, ApiToken.objects.count(), Invitation.objects.count()) == ("hostess", 0, 0)


def test_switching_a_person_off_ends_their_sessions(house: House, staff: User, enter: Enter) -> None:
    inside = enter(house.hostess)
    user = house.hostess.user
    enter(staff).post(f"/admin/accounts/user/{user.pk}/change/", {"name": user.name})
    user.refresh_from_db()
    assert (user.is_active, user.session_generation) == (False, 2)
    assert inside.get("/settings/profile/").status_code == 302


def test_staff_without_root_cannot_make_themselves_root(staff: User, enter: Enter) -> None:
    from django.contrib.auth.models import Permission

    helper = User.objects.create_user("helper@platform.example", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    page = f"/admin/accounts/user/{helper.pk}/change/"
    enter(helper).post(page, {"name": "Helper", "is_active": "on", "is_staff": "on", "is_superuser": "on"})
    helper.refresh_from_db()
    assert (helper.name, helper.is_superuser) == ("Helper", False)
