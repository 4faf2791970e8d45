"""An application that does everything wrong at the end: the server must end in spite of it."""

import asyncio
import sys
import time
from typing import Any

from ringdesk.config import server
from ringdesk.config.signals import StopSignals, leave

Message = dict[str, Any]


async def application(scope: Message, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.sleep(60)
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while True:  # deaf to the disconnect
            await asyncio.sleep(1)
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await DEEDS[scope["path"]]()


async def sleep_in_a_thread() -> None:
    await asyncio.to_thread(time.sleep, 60)


async def block_everything() -> None:
    time.sleep(60)


DEEDS = {"/thread": sleep_in_a_thread, "/block": block_everything}


if __name__ == "__main__":
    server.APPLICATION = "ringdesk.config.tests.stubborn:application"
    signals = StopSignals()
    signals.install()
    signals.cut_off = lambda: print("cut off", flush=True)
    listener = server.bind("127.0.0.1", 0)
    code = server.serve(
        [listener], signals, announce=lambda: print(server.address_of(listener), flush=True), is_well=lambda: True
    )
    print("cleaned up", file=sys.stdout)
    leave(code)
