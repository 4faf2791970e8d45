"""Files of sound: what they are by their first bytes, and which part of one is asked for. Pure."""

import re
from dataclasses import dataclass

# How many bytes ``kind_of`` wants to see.
HEAD = 16
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Kind:
    """What browsers call it, and what its file is called."""

    content_type: str
    extension: str


MP3, WAV, OGG = Kind("audio/mpeg", "mp3"), Kind("audio/wav", "wav"), Kind("audio/ogg", "ogg")
MP4, FLAC, WEBM, AMR = (
    Kind("audio/mp4", "m4a"),
    Kind("audio/flac", "flac"),
    Kind("audio/webm", "webm"),
    Kind("audio/amr", "amr"),
)
# Kept and handed out, but not as anything that a browser might open by itself.
UNKNOWN = Kind("application/octet-stream", "bin")
_STARTS = ((b"ID3", MP3), (b"OggS", OGG), (b"fLaC", FLAC), (b"#!AMR", AMR), (b"\x1a\x45\xdf\xa3", WEBM))


def kind_of(head: bytes, said: str = "") -> Kind | None:
    """Return what a file is that begins with ``head``; ``said`` is its Content-Type. None: no sound."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV
    if head[4:8] == b"ftyp":
        return MP4
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    # An MP3 without a title begins with the eleven ones of its first frame, and is of layer three.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return MP3
    return UNKNOWN if said.partition(";")[0].strip().lower().startswith("audio/") else None


def safe_type(said: str) -> str:
    """Return what a browser may be told of sound that is handed through unseen."""
    kind = said.partition(";")[0].strip().lower()
    return kind if re.fullmatch(r"audio/[a-z0-9.+-]{1,40}", kind) else UNKNOWN.content_type


class Unsatisfiable(Exception):
    """The part asked for begins behind the end."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes ``first`` to ``last`` of ``size``, both included."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    @property
    def header(self) -> str:
        """Return the Content-Range."""
        return f"bytes {self.first}-{self.last}/{self.size}"


def part_of(wish: str, size: int) -> Part | None:
    """Return the part that a Range header asks for; None: all of it (nothing, or nothing we understand, is asked).

    Raises Unsatisfiable. RFC 9110, 14.2: several ranges at once may be ignored.
    """
    found = _RANGE.fullmatch(wish.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise Unsatisfiable
        return Part(size - length, size - 1, size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return Part(int(first), min(int(last), size - 1) if last else size - 1, size)
