"""The frame around a page: what stands in the sidebar, in its foot, and what the page's scripts are told."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone, translation

from ringdesk.accounts.models import Module
from ringdesk.live.models import LiveEvent
from ringdesk.telephony.models import Connector
from ringdesk.web import navigation
from ringdesk.web.context import Shell, shell
from ringdesk.web.tests.conftest import Desk


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def frame(desk: Desk, role: str = "owner") -> Shell:
    request = RequestFactory().get("/")
    request.member = desk.member(role)  # type: ignore[attr-defined]
    request.branch = desk.branch  # type: ignore[attr-defined]
    request.user = desk.member(role).user
    made = shell(request)["shell"]
    assert isinstance(made, Shell)
    return made


def labels(items: list[navigation.Item]) -> list[str]:
    return [str(item.label) for item in items]


def test_a_hostess_sees_her_entries_and_only_her_settings(desk: Desk) -> None:
    hostess = frame(desk, "hostess")
    shown = [label for group in hostess.navigation for label in labels(group)]
    assert {"Hostess panel", "Guests", "Calls", "Settings", "Help"} <= set(shown)
    groups = [(str(title), [str(item.label) for item in items]) for title, items in hostess.settings]
    assert [groups[0], groups[1][0]] == [("Telephony", ["Ignored numbers"]), "Personal"]


def test_an_entry_of_a_module_goes_with_it(desk: Desk) -> None:
    owner = frame(desk)
    assert owner.member is not None
    owner.member.organization.modules = [Module.CALLS]
    assert "Hostess panel" not in [label for group in owner.navigation for label in labels(group)]
    assert "Restaurant" not in [str(title) for title, _items in owner.settings]


def test_one_entry_at_most_is_current(desk: Desk) -> None:
    member = desk.member("owner")
    for view in ("telephony:call", "telephony:connector", "crm:client", "mfa_activate_totp", "web:help_topic"):
        current = [str(item.label) for group in navigation.groups(member, view) for item in group if item.current]
        assert len(current) == 1, (view, current)


def test_only_the_first_entries_stand_in_the_bar_of_a_phone(desk: Desk) -> None:
    owner = frame(desk)
    everything = [item for group in owner.navigation for item in group]
    assert labels(owner.more) == labels(everything)[navigation.ON_A_PHONE :]


@pytest.mark.parametrize(
    ("days", "tone"), [(-1, "bad"), (0, "warn"), (13, "warn"), (14, ""), (400, "")], ids=lambda value: str(value)
)
def test_the_subscription_warns_before_it_ends(desk: Desk, days: int, tone: str) -> None:
    owner = frame(desk)
    assert owner.member is not None
    owner.member.organization.subscription_until = timezone.localdate() + timedelta(days=days)
    assert owner.status_line[-1]["tone"] == tone


def test_the_status_line_tells_when_the_phone_was_last_heard(desk: Desk, stranger: Desk) -> None:
    heard = timezone.now() - timedelta(minutes=3)
    Connector.objects.filter(pk=stranger.phone.pk).update(last_event_at=timezone.now(), agent_version="9")
    assert [line["text"] for line in frame(desk).status_line[1:]] == ["Phone app: not heard yet"]
    Connector.objects.filter(pk=desk.phone.pk).update(last_event_at=heard, agent_version="Macro 5.4")
    assert [line["text"] for line in frame(desk).status_line[1:]] == ["Phone app: 3 min ago, Macro 5.4"]


def test_a_page_resumes_from_what_it_surely_shows(desk: Desk, stranger: Desk) -> None:
    assert frame(desk).page_config["lastEvent"] is None
    for number, age, organization in ((1, 60, desk), (2, 30, desk), (3, 2, desk), (9, 60, stranger)):
        LiveEvent.objects.create(
            organization=organization.organization, id=number, type="call.ringing", audience={}, body={},
            at=timezone.now() - timedelta(seconds=age),
        )  # fmt: skip
    config = frame(desk).page_config
    assert (config["lastEvent"], config["timezone"], config["member"]) == (
        2,
        "Asia/Novosibirsk",
        desk.member("owner").pk,
    )


def test_a_fragment_that_shows_no_frame_asks_nothing(desk: Desk, django_assert_num_queries: object) -> None:
    request = RequestFactory().get("/")
    request.member = desk.member("owner")  # type: ignore[attr-defined]
    with django_assert_num_queries(0):  # type: ignore[operator]
        shell(request)
