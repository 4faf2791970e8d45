"""Placing a call: the member's device rings first, then the number is dialled. A connection of its own each time."""

import asyncio
import re

import phonenumbers
from django.utils.translation import gettext_lazy as _
from phonenumbers import NumberParseException, PhoneNumberFormat

from ringdesk.core import phones
from ringdesk.core.problems import RingdeskError, Text
from ringdesk.telephony.connectors.asterisk import client, config
from ringdesk.telephony.connectors.asterisk.client import Client
from ringdesk.telephony.connectors.base import CannotDial, Dial, Link

# Seconds: how long the member's device rings, and how long we wait for Asterisk to say that it cannot ring.
RINGS_FOR = 30
REFUSED_WITHIN = 2.5
_EXTENSION = re.compile(r"^[0-9A-Za-z*#._-]{1,32}$")
_NUMBER = re.compile(r"^\+?\d{2,32}$")
# Reason of an OriginateResponse that failed.
REASONS: dict[str, Text] = {
    "0": _("This extension is not connected to the PBX."),
    "1": _("Extension did not answer."),
    "3": _("Extension did not answer."),
    "5": _("Extension is busy."),
    "8": _("The PBX is overloaded or the extension is not connected."),
}


def dial(link: Link, wish: Dial) -> str:
    """Place the call and return the id that its events will bear. Raises CannotDial. Blocks."""
    account = client.account(link)
    if not account.host:
        raise CannotDial(_("The PBX's address is not set."))
    values = originate(link, wish)
    try:
        asyncio.run(_place(account, values))
    except CannotDial:
        raise
    except RingdeskError as error:
        raise CannotDial(error.message) from error
    return values["ChannelId"]


def originate(link: Link, wish: Dial) -> dict[str, str]:
    """Return the values of the action Originate. Pure. Raises CannotDial for what cannot be dialled."""
    settings = link.settings
    number = spelled(wish.phone, settings.get("number_format") or config.DIGITS, link.region)
    if not _EXTENSION.match(wish.extension) or not _NUMBER.match(number):
        raise CannotDial(_("This number cannot be dialled."))
    device = settings.get("device") or config.DEVICE
    return {
        "Channel": device.replace("{extension}", wish.extension),
        "ChannelId": f"ringdesk-{wish.command_id}",
        "Context": settings.get("dial_context") or "from-internal",
        "Exten": (settings.get("dial_prefix") or "") + number,
        "Priority": str(settings.get("dial_priority") or 1),
        # What the member's device shows while it rings.
        "CallerID": f'"{number}" <{number}>',
        "Timeout": str(RINGS_FOR * 1000),
        "Async": "true",
    }


def spelled(phone: str, form: str, region: str) -> str:
    """Return a number as this PBX's dialplan expects it."""
    if not phone.startswith("+"):
        return phones.digits_of(phone)
    if form == config.PLUS:
        return "+" + phones.digits_of(phone)
    if form == config.NATIONAL:
        try:
            parsed = phonenumbers.parse(phone, region)
        except NumberParseException:
            return phones.digits_of(phone)
        if phonenumbers.region_code_for_number(parsed) == region:
            return phones.digits_of(phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL))
    return phones.digits_of(phone)


async def _place(account: client.Account, values: dict[str, str]) -> None:
    async with client.connected(account, events="call") as connection:
        answer = await connection.ask("Originate", **values, ActionID=values["ChannelId"])
        if answer.get("Response") != "Success":
            raise CannotDial(answer.get("Message") or _("The PBX refused without saying why."))
        try:
            async with asyncio.timeout(REFUSED_WITHIN):
                await _until_refused(connection, values["ChannelId"])
        except TimeoutError:
            # Nothing speaks against it: the device is ringing.
            return


async def _until_refused(connection: Client, id: str) -> None:
    while True:
        message = await connection.message()
        if message.get("Event") == "OriginateResponse" and message.get("ActionID") == id:
            if message.get("Response") == "Success":
                return
            reason = message.get("Reason", "")
            raise CannotDial(REASONS.get(reason) or _("The PBX could not ring the extension."))
