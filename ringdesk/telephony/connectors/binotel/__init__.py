"""Binotel's cloud PBX: webhooks as forms with nested arrays, no signature."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
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
from ringdesk.telephony.connectors.binotel import commands
from ringdesk.telephony.connectors.binotel.act import act
from ringdesk.telephony.connectors.binotel.config import secret_fields, settings_fields
from ringdesk.telephony.connectors.binotel.parse import parse


class Binotel(Connector):
    """Calls by generalCallID; the name on the phone and smart transfer in the answer to apiCallSettings."""

    kind: ClassVar[str] = "binotel"
    title: ClassVar[Text] = _("Binotel")
    summary: ClassVar[Text] = _("Binotel's cloud PBX: calls, the caller's name on the phone, recordings, calls placed.")
    can_dial: ClassVar[bool] = True

    def parse(self, request: Request, link: Link, now: datetime) -> Parsed:
        return parse(request, link, now)

    def answer(self, parsed: Parsed, caller: Caller | None) -> Reply:
        """Anything but exactly this makes Binotel send the report again."""
        return {"status": "success"} if caller is None else customer(caller, settings.PUBLIC_URL)

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


def customer(caller: Caller, base_url: str) -> dict[str, Any]:
    """Return who calls as Binotel shows it on the phone, {} for nobody. Pure."""
    if not caller.name and not caller.responsible:
        return {}
    shown = {"name": caller.name, "description": ""}
    if caller.responsible:
        shown["assignedToEmployeeNumber"] = caller.responsible
    if caller.path and base_url:
        shown |= {"linkToCrmUrl": base_url + caller.path, "linkToCrmTitle": "Ringdesk"}
    return {"customerData": shown}
