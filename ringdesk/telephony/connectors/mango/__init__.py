"""Mango Office's virtual PBX: notifications in, commands out, both signed."""

import asyncio
import re
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from django.db import connection
from django.forms import Field
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Text
from ringdesk.telephony import readiness
from ringdesk.telephony.call_events import CallEvent
from ringdesk.telephony.connectors.base import (
    ActedCall,
    Caller,
    CannotControl,
    Check,
    Colleague,
    Connector,
    Dial,
    Link,
    OnLine,
    Parsed,
    Request,
    Source,
)
from ringdesk.telephony.connectors.mango import codes, commands, config
from ringdesk.telephony.connectors.mango.act import act
from ringdesk.telephony.connectors.mango.client import NotDone
from ringdesk.telephony.connectors.mango.parse import parse

_PROBLEM = re.compile(r"([a-z/_-]{1,40}): (\d{1,6})")
# Calls that were routed: a second turn in a queue must not send the caller round and round.
_MOST_ROUTED = 10_000


class Mango(Connector):
    """Notifications at ``events/…`` and ``result/…`` behind the secret address."""

    kind: ClassVar[str] = "mango"
    title: ClassVar[Text] = _("Mango Office telephony")
    summary: ClassVar[Text] = _("Virtual PBX of Mango Office: calls, names on telephones, recordings, click-to-call.")
    paths: ClassVar[frozenset[str]] = frozenset({"", "ping"})
    answers_in_reply: ClassVar[bool] = False
    can_dial: ClassVar[bool] = True
    can_control: ClassVar[bool] = True
    tells_people: ClassVar[bool] = True
    keeps_history: ClassVar[bool] = True

    def __init__(self) -> None:
        self.routed: dict[tuple[int, str], None] = {}
        self.lock = threading.Lock()

    def takes(self, path: str) -> bool:
        # The PBX adds to its notifications from time to time; what is of no concern is accepted and forgotten.
        return path in self.paths or path.startswith(("events/", "result/"))

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        return parse(request, link, now)

    async def follow(self, link: Link, parsed: Parsed, caller: Caller | None) -> None:
        if parsed.problem and parsed.command_id:
            await asyncio.to_thread(_refuse, link, parsed)
        if caller and caller.responsible and parsed.question and self._is_first(link, parsed):
            await commands.route(link, parsed.question.leg, caller)

    def dial(self, link: Link, wish: Dial) -> str:
        commands.callback(link, wish)
        return ""

    def hang_up(self, link: Link, call: OnLine) -> None:
        try:
            commands.hang_up(link, _leg(call))
        except NotDone as error:
            raise CannotControl(error.message) from error

    def transfer(self, link: Link, call: OnLine, to: str) -> None:
        try:
            commands.transfer(link, _leg(call), to, call.extension)
        except NotDone as error:
            raise CannotControl(error.message) from error

    def recording(self, link: Link, reference: str) -> Source:
        return commands.recording(link, reference)

    def people(self, link: Link) -> list[Colleague]:
        return commands.people(link)

    def history(self, link: Link, since: datetime, until: datetime, now: datetime) -> Iterator[CallEvent]:
        return commands.history(link, since, until, now)

    def explain(self, error: str) -> Text:
        found = _PROBLEM.fullmatch(error)
        if not found:
            return error
        values = {"command": found[1], "text": codes.text(int(found[2])), "code": found[2]}
        return _("Command “%(command)s” was not carried out: %(text)s (code %(code)s)") % values

    def act(self, call: ActedCall) -> list[Request]:
        return act(call)

    def readiness(self, link: Link) -> list[Check]:
        return readiness.conditions(
            link,
            has_token=bool(link.secrets.get("api_key") and link.secrets.get("api_salt")),
            token_advice=_("Copy the PBX's code and its key for signatures from its cabinet into the settings here."),
        )

    def settings_fields(self) -> dict[str, Field]:
        return config.settings_fields()

    def secret_fields(self) -> dict[str, Field]:
        return config.secret_fields()

    def _is_first(self, link: Link, parsed: Parsed) -> bool:
        key = (link.id, parsed.events[0].external_id or "")
        with self.lock:
            if key in self.routed:
                return False
            if len(self.routed) >= _MOST_ROUTED:
                self.routed.pop(next(iter(self.routed)))
            self.routed[key] = None
        return True


def _leg(call: OnLine) -> str:
    if not call.leg:
        raise CannotControl(_("The PBX has not told which leg of the call this is."))
    return call.leg


def _refuse(link: Link, parsed: Parsed) -> None:
    """The PBX tells afterwards that it did not place the call: whoever pressed is told. Blocks."""
    from ringdesk.telephony.models import PlacedCall

    code = int(parsed.problem.rpartition(" ")[2] or 0)
    placed = PlacedCall.objects.filter(
        organization_id=link.organization_id, connector_id=link.id, command_id=parsed.command_id
    )
    try:
        placed.update(state=PlacedCall.State.REFUSED, error=f"{codes.text(code)} ({code})"[:500])
    finally:
        # The doors' threads hold no connections.
        connection.close()
