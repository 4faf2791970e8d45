"""From the manager interface of a (pretended) Asterisk to calls in PostgreSQL and frames on screens."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from ringdesk.accounts.models import Member
from ringdesk.config.tests.desk import Desk
from ringdesk.core import database
from ringdesk.crm import clients
from ringdesk.live.models import LiveEvent
from ringdesk.telephony import extensions, link_cache, links, listening
from ringdesk.telephony.connectors.asterisk import Asterisk, ami
from ringdesk.telephony.connectors.asterisk.tests.pbx import SECRET, Pbx
from ringdesk.telephony.connectors.asterisk.tests.test_streams import CALLS, FIXTURES, recorded, shown
from ringdesk.telephony.connectors.base import CannotDial, Dial, Link
from ringdesk.telephony.models import Call, CallEvent, Connector, Popup
from ringdesk.telephony.tests.conftest import Place


def stream(name: str) -> bytes:
    return (FIXTURES / f"{name}.txt").read_bytes()


def until(true: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


@contextmanager
def process() -> Iterator[None]:
    """What `ringdesk listen` runs, in a thread."""
    from ringdesk.config.parts import Parts

    stop, ready = asyncio.Event(), threading.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with Parts.running():
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(15)
        loop.close()


@pytest.fixture
def pbx() -> Iterator[Pbx]:
    with Pbx() as server:
        yield server


@pytest.fixture
def asterisk(place: Place, settings: object, monkeypatch: pytest.MonkeyPatch, pbx: Pbx) -> Iterator[Connector]:
    """A connector that is set to the pretended Asterisk; whoever runs now would listen."""
    settings.PARTS = frozenset({"listen"})  # type: ignore[attr-defined]
    monkeypatch.setattr(listening, "LOOKS_EVERY", 0.2)
    monkeypatch.setattr(listening, "FIRST_PAUSE", 0.05)
    connector = links.create(
        place.organization,
        "asterisk",
        "Asterisk",
        place.branch,
        {"host": "127.0.0.1", "port": pbx.port, "username": "ringdesk", "device": "SIP/{extension}"},
        own_secrets={"secret": SECRET},
    )
    extensions.assign(connector, place.operator, "100")
    yield connector
    connection.close_pool()  # type: ignore[attr-defined]


def told(connector: Connector) -> list[str]:
    events = LiveEvent.objects.filter(organization=connector.organization).order_by("id")
    return [event.type for event in events if event.type.startswith("call.")]


def condition(connector: Connector) -> str:
    connector.refresh_from_db()
    return links.condition(connector, timezone.now())


def shape(call: Call) -> tuple[object, ...]:
    return (call.direction, call.result, call.phone, call.line, call.extension, tuple(call.extensions),
            call.started_at, call.answered_at, call.ended_at, call.duration)  # fmt: skip


def expected(name: str) -> dict[str, tuple[object, ...]]:
    return {
        id: (one.direction, one.result, one.phone, one.line, one.extension, one.extensions,
             one.started_at, one.answered_at, one.ended_at, one.duration)
        for id, one in CALLS[name].items()
    }  # fmt: skip


def test_every_stream_comes_to_its_calls(asterisk: Connector, pbx: Pbx, place: Place) -> None:
    with process():
        until(lambda: condition(asterisk) == "works")
        for name in CALLS:
            pbx.tell(stream(name))
        wanted = {id: one for name in CALLS for id, one in expected(name).items()}
        until(lambda: {call.external_id: shape(call) for call in Call.objects.all()} == wanted)
    answered = Call.objects.get(external_id="1795251947.0")
    assert (answered.member, answered.branch) == (place.operator, place.branch)
    assert answered.recording_url == "/var/spool/asterisk/monitor/1795251947.0.wav"
    raw = CallEvent.objects.filter(call=answered, kind="answered").get().raw
    assert raw["ami"]["Event"] == "DialEnd"
    # One popup for each that came from outside, however many extensions rang.
    assert Popup.objects.count() == sum(one.direction == "in" for calls in CALLS.values() for one in calls.values())


def test_frames_tell_a_call_as_it_goes(asterisk: Connector, pbx: Pbx) -> None:
    pbx.says = [stream("incoming_answered")]
    with process():
        until(lambda: "call.recording" in told(asterisk))
    frames = told(asterisk)
    assert (frames[0], frames[-3:]) == ("call.ringing", ["call.answered", "call.ended", "call.recording"])
    until(lambda: Popup.objects.get().answered_by is not None)


def test_replayed_on_another_connection_it_is_the_same_call(asterisk: Connector, pbx: Pbx) -> None:
    pbx.says, pbx.drops = [stream("ring_group")] * 3, True
    with process():
        until(lambda: not pbx.says and pbx.connections > 3)
        until(lambda: Call.objects.filter(state="ended").count() == 1)
    assert {call.external_id: shape(call) for call in Call.objects.all()} == expected("ring_group")


def test_a_connection_lost_in_the_middle_goes_on_where_the_calls_are(asterisk: Connector, pbx: Pbx) -> None:
    messages = recorded("incoming_answered")
    bridged = next(i for i, message in enumerate(messages) if message.get("Event") == "HangupRequest")
    births = [message for message in messages if message.get("Event") == "Newchannel"]
    pbx.says = [b"".join(ami.dumps(m) for m in messages[:bridged]) + stream("incoming_missed")[:9000]]
    with process():
        until(lambda: Call.objects.filter(state="answered").count() == 1 and Call.objects.count() == 2)
        # The other call vanishes while nobody listens, this one goes on.
        pbx.channels = [shown(birth, ChannelState="6", BridgeId="b") for birth in births]
        pbx.hang_up()
        until(lambda: Call.objects.filter(state="ended").count() == 1)
        vanished = Call.objects.get(state="ended")
        assert (vanished.external_id, vanished.result) == ("1795251955.2", "missed")
        pbx.tell(b"".join(ami.dumps(m) for m in messages[bridged:]))
        until(lambda: Call.objects.filter(state="ended").count() == 2)
    call = Call.objects.get(external_id="1795251947.0")
    assert {call.external_id: shape(call)} == expected("incoming_answered")


def test_a_call_under_way_is_taken_up_when_we_come(asterisk: Connector, pbx: Pbx) -> None:
    births = [message for message in recorded("incoming_answered") if message.get("Event") == "Newchannel"]
    pbx.channels = [shown(birth) for birth in births]
    with process():
        until(lambda: Call.objects.filter(extensions=["100"]).exists())
    call = Call.objects.get()
    assert (call.direction, call.state, call.phone, call.line) == ("in", "ringing", "+79991234567", "73910000001")


@pytest.mark.parametrize(
    ("settings_", "text", "russian"),
    [
        ({"username": "nobody"}, "The PBX refused the AMI user or its secret.",
         "АТС не приняла пользователя AMI или его пароль."),
        ({"port": 1},
         "The PBX refused the connection. Check the address, the port and “enabled = yes” in manager.conf.",
         "АТС отклонила соединение. Проверьте адрес, порт и «enabled = yes» в manager.conf."),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_on_the_page_in_both_languages(
    asterisk: Connector, place: Place, settings_: dict[str, object], text: str, russian: str
) -> None:
    asterisk.settings |= settings_
    asterisk.save(update_fields=["settings"])
    with process():
        until(lambda: condition(asterisk) == "error")
    assert asterisk.last_error == text
    owner = Member.objects.get(pk=place.operator.pk)
    owner.role = "owner"
    owner.save(update_fields=["role"])
    browser = Browser()
    browser.force_login(owner.user)
    for language, words in (("en", text), ("ru", russian)):
        owner.language = language
        owner.save(update_fields=["language"])
        page = browser.get(f"/connectors/{asterisk.pk}/").content.decode()
        assert words in page
    assert "192.0.2.10" in page


def test_connected_since_is_shown_and_goes_with_the_connection(asterisk: Connector, pbx: Pbx) -> None:
    with process():
        until(lambda: condition(asterisk) == "works")
        since = links.connected_since(asterisk, timezone.now())
        assert since and timezone.now() >= since
    until(lambda: condition(asterisk) == "never")
    assert pbx.names()[:3] == ["Challenge", "Login", "CoreShowChannels"]


def test_it_follows_the_settings(asterisk: Connector, pbx: Pbx, place: Place) -> None:
    with process():
        until(lambda: condition(asterisk) == "works")
        links.switch(asterisk, on=False)
        until(lambda: pbx.names()[-1] == "Logoff" or not pbx.writers)
        links.switch(asterisk, on=True)
        until(lambda: pbx.connections == 2)
        until(lambda: condition(asterisk) == "works")
        with Pbx() as another:
            links.change(
                asterisk, name="A", branch=place.branch, settings=asterisk.settings | {"port": another.port}, by=None
            )
            until(lambda: another.names()[-1:] == ["CoreShowChannels"])
            links.delete(asterisk)
            until(lambda: not another.writers)


def test_without_an_address_nobody_connects_and_nobody_complains(asterisk: Connector, pbx: Pbx) -> None:
    asterisk.settings |= {"host": ""}
    asterisk.save(update_fields=["settings"])
    with process():
        time.sleep(0.7)
    assert (pbx.connections, condition(asterisk)) == (0, "never")


def test_one_process_listens_and_another_takes_over(asterisk: Connector, pbx: Pbx) -> None:
    with process():
        until(lambda: condition(asterisk) == "works")
        with process():
            time.sleep(0.7)
            assert pbx.connections == 1
        assert pbx.connections == 1
        second = process()
        second.__enter__()
    try:
        until(lambda: pbx.connections == 2)
        pbx.tell(stream("incoming_missed"))
        until(lambda: Call.objects.filter(state="ended").exists())
    finally:
        second.__exit__(None, None, None)


def test_nothing_is_lost_while_the_database_is_away(asterisk: Connector, pbx: Pbx) -> None:
    name = connection.settings_dict["NAME"]
    parameters = database.conninfo() | {"dbname": "postgres"}
    with process():
        until(lambda: condition(asterisk) == "works")
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        with psycopg.connect(**parameters, autocommit=True) as server:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            for scenario in ("incoming_answered", "two_interleaved", "outgoing_missed"):
                pbx.tell(stream(scenario))
            time.sleep(1)
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        wanted = {id: one for s in ("incoming_answered", "two_interleaved", "outgoing_missed")
                  for id, one in expected(s).items()}  # fmt: skip
        until(lambda: {call.external_id: shape(call) for call in Call.objects.all()} == wanted, 40)
    # The connection to the PBX stood all the time.
    assert pbx.connections == 1


@pytest.fixture
def link(asterisk: Connector) -> Link:
    return link_cache.link(asterisk)


WISH = Dial("100", "+79991234577", "c0ffee")


def test_a_call_is_placed_with_an_id_of_our_own(link: Link, pbx: Pbx) -> None:
    assert Asterisk().dial(link, WISH) == "ringdesk-c0ffee"
    originate = next(action for action in pbx.actions if action["Action"] == "Originate")
    assert originate == {
        "Action": "Originate", "Channel": "SIP/100", "ChannelId": "ringdesk-c0ffee", "Context": "from-internal",
        "Exten": "79991234577", "Priority": "1", "CallerID": '"79991234577" <79991234577>', "Timeout": "30000",
        "Async": "true", "ActionID": "ringdesk-c0ffee",
    }  # fmt: skip


def test_silence_of_the_device_is_a_ringing_device(link: Link, pbx: Pbx) -> None:
    pbx.originated = "silence"
    assert Asterisk().dial(link, WISH) == "ringdesk-c0ffee"


@pytest.mark.parametrize(
    ("originated", "text"),
    [
        ("Reason:5", "Extension is busy."),
        ("Reason:0", "This extension is not connected to the PBX."),
        ("Reason:77", "The PBX could not ring the extension."),
        ("Error:Permission denied", "Permission denied"),
    ],
)
def test_why_a_call_cannot_be_placed(link: Link, pbx: Pbx, originated: str, text: str) -> None:
    pbx.originated = originated
    with pytest.raises(CannotDial) as caught:
        Asterisk().dial(link, WISH)
    from django.utils import translation

    with translation.override("en"):
        assert str(caught.value.message) == text


def test_a_wrong_secret_is_said_to_who_calls(asterisk: Connector, pbx: Pbx) -> None:
    links.change(asterisk, name="A", branch=None, settings=asterisk.settings, new_secrets={"secret": "wrong"})
    with pytest.raises(CannotDial):
        Asterisk().dial(link_cache.link(asterisk), WISH)
    assert "Originate" not in pbx.names()


def test_its_address_answers_a_dialplan_and_takes_nothing_else(place: Place, desk: Desk) -> None:
    connector = links.create(place.organization, "asterisk", "Asterisk", None, {"smart_transfer": "on"})
    extensions.assign(connector, place.operator, "100")
    guest = clients.create(place.organization, name="Irina", phones=["+79991234567"], responsible=place.operator)
    assert guest.responsible == place.operator
    route = place.path(connector) + "route"
    answers = [desk.get(route, params={"phone": phone}) for phone in ("79991234567", "79990000000", "anonymous", "")]
    assert [(answer.status_code, answer.text) for answer in answers] == [
        (200, "100"),
        (200, ""),
        (200, ""),
        (200, ""),
    ]
    assert desk.post(place.path(connector), content=stream("incoming_answered")).status_code == 404
    assert not Call.objects.exists()
