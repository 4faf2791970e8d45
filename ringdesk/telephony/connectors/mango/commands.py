"""What the PBX is asked to do. The result of some comes later, to ``result/<command>``."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from ringdesk.core.ids import new_id
from ringdesk.telephony.call_events import CallEvent
from ringdesk.telephony.connectors.base import (
    Caller,
    CannotDial,
    Colleague,
    Dial,
    Link,
    NoRecording,
    NotReady,
    Source,
)
from ringdesk.telephony.connectors.mango import client, config, names, parse, stats
from ringdesk.telephony.connectors.mango.client import NotDone

# Seconds a command may wait for its turn: a member, a caller, nobody waits for it.
MEMBER_WAITS, CALLER_WAITS, NOBODY_WAITS = 3.0, 8.0, 30.0
# How often statistics are asked for until they are ready.
_MOST_ASKED = 12


def callback(link: Link, wish: Dial) -> None:
    """Ring the extension, then dial. Raises CannotDial. Blocks."""
    shape = {
        "command_id": wish.command_id,
        "from": {"extension": wish.extension},
        "to_number": wish.phone.removeprefix("+"),
    }
    try:
        client.ask(link, "commands/callback", shape, wait=MEMBER_WAITS)
    except NotDone as error:
        raise CannotDial(error.message) from error


async def route(link: Link, leg: str, caller: Caller) -> None:
    """Put a call that is in a menu or queue through to the responsible member, under the caller's name.

    Raises NotDone.
    """
    shape: dict[str, Any] = {
        "command_id": f"{parse.ROUTED}{new_id().hex}",
        "call_id": leg,
        "to_number": caller.responsible,
    }
    name = names.shown(caller.name, transliterate=bool(link.settings.get("transliterate")))
    if name:
        shape["sip_headers"] = {"From/display-name": name}
    await client.ask_async(link, "commands/route", shape, wait=CALLER_WAITS)


def hang_up(link: Link, leg: str) -> None:
    """End a leg. Raises NotDone. Blocks."""
    shape = {"command_id": f"hangup-{new_id().hex}", "call_id": leg}
    client.ask(link, "commands/call/hangup", shape, wait=MEMBER_WAITS)


def transfer(link: Link, leg: str, to_number: str, initiator: str, *, is_blind: bool = True) -> None:
    """Transfer a talk on behalf of the extension ``initiator``. Raises NotDone. Blocks."""
    shape = {
        "command_id": f"{parse.TRANSFERRED}{new_id().hex}",
        "call_id": leg,
        "method": "blind" if is_blind else "hold",
        "to_number": to_number.removeprefix("+"),
        "initiator": initiator,
    }
    client.ask(link, "commands/transfer", shape, wait=MEMBER_WAITS)


def recording(link: Link, reference: str) -> Source:
    """Return where a recording can be fetched from, once and soon. Raises NotReady, NoRecording. Blocks."""
    if not reference.startswith(parse.RECORDING):
        raise NoRecording(_("The PBX knows no recording of this name."))
    shape = {"recording_id": reference.removeprefix(parse.RECORDING), "action": "download"}
    try:
        answer = client.ask(link, "queries/recording/post", shape, wait=NOBODY_WAITS)
    except NotDone as error:
        raise NotReady(error.message) from error
    place = answer.headers.get("location", "")
    if not 300 <= answer.status < 400 or not place:
        raise NotReady(_("The PBX has not stored the recording yet."))
    # Elsewhere than at the address that a member typed in, it must not lead inside the network.
    trusted = config.is_same_host(place, config.address(str(link.settings.get("address") or "")))
    return Source(url=place, is_trusted=trusted)


def people(link: Link) -> list[Colleague]:
    """Return the PBX's employees who have extensions. Raises NotDone. Blocks."""
    answer = client.ask(link, "config/users/request", {}, wait=MEMBER_WAITS)
    users = client.read(answer).get("users")
    if not isinstance(users, list):
        raise NotDone(_("The PBX did not send a list of its employees."), code=0)
    found = []
    for user in users:
        if not isinstance(user, dict):
            continue
        general, extension = parse.party(user, "general"), parse.extension(parse.party(user, "telephony"))
        if extension:
            found.append(Colleague(extension, parse.text(general, "name"), parse.text(general, "email")))
    return sorted(found, key=lambda one: (len(one.extension), one.extension))


def history(link: Link, since: datetime, until: datetime, now: datetime) -> Iterator[CallEvent]:
    """Return what the PBX's own statistics tell of ended calls. Raises NotDone. Blocks, up to a minute."""
    asked = {
        "date_from": str(int(since.timestamp())),
        "date_to": str(int(until.timestamp())),
        "fields": ",".join(stats.FIELDS),
        "request_id": new_id().hex,
    }
    key = parse.text(client.read(client.ask(link, "stats/request", asked, wait=NOBODY_WAITS)), "key")
    if not key:
        raise NotDone(_("The PBX did not prepare its statistics."), code=0)
    for _attempt in range(_MOST_ASKED):
        answer = client.ask(link, "stats/result", {"key": key}, wait=NOBODY_WAITS)
        if answer.status == 200:
            return stats.events(answer.text, link, now)
    raise NotDone(_("The PBX did not prepare its statistics in time."), code=0)
