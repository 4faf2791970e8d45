"""Zadarma's and Novofon's cloud PBX: signed notifications, an API for calls and recordings."""

from datetime import datetime
from typing import ClassVar

from django.forms import Field
from django.utils.translation import gettext_lazy as _

from ringdesk.core.problems import Text
from ringdesk.telephony.connectors.base import (
    ActedCall,
    Caller,
    Connector,
    Dial,
    Link,
    Parsed,
    Reply,
    Request,
    Source,
)
from ringdesk.telephony.connectors.zadarma import commands
from ringdesk.telephony.connectors.zadarma.act import act
from ringdesk.telephony.connectors.zadarma.config import secret_fields, settings_fields
from ringdesk.telephony.connectors.zadarma.parse import parse


class Zadarma(Connector):
    """NOTIFY_… by pbx_call_id; the answer to NOTIFY_START puts the caller through."""

    kind: ClassVar[str] = "zadarma"
    title: ClassVar[Text] = _("Zadarma, Novofon")
    summary: ClassVar[Text] = _("Their cloud PBX: calls, smart transfer, recordings, calls placed.")
    can_dial: ClassVar[bool] = True

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        return parse(request, link, now)

    def answer(self, parsed: Parsed, caller: Caller | None) -> Reply:
        if caller is None:
            return {"success": True}
        # 0: it does not come back to the menu when that extension does not answer.
        return {"redirect": caller.responsible, "return_timeout": 0} if caller.responsible else {}

    def dial(self, link: Link, wish: Dial) -> str:
        return commands.dial(link, wish)

    def recording(self, link: Link, reference: str) -> Source:
        return commands.recording(link, reference)

    def act(self, call: ActedCall) -> list[Request]:
        return act(call)

    def settings_fields(self) -> dict[str, Field]:
        return settings_fields()

    def secret_fields(self) -> dict[str, Field]:
        return secret_fields()
