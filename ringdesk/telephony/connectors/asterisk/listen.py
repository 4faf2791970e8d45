"""Hearing an Asterisk: a snapshot after connecting, then event after event."""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ringdesk.telephony.call_events import CallEvent
from ringdesk.telephony.connectors.asterisk import client, parse, plan
from ringdesk.telephony.connectors.asterisk.client import Client
from ringdesk.telephony.connectors.base import Link, Station


async def listen(link: Link, station: Station) -> None:
    """Hear the PBX until cancelled. Raises NoConnection."""
    account = client.account(link)
    if not account.host:
        # Nothing to connect with: it serves the address for routing only.
        await asyncio.Event().wait()
    async with client.connected(account) as connection:
        hearing = asyncio.create_task(_hear(connection, plan.plan(link), station))
        pinging = asyncio.create_task(connection.keep_alive())
        try:
            await asyncio.wait((hearing, pinging), return_when=asyncio.FIRST_COMPLETED)
            for task in (hearing, pinging):
                if task.done():
                    task.result()
        finally:
            for task in (hearing, pinging):
                task.cancel()
            for task in (hearing, pinging):
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task


async def _hear(connection: Client, arrangement: plan.Plan, station: Station) -> None:
    # Asked first: a call that begins after this is told by an event, whatever the list says.
    open_calls = await station.open_calls()
    channels, missed = await connection.channels()
    now = datetime.now(UTC)
    state, events = parse.snapshot(channels, open_calls, arrangement, now)
    station.connected()
    await _tell(station, events, {"ami": {"Event": "CoreShowChannels", "Version": connection.version}})
    for message in missed:
        state, events = parse.fold(state, message, arrangement, now)
        await _tell(station, events, client.said(message))
    while True:
        message = await connection.message()
        state, events = parse.fold(state, message, arrangement, datetime.now(UTC))
        await _tell(station, events, client.said(message))


async def _tell(station: Station, events: Iterable[CallEvent], raw: dict[str, Any]) -> None:
    for event in events:
        await station.receive(event, raw)
