"""The Asterisk Manager Interface as bytes: what came becomes messages, actions become bytes. Pure.

A message is lines of ``Key: value`` and an empty line. The first line of a connection is a greeting with the version.
"""

import hashlib
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import RingdeskError

Message = dict[str, str]

GREETING = "Asterisk Call Manager/"
# A peer that sends this much without an empty line is no Asterisk.
_LONGEST = 1024 * 1024


class NotAmi(RingdeskError):
    """What comes is not the manager interface."""


class Reader:
    """Turns bytes, cut anywhere, into messages."""

    def __init__(self) -> None:
        self.greeting = ""
        self._rest = b""
        self._lines: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that these bytes complete. Raises NotAmi for endless ones."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        found = []
        for line in lines:
            text = line.rstrip(b"\r").decode(errors="replace").replace("\x00", "")
            self._size += len(text)
            if text.startswith(GREETING) and not self._lines:
                self.greeting = text.removeprefix(GREETING)
            elif text:
                self._lines.append(text)
            elif self._lines:
                found.append(_message(self._lines))
                self._lines, self._size = [], 0
        if self._size + len(self._rest) > _LONGEST:
            raise NotAmi(_("The other side does not speak AMI."))
        return found


def messages(stream: bytes) -> list[Message]:
    """Return the messages of a whole stream; an unfinished one at its end is left out."""
    return Reader().feed(stream)


def action(name: str, values: Mapping[str, str]) -> bytes:
    """Return the bytes of an action. Raises ValueError for a value that would start another line."""
    lines = [f"{key}: {value}" for key, value in {"Action": name, **values}.items()]
    if any(character in line for line in lines for character in "\r\n\x00"):
        raise ValueError("a value of an action holds a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def dumps(message: Mapping[str, str]) -> bytes:
    """Return the bytes of a message, as ``Reader`` reads it."""
    return ("\r\n".join(f"{key}: {value}" for key, value in message.items()) + "\r\n\r\n").encode()


def answer_to(challenge: str, secret: str) -> str:
    """Return what ``Login`` is given as ``Key`` so that the secret itself is not sent (AuthType MD5)."""
    return hashlib.md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()


def _message(lines: list[str]) -> Message:
    message: Message = {}
    for line in lines:
        key, _, value = line.partition(":")
        value = value.strip()
        # Output and ChanVariable come several times.
        message[key] = f"{message[key]}\n{value}" if key in message else value
    return message
