"""Asterisk by its manager interface (AMI): listened to, asked to place calls; its dialplan asks whom to route to."""

from datetime import datetime
from typing import ClassVar

from django.forms import Field
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Text
from ringdesk.telephony.call_events import CallEvent
from ringdesk.telephony.connectors.asterisk import ami, client, control, dial, listen, parse, plan, recordings
from ringdesk.telephony.connectors.asterisk.act import act
from ringdesk.telephony.connectors.asterisk.config import secret_fields, settings_fields
from ringdesk.telephony.connectors.base import (
    ActedCall,
    Check,
    Connector,
    Dial,
    Link,
    OnLine,
    Parsed,
    Request,
    Source,
    Station,
)


class Asterisk(Connector):
    """A PBX that Ringdesk connects to; its secret address serves ``/route`` only."""

    kind: ClassVar[str] = "asterisk"
    title: ClassVar[Text] = _("Asterisk")
    summary: ClassVar[Text] = _("Asterisk or FreePBX: Ringdesk connects to its manager interface (AMI).")
    paths: ClassVar[frozenset[str]] = frozenset()
    can_dial: ClassVar[bool] = True
    can_control: ClassVar[bool] = True
    dial_needs: ClassVar[tuple[str, ...]] = ("host",)
    listens: ClassVar[bool] = True

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        """Read a stream of the manager interface whole: this is how a test call comes in."""
        state, events = parse.State(), list[CallEvent]()
        for message in ami.messages(request.body):
            state, told = parse.fold(state, message, plan.plan(link), now)
            events += told
        return Parsed(tuple(events))

    async def listen(self, link: Link, station: Station) -> None:
        await listen.listen(link, station)

    def dial(self, link: Link, wish: Dial) -> str:
        return dial.dial(link, wish)

    def hang_up(self, link: Link, call: OnLine) -> None:
        control.hang_up(link, call)

    def transfer(self, link: Link, call: OnLine, to: str) -> None:
        control.transfer(link, call, to)

    def recording(self, link: Link, reference: str) -> Source:
        return recordings.recording(link, reference)

    def act(self, call: ActedCall) -> list[Request]:
        return act(call)

    def explain(self, error: str) -> Text:
        return gettext(error)

    def readiness(self, link: Link) -> list[Check]:
        account = client.account(link)
        return [
            Check(
                _("Asterisk's address is set"),
                bool(account.host),
                _("Enter the address, the AMI user and its secret in the settings."),
            ),
            Check(
                _("An AMI user and its secret are set"),
                bool(account.username and account.secret),
                _("Enter those of manager.conf in the settings."),
            ),
            Check(
                _("Members have extensions"),
                bool(link.extensions),
                _("Enter under “Extensions” which member has which extension."),
            ),
        ]

    def settings_fields(self) -> dict[str, Field]:
        return settings_fields()

    def secret_fields(self) -> dict[str, Field]:
        return secret_fields()
