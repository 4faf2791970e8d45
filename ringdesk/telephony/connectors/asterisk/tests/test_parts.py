"""Recordings, numbers, settings and the protocol: what needs no PBX."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.forms import Form

from ringdesk.telephony.connectors.asterisk import Asterisk, ami, config, dial
from ringdesk.telephony.connectors.asterisk.tests.test_streams import LINK
from ringdesk.telephony.connectors.base import CannotDial, Dial, Link, NoRecording, NotReady, Source

NAME = "/var/spool/asterisk/monitor/2026/11/21/a call.wav"


@pytest.fixture
def folder(tmp_path: Path, settings: object) -> Path:
    """A folder of recordings that the installation allows, with one in it and secrets around it."""
    recordings = tmp_path / "monitor"
    (recordings / "2026/11/21").mkdir(parents=True)
    (recordings / "2026/11/21/a call.wav").write_bytes(b"RIFF")
    (tmp_path / "secret.wav").write_bytes(b"not yours")
    (recordings / "notes.txt").write_text("not a recording")
    (recordings / "link.wav").symlink_to(tmp_path / "secret.wav")
    (recordings / "up").symlink_to(tmp_path)
    settings.RECORDING_FOLDERS = [str(tmp_path / "monitor")]  # type: ignore[attr-defined]
    return recordings


def of(folder: Path) -> Link:
    return replace(LINK, settings={"recordings_folder": str(folder)})


def test_a_recording_of_a_folder(folder: Path) -> None:
    assert Asterisk().recording(of(folder), NAME) == Source(file=folder / "2026/11/21/a call.wav")
    assert Asterisk().recording(of(folder), "2026/11/21/a call.wav").file == folder / "2026/11/21/a call.wav"


@pytest.mark.parametrize(
    "reference",
    ["../secret.wav", "2026/../../secret.wav", "/var/spool/asterisk/monitor/../secret.wav", "link.wav",
     "up/secret.wav", "notes.txt", "", "/", "..\\secret.wav", "a\x00.wav"],
)  # fmt: skip
def test_nothing_else_is_handed_out(folder: Path, reference: str) -> None:
    with pytest.raises(NoRecording):
        Asterisk().recording(of(folder), reference)


def test_a_path_elsewhere_is_sought_by_its_name_alone(folder: Path) -> None:
    with pytest.raises(NotReady):
        Asterisk().recording(of(folder), f"{folder.parent}/secret.wav")


def test_a_folder_that_the_installation_does_not_allow(folder: Path, settings: object) -> None:
    for wish in (folder.parent, Path("/"), folder / "up"):
        with pytest.raises(NoRecording):
            Asterisk().recording(of(wish), "secret.wav")
    settings.RECORDING_FOLDERS = []  # type: ignore[attr-defined]
    with pytest.raises(NoRecording):
        Asterisk().recording(of(folder), NAME)


def test_a_recording_not_written_yet(folder: Path) -> None:
    with pytest.raises(NotReady):
        Asterisk().recording(of(folder), "later.wav")


def test_a_recording_behind_an_address() -> None:
    link = replace(LINK, settings={"recordings_url": "http://192.0.2.20/monitor/"})
    assert Asterisk().recording(link, NAME) == Source(
        url="http://192.0.2.20/monitor/2026/11/21/a%20call.wav", is_trusted=True
    )
    for reference in ("../admin.wav", "x?y#z", "http://elsewhere/"):
        with pytest.raises(NoRecording):
            Asterisk().recording(link, reference)
    with pytest.raises(NoRecording):
        Asterisk().recording(LINK, NAME)


@pytest.mark.parametrize(
    ("form", "phone", "number"),
    [
        (config.DIGITS, "+79230000001", "79230000001"),
        (config.PLUS, "+79230000001", "+79230000001"),
        (config.NATIONAL, "+79230000001", "89230000001"),
        (config.NATIONAL, "+4930123456", "4930123456"),
        (config.DIGITS, "101", "101"),
    ],
)
def test_numbers_are_dialled_as_the_dialplan_expects(form: str, phone: str, number: str) -> None:
    link = replace(LINK, settings={"number_format": form, "dial_prefix": "9"})
    assert dial.originate(link, Dial("100", phone, "c"))["Exten"] == "9" + number


@pytest.mark.parametrize(
    ("extension", "phone"),
    [("100&PJSIP/200", "+79230000001"), ("100\r\nAction: Command", "+7923"), ("100", ""), ("", "1")],
)
def test_nobody_smuggles_anything_into_an_action(extension: str, phone: str) -> None:
    with pytest.raises(CannotDial):
        dial.originate(LINK, Dial(extension, phone, "c"))
    with pytest.raises(ValueError, match="line break"):
        ami.action("Originate", {"Channel": "SIP/100\r\nAction: Command"})


def test_without_an_address_nothing_is_dialled() -> None:
    with pytest.raises(CannotDial):
        Asterisk().dial(LINK, Dial("100", "+79230000001", "c"))


def test_endless_lines_are_no_ami() -> None:
    reader = ami.Reader()
    with pytest.raises(ami.NotAmi):
        for _chunk in range(30):
            reader.feed(b"x" * 65536)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("host", "pbx.example", "http://pbx.example"),
        ("extension_pattern", r"1\d\d", "1("),
        ("device", "Local/{extension}@from-internal", "PJSIP/100&PJSIP/{extension}"),
        ("recordings_url", "http://192.0.2.20/monitor", "file:///etc"),
        ("dial_prefix", "9", "9,"),
        ("port", "5038", "99999"),
    ],
)
def test_settings_are_checked(name: str, right: str, wrong: str) -> None:
    fields = {name: Asterisk().settings_fields()[name]}
    kind = type("OneField", (Form,), fields)
    assert kind({name: right}).is_valid()
    assert not kind({name: wrong}).is_valid()


def test_what_is_still_to_be_done() -> None:
    ready = replace(
        LINK, settings={"host": "pbx", "username": "ringdesk"}, secrets={"secret": "s"}, extensions={"100": 1}
    )
    assert [check.ready for check in Asterisk().readiness(LINK)] == [False] * 3
    assert [check.ready for check in Asterisk().readiness(ready)] == [True] * 3
