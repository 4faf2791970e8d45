"""Commands, against a PBX that checks their signatures and refuses what the real one refuses."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from ringdesk.core import http
from ringdesk.telephony.connectors.base import Caller, CannotDial, Colleague, Dial, Link, NoRecording, NotReady
from ringdesk.telephony.connectors.mango import Mango, client, commands
from ringdesk.telephony.connectors.mango.client import NotDone, TooLate
from ringdesk.telephony.connectors.mango.tests import fake_mango, recorded
from ringdesk.telephony.connectors.mango.tests.fake_mango import AUDIO, FakeMango
from ringdesk.telephony.connectors.mango.tests.recorded import SECRETS, START

WISH = Dial("100", "+79991234567", "0af1")


@pytest.fixture
def pbx() -> Iterator[FakeMango]:
    client._turns.clear()
    with fake_mango.running(dict(SECRETS)) as running:
        yield running


def link(pbx: FakeMango, **settings: Any) -> Link:
    return recorded.link(settings={"address": pbx.url, **settings})


def test_a_callback_rings_the_extension_first(pbx: FakeMango) -> None:
    assert Mango().dial(link(pbx), WISH) == ""
    assert pbx.asked == [
        (
            "commands/callback",
            {"command_id": "0af1", "from": {"extension": "100"}, "to_number": "79991234567"},
        )
    ]


@pytest.mark.parametrize(
    ("prepare", "text"),
    [
        ({"codes": {"commands/callback": 3310}}, "there is no such call any more (code 3310)"),
        ({"codes": {"commands/callback": 2999}}, "the account of the PBX does not allow it"),
        ({"secrets": {"api_key": "another", "api_salt": "salt"}}, "the signature is wrong"),
        ({"status": 401}, "for two minutes"),
        ({"status": 429}, "asked too often"),
        ({"status": 503}, "answered 503"),
    ],
)
def test_a_refusal_says_why(pbx: FakeMango, prepare: dict[str, Any], text: str) -> None:
    for name, value in prepare.items():
        setattr(pbx, name, value)
    with translation.override("en"), pytest.raises(CannotDial) as error:
        Mango().dial(link(pbx), WISH)
    with translation.override("en"):
        assert text in str(error.value)


def test_nobody_there() -> None:
    with pytest.raises(CannotDial):
        Mango().dial(recorded.link(settings={"address": "http://127.0.0.1:9/"}), WISH)


def test_a_route_puts_through_under_the_callers_name(pbx: FakeMango) -> None:
    caller = Caller("100", "Щукина Юлия", "/clients/1/")
    asyncio.run(commands.route(link(pbx), "100:256", caller))
    (shape,) = pbx.commands("commands/route")
    assert shape.pop("command_id").startswith("route-")
    assert shape == {
        "call_id": "100:256",
        "to_number": "100",
        "sip_headers": {"From/display-name": "Щукина Юлия"},
    }
    client._turns.clear()
    asyncio.run(commands.route(link(pbx, transliterate=True), "100:257", caller))
    assert pbx.asked[-1][1]["sip_headers"] == {"From/display-name": "Shchukina Yuliya"}
    client._turns.clear()
    asyncio.run(commands.route(link(pbx), "100:258", Caller("100")))
    assert "sip_headers" not in pbx.asked[-1][1]


def test_hanging_up_and_transferring(pbx: FakeMango) -> None:
    commands.hang_up(link(pbx), "1:2")
    commands.transfer(link(pbx), "1:2", "101", "100", is_blind=False)
    (hangup,), (transfer,) = pbx.commands("commands/call/hangup"), pbx.commands("commands/transfer")
    assert hangup["call_id"] == "1:2"
    assert {k: v for k, v in transfer.items() if k != "command_id"} == {
        "call_id": "1:2",
        "method": "hold",
        "to_number": "101",
        "initiator": "100",
    }


def test_limits_are_kept_by_waiting_and_a_deadline_by_giving_up(pbx: FakeMango) -> None:
    async def burst() -> list[BaseException | None]:
        caller = Caller("100")
        wishes = [commands.route(link(pbx), f"1:{number}", caller) for number in range(3)]
        return await asyncio.gather(*wishes, return_exceptions=True)

    begun = time.monotonic()
    original, commands.CALLER_WAITS = commands.CALLER_WAITS, 2.5
    try:
        outcomes = asyncio.run(burst())
    finally:
        commands.CALLER_WAITS = original
    assert [type(outcome) for outcome in outcomes].count(TooLate) == 1
    at = [moment for name, moment in pbx.times if name == "commands/route"]
    assert len(at) == 2 and at[1] - at[0] >= 1.95 and time.monotonic() - begun < 4


def test_a_recording_is_fetched_by_a_link_that_holds_once(pbx: FakeMango) -> None:
    pbx.recordings["r1"] = pbx.url.replace("/vpbx/", "/files/once")
    source = Mango().recording(link(pbx), "mango:r1")
    assert source.url == pbx.recordings["r1"] and source.is_trusted
    assert http.fetch(source.url, is_trusted=source.is_trusted).body == AUDIO
    assert pbx.asked[-1] == ("queries/recording/post", {"recording_id": "r1", "action": "download"})
    pbx.recordings["r2"] = "http://10.0.0.1/inside"
    assert not Mango().recording(link(pbx), "mango:r2").is_trusted
    with pytest.raises(NotReady):
        Mango().recording(link(pbx), "mango:r3")
    with pytest.raises(NoRecording):
        Mango().recording(link(pbx), "http://10.0.0.1/inside")


def test_the_pbx_own_list_of_people(pbx: FakeMango) -> None:
    pbx.users = [
        {"general": {"name": "Ivan", "email": "ivan@quay.example"}, "telephony": {"extension": "1234"}},
        {"general": {"name": "Анна Ким", "email": None}, "telephony": {"extension": 100}},
        {"general": {"name": "No telephone"}, "telephony": {"extension": ""}},
        {"general": None},
        "odd",  # type: ignore[list-item]
    ]
    assert Mango().people(link(pbx)) == [Colleague("100", "Анна Ким"), Colleague("1234", "Ivan", "ivan@quay.example")]
    pbx.codes["config/users/request"] = 5000
    pbx.status = 500
    client._turns.clear()
    with pytest.raises(NotDone):
        Mango().people(link(pbx))


def test_statistics_are_asked_for_until_they_are_ready(pbx: FakeMango, monkeypatch: pytest.MonkeyPatch) -> None:
    pbx.not_ready = 1
    pbx.csv = "[];1795253000;1795253020;0;;79991234567;100;sip:a@b;1111;74951234567;abonent;e1;1795253000\n"
    told = list(Mango().history(link(pbx), START - timedelta(hours=1), START + timedelta(hours=1), START))
    assert [event.external_id for event in told] == ["e1"]
    (asked,) = pbx.commands("stats/request")
    assert asked["date_from"] == str(int(START.timestamp()) - 3600) and "entry_id" in asked["fields"].split(",")
    at = [moment for name, moment in pbx.times if name == "stats/result"]
    assert len(at) == 2 and at[1] - at[0] >= 4.95
