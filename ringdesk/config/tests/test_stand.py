"""The test stand speaks as the PBX of the protocol's examples does."""

import json
from pathlib import Path

import pytest

from ringdesk.config.refusal import Refused
from ringdesk.config.stand import TestCall, address_of_demo, events, shortened

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
