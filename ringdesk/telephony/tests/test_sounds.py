"""Ranges and kinds of sound: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringdesk.telephony import sounds
from ringdesk.telephony.sounds import Part, Unsatisfiable, part_of


@pytest.mark.parametrize(
    ("wish", "part"),
    [
        ("", None),
        ("bytes=0-", Part(0, 99, 100)),
        ("bytes=10-19", Part(10, 19, 100)),
        ("bytes=90-500", Part(90, 99, 100)),
        ("bytes=-30", Part(70, 99, 100)),
        ("bytes=-500", Part(0, 99, 100)),
        ("bytes=99-99", Part(99, 99, 100)),
        # What is no single range of bytes is not understood, and all is sent.
        ("bytes=20-10", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("seconds=1-2", None),
        ("bytes=a-b", None),
    ],
)
def test_which_part_is_asked_for(wish: str, part: Part | None) -> None:
    assert part_of(wish, 100) == part


@pytest.mark.parametrize("wish", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_part_behind_the_end(wish: str) -> None:
    with pytest.raises(Unsatisfiable):
        part_of(wish, 100)


@given(st.text() | st.from_regex(r"bytes=\d{0,20}-\d{0,20}", fullmatch=True), st.integers(0, 10**12))
def test_no_wish_breaks_it_and_every_part_lies_inside(wish: str, size: int) -> None:
    try:
        part = part_of(wish, size)
    except Unsatisfiable:
        return
    if part:
        assert 0 <= part.first <= part.last < size
        assert part.length == part.last - part.first + 1


@pytest.mark.parametrize(
    ("head", "said", "kind"),
    [
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "text/html", sounds.WAV),
        (b"ID3\x04" + bytes(12), "", sounds.MP3),
        (b"\xff\xfb\x90\x64" + bytes(12), "", sounds.MP3),
        (b"OggS" + bytes(12), "application/octet-stream", sounds.OGG),
        (b"\x00\x00\x00\x20ftypM4A ", "", sounds.MP4),
        (bytes(16), "audio/x-gsm", sounds.UNKNOWN),
        (b"<!DOCTYPE html>", "text/html", None),
        (b"<!DOCTYPE html>", "", None),
        (b"", "", None),
        (b"\xff\xff\xff\xff", "", None),
    ],
)
def test_what_a_file_is(head: bytes, said: str, kind: sounds.Kind | None) -> None:
    assert sounds.kind_of(head, said) == kind


def test_a_browser_is_told_nothing_but_sound() -> None:
    told = [sounds.safe_type(said) for said in ("audio/mpeg", "Audio/X-WAV; q=1", "text/html", "audio/<script>", "")]
    assert told == ["audio/mpeg", "audio/x-wav", *["application/octet-stream"] * 3]
