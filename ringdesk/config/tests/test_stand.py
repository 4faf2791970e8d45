"""The test stand speaks as the PBX of the protocol's examples does."""

import json
import socket
from pathlib import Path

import pytest

from ringdesk.accounts.models import Branch, Organization
from ringdesk.config.refusal import Refused
from ringdesk.config.stand import TestCall, address_of_demo, events, place, shortened
from ringdesk.config.tests.desk import Desk
from ringdesk.telephony import links
from ringdesk.telephony.models import Call

TestCall.__test__ = False  # type: ignore[attr-defined]


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.seconds = 1694181400.0

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


def acted(call: TestCall) -> list[dict[str, str]]:
    clock = Clock()
    return list(events(call, call.extension, "32323", clock.now, clock.wait))


def test_an_answered_call_is_three_requests() -> None:
    parties = {"src_type": "1", "line": "3333333", "dst_num": "100", "src_num": "89991234567", "call_id": "32323"}
    assert acted(TestCall("89991234567", line="3333333", rings=5, talk=45)) == [
        {"event": "1", **parties},
        {"event": "3", **parties},
        {
            "event": "2",
            **parties,
            "call_record_link": "",
            "call_start_timestamp": "1694181400",
            "call_answer_timestamp": "1694181405",
            "timestamp": "1694181450",
            "status": "ANSWER",
        },
    ]


def test_a_missed_call_is_two_requests() -> None:
    parties = {"src_type": "1", "dst_num": "101", "src_num": "89991234567", "call_id": "32323"}
    assert acted(TestCall("89991234567", extension="101")) == [
        {"event": "1", **parties},
        {
            "event": "2",
            **parties,
            "call_record_link": "",
            "call_start_timestamp": "1694181400",
            "timestamp": "1694181405",
            "status": "NOANSWER",
        },
    ]


def test_an_outgoing_call_goes_from_the_extension() -> None:
    first = acted(TestCall("89991234567", outgoing=True))[0]
    assert first == {"event": "1", "src_type": "2", "src_num": "100", "dst_num": "89991234567", "call_id": "32323"}


@pytest.mark.parametrize(
    ("base", "address"),
    [
        (None, "http://127.0.0.1:8000/pbx/secret-token/"),
        ("https://desk.example.org", "https://desk.example.org/pbx/secret-token/"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/pbx/secret-token/"),
        ("127.0.0.1:9000", "http://127.0.0.1:9000/pbx/secret-token/"),
    ],
)
def test_the_door_is_found_in_the_demo(tmp_path: Path, base: str | None, address: str) -> None:
    demo = {"connectors": {"http_events": {"url": "http://127.0.0.1:8000/pbx/secret-token/"}}}
    (tmp_path / "demo.json").write_text(json.dumps(demo))
    assert address_of_demo(tmp_path, base) == address


def test_without_a_demo_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"Start `ringdesk run --demo` first"):
        address_of_demo(tmp_path, None)
    (tmp_path / "demo.json").write_text("{}")
    with pytest.raises(Refused, match=r"demo\.json cannot be used"):
        address_of_demo(tmp_path, None)


def test_the_secret_is_not_printed() -> None:
    assert shortened("http://127.0.0.1:8000/pbx/secret-token/") == "http://127.0.0.1:8000/pbx/secr…/"


def test_a_call_goes_through_the_real_door(desk: Desk, transactional_db: None) -> None:
    organization = Organization.objects.create(name="Quay", slug="quay")
    branch = Branch.objects.create(organization=organization, name="Quay")
    connector = links.create(organization, "http_events", "PBX", branch)
    lines: list[str] = []
    place(TestCall("89991234567", rings=0, talk=0, smart=True), links.address(connector, desk.base_url), lines.append)
    call = Call.objects.get()
    assert (call.phone, call.extension, call.result) == ("+79991234567", "100", "answered")
    assert [line for line in lines if "200" in line[:8]] == [
        '    200 {"responsible":""}',
        *['    200 {"success":true}'] * 3,
    ]
    with pytest.raises(Refused, match="The door is not known there"):
        place(TestCall("89991234567"), f"{desk.base_url}/pbx/unknown-token/", lines.append)


def test_a_desk_that_does_not_run_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Refused, match=rf"does not answer at http://127\.0\.0\.1:{port} .*`ringdesk run --demo`"):
        place(TestCall("1"), f"http://127.0.0.1:{port}/pbx/token/", lambda _: None)
