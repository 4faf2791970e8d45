from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from ringdesk.accounts.models import AuditEntry, Branch, Member, User
from ringdesk.core import sealing
from ringdesk.crm.models import Client
from ringdesk.telephony import links
from ringdesk.telephony.models import Call, Connector, Extension, Line
from ringdesk.telephony.tests.conftest import Place, make_place
from ringdesk.telephony.tests.past import NOON, make_call, note

Visit = Callable[..., Browser]


@pytest.fixture
def desk(db: None) -> Place:
    return make_place("quay")


@pytest.fixture
def stranger(db: None) -> Place:
    return make_place("other")


def browser(place: Place, role: str) -> Browser:
    """Return a browser signed in as a member of this role."""
    member = Member.objects.for_org(place.organization).filter(role=role).first()
    if member is None:
        user = User.objects.create_user(f"{role}@{place.organization.slug}.example")
        member = Member.objects.create(organization=place.organization, user=user, name=role.title(), role=role)
    Member.objects.filter(pk=member.pk).update(language="en")
    visitor = Browser()
    visitor.force_login(member.user)
    return visitor


def pages(desk: Place) -> list[tuple[str, str, str]]:
    """Every address of telephony: method, path, the right it needs."""
    call = make_call(desk.pbx)
    line = Line.objects.create(organization=desk.organization, connector=desk.pbx, number="3333333")
    extension = Extension.objects.for_org(desk.organization).get()
    pk = [desk.pbx.pk]
    return [
        ("get", reverse("telephony:calls"), "calls.see"),
        ("get", reverse("telephony:call", args=[call.pk]), "calls.see"),
        ("get", reverse("telephony:connectors"), "connectors.change"),
        ("get", reverse("telephony:connector_new"), "connectors.change"),
        ("get", reverse("telephony:connector_add", args=["phone"]), "connectors.change"),
        ("get", reverse("telephony:connector", args=pk), "connectors.change"),
        ("get", reverse("telephony:connector_health", args=pk), "connectors.change"),
        ("get", reverse("telephony:connector_change", args=pk), "connectors.change"),
        ("post", reverse("telephony:connector_switch", args=pk), "connectors.change"),
        ("post", reverse("telephony:connector_renew", args=pk), "connectors.change"),
        ("post", reverse("telephony:connector_test", args=pk), "connectors.change"),
        ("post", reverse("telephony:line_add", args=pk), "connectors.change"),
        ("post", reverse("telephony:line_change", args=[*pk, line.pk]), "connectors.change"),
        ("post", reverse("telephony:line_remove", args=[*pk, line.pk]), "connectors.change"),
        ("get", reverse("telephony:extensions"), "extensions.change"),
        ("get", reverse("telephony:extension_table"), "extensions.change"),
        ("get", reverse("telephony:extension_assign"), "extensions.change"),
        ("post", reverse("telephony:extension_unassign", args=[extension.pk]), "extensions.change"),
        ("get", reverse("telephony:wizard_connector"), "connectors.change"),
        ("get", reverse("telephony:wizard_test"), "connectors.change"),
        ("post", reverse("telephony:connector_delete", args=pk), "connectors.change"),
    ]


def test_who_may_enter(desk: Place, stranger: Place) -> None:
    allowed, hostess, foreign = browser(desk, "accountant"), browser(desk, "hostess"), browser(stranger, "owner")
    for method, path, right in pages(desk):
        anonymous = getattr(Browser(), method)(path)
        assert (anonymous.status_code, anonymous["Location"].partition("?")[0]) == (302, reverse("account_login")), path
        colleague = getattr(hostess, method)(path).status_code
        assert colleague == (200 if right == "calls.see" else 403), path
        names_one = any(part.isdigit() or len(part) == 36 for part in path.split("/"))
        if names_one:
            assert getattr(foreign, method)(path).status_code == 404, path
        assert getattr(allowed, method)(path).status_code in (200, 302, 422), path


def test_posting_only(desk: Place) -> None:
    owner = browser(desk, "owner")
    for name in ("switch", "renew", "delete", "test"):
        assert owner.get(reverse(f"telephony:connector_{name}", args=[desk.pbx.pk])).status_code == 405


def test_a_stranger_sees_nothing_of_ours(desk: Place, stranger: Place) -> None:
    make_call(desk.pbx, phone="+79990001122")
    foreign = browser(stranger, "owner")
    assert b"990" not in foreign.get(reverse("telephony:calls")).content.replace(b" ", b"")
    listed = foreign.get(reverse("telephony:connectors")).context["rows"]
    assert {row["connector"].organization_id for row in listed} == {stranger.organization.pk}
    cells = foreign.get(reverse("telephony:extensions")).context["rows"]
    assert {row["member"].organization_id for row in cells} == {stranger.organization.pk}


@pytest.mark.parametrize("name", ["calls", "connectors", "extensions"])
def test_lists_ask_the_same_for_one_row_and_for_three(
    desk: Place, name: str, django_assert_num_queries: Callable[..., object]
) -> None:
    owner, path = browser(desk, "owner"), reverse(f"telephony:{name}")
    Connector.objects.filter(pk=desk.phone.pk).delete()
    make_call(desk.pbx, 1, extensions=["901"], client=_client(desk, "One"), member=desk.operator)

    def count() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as asked:
            assert owner.get(path).status_code == 200
        return len(asked)

    count()
    before = count()
    for number in (2, 3):
        links.create(desk.organization, "http_events", f"PBX {number}", desk.branch)
        make_call(desk.pbx, number, extensions=[f"90{number}"], client=_client(desk, f"C{number}"))
        user = User.objects.create_user(f"m{number}@quay.example")
        Member.objects.create(organization=desk.organization, user=user, name=f"M{number}", role="operator")
    assert count() == before


def _client(desk: Place, name: str) -> Client:
    return Client.objects.create(organization=desk.organization, name=name)


def test_a_seat_limited_to_a_branch_sees_its_calls_only(desk: Place) -> None:
    other = Branch.objects.create(organization=desk.organization, name="Hill", timezone="Asia/Novosibirsk")
    here, there = make_call(desk.pbx, 1), make_call(desk.pbx, 2, branch=other)
    nobodys = make_call(desk.pbx, 3, branch=None)
    desk.operator.branches.add(desk.branch)
    operator = browser(desk, "operator")
    assert list(operator.get(reverse("telephony:calls")).context["page"].object_list) == [here, nobodys]
    assert operator.get(reverse("telephony:call", args=[there.pk])).status_code == 404


def test_calls_are_found_by_part_of_a_number_or_name_and_narrowed(desk: Place) -> None:
    irina = _client(desk, "Ирина Соколова")
    talked = make_call(desk.pbx, 1, phone="+79131112233", client=irina, result="answered", answered_at=NOON)
    missed = make_call(desk.pbx, 2, phone="+79135551240")
    out = make_call(desk.pbx, 3, phone="+73832104400", direction="out")
    ringing = make_call(desk.pbx, 4, is_waiting=True, phone="+79990000000")
    owner = browser(desk, "owner")

    def found(**query: str) -> list[Call]:
        return list(owner.get(reverse("telephony:calls"), query).context["page"].object_list)

    with time_machine.travel(NOON, tick=False):
        assert found(q="соколова") == [talked]
        assert found(q="555-12") == [missed]
        assert found(q="8913") == [talked, missed]
        assert found(direction="out") == [out]
        assert found(result="answered") == [talked]
        assert found(result="unanswered") == [missed, out]
        assert found(result="open") == [ringing]
        assert found(period="today") == [talked, missed, out, ringing]
        assert found(period="yesterday") == []
        assert found(q="nobody") == []
        assert found(result="nonsense") == [talked, missed, out, ringing]


def test_the_page_of_a_call_tells_its_story(desk: Place) -> None:
    call = make_call(desk.pbx, extensions=["100", "107"], line="3333333")
    note(call)
    page = browser(desk, "owner").get(reverse("telephony:call", args=[call.pk]))
    assert [step.text for step in page.context["trace"]] == [
        "Event received by “PBX” and understood",
        "+7 923 000-00-01 stands on nobody's card: anonymous guest",
        "Line 3333333 has no branch of its own: the connector's, “Quay”",
        "Extension 100 belongs to Anna",
        "Extension 107 belongs to nobody: assign it under “Extensions”",
        "No popup: popups are switched off in the organization's settings",
    ]


def test_adding_a_connector(desk: Place) -> None:
    accountant = browser(desk, "accountant")
    path = reverse("telephony:connector_add", args=["http_events"])
    answer = accountant.post(path, {"name": "Office", "branch": desk.branch.pk, "smart_transfer": "on"})
    made = Connector.objects.get(name="Office")
    assert answer["Location"] == reverse("telephony:connector", args=[made.pk])
    assert (made.organization, made.branch, made.settings) == (
        desk.organization,
        desk.branch,
        {"smart_transfer": "on", "recordings": "", "recording_host": "", "makecall_url": ""},
    )
    page = accountant.get(answer["Location"])
    assert page.context["address"] == f"http://testserver/pbx/{links.token(made)}/"
    assert page.context["address"] in page.content.decode()
    assert page.context["qr"].startswith("data:image/svg+xml")
    entry = AuditEntry.objects.for_org(desk.organization).filter(subject="Office").get()
    assert (entry.action, entry.member.role) == ("connector.created", "accountant")


def test_a_connector_needs_a_name_and_a_branch_of_ours(desk: Place, stranger: Place) -> None:
    path = reverse("telephony:connector_add", args=["phone"])
    answer = browser(desk, "owner").post(path, {"name": "", "branch": stranger.branch.pk})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"name", "branch"}
    assert browser(desk, "owner").get(reverse("telephony:connector_add", args=["nonsense"])).status_code == 404


@pytest.mark.parametrize("kind", ["pbx", "phone"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_instructions_speak_the_language_and_name_the_address(desk: Place, kind: str, language: str) -> None:
    owner = browser(desk, "owner")
    Member.objects.filter(role="owner").update(language=language)
    connector = getattr(desk, kind)
    page = owner.get(reverse("telephony:connector", args=[connector.pk])).content.decode()
    assert f"{links.token(connector)}/" in page
    assert "{{ address }}" not in page
    assert ("If nothing comes" in page, "Если ничего не приходит" in page) == (language == "en", language == "ru")


def test_changing_keeps_what_the_form_does_not_show(desk: Place) -> None:
    Connector.objects.filter(pk=desk.pbx.pk).update(settings={"later": 1, "smart_transfer": "on"})
    path = reverse("telephony:connector_change", args=[desk.pbx.pk])
    assert browser(desk, "owner").post(path, {"name": "Desk", "branch": ""}).status_code == 302
    desk.pbx.refresh_from_db()
    assert (desk.pbx.name, desk.pbx.branch, desk.pbx.settings) == (
        "Desk",
        None,
        {"later": 1, "smart_transfer": "", "recordings": "", "recording_host": "", "makecall_url": ""},
    )


def test_a_new_address_kills_the_old_one(desk: Place) -> None:
    before = links.token(desk.pbx)
    browser(desk, "owner").post(reverse("telephony:connector_renew", args=[desk.pbx.pk]))
    desk.pbx.refresh_from_db()
    after = links.token(desk.pbx)
    assert after != before
    assert desk.pbx.token_hash == sealing.fingerprint(after)


def test_switching_off_and_on(desk: Place) -> None:
    owner, path = browser(desk, "owner"), reverse("telephony:connector_switch", args=[desk.pbx.pk])
    owner.post(path, {"on": "0"})
    desk.pbx.refresh_from_db()
    assert not desk.pbx.is_active
    assert b"Switched off" in owner.get(reverse("telephony:connector", args=[desk.pbx.pk])).content
    owner.post(path, {"on": "1"})
    desk.pbx.refresh_from_db()
    assert desk.pbx.is_active


def test_deleting_keeps_the_calls(desk: Place) -> None:
    owner, call = browser(desk, "owner"), make_call(desk.pbx)
    token = links.token(desk.pbx)
    deleted = owner.post(reverse("telephony:connector_delete", args=[desk.pbx.pk]))
    assert deleted["Location"] == reverse("telephony:connectors")
    assert owner.get(reverse("telephony:connector", args=[desk.pbx.pk])).status_code == 404
    assert [row["connector"] for row in owner.get(reverse("telephony:connectors")).context["rows"]] == [desk.phone]
    assert list(owner.get(reverse("telephony:calls")).context["page"].object_list) == [call]
    assert owner.get(reverse("telephony:call", args=[call.pk])).status_code == 200
    assert not Connector.objects.filter(token_hash=sealing.fingerprint(token)).exists()
    assert not Extension.objects.for_org(desk.organization).exists()


def test_how_a_connector_fares(desk: Place) -> None:
    hour = timedelta(hours=1)
    connector = Connector(is_active=True)
    assert links.condition(connector, NOON) == "never"
    connector.last_event_at = NOON - hour
    assert links.condition(connector, NOON) == "works"
    assert links.condition(connector, NOON + 25 * hour) == "quiet"
    connector.last_error_at = NOON - 2 * hour
    assert links.condition(connector, NOON) == "works"
    connector.last_error_at = NOON
    assert links.condition(connector, NOON) == "error"
    connector.is_active = False
    assert links.condition(connector, NOON) == "off"


def test_lines_are_added_changed_and_removed(desk: Place) -> None:
    owner, pk = browser(desk, "owner"), desk.pbx.pk
    make_call(desk.pbx, line="4444444")
    add = reverse("telephony:line_add", args=[pk])
    answer = owner.post(add, {"number": "333-33-33", "label": "Main", "branch": desk.branch.pk})
    assert answer.context["unknown_lines"] == ["4444444"]
    line = Line.objects.for_org(desk.organization).get()
    assert (line.number, line.label, line.branch) == ("3333333", "Main", desk.branch)
    assert owner.post(add, {"number": "3333333"}).status_code == 422
    assert owner.post(add, {"number": "none"}).status_code == 422
    owner.post(reverse("telephony:line_change", args=[pk, line.pk]), {"number": "3333333", "label": "Hall"})
    line.refresh_from_db()
    assert (line.label, line.branch) == ("Hall", None)
    owner.post(reverse("telephony:line_remove", args=[pk, line.pk]))
    assert not Line.objects.exists()


def test_extensions_are_assigned_and_taken_away(desk: Place, stranger: Place) -> None:
    owner, path = browser(desk, "owner"), reverse("telephony:extension_assign")
    make_call(desk.pbx, 1, extensions=["107"])
    make_call(desk.pbx, 2, extensions=["100", "107"])
    seen = owner.get(reverse("telephony:extensions")).context["unassigned"]
    assert [(item["seen"].number, item["seen"].calls) for item in seen] == [("107", 2)]
    boris = Member.objects.for_org(desk.organization).get(role="owner")
    wish = {"connector": desk.pbx.pk, "member": boris.pk, "number": "107"}
    assert owner.post(path, wish).status_code == 204
    assert owner.get(reverse("telephony:extensions")).context["unassigned"] == []
    taken = owner.post(path, wish | {"number": "100"})
    assert taken.status_code == 422
    assert taken.context["form"].errors == {"number": ["Extension 100 belongs to Anna."]}
    assert owner.post(path, wish | {"number": "no way"}).status_code == 422
    assert owner.post(path, wish | {"member": stranger.operator.pk}).status_code == 422
    assert owner.post(path, wish | {"connector": stranger.pbx.pk}).status_code == 422
    # Another one replaces the member's own.
    assert owner.post(path, wish | {"number": "108"}).status_code == 204
    mine = Extension.objects.for_org(desk.organization).get(member=boris)
    assert mine.number == "108"
    owner.post(reverse("telephony:extension_unassign", args=[mine.pk]))
    assert set(Extension.objects.for_org(desk.organization).values_list("number", flat=True)) == {"100"}


def test_the_wizard_connects_and_assigns(desk: Place) -> None:
    Connector.objects.for_org(desk.organization).delete()
    owner, path = browser(desk, "owner"), reverse("telephony:wizard_connector")
    assert owner.get(reverse("telephony:wizard_test"))["Location"] == path
    assert {kind.kind for kind in owner.get(path).context["kinds"]} >= {"http_events", "phone"}
    assert owner.post(path, {"kind": "http_events"})["Location"] == path
    connector = Connector.objects.for_org(desk.organization).get()
    assert connector.branch == desk.branch
    page = owner.get(path)
    assert links.token(connector) in page.content.decode()
    boris = Member.objects.for_org(desk.organization).get(role="owner")
    both = {f"extension-{desk.operator.pk}": "100", f"extension-{boris.pk}": "100"}
    refused = owner.post(path, both)
    assert refused.status_code == 422
    assert "Extension 100 belongs to" in refused.content.decode()
    assert owner.post(path, both | {f"extension-{boris.pk}": "101"}).status_code in (302, 422)
    assert owner.get(reverse("telephony:wizard_test")).context["steps"][-1]["state"] == "current"


def test_times_are_shown_in_the_branchs_zone(desk: Place) -> None:
    make_call(desk.pbx)
    with time_machine.travel(NOON, tick=False):
        page = browser(desk, "owner").get(reverse("telephony:calls")).content.decode()
    assert timezone.is_aware(NOON)
    assert '11:59<span class="only-desktop">:00</span>' in page


@pytest.fixture
def limited(desk: Place) -> Browser:
    """An administrator of a second branch alone; the desk's connectors are of the first, a third is of none."""
    visitor = browser(desk, "administrator")
    pier = Branch.objects.create(organization=desk.organization, name="Pier")
    Member.objects.for_org(desk.organization).get(role="administrator").branches.set([pier])
    return visitor


def test_a_limited_seat_reaches_no_connector_of_another_branch_or_of_all(desk: Place, limited: Browser) -> None:
    everywhere = links.create(desk.organization, "http_events", "Everywhere", None)
    for connector in (desk.pbx, everywhere):
        line = Line.objects.create(organization=desk.organization, connector=connector, number="3333333")
        for name in ("connector", "connector_health", "connector_change"):
            assert limited.get(reverse(f"telephony:{name}", args=[connector.pk])).status_code == 404, name
        for name in ("switch", "renew", "test", "delete", "change"):
            assert limited.post(reverse(f"telephony:connector_{name}", args=[connector.pk])).status_code == 404, name
        assert limited.post(reverse("telephony:line_add", args=[connector.pk])).status_code == 404
        assert limited.post(reverse("telephony:line_remove", args=[connector.pk, line.pk])).status_code == 404
    assert limited.get(reverse("telephony:connectors")).context["rows"] == []
    assert limited.get(reverse("telephony:wizard_connector")).context["connector"] is None


def test_a_limited_seat_reaches_no_extension_of_another_branch(desk: Place, limited: Browser) -> None:
    make_call(desk.pbx, 1, extensions=["901"])
    page = limited.get(reverse("telephony:extensions")).context
    assert (page["connectors"], page["unassigned"]) == ([], [])
    extension = Extension.objects.for_org(desk.organization).get()
    assert limited.post(reverse("telephony:extension_unassign", args=[extension.pk])).status_code == 404
    wish = {"connector": desk.pbx.pk, "member": desk.operator.pk, "number": "101"}
    assert limited.post(reverse("telephony:extension_assign"), wish).status_code == 422
    assert Extension.objects.for_org(desk.organization).get().number == "100"


def test_a_limited_seat_gives_its_own_branches_only(desk: Place, limited: Browser) -> None:
    pier = Branch.objects.for_org(desk.organization).get(name="Pier")
    path = reverse("telephony:connector_add", args=["http_events"])
    for branch in (desk.branch.pk, ""):
        assert limited.post(path, {"name": "Ours", "branch": branch}).status_code == 422
    assert limited.post(path, {"name": "Ours", "branch": pier.pk}).status_code == 302
    ours = Connector.objects.for_org(desk.organization).get(name="Ours")
    foreign = Line.objects.create(organization=desk.organization, connector=ours, number="1", branch=desk.branch)
    add = reverse("telephony:line_add", args=[ours.pk])
    assert limited.post(add, {"number": "2", "branch": desk.branch.pk}).status_code == 422
    assert limited.post(add, {"number": "2", "branch": ""}).status_code == 200
    assert limited.post(reverse("telephony:line_remove", args=[ours.pk, foreign.pk])).status_code == 404
    make_call(ours, 1, branch=desk.branch)
    mine = make_call(ours, 2, branch=pier)
    page = limited.get(reverse("telephony:connector", args=[ours.pk])).context
    assert [line.number for line in page["lines"]] == ["2"]
    assert [call.pk for call in page["calls"]] == [mine.pk]
