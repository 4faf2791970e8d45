"""Every page by its owner, a colleague without the right, a stranger and nobody; and what the pages do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from ringdesk.accounts import branches, invitations, members, tokens
from ringdesk.accounts.access import SCOPES, Role
from ringdesk.accounts.models import ApiToken, AuditEntry, Branch, Invitation, Member, User
from ringdesk.accounts.opening_hours import OpenSpan
from ringdesk.accounts.tests.conftest import House

Enter = Callable[[Member | User], Browser]

# Page, the smallest role that enters, the largest that does not (None: everybody may).
PAGES = [
    ("organization", Role.ADMINISTRATOR, Role.ACCOUNTANT),
    ("branches", Role.MANAGER, Role.ACCOUNTANT),
    ("branch_new", Role.MANAGER, Role.ACCOUNTANT),
    ("branch", Role.MANAGER, Role.ACCOUNTANT),
    ("members", Role.MANAGER, Role.OPERATOR),
    ("member", Role.ADMINISTRATOR, Role.ACCOUNTANT),
    ("invite", Role.ADMINISTRATOR, Role.ACCOUNTANT),
    ("tokens", Role.ADMINISTRATOR, Role.ACCOUNTANT),
    ("audit", Role.ADMINISTRATOR, Role.ACCOUNTANT),
    ("roles", Role.CASHIER, None),
    ("profile", Role.CASHIER, None),
]
BUTTONS = [
    ("branch_deactivate", Role.MANAGER, Role.ACCOUNTANT),
    ("branch_reactivate", Role.MANAGER, Role.ACCOUNTANT),
    ("member_deactivate", Role.ADMINISTRATOR, Role.ACCOUNTANT),
    ("member_reactivate", Role.ADMINISTRATOR, Role.ACCOUNTANT),
    ("invitation_revoke", Role.ADMINISTRATOR, Role.ACCOUNTANT),
    ("token_revoke", Role.ADMINISTRATOR, Role.ACCOUNTANT),
]
WITH_OBJECT = {"branch", "member"} | {name for name, _low, _high in BUTTONS}


def furnish(house: House) -> dict[str, int]:
    """Put something into the house for every address that names an object."""
    invitation = invitations.invite(
        house.organization, email=f"new@{house.organization.slug}.example", role=Role.HOSTESS, by=house.owner
    )
    token, _ = tokens.issue(house.organization, name="till of quay", scopes=["calls:read"], by=house.owner)
    branch = house.add_branch("Pier of quay")
    return {
        "branch": branch.pk,
        "member": house.hostess.pk,
        "invitation": invitation.pk,
        "token": token.pk,
    }


def url(name: str, pks: dict[str, int]) -> str:
    if name not in WITH_OBJECT:
        return reverse(f"accounts:{name}")
    return reverse(f"accounts:{name}", args=[pks[name.partition("_")[0]]])


@pytest.mark.parametrize(("name", "lowest", "outside"), PAGES)
def test_pages_open_to_who_may_and_to_nobody_else(
    house: House, stranger: House, enter: Enter, client: Browser, name: str, lowest: Role, outside: Role | None
) -> None:
    page = url(name, furnish(house))
    for role in {Role.OWNER, lowest}:
        assert enter(house.member(role)).get(page).status_code == 200
    if outside is not None:
        assert enter(house.member(outside)).get(page).status_code == 403
        assert enter(house.member(outside)).post(page, {"name": "x"}).status_code == 403
    foreign = enter(stranger.owner).get(page)
    assert foreign.status_code == (404 if name in WITH_OBJECT else 200)
    assert "quay" not in foreign.content.decode()
    assert client.get(page)["Location"] == f"/account/login/?next={page}"


@pytest.mark.parametrize(("name", "lowest", "outside"), BUTTONS)
def test_buttons_work_for_who_may_and_for_nobody_else(
    house: House, stranger: House, enter: Enter, client: Browser, name: str, lowest: Role, outside: Role
) -> None:
    pks = furnish(house)
    button = url(name, pks)
    before = AuditEntry.objects.count()
    assert enter(stranger.owner).post(button).status_code == 404
    assert enter(house.member(outside)).post(button).status_code == 403
    assert client.post(button)["Location"] == "/account/login/?next=/"
    assert enter(house.owner).get(button).status_code == 405
    assert AuditEntry.objects.count() == before
    assert enter(house.member(lowest)).post(button).status_code == 302


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("name", [name for name, _low, _high in PAGES])
def test_pages_stand_in_both_languages(house: House, enter: Enter, name: str, language: str) -> None:
    owner = house.owner
    owner.language = language
    owner.save()
    page = enter(owner).get(url(name, furnish(house)))
    assert (page.status_code, page["Content-Language"]) == (200, language)
    word = {"ru": "Настройки", "en": "Settings"}[language]
    assert word in page.content.decode()
    assert 'style="' not in page.content.decode()


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.OWNER, "organization"),
        (Role.MANAGER, "branches"),
        (Role.ACCOUNTANT, "members"),
        (Role.HOSTESS, "profile"),
    ],
)
def test_settings_open_at_the_first_allowed_section(house: House, enter: Enter, role: Role, page: str) -> None:
    assert enter(house.member(role)).get("/settings/")["Location"] == reverse(f"accounts:{page}")


def test_the_organization_is_changed(house: House, enter: Enter) -> None:
    browser = enter(house.administrator)
    form = {"name": "Pier", "language": "ru", "modules": ["calls"], "popup_minutes": "2"}
    assert browser.post("/settings/organization/", form).status_code == 302
    house.organization.refresh_from_db()
    changed = house.organization
    assert (changed.name, changed.language, changed.modules, changed.popup_seconds) == ("Pier", "ru", ["calls"], 120)
    mistakes: list[dict[str, Any]] = [{"name": ""}, {"popup_minutes": "0"}, {"modules": []}, {"language": "xx"}]
    for wrong in mistakes:
        answer = browser.post("/settings/organization/", {**form, **wrong})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, list(wrong))


def test_an_odd_popup_time_survives_a_change_of_the_name(house: House, enter: Enter) -> None:
    house.organization.popup_seconds = 100
    house.organization.save()
    form = {"name": "Pier", "language": "ru", "modules": ["calls"], "popup_minutes": "2"}
    enter(house.owner).post("/settings/organization/", form)
    house.organization.refresh_from_db()
    assert house.organization.popup_seconds == 100


PLACE = {"name": "Pier", "address": "", "timezone": "Europe/Paris", "region": "FR"}


def test_a_branch_is_added_with_its_hours(house: House, enter: Enter) -> None:
    browser = enter(house.owner)
    week = {f"{field}_{day}": value for day in range(5) for field, value in
            (("open", "on"), ("opens", "10:00"), ("closes", "22:00"))}  # fmt: skip
    week |= {"open_5": "on", "opens_5": "18", "closes_5": "02.30", "opens_6": "nonsense"}
    assert browser.post("/settings/branches/new/", PLACE | week).status_code == 302
    branch = Branch.objects.for_org(house.organization).get(name="Pier")
    assert branches.hours_of(branch) == [OpenSpan(day, 600, 1320) for day in range(5)] + [OpenSpan(5, 1080, 1590)]
    assert "Mon–Fri 10:00–22:00" in browser.get("/settings/branches/").content.decode()


@pytest.mark.parametrize(
    ("hours", "errors"),
    [
        ({"same": "on", "opens_all": "10:00"}, ["closes_all"]),
        ({"same": "on", "opens_all": "25:00", "closes_all": "10:00"}, ["opens_all"]),
        ({"open_0": "on", "closes_0": "10:00"}, ["opens_0"]),
        (
            {"open_0": "on", "opens_0": "9", "closes_0": "9", "open_1": "on", "opens_1": "8", "closes_1": "10"},
            ["__all__"],
        ),
    ],
)
def test_hours_that_cannot_be_are_told_beside_them(
    house: House, enter: Enter, hours: dict[str, str], errors: list[str]
) -> None:
    answer = enter(house.owner).post("/settings/branches/new/", PLACE | hours)
    assert (answer.status_code, list(answer.context["hours"].errors)) == (422, errors)


def test_untouched_hours_keep_their_break_at_noon(house: House, enter: Enter) -> None:
    noon = [OpenSpan(0, 600, 780), OpenSpan(0, 840, 1320)]
    branches.change_branch(house.branch, by=house.owner, hours=noon)
    browser = enter(house.owner)
    page = browser.get(f"/settings/branches/{house.branch.pk}/")
    initial = {name: value for name, value in page.context["hours"].initial.items() if value not in (False, None)}
    sent = {name: f"{value:%H:%M}" if hasattr(value, "hour") else "on" for name, value in initial.items()}
    browser.post(f"/settings/branches/{house.branch.pk}/", PLACE | sent)
    house.branch.refresh_from_db()
    assert (house.branch.name, branches.hours_of(house.branch)) == ("Pier", noon)


def test_closing_the_last_branch_says_why_not(house: House, enter: Enter) -> None:
    answer = enter(house.owner).post(f"/settings/branches/{house.branch.pk}/close/", follow=True)
    assert "This is the last open branch" in answer.content.decode()
    assert Branch.objects.get(pk=house.branch.pk).is_active


def test_a_limited_manager_sees_only_their_branches(house: House, enter: Enter) -> None:
    second = house.add_branch("Pier")
    browser = enter(house.add("mark", Role.MANAGER, (second,)))
    page = browser.get("/settings/branches/").content.decode()
    assert ("Pier" in page, f"/settings/branches/{house.branch.pk}/" in page) == (True, False)
    assert browser.get(f"/settings/branches/{house.branch.pk}/").status_code == 404
    assert browser.post("/settings/branches/new/", PLACE | {"same": "on", "opens_all": "10", "closes_all": "12"}
                        ).status_code == 403  # fmt: skip


def test_a_member_is_changed_deactivated_and_taken_back(house: House, enter: Enter) -> None:
    second, hostess = house.add_branch("Pier"), house.hostess
    browser = enter(house.administrator)
    page = f"/settings/members/{hostess.pk}/"
    form = {"name": "Hanna", "role": "manager", "branches": [second.pk]}
    assert browser.post(page, form).status_code == 302
    changed = Member.objects.get(pk=hostess.pk)
    assert (changed.name, changed.role, list(changed.branches.all())) == ("Hanna", "manager", [second])
    assert browser.post(page, {**form, "role": "owner"}).status_code == 422
    browser.post(f"{page}deactivate/")
    assert not Member.objects.get(pk=hostess.pk).is_active
    browser.post(f"{page}reactivate/")
    assert Member.objects.get(pk=hostess.pk).is_active


def test_an_administrator_opens_no_owner(house: House, enter: Enter) -> None:
    browser = enter(house.administrator)
    page = f"/settings/members/{house.owner.pk}/"
    assert browser.get(page).status_code == 403
    assert browser.post(f"{page}deactivate/").status_code == 403
    assert page not in browser.get("/settings/members/").content.decode()


def test_with_one_branch_there_is_nothing_to_choose_and_nothing_is_lost(house: House, enter: Enter) -> None:
    hostess = house.hostess
    hostess.branches.set([house.branch])
    enter(house.owner).post(f"/settings/members/{hostess.pk}/", {"name": "Hanna", "role": "hostess"})
    assert list(Member.objects.get(pk=hostess.pk).branches.all()) == [house.branch]


def test_members_are_searched_by_any_part_and_only_here(house: House, stranger: House, enter: Enter) -> None:
    browser = enter(house.owner)
    names = {
        query: [member.name for member, _ in browser.get("/settings/members/", {"q": query}).context["rows"]]
        for query in ("", "host", "HOSTESS@", "other.example", "nobody")
    }
    assert len(names.pop("")) == 7
    assert names == {"host": ["hostess"], "HOSTESS@": ["hostess"], "other.example": [], "nobody": []}


def test_the_list_of_members_asks_the_same_whatever_its_length(
    house: House, enter: Enter, django_assert_max_num_queries: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = enter(house.owner)
    browser.get("/settings/members/")
    with django_assert_max_num_queries(30) as few:
        browser.get("/settings/members/")
    for number in range(12):
        house.add(f"more{number}", Role.HOSTESS, (house.branch,))
    with django_assert_num_queries(len(few.captured_queries)):
        browser.get("/settings/members/")


def test_a_long_list_has_pages(house: House, enter: Enter) -> None:
    for number in range(30):
        house.add(f"more{number:02}")
    browser = enter(house.owner)
    counts = [len(browser.get("/settings/members/", {"page": page}).context["rows"]) for page in (1, 2, "x", 99)]
    assert counts == [25, 12, 25, 12]


def test_an_invitation_is_made_shown_and_revoked(house: House, enter: Enter) -> None:
    browser = enter(house.administrator)
    form = {"email": "vera@example.com", "name": "Vera", "role": "hostess"}
    answer = browser.post("/settings/members/invite/", form)
    invitation = Invitation.objects.get()
    assert answer["Location"] == f"/settings/members/?invited={invitation.pk}"
    link = invitations.link(invitation, "http://testserver")
    assert link in browser.get(answer["Location"]).content.decode()
    again = browser.post("/settings/members/invite/", form)
    assert (again.status_code, list(again.context["form"].errors)) == (422, ["email"])
    assert browser.post("/settings/members/invite/", {**form, "role": "owner"}).status_code == 422
    assert link not in enter(house.member(Role.MANAGER)).get("/settings/members/").content.decode()
    browser.post(f"/settings/invitations/{invitation.pk}/revoke/")
    assert Invitation.objects.count() == 0


def test_the_letter_is_queued_when_mail_is_set_up(house: House, enter: Enter) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    enter(house.owner).post("/settings/members/invite/", {"email": "vera@example.com", "role": "hostess"})
    # Others may have left jobs of their own: nobody clears that table.
    job = ProcrastinateJob.objects.latest("id")
    assert (job.task_name, job.args) == (
        "ringdesk.accounts.tasks.send_invitation",
        {"invitation_id": Invitation.objects.get().pk, "base_url": "http://testserver"},
    )


def test_a_token_is_shown_in_one_answer_only(house: House, enter: Enter) -> None:
    browser = enter(house.owner)
    form = {"name": "till", "scopes": ["calls:read", "clients:write"]}
    answer = browser.post("/settings/tokens/", form, headers={"hx-request": "true"})
    plain = answer.context["issued"][1]
    assert plain in answer.content.decode() and "<html" not in answer.content.decode()
    assert tokens.authenticate(plain) == ApiToken.objects.get()
    assert plain not in browser.get("/settings/tokens/").content.decode()
    mistakes: list[dict[str, Any]] = [{"name": ""}, {"scopes": []}, {"scopes": ["moon:read"]}]
    for wrong in mistakes:
        refused = browser.post("/settings/tokens/", {**form, **wrong})
        assert (refused.status_code, list(refused.context["form"].errors)) == (422, list(wrong))
    browser.post(f"/settings/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert tokens.authenticate(plain) is None


def test_a_profile_is_ones_own(house: House, enter: Enter) -> None:
    hostess = house.hostess
    form = {"name": "Hanna", "language": "ru", "scheme": "dark", "do_not_disturb": "on"}
    assert enter(hostess).post("/settings/profile/", form).status_code == 302
    hostess.refresh_from_db()
    assert (hostess.name, hostess.language, hostess.scheme, hostess.do_not_disturb) == ("Hanna", "ru", "dark", True)
    assert enter(hostess).post("/settings/profile/", {**form, "name": ""}).status_code == 422


def test_the_menu_changes_one_thing_at_a_time(house: House, enter: Enter) -> None:
    hostess = house.hostess
    browser = enter(hostess)
    fragment = {"hx-request": "true"}

    def send(**form: str) -> tuple[int, str | None]:
        answer = browser.post("/settings/preferences/", form, headers=fragment)
        hostess.refresh_from_db()
        return answer.status_code, answer.headers.get("HX-Refresh")

    assert send(change="do_not_disturb", do_not_disturb="on") == (204, None)
    assert hostess.do_not_disturb
    assert send(scheme="dark") == (204, None)
    assert send(language="en") == (204, "true")
    assert (hostess.do_not_disturb, hostess.scheme, hostess.language) == (True, "dark", "en")
    assert send(change="do_not_disturb") == (204, None)
    assert not hostess.do_not_disturb
    assert send(language="xx")[0] == 422
    assert hostess.language == "en"
    plain = browser.post("/settings/preferences/", {"scheme": "light", "next": "/clients/"})
    assert plain["Location"] == "/clients/"
    evil = browser.post("/settings/preferences/", {"scheme": "light", "next": "https://evil.example/"})
    assert evil["Location"] == "/settings/profile/"


def test_a_branch_is_chosen_among_ones_own(house: House, stranger: House, enter: Enter) -> None:
    second, third = house.add_branch("Pier"), house.add_branch("Third")
    limited = house.add("lim", Role.HOSTESS, (house.branch, second))
    browser = enter(limited)
    answer = browser.post("/settings/choose-branch/", {"branch": second.pk, "next": "/settings/profile/"})
    assert answer["Location"] == "/settings/profile/"
    assert getattr(browser.get("/settings/profile/").wsgi_request, "branch", None) == second
    for wrong in (third.pk, stranger.branch.pk, "x", "", "9" * 30):
        assert browser.post("/settings/choose-branch/", {"branch": wrong}).status_code == 404
    assert browser.get("/settings/choose-branch/").status_code == 405


def test_a_seat_is_chosen_among_ones_own(house: House, stranger: House, enter: Enter) -> None:
    seat = members.add_member(stranger.organization, house.owner.user, name="Guest", role=Role.HOSTESS, by=None)
    browser = enter(house.owner)
    assert browser.post("/settings/choose-seat/", {"member": seat.pk})["Location"] == "/"
    assert getattr(browser.get("/settings/profile/").wsgi_request, "member", None) == seat
    assert browser.get("/settings/organization/").status_code == 403
    assert browser.post("/settings/choose-seat/", {"member": stranger.owner.pk}).status_code == 404


def test_who_has_no_seat_is_told_so(house: House, enter: Enter, client: Browser) -> None:
    lonely = User.objects.create_user("lonely@example.com")
    browser = enter(lonely)
    assert browser.get("/settings/profile/")["Location"] == "/no-seat/"
    assert "lonely@example.com" in browser.get("/no-seat/").content.decode()
    assert enter(house.owner).get("/no-seat/")["Location"] == "/"
    assert client.get("/no-seat/").status_code == 302


def test_the_log_tells_who_did_what(house: House, enter: Enter) -> None:
    members.change_member(house.hostess, by=house.owner, role=Role.MANAGER, name="Hanna")
    page = enter(house.owner).get("/settings/audit/")
    entry, what, details = page.context["lines"][0]
    assert (entry.member.name, what, entry.subject) == ("Olga", "Member changed", "Hanna")
    assert details == [("Name", "hostess", "Hanna", ""), ("Role", "Hostess", "Manager", "")]


def test_many_permissions_are_counted_in_the_log(house: House, enter: Enter) -> None:
    for scopes in (SCOPES[:6], SCOPES[:12]):
        tokens.issue(house.organization, name="Site", scopes=scopes, by=house.owner)
    page = enter(house.owner).get("/settings/audit/")
    many, few = (details for _entry, _what, details in page.context["lines"][:2])
    assert many == [("Permissions", "", ", ".join(SCOPES[:12]), "12 permissions")]
    assert few == [("Permissions", "", ", ".join(SCOPES[:6]), "")]
    summary = f"<summary>12 permissions</summary><small>{many[0].new}</small>"
    assert summary in page.content.decode()
