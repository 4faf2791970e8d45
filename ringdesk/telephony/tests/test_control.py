"""Ending and transferring a talk from the screen: against an Asterisk and a Mango that are asked by their protocols."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from ringdesk.accounts.models import Member, User
from ringdesk.telephony import calls, extensions, link_cache, links
from ringdesk.telephony.call_events import CallEvent, Direction, Kind
from ringdesk.telephony.connectors.asterisk.tests.pbx import SECRET, Pbx
from ringdesk.telephony.connectors.mango import client
from ringdesk.telephony.connectors.mango.tests import fake_mango
from ringdesk.telephony.connectors.mango.tests.fake_mango import FakeMango
from ringdesk.telephony.connectors.mango.tests.recorded import SECRETS
from ringdesk.telephony.models import Call, Connector
from ringdesk.telephony.tests.conftest import Place, make_place

LINKED = "1795253000.1"
CHANNELS = [("SIP/trunk-0000000a", LINKED), ("SIP/100-0000000b", LINKED), ("SIP/102-0000000c", "1795253009.9")]


@dataclass(frozen=True)
class Talk:
    """Anna (100) talks with a client; Boris (101) is her colleague."""

    place: Place
    boris: Member
    call: Call

    def press(self, what: str, member: Member | None = None, **values: str) -> tuple[int, dict[str, str]]:
        answer = browser(member or self.place.operator).post(f"/calls/{self.call.pk}/{what}/", values)
        toast = json.loads(answer.headers.get("HX-Trigger", "{}")).get("toast", {})
        return answer.status_code, toast


def browser(member: Member) -> Browser:
    visitor = Browser()
    visitor.force_login(member.user)
    return visitor


def colleague(place: Place, connector: Connector, name: str, number: str) -> Member:
    user = User.objects.create_user(f"{name}@{place.organization.slug}.example")
    member: Member = Member.objects.create(
        organization=place.organization, user=user, name=name, role="operator", language="en"
    )
    extensions.assign(connector, member, number)
    return member


def talk(place: Place, connector: Connector, leg: str = "") -> Talk:
    Member.objects.filter(pk=place.operator.pk).update(language="en")
    extensions.assign(connector, place.operator, "100")
    boris = colleague(place, connector, "Boris", "101")
    for kind in (Kind.RINGING, Kind.ANSWERED):
        told: dict[str, Any] = {"direction": Direction.IN, "phone": "+79230000001", "extension": "100", "leg": leg}
        calls.receive_sync(link_cache.link(connector), CallEvent(kind, LINKED, **told), {}, timezone.now())
    return Talk(place, boris, Call.objects.get(organization=place.organization))


@pytest.fixture
def asterisk() -> Iterator[Pbx]:
    listed = [{"Event": "CoreShowChannel", "Channel": name, "Linkedid": linked} for name, linked in CHANNELS]
    with Pbx(channels=listed) as server:
        yield server


@pytest.fixture
def at_asterisk(place: Place, asterisk: Pbx) -> Talk:
    settings = {"host": "127.0.0.1", "port": asterisk.port, "username": "ringdesk", "device": "SIP/{extension}"}
    return talk(
        place,
        links.create(
            place.organization, "asterisk", "Asterisk", place.branch, settings, own_secrets={"secret": SECRET}
        ),
    )


@pytest.fixture
def mango() -> Iterator[FakeMango]:
    client._turns.clear()
    with fake_mango.running(dict(SECRETS)) as running:
        yield running


@pytest.fixture
def at_mango(place: Place, mango: FakeMango) -> Talk:
    address = {"address": mango.url}
    made = links.create(place.organization, "mango", "Mango", place.branch, address, own_secrets=dict(SECRETS))
    return talk(place, made, leg="MToxMDA=")


def done(pbx: Pbx, name: str) -> list[dict[str, str]]:
    return [{key: value for key, value in one.items() if key not in ("Action", "ActionID")}
            for one in pbx.actions if one["Action"] == name]  # fmt: skip


def test_asterisk_ends_every_channel_of_this_call(at_asterisk: Talk, asterisk: Pbx) -> None:
    assert at_asterisk.press("hang-up") == (204, {"text": "The call is being ended.", "tone": "ok"})
    assert [one["Channel"] for one in done(asterisk, "Hangup")] == ["SIP/trunk-0000000a", "SIP/100-0000000b"]


def test_asterisk_passes_on_whoever_the_member_talks_with(at_asterisk: Talk, asterisk: Pbx) -> None:
    status, toast = at_asterisk.press("transfer", to="101")
    assert (status, toast["tone"]) == (204, "ok")
    assert done(asterisk, "BlindTransfer") == [
        {"Channel": "SIP/100-0000000b", "Context": "from-internal", "Exten": "101"}
    ]


def test_a_call_that_asterisk_has_forgotten(at_asterisk: Talk, asterisk: Pbx) -> None:
    asterisk.channels.clear()
    assert at_asterisk.press("hang-up")[1] == {
        "text": "The PBX did not do it: The PBX knows no such call any more.",
        "tone": "bad",
    }


def test_mango_is_asked_by_the_leg(at_mango: Talk, mango: FakeMango) -> None:
    assert at_mango.press("hang-up")[0] == 204
    assert at_mango.press("transfer", to="101")[1]["tone"] == "ok"
    (ended,), (passed,) = mango.commands("commands/call/hangup"), mango.commands("commands/transfer")
    assert ended["call_id"] == passed["call_id"] == "MToxMDA="
    assert (passed["method"], passed["to_number"], passed["initiator"]) == ("blind", "101", "100")


def test_a_refusal_is_told_in_words(at_mango: Talk, mango: FakeMango) -> None:
    mango.codes = {"commands/call/hangup": 3310}
    status, toast = at_mango.press("hang-up")
    assert (status, toast["tone"]) == (204, "bad") and "there is no such call any more" in toast["text"]


def test_only_who_talks_may(at_mango: Talk, mango: FakeMango) -> None:
    assert at_mango.press("hang-up", at_mango.boris)[1]["tone"] == "warn"
    stranger = make_place("elsewhere").operator
    assert at_mango.press("hang-up", stranger)[0] == 404
    assert Browser().post(f"/calls/{at_mango.call.pk}/hang-up/").status_code == 302
    assert browser(at_mango.place.operator).get(f"/calls/{at_mango.call.pk}/hang-up/").status_code == 405
    assert mango.commands("commands/call/hangup") == []


def test_nobody_has_that_extension_or_the_call_is_over(at_mango: Talk, mango: FakeMango) -> None:
    assert at_mango.press("transfer", to="999")[1]["text"] == "Nobody here has this extension."
    Call.objects.update(state=Call.State.ENDED)
    assert at_mango.press("transfer", to="101")[1]["text"] == "This call is over."
    assert mango.commands("commands/transfer") == []


def test_the_buttons_stand_where_the_talk_is_shown(at_mango: Talk) -> None:
    anna, boris = browser(at_mango.place.operator), browser(at_mango.boris)
    page, popup = f"/calls/{at_mango.call.pk}/", "/popups/"
    for path in (page, popup):
        shown = anna.get(path).content.decode()
        assert "/hang-up/" in shown and "Boris" in shown, path
        assert "/hang-up/" not in boris.get(path).content.decode(), path
