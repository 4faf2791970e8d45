"""A connection to the manager interface: signing in, actions and their answers, events, and proof that it lives."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import RingdeskError
from ringdesk.telephony.connectors.asterisk import ami, config
from ringdesk.telephony.connectors.asterisk.ami import Message
from ringdesk.telephony.connectors.base import Link

# Seconds.
CONNECT_WITHIN = 5.0
ANSWER_WITHIN = 5.0
# How often the connection is tried when nothing is said, and how long silence is borne.
PING_EVERY = 15.0
SILENT_AT_MOST = 30.0
_CHUNK = 64 * 1024
# A wrong password must not be tried every second: some PBXes then shut the address out.
_PATIENCE = 60


class NoConnection(RingdeskError):
    """The connection could not be made or was lost. ``details["retry_after"]``: seconds to leave it alone for."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where and as whom to sign in."""

    host: str
    port: int
    username: str
    secret: str
    tls: bool = False
    tls_checked: bool = True
    is_plain: bool = False


def account(link: Link) -> Account:
    """Return the account that a connector is set to; its host is "" where there is none."""
    settings = link.settings
    tls = bool(settings.get("tls"))
    return Account(
        settings.get("host") or "",
        settings.get("port") or (config.TLS_PORT if tls else config.PORT),
        settings.get("username") or "",
        link.secrets.get("secret", ""),
        tls,
        settings.get("tls_checked") is not False,
        settings.get("login") == config.PLAIN,
    )


class Client:
    """One signed-in connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.parser = ami.Reader()
        self.waiting: list[Message] = []
        self.numbers = itertools.count(1)
        self.heard_at = asyncio.get_running_loop().time()

    @property
    def version(self) -> str:
        return f"AMI {self.parser.greeting}" if self.parser.greeting else ""

    async def send(self, name: str, **values: str) -> str:
        """Send an action and return its id. Raises NoConnection."""
        id = values.setdefault("ActionID", f"ringdesk-{next(self.numbers)}")
        self.writer.write(ami.action(name, values))
        try:
            await self.writer.drain()
        except OSError as error:
            raise _lost() from error
        return id

    async def ask(self, name: str, **values: str) -> Message:
        """Send an action and return its answer; what comes in between is kept. Raises NoConnection."""
        id = await self.send(name, **values)
        passed: list[Message] = []
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                while True:
                    message = await self.message()
                    if "Response" in message and message.get("ActionID") == id and "Event" not in message:
                        return message
                    passed.append(message)
        except TimeoutError as error:
            raise _silent() from error
        finally:
            self.waiting = passed + self.waiting

    async def message(self) -> Message:
        """Return the next message. Raises NoConnection at the end of the connection."""
        while not self.waiting:
            try:
                data = await self.reader.read(_CHUNK)
            except OSError as error:
                raise _lost() from error
            if not data:
                raise _lost()
            self.heard_at = asyncio.get_running_loop().time()
            self.waiting += self.parser.feed(data)
        return self.waiting.pop(0)

    async def sign_in(self, account: Account, *, events: str) -> None:
        """Sign in. Raises NoConnection when the PBX refuses."""
        values = {"Username": account.username, "Events": events}
        if account.is_plain:
            values["Secret"] = account.secret
        else:
            challenge = await self.ask("Challenge", AuthType="MD5")
            if "Challenge" not in challenge:
                raise NoConnection(_("The PBX offers no sign-in by challenge. Choose the plain one."))
            values |= {"AuthType": "MD5", "Key": ami.answer_to(challenge["Challenge"], account.secret)}
        if (await self.ask("Login", **values)).get("Response") != "Success":
            raise NoConnection(_("The PBX refused the AMI user or its secret."), retry_after=_PATIENCE)

    async def channels(self) -> tuple[list[Message], list[Message]]:
        """Return the channels there are now, and the events that came meanwhile. Raises NoConnection."""
        answer = await self.ask("CoreShowChannels")
        if answer.get("Response") != "Success":
            raise NoConnection(_("The AMI user may not list calls: its “read” and “write” need system and reporting."))
        found, others = list[Message](), list[Message]()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                while True:
                    message = await self.message()
                    if message.get("Event") == "CoreShowChannelsComplete":
                        return found, others
                    is_listed = message.get("Event") == "CoreShowChannel"
                    (found if is_listed else others).append(message)
        except TimeoutError as error:
            raise _silent() from error

    async def keep_alive(self) -> None:
        """Ping while nothing is said. Raises NoConnection when nothing is answered."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(PING_EVERY / 3)
            silence = clock() - self.heard_at
            if silence > SILENT_AT_MOST:
                raise _silent()
            if silence > PING_EVERY:
                await self.send("Ping")


@contextlib.asynccontextmanager
async def connected(account: Account, *, events: str = "on") -> AsyncIterator[Client]:
    """Connect and sign in; sign off at the end. Raises NoConnection."""
    try:
        async with asyncio.timeout(CONNECT_WITHIN):
            reader, writer = await asyncio.open_connection(account.host, account.port, ssl=_tls(account))
    except TimeoutError as error:
        raise NoConnection(
            _("The PBX's address does not answer. Check the address, the port and the firewall.")
        ) from error
    except ssl.SSLError as error:
        raise NoConnection(_("No encrypted connection: the certificate or the port is not right.")) from error
    except OSError as error:
        raise NoConnection(
            _("The PBX refused the connection. Check the address, the port and “enabled = yes” in manager.conf.")
        ) from error
    client = Client(reader, writer)
    try:
        await client.sign_in(account, events=events)
        yield client
        with contextlib.suppress(RingdeskError):
            await client.send("Logoff")
    finally:
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), 1)


def _tls(account: Account) -> ssl.SSLContext | None:
    if not account.tls:
        return None
    context = ssl.create_default_context()
    if not account.tls_checked:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _lost() -> NoConnection:
    return NoConnection(_("The PBX closed the connection."))


def _silent() -> NoConnection:
    return NoConnection(_("The PBX fell silent."))


def said(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as it is kept beside the event it told of."""
    return {"ami": dict(message)}
