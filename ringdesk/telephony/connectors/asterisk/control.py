"""Ending and transferring a call that is under way. A connection of its own each time.

Source: the actions CoreShowChannels, Hangup and BlindTransfer of Asterisk's manager interface.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence

from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import RingdeskError
from ringdesk.telephony.connectors.asterisk import client, config
from ringdesk.telephony.connectors.asterisk.ami import Message
from ringdesk.telephony.connectors.asterisk.client import Client
from ringdesk.telephony.connectors.base import CannotControl, Link, OnLine

# Cause of a hangup that everybody calls normal.
_NORMAL = "16"
_EXTENSION = re.compile(r"^[0-9A-Za-z*#._-]{1,32}$")


def hang_up(link: Link, call: OnLine) -> None:
    """End every channel of the call. Raises CannotControl. Blocks."""

    async def end(connection: Client, channels: Sequence[str]) -> list[Message]:
        return [await connection.ask("Hangup", Channel=channel, Cause=_NORMAL) for channel in channels]

    _run(link, call, end)


def transfer(link: Link, call: OnLine, to: str) -> None:
    """Send whoever talks with the member's device to the extension ``to``. Raises CannotControl. Blocks."""
    if not _EXTENSION.match(to):
        raise CannotControl(_("This number cannot be dialled."))
    device = (link.settings.get("device") or config.DEVICE).replace("{extension}", call.extension)
    context = link.settings.get("dial_context") or "from-internal"

    async def pass_on(connection: Client, channels: Sequence[str]) -> list[Message]:
        own = [channel for channel in channels if channel.startswith(f"{device}-")]
        if not own:
            raise CannotControl(_("The PBX knows no such talk of this extension any more."))
        return [await connection.ask("BlindTransfer", Channel=own[0], Context=context, Exten=to)]

    _run(link, call, pass_on)


def _run(link: Link, call: OnLine, act: Callable[[Client, Sequence[str]], Awaitable[list[Message]]]) -> None:
    account = client.account(link)
    if not account.host:
        raise CannotControl(_("The PBX's address is not set."))

    async def work() -> list[Message]:
        async with client.connected(account, events="off") as connection:
            listed, _others = await connection.channels()
            channels = [one.get("Channel", "") for one in listed if one.get("Linkedid") == call.external_id]
            if not channels:
                raise CannotControl(_("The PBX knows no such call any more."))
            return await act(connection, channels)

    try:
        answers = asyncio.run(work())
    except CannotControl:
        raise
    except RingdeskError as error:
        raise CannotControl(error.message) from error
    if not any(answer.get("Response") == "Success" for answer in answers):
        raise CannotControl(answers[0].get("Message") or _("The PBX refused without saying why."))
