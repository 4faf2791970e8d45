"""An Asterisk to test against: the manager interface over loopback, with what a test tells it to say."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ringdesk.telephony.connectors.asterisk import ami
from ringdesk.telephony.connectors.asterisk.ami import Message

SECRET = "s3cret"
CHALLENGE = "840415273"


@dataclass
class Pbx:
    """A server in a thread of its own. ``says``: what each new connection is told after its snapshot."""

    says: list[bytes] = field(default_factory=list)
    channels: list[Message] = field(default_factory=list)
    originated: str = "Success"
    # Whether the listing is answered, whether pings are, whether the connection is dropped after what it says.
    refuses_listing: bool = False
    is_mute: bool = False
    drops: bool = False
    actions: list[Message] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.writers: set[asyncio.StreamWriter] = set()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.ready = threading.Event()
        self.stopping = asyncio.Event()

    def __enter__(self) -> "Pbx":
        self.thread.start()
        assert self.ready.wait(5)
        return self

    def __exit__(self, *_exception: object) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(5)

    def tell(self, data: bytes) -> None:
        """Say something on every connection."""

        def write() -> None:
            for writer in self.writers:
                writer.write(data)

        self._do(write)

    def hang_up(self) -> None:
        """Drop every connection."""

        def abort() -> None:
            for writer in self.writers:
                writer.transport.abort()

        self._do(abort)

    def names(self) -> list[str]:
        return [action["Action"] for action in self.actions]

    def _do(self, work: Callable[[], None]) -> None:
        done = threading.Event()

        def do() -> None:
            work()
            done.set()

        self.loop.call_soon_threadsafe(do)
        assert done.wait(5)

    def _run(self) -> None:
        self.loop.run_until_complete(self._serve())
        self.loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await self.stopping.wait()
        server.close()
        for writer in list(self.writers):
            writer.transport.abort()
        await asyncio.sleep(0.05)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        parser = ami.Reader()
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        try:
            while data := await reader.read(4096):
                for action in parser.feed(data):
                    self.actions.append(action)
                    if not self.is_mute:
                        await self._answer(action, writer)
        except OSError:
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def _answer(self, action: Message, writer: asyncio.StreamWriter) -> None:
        name = action["Action"]
        if name == "Challenge":
            self._say(writer, action, {"Response": "Success", "Challenge": CHALLENGE})
        elif name == "Login":
            self._say(writer, action, _login(action))
        elif name == "CoreShowChannels" and self.refuses_listing:
            self._say(writer, action, {"Response": "Error", "Message": "Permission denied"})
        elif name == "CoreShowChannels":
            self._say(writer, action, {"Response": "Success", "EventList": "start"})
            for channel in self.channels:
                self._say(writer, action, channel)
            self._say(writer, action, {"Event": "CoreShowChannelsComplete", "ListItems": str(len(self.channels))})
            await self._play(writer)
        elif name == "Originate":
            self._originate(writer, action)
        elif name == "Logoff":
            self._say(writer, action, {"Response": "Goodbye"})
            writer.close()
        else:
            self._say(writer, action, {"Response": "Success", "Ping": "Pong"})

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        if not self.says:
            return
        data = self.says.pop(0)
        # Cut where no message ends.
        for start in range(0, len(data), 1111):
            writer.write(data[start : start + 1111])
            await writer.drain()
            await asyncio.sleep(0)
        if self.drops:
            await asyncio.sleep(0.05)
            writer.close()

    def _originate(self, writer: asyncio.StreamWriter, action: Message) -> None:
        if self.originated.startswith("Error"):
            self._say(writer, action, {"Response": "Error", "Message": self.originated.partition(":")[2]})
            return
        self._say(writer, action, {"Response": "Success", "Message": "Originate successfully queued"})
        if self.originated == "Success":
            self._say(writer, action, {"Event": "OriginateResponse", "Response": "Success", "Reason": "4"})
        elif self.originated.startswith("Reason"):
            reason = self.originated.partition(":")[2]
            self._say(writer, action, {"Event": "OriginateResponse", "Response": "Failure", "Reason": reason})

    @staticmethod
    def _say(writer: asyncio.StreamWriter, action: Message, message: Message) -> None:
        id = {"ActionID": action["ActionID"]} if "ActionID" in action else {}
        writer.write(ami.dumps(message | id))


def _login(action: Message) -> Message:
    key = hashlib.md5((CHALLENGE + SECRET).encode(), usedforsecurity=False).hexdigest()
    is_right = action.get("Key") == key or action.get("Secret") == SECRET
    if action.get("Username") == "ringdesk" and is_right:
        return {"Response": "Success", "Message": "Authentication accepted"}
    return {"Response": "Error", "Message": "Authentication failed"}


def joined(messages: Sequence[Message]) -> bytes:
    return b"".join(ami.dumps(message) for message in messages)
